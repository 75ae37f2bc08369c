#!lua flags=allow-oom
-- Takes a batch from the head of the queue and leases it to a token, in one step: an entry is never without an owner.
--
-- KEYS  queue, leases, attempts, the batch's list (named by the token)
-- ARGV  token, most entries to take, lease in milliseconds
-- Answer: the entries, oldest first; none where the queue is empty.
local limit, lease = tonumber(ARGV[2]), tonumber(ARGV[3])
if not limit or limit < 1 or limit > 10000 or not lease or lease < 1 then
  return redis.error_reply('ERR take: malformed arguments')
end
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
return entries
