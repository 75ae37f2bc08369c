#!lua flags=no-writes
-- Names the tokens whose leases have run out, the longest overdue first.
--
-- KEYS  leases
-- ARGV  most tokens to name
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, tonumber(ARGV[1]))
