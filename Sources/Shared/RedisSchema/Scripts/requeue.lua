-- Puts a dead letter back into the queue.
--
-- Reply: 1; 0 if there is no such letter any more; 2 if its event is not loaded: an event is backfilled only while no
-- order of it is queued or leased. Only 1 changes anything.
if call('HGET', dead_letters, letter) ~= stored then return GONE end
if call('EXISTS', required) == 0 then return EVENT_NOT_LOADED end
call('HDEL', dead_letters, letter)
call('RPUSH', queue, entry)
if is_release then call('INCR', pending_releases) end
return REQUEUED
