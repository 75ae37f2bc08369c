-- Writes one chunk of the data of an event's orders, for an event that is missing in Redis: the units of its customers,
-- its holds, its waiting list, and the records of orders that are held, wait or have an idempotency key. The data comes from the ledger. The
-- event itself follows with publish.lua.
--
-- Chunks are applied in their order and each once: a chunk names the position in the ledger where it begins, and
-- changes nothing if the backfill is at another position. So any process can continue where another was interrupted.
-- The stamp identifies one state of the event's row in the ledger; chunks of an earlier state are invalid.
--
-- Reply: a code (see BackfillOutcome). Only WRITTEN changes anything.
if not holds_lease(backfill, token) then return LOST end
-- An event whose counters cannot be read counts as missing, as it does in publish.lua.
local present, is_intact = call('HMGET', event, 'capacity', 'stock', 'pending', 'held', 'sold', 'generation'), true
for i = 1, 5 do
  local number = tonumber(present[i] or '')
  if not number or number % 1 ~= 0 then is_intact = false end
end
if present[6] == generation and is_intact then return ALREADY_PUBLISHED end
if from == '' then
  call('UNLINK', customers, holds, holders, lapsed, waiting, waiters)
else
  local state = call('HMGET', event_backfill, 'stamp', 'at')
  if state[1] ~= stamp or state[2] ~= from then return OUT_OF_STEP end
end

for first = 1, #units, 1000 do
  local names, totals = {}, {}
  for i = first, math.min(first + 999, #units) do names[#names + 1] = units[i].customer end
  local before = call('HMGET', customers, unpack(names))
  for i, name in ipairs(names) do
    totals[2 * i - 1] = name
    totals[2 * i] = text((tonumber(before[i] or '') or 0) + units[first + i - 1].units)
  end
  call('HSET', customers, unpack(totals))
end
for _, new in ipairs(new_holders) do
  local holder = decode_holder(call('HGET', holders, new.name))
  holder.orders, holder.holds = holder.orders + new.orders, holder.holds + new.held
  write_holder(holders, new.name, holder)
end
for _, order in ipairs(held_orders) do call('HSET', holders, 'o' .. order.id, order.name) end
local pairs_to_set = {}
for _, record in ipairs(records) do
  pairs_to_set[#pairs_to_set + 1] = record.record_key
  pairs_to_set[#pairs_to_set + 1] = record.record
end
set_all(pairs_to_set)
-- Like a settled batch, so that the records are deleted some time.
if settled_ids ~= '' then call('RPUSH', settled_keyed, call('TIME')[1] .. '|' .. settled_ids) end
local members = {}
for _, hold in ipairs(new_holds) do
  members[#members + 1] = hold.expires_at
  members[#members + 1] = hold.id
end
for from_member = 1, #members, 1000 do
  call('ZADD', holds, unpack(members, from_member, math.min(from_member + 999, #members)))
end
for _, place in ipairs(new_places) do
  call('ZADD', waiting, place_score(place.quantity, place.joined_at), place.id)
  call('HSET', waiters, place.customer, place.id)
end

call('HSET', backfill, 'until', text(clock() + lease), 'done', done, 'total', total)
call('HSET', event_backfill, 'stamp', stamp, 'at', to)
return WRITTEN
