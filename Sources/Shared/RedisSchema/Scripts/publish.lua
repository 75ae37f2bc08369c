-- Sets an event's hash to the state in the ledger. The caller has the event's row locked in Postgres, so that
-- publications of one event do not overtake each other.
--
-- A missing or damaged event is published after its orders have been backfilled (see backfill.lua), and only if none of
-- its orders can be queued or leased. That is certain in two cases: a rebuild has emptied Redis and the event has not
-- been published since; or the queue is empty and no batch is leased.
--
-- Reply: a code (see PublicationOutcome). Only PUBLISHED changes anything.
if token ~= '' and not holds_lease(backfill, token) then return NEEDS_BACKFILL end
local present = call('HMGET', event, 'generation', 'capacity', 'stock', 'pending', 'held', 'sold', 'revision')
local now = clock()
local known_room = call('HMGET', room, 'generation', 'last')
-- A publication that runs late, after its caller stopped waiting.
if (tonumber(present[7] or '') or 0) > revision then return SUPERSEDED end
local known, before, stock = tonumber(present[1] or ''), tonumber(present[2] or ''), tonumber(present[3] or '')
-- A damaged event of this generation counts as missing: its counters are rebuilt from the ledger, when that is safe.
if known == generation and (not stock or stock % 1 ~= 0 or not before or before % 1 ~= 0
  or not tonumber(present[4] or '') or not tonumber(present[5] or '') or not tonumber(present[6] or '')) then
  known = nil
end
if known and known > generation then return SUPERSEDED end

local is_rebuilt = call('HEXISTS', backfill, 'epoch') == 1
if known == generation then
  if stock + capacity - before < 0 then return BELOW_CLAIMED end
  call('HSET', event, 'stock', text(stock + capacity - before))
else
  if is_new then
    call('UNLINK', customers, holds, holders, lapsed, waiting, waiters, room, places, ticks, passes)
    known_room = {}
    call('ZREM', events_with_holds, id)
  else
    local is_untouched = is_rebuilt and call('SISMEMBER', published, id) == 0
    if not is_untouched and (call('LLEN', queue) > 0 or call('ZCARD', leases) > 0) then return ORDERS_IN_FLIGHT end
    if token == '' then return NEEDS_BACKFILL end
    local done = call('HMGET', event_backfill, 'stamp', 'at')
    if done[1] ~= stamp or done[2] ~= 'end' then return NEEDS_BACKFILL end
    local first = call('ZRANGE', holds, 0, 0, 'WITHSCORES')
    if first[2] then call('ZADD', events_with_holds, first[2], id) else call('ZREM', events_with_holds, id) end
  end
  call('DEL', event, event_backfill)
  call('HSET', event, 'generation', text(generation), 'stock', text(math.max(0, capacity - held - sold - pending)),
    'held', text(held), 'sold', text(sold), 'pending', text(pending), 'returned', text(returning), 'recorded', '0')
end
call('HSET', event, 'capacity', text(capacity), 'max_quantity', max_quantity, 'paused', paused and '1' or '0',
  'name', name, 'revision', text(revision))
call('HDEL', event, 'closed', 'lowered')
local optional = { per_customer_limit = customer_limit, hold_seconds = hold_seconds, opens_at = opens_at,
  closes_at = closes_at, max_orders = max_orders, max_holds = max_holds, hold_pause_seconds = hold_pause_seconds,
  counts_holders = counts_holders and '1' or '', admission_rate = admission_rate, pass_seconds = pass_seconds,
  lobby_opens_at = lobby_opens_at, waitlist = has_waitlist and '1' or '', offer_seconds = offer_seconds }
-- Without a term that counts the holders, what was counted is forgotten.
if not counts_holders then call('UNLINK', holders, lapsed) end
for _, field in ipairs({ 'per_customer_limit', 'hold_seconds', 'opens_at', 'closes_at', 'max_orders', 'max_holds',
  'hold_pause_seconds', 'counts_holders', 'admission_rate', 'pass_seconds', 'lobby_opens_at', 'waitlist',
  'offer_seconds' }) do
  if optional[field] == '' then call('HDEL', event, field) else call('HSET', event, field, optional[field]) end
end
if admission_rate == '' then
  call('UNLINK', room, places, ticks, passes)
  call('SREM', rooms, id)
elseif room_generation == generation then
  if known_room[1] ~= text(generation) or not tonumber(known_room[2] or '') then
    -- The room is new, or Redis has lost it: then it continues at the marks of the ledger, which it cannot have passed. Nobody
    -- without a number was admitted, so who joins later waits.
    call('UNLINK', room, places, ticks, passes)
    local admitted = math.min(admitted_until, numbers_until)
    local from = math.min(ended_until, admitted)
    local lobby_size, uncertain_from = tonumber(lobby) or 0, math.min(numbers_given, numbers_until)
    local outstanding = certain_people(lobby_size, uncertain_from, numbers_until, admitted)
      - certain_people(lobby_size, uncertain_from, numbers_until, from)
    call('HSET', room, 'generation', text(generation), 'last', text(numbers_until), 'admitted', text(admitted),
      'shown', text(admitted), 'admitted_at', text(now), 'carry', '0', 'outstanding', text(outstanding),
      'ticks', '0', 'reason', 'behind', 'numbers_until', text(numbers_until), 'admitted_until', text(admitted_until))
    if uncertain_from < numbers_until then
      call('HSET', room, 'uncertain_from', text(uncertain_from), 'uncertain_until', text(numbers_until))
    end
    if lobby ~= '' then call('HSET', room, 'lobby', lobby, 'drawn_at', drawn_at, 'saved', '1') end
    -- Whose pass can still be valid gets a new one.
    if from < admitted then
      call('HSET', room, 'ticks', '1')
      call('RPUSH', ticks, text(from) .. '|' .. text(admitted) .. '|' .. text(now + pass_seconds * 1000))
    end
  end
  call('SADD', rooms, id)
end
-- Places on the waiting list may get their offers now, or end, or be looked at when the sale opens: see offer.lua.
local waiting_count = call('ZCARD', waiting)
if waiting_count > 0 then
  call('HSET', event, 'waiting', text(waiting_count))
  call('ZADD', offers_due, text(now), id)
else
  call('HDEL', event, 'waiting')
end
if is_rebuilt then call('SADD', published, id) end
call('SREM', requested_backfills, id)
call('SPUBLISH', finished, EVENT_CHANGED .. id)
return PUBLISHED
