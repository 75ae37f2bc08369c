#!lua flags=allow-oom
-- Drops holds of an event that is closed for its reset, with their records. If the reset does not come to its end, the event
-- counts as damaged from here on, and is made anew from the ledger.
--
-- KEYS  event, holds, one key per order
-- ARGV  the members of the holds that name these orders
-- Answer: 1, or 0 where the event is not closed: nothing changed.
if redis.call('HGET', KEYS[1], 'closed') ~= '1' then return 0 end
redis.call('HDEL', KEYS[1], 'stock')
redis.call('ZREM', KEYS[2], unpack(ARGV))
for i = 3, #KEYS do redis.call('UNLINK', KEYS[i]) end
return 1
