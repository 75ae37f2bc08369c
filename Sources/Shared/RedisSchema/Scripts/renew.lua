#!lua flags=allow-oom
-- Moves the end of a lease that is still held. With 0 milliseconds the batch is given back: anyone may reclaim it at once.
-- Who can say so has not been ended by the entries: the attempts are counted anew.
--
-- KEYS  leases, attempts, epoch
-- ARGV  token, lease in milliseconds from now, the epoch without which nothing is to be done, which a recovery names, or ''
-- Answer: 1, or 0 if the token holds no lease any more, or the epoch is another: nothing changed.
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
if ARGV[3] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[3] then return 0 end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[2]), ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], 0)
return 1
