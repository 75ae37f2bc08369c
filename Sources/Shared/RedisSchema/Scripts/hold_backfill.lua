#!lua flags=allow-oom
-- Takes the lease for filling events in from the ledger: one process of all does so at a time.
--
-- KEYS  filling, epoch
-- ARGV  token, lease in milliseconds, the epoch that the caller knows
-- Answer: 1, or 0 and the milliseconds left of another's lease: nothing changed.
local call = redis.call
if call('GET', KEYS[2]) ~= ARGV[3] then return redis.error_reply('FENCED hold_backfill: the epoch is another') end
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local state = call('HMGET', KEYS[1], 'token', 'until')
local left = (tonumber(state[2] or '') or 0) - now
if state[1] and state[1] ~= ARGV[1] and left > 0 then return { 0, left } end
call('HSET', KEYS[1], 'token', ARGV[1], 'until', string.format('%.0f', now + tonumber(ARGV[2])))
return { 1 }
