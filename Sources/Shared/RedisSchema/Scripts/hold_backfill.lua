-- Takes the lease of the backfill: one process at a time backfills events from the ledger.
--
-- Reply: 1, or 0 if another process has the lease: nothing was changed.
local now = clock()
local state = call('HMGET', backfill, 'token', 'until')
if state[1] and state[1] ~= token and lease_left(state[2], now) > 0 then return 0 end
call('HSET', backfill, 'token', token, 'until', text(now + lease))
return 1
