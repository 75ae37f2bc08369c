#!lua flags=allow-oom
-- Moves the end of the lease of a recovery or of a filling. With 0 milliseconds the lease is given up.
--
-- KEYS  recovery or filling
-- ARGV  token, lease in milliseconds from now
-- Answer: 1, or 0 if the token is not the holder's: nothing changed.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[2])))
return 1
