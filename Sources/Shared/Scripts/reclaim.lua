#!lua flags=allow-oom
-- Gives a batch whose lease has run out to a new token. The old token is worth nothing from then on.
--
-- KEYS  leases, attempts, the old token's list, the new token's list, sequence, number of leases
--       begun, epoch
-- ARGV  old token, new token, lease in milliseconds, the epoch that the caller knows
-- Answer: the number of attempts with this one; 1 where the batch has to wait for its turn, else 0; the lease's number;
-- then the entries. Nothing where the lease has not run out, or another worker was faster.
local lease = tonumber(ARGV[3])
if not lease or lease < 1 then return redis.error_reply('ERR reclaim: malformed arguments') end
if redis.call('GET', KEYS[7]) ~= ARGV[4] then return redis.error_reply('FENCED reclaim: the epoch is another') end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local deadline = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not deadline or tonumber(deadline) > now then return {} end

local attempts = (tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '1') or 1) + 1
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
local turn = redis.call('ZSCORE', KEYS[5], ARGV[1])
if turn then redis.call('ZREM', KEYS[5], ARGV[1]) end
if redis.call('EXISTS', KEYS[3]) == 0 then return {} end
if turn then redis.call('ZADD', KEYS[5], turn, ARGV[2]) end
redis.call('RENAME', KEYS[3], KEYS[4])
redis.call('ZADD', KEYS[1], now + lease, ARGV[2])
redis.call('HSET', KEYS[2], ARGV[2], attempts)
local answer = redis.call('LRANGE', KEYS[4], 0, -1)
table.insert(answer, 1, redis.call('INCR', KEYS[6]))
table.insert(answer, 1, turn and 1 or 0)
table.insert(answer, 1, attempts)
return answer
