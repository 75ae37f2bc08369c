#!lua flags=allow-oom
-- Notes that a worker is there, and forgets those that have not been seen for long.
--
-- KEYS  workers
-- ARGV  the worker's name, milliseconds after which to forget
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
return 1
