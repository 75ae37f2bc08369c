#!lua flags=allow-oom
-- Closes an event for rebuilding: claims are refused until it is published again.
--
-- KEYS  event
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'closed', '1') end
return 1
