#!lua flags=allow-oom
-- Lets the records of the longest settled batch go, once they have been kept long enough.
--
-- KEYS  settled, one key per order of the batch
-- ARGV  the batch as the list holds it: the time of settling in seconds, '|', the orders' ids; seconds to keep records
-- Answer: 1, or 0 where it is too early, or another worker was faster.
if redis.call('LINDEX', KEYS[1], 0) ~= ARGV[1] then return 0 end
local settled = tonumber(string.match(ARGV[1], '^(%d+)|'))
if not settled then return redis.error_reply('ERR forget: the batch is damaged') end
if tonumber(redis.call('TIME')[1]) < settled + tonumber(ARGV[2]) then return 0 end
redis.call('LPOP', KEYS[1])
for first = 2, #KEYS, 1000 do
  redis.call('UNLINK', unpack(KEYS, first, math.min(first + 999, #KEYS)))
end
return 1
