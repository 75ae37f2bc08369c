#!lua flags=allow-oom
-- Ends a partition's recovery: from now on it may be used in a new epoch.
--
-- KEYS  epoch, number of leases begun
-- ARGV  token, the new epoch, the highest number of a lease that the ledger has seen
-- Answer: 1, or 0 where the token is another's: nothing changed.
if redis.call('GET', KEYS[1]) ~= 'sealed:' .. ARGV[1] then return 0 end
if (tonumber(redis.call('GET', KEYS[2]) or '') or 0) < tonumber(ARGV[3]) then redis.call('SET', KEYS[2], ARGV[3]) end
redis.call('SET', KEYS[1], ARGV[2])
return 1
