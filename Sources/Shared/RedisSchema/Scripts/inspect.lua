-- Reads, as of one moment, whether a partition can be used, and the progress of its recovery.
--
-- Reply: epoch or ''; number of leases begun; of the recovery: phase, the epoch that it began from, milliseconds left
-- of its lease ('' if there is none); of the backfill: epoch of the rebuild or '', 1 if complete, milliseconds left of
-- its lease, units backfilled, units in all, milliseconds since it began; number of events that were requested.
local now = clock()
local sealed = call('HMGET', recovery, 'phase', 'from', 'until')
local state = call('HMGET', backfill, 'epoch', 'complete', 'until', 'done', 'total', 'began')
local began, known = tonumber(state[6] or ''), call('MGET', epoch, leases_begun)
return {
  known[1] or '', tonumber(known[2] or '') or 0,
  sealed[1] or '', sealed[2] or '', lease_left(sealed[3], now),
  state[1] or '', tonumber(state[2] or '') or 0, lease_left(state[3], now), tonumber(state[4] or '') or 0,
  tonumber(state[5] or '') or 0, began and now - began or 0, call('SCARD', requested_backfills),
}
