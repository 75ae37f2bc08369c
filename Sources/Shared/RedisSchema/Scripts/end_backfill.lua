#!lua flags=allow-oom
-- Gives the lease for filling up, unless an event is wanted meanwhile.
--
-- KEYS  filling, wanted, epoch
-- ARGV  token, 1 if every event that has to be is filled in, the epoch that the caller knows
-- Answer: 1, or 0 if the token is another's or an event is wanted: nothing changed.
local call = redis.call
if call('GET', KEYS[3]) ~= ARGV[3] then return redis.error_reply('FENCED end_backfill: the epoch is another') end
if call('HGET', KEYS[1], 'token') ~= ARGV[1] or call('SCARD', KEYS[2]) > 0 then return 0 end
call('HDEL', KEYS[1], 'token', 'until')
if ARGV[2] == '1' then call('HSET', KEYS[1], 'complete', 1) end
return 1
