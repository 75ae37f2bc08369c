-- Lowers an event's capacity before the ledger's, so that nothing is sold in between that the ledger would refuse.
--
-- The ledger still counts the units whose return it lacks (`returning`). At worst it counts the claimed units and these
-- together, until the returns reach it: what is claimed after a return is settled after it. So the ledger can take the
-- new capacity if the stock that is left covers these units, or if it has every return that was made before the capacity
-- was lowered here (`lowered` is the count of that moment). Otherwise the capacity stays lowered, and the caller repeats
-- the call until one of both is the case, or publishes the event again.
--
-- Reply: a code, and with IN_USE the number of units that are claimed. LOWERED and RELEASES_IN_FLIGHT may have lowered
-- the capacity; the others change nothing.
local present = call('HMGET', event, 'generation', 'capacity', 'stock', 'revision', 'returned', 'recorded', 'lowered')
local before, stock = tonumber(present[2] or ''), tonumber(present[3] or '')
if present[1] ~= generation or not before or not stock or (tonumber(present[4] or '') or 0) > revision then
  return { NOT_LOADED }
end
local left = stock + capacity - before
if left < 0 then return { IN_USE, before - stock } end

-- An event that an earlier release published has no counts until its first return: they cover only later returns.
local returned, recorded = tonumber(present[5] or ''), tonumber(present[6] or '0')
local none_in_flight = releases(pending_releases) == 0 and call('HLEN', dead_letters) == 0
if none_in_flight then returned, recorded = returned or 0, returned or 0 end
local lowered = tonumber(present[7] or '') or returned
if capacity < before then
  lowered = returned
  call('HSET', event, 'revision', revision, 'capacity', capacity, 'stock', text(left))
  if lowered then call('HSET', event, 'lowered', text(lowered)) end
  if none_in_flight then call('HSET', event, 'returned', text(returned), 'recorded', text(recorded)) end
end
if returned and recorded and (left >= returned - recorded or recorded >= lowered) then return { LOWERED } end
return { RELEASES_IN_FLIGHT }
