#!lua flags=allow-oom
-- Begins a partition's recovery, or takes over one whose holder is gone. From here on only the holder of the token may
-- change the partition, for as long as its lease lasts or until another recovery is begun; the token of an earlier holder
-- is worth nothing.
--
-- KEYS  epoch, recovery
-- ARGV  token, lease in milliseconds, the epoch as the caller found it ('' for none), resume or rebuild
-- Answer: 1 and the phase to go on with: resume, drain or wipe. 0 and the milliseconds left of another's lease: nothing
-- changed. 2 if the epoch is not what the caller found: nothing changed, look again.
local call = redis.call
local token, found, plan = ARGV[1], ARGV[3], ARGV[4]
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local state = call('HMGET', KEYS[2], 'token', 'until', 'phase', 'from')
local left = (tonumber(state[2] or '') or 0) - now
if state[1] and state[1] ~= token and left > 0 then return { 0, left } end
if (call('GET', KEYS[1]) or '') ~= found then return { 2 } end

local is_sealed = string.sub(found, 1, 7) == 'sealed:'
local phase, from = 'drain', ''
if plan == 'resume' then
  phase, from = 'resume', is_sealed and state[4] or found
elseif is_sealed and state[3] == 'wipe' then
  phase = 'wipe'
end
call('HSET', KEYS[2], 'token', token, 'until', string.format('%.0f', now + tonumber(ARGV[2])), 'phase', phase, 'from', from or '')
call('SET', KEYS[1], 'sealed:' .. token)
return { 1, phase }
