#!lua flags=allow-oom
-- Puts an entry that was set aside back into the queue.
--
-- KEYS  dead letters, queue, returns, its event, or the dead letters again if that need not be here; epoch
-- ARGV  the letter's id, the letter as it is stored, its entry, 1 where the entry gives units back, the epoch that the
--       caller knows
-- Answer: 1; 0 if there is no such letter any more, 2 if its event is not here: an event is filled in only while no order of
-- it is on its way. Only 1 changes anything.
if redis.call('GET', KEYS[5]) ~= ARGV[5] then return redis.error_reply('FENCED requeue: the epoch is another') end
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
if redis.call('EXISTS', KEYS[4]) == 0 then return 2 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('RPUSH', KEYS[2], ARGV[3])
if ARGV[4] == '1' then redis.call('INCR', KEYS[3]) end
return 1
