-- The lease of a recovery or of a backfill: a hash with the holder's token and the end of its lease.
local function lease_left(deadline, now) return math.max(0, (tonumber(deadline or '') or 0) - now) end
local function holds_lease(lease_key, token) return call('HGET', lease_key, 'token') == token end
local function is_sealed_with(epoch, token) return call('GET', epoch) == 'sealed:' .. token end
