-- Lowers an event's capacity before the ledger's, so that nothing is sold in between that the ledger would refuse.
--
-- The capacity is not lowered while snapshots that release units are queued or leased: the ledger still counts these
-- units, and would refuse orders that were claimed before.
--
-- Reply: a code, and with IN_USE the number of units that are claimed. Only LOWERED changes anything.
local present = call('HMGET', event, 'generation', 'capacity', 'stock', 'revision')
local before, stock = tonumber(present[2] or ''), tonumber(present[3] or '')
if present[1] ~= generation or not before or not stock or (tonumber(present[4] or '') or 0) > revision then
  return { NOT_LOADED }
end
if capacity >= before then return { LOWERED } end
if stock + capacity - before < 0 then return { IN_USE, before - stock } end
if releases(pending_releases) > 0 then return { RELEASES_IN_FLIGHT } end
call('HSET', event, 'revision', revision, 'capacity', capacity, 'stock', text(stock + capacity - before))
return { LOWERED }
