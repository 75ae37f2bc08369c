#!lua flags=allow-oom
-- Takes a batch from the head of the queue and leases it to a token, in one step: an entry is never without an owner.
--
-- While snapshots are on their way that give units back, batches are to reach the ledger in the order in which they were
-- taken: a unit is not to be sold again in the ledger before it has come back there.
--
-- KEYS  queue, leases, attempts, the batch's list (named by the token), returns, sequence, number of leases
--       begun, epoch
-- ARGV  token, most entries to take, lease in milliseconds, the epoch that the caller knows
-- Answer: 1 where the batch has to wait for its turn, else 0; the lease's number; then the entries, oldest first. Nothing
-- where the queue is empty.
local limit, lease = tonumber(ARGV[2]), tonumber(ARGV[3])
if not limit or limit < 1 or limit > 10000 or not lease or lease < 1 then
  return redis.error_reply('ERR take: malformed arguments')
end
if redis.call('GET', KEYS[8]) ~= ARGV[4] then return redis.error_reply('FENCED take: the epoch is another') end
local length = redis.call('LLEN', KEYS[1])
if length == 0 then return {} end
if redis.call('EXISTS', KEYS[4]) == 1 then return redis.error_reply('ERR take: the token is in use') end

local entries = redis.call('LRANGE', KEYS[1], 0, limit - 1)
if length <= limit then
  redis.call('RENAME', KEYS[1], KEYS[4])
else
  for first = 1, #entries, 1000 do
    redis.call('RPUSH', KEYS[4], unpack(entries, first, math.min(first + 999, #entries)))
  end
  redis.call('LTRIM', KEYS[1], #entries, -1)
end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[2], time[1] * 1000 + math.floor(time[2] / 1000) + lease, ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], 1)
local in_turn = 0
if (tonumber(redis.call('GET', KEYS[5]) or '0') or 1) > 0 then
  local last = redis.call('ZRANGE', KEYS[6], -1, -1, 'WITHSCORES')
  redis.call('ZADD', KEYS[6], (tonumber(last[2] or '0') or 0) + 1, ARGV[1])
  in_turn = 1
end
table.insert(entries, 1, redis.call('INCR', KEYS[7]))
table.insert(entries, 1, in_turn)
return entries
