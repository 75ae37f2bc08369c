#!lua flags=allow-oom
-- Lets the idempotency keys go that nobody looks at any more: of three days in turn, today's and yesterday's are kept.
--
-- KEYS  idempotency keys of three days in turn
redis.call('UNLINK', KEYS[1 + (math.floor(tonumber(redis.call('TIME')[1]) / 86400) + 1) % 3])
return 1
