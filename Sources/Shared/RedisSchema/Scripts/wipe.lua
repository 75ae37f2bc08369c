#!lua flags=allow-oom
-- Deletes keys of a sealed partition. With the first call its drain is over: whoever takes the recovery over does not
-- drain again.
--
-- KEYS  epoch, recovery, the keys to delete
-- ARGV  the recovery's token
-- Answer: 1, or 0 if the partition is not sealed with this token: nothing changed.
if redis.call('GET', KEYS[1]) ~= 'sealed:' .. ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], 'phase', 'wipe')
if #KEYS > 2 then redis.call('UNLINK', unpack(KEYS, 3)) end
return 1
