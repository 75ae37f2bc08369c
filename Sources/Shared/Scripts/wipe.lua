#!lua flags=allow-oom
-- Deletes keys of a partition that is being recovered.
--
-- KEYS  epoch, the keys to delete
-- ARGV  the recovery's token
-- Answer: 1, or 0 where the token is another's: nothing changed.
if redis.call('GET', KEYS[1]) ~= 'sealed:' .. ARGV[1] then return 0 end
if #KEYS > 1 then redis.call('UNLINK', unpack(KEYS, 2)) end
return 1
