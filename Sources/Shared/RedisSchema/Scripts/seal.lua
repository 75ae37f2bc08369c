-- Begins a partition's recovery, or takes over one whose lease has expired. From here on only the holder of the token
-- can change the partition, until its lease expires or another recovery begins; the token of an earlier holder is
-- invalid.
--
-- Reply: SEALED and the phase to continue with: resume, drain or wipe. LEASED if another process has the lease,
-- EPOCH_CHANGED if the epoch is not the one that the caller found: nothing was changed.
local now = clock()
local state = call('HMGET', recovery, 'token', 'until', 'phase', 'from')
if state[1] and state[1] ~= token and lease_left(state[2], now) > 0 then return { LEASED } end
if (call('GET', epoch) or '') ~= found then return { EPOCH_CHANGED } end

local is_sealed = string.sub(found, 1, 7) == 'sealed:'
local phase, from = 'drain', ''
if plan == 'resume' then
  phase, from = 'resume', is_sealed and state[4] or found
elseif is_sealed and state[3] == 'wipe' then
  phase = 'wipe'
end
call('HSET', recovery, 'token', token, 'until', text(now + lease), 'phase', phase, 'from', from or '')
call('SET', epoch, 'sealed:' .. token)
return { SEALED, phase }
