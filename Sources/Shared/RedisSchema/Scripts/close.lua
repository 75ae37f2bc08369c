#!lua flags=allow-oom
-- Closes an event for rebuilding: claims are refused until it is published again.
--
-- KEYS  event
-- ARGV  revision
local known = redis.call('HGET', KEYS[1], 'revision')
if redis.call('EXISTS', KEYS[1]) == 1 and (tonumber(known or '') or 0) <= tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'closed', '1', 'revision', ARGV[1])
end
return 1
