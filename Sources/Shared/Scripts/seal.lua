#!lua flags=allow-oom
-- Begins a partition's recovery: nothing is claimed, changed or taken any more but by who has the token. A recovery that
-- was under way has lost its token with this.
--
-- KEYS  epoch
-- ARGV  token
redis.call('SET', KEYS[1], 'sealed:' .. ARGV[1])
return 1
