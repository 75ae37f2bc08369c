#!lua flags=allow-oom
-- Drops holds of an event that is closed for its reset, with their records.
--
-- KEYS  event, holds, one key per order
-- ARGV  the members of the holds that name these orders
-- Answer: 1, or 0 where the event is not closed: nothing changed.
if redis.call('HGET', KEYS[1], 'closed') ~= '1' then return 0 end
redis.call('ZREM', KEYS[2], unpack(ARGV))
for i = 3, #KEYS do redis.call('UNLINK', KEYS[i]) end
return 1
