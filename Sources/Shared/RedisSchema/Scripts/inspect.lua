#!lua flags=no-writes
-- Reads, at one moment, what says whether a partition may be used and how far its recovery is.
--
-- KEYS  epoch, number of leases begun, recovery, filling, wanted
-- Answer: epoch or ''; number of leases; of the recovery: phase, the epoch it began from, milliseconds left of its lease
-- ('' where there is none); of the filling: rebuilt epoch or '', 1 if complete, milliseconds left of its lease, units filled,
-- units in all, milliseconds since it began; number of events that are wanted.
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function left(deadline) return math.max(0, (tonumber(deadline or '') or 0) - now) end
local recovery = call('HMGET', KEYS[3], 'phase', 'from', 'until')
local filling = call('HMGET', KEYS[4], 'epoch', 'complete', 'until', 'done', 'total', 'began')
local began, known = tonumber(filling[6] or ''), call('MGET', KEYS[1], KEYS[2])
return {
  known[1] or '', tonumber(known[2] or '') or 0,
  recovery[1] or '', recovery[2] or '', left(recovery[3]),
  filling[1] or '', tonumber(filling[2] or '') or 0, left(filling[3]), tonumber(filling[4] or '') or 0,
  tonumber(filling[5] or '') or 0, began and now - began or 0, call('SCARD', KEYS[5]),
}
