-- Confirms, cancels or expires orders: a compare-and-set on the state and the deadline of each. One of several
-- concurrent transitions is applied; it also releases the stock and the customer's units. Every change increments the
-- order's version and queues a snapshot for the ledger.
--
-- A place on a waiting list has no units, but the snapshot that ends it looks like one that releases some. So it counts as a
-- return of units everywhere: then nobody has to know what the order was before.
--
-- Reply: for each order a code (see TransitionCode) and its present record ('' if there is none).
if #orders > 1000 then return redis.error_reply('ERR transition: more than 1000 orders') end
local now = clock()

-- Read once; a later transition of the same order in this call sees the result of an earlier one.
local present = {}
if #orders > 0 then
  local keys = {}
  for i, order in ipairs(orders) do keys[i] = order.record_key end
  local found = call('MGET', unpack(keys))
  for i, key in ipairs(keys) do present[key] = found[i] or nil end
end

-- The state that follows, or nil and the code of the refusal.
local function next_state(transition, state, expires_at)
  local overdue = expires_at and now >= expires_at
  if transition == 'confirm' then
    if state == 'held' then
      if overdue then return nil, HOLD_EXPIRED end
      return 'confirmed'
    end
    if state == 'confirmed' then return nil, ALREADY end
    if state == 'expired' then return nil, HOLD_EXPIRED end
  elseif transition == 'cancel' then
    if state == 'held' or state == 'confirmed' or state == 'waiting' then return 'cancelled' end
    if state == 'cancelled' then return nil, ALREADY end
  elseif transition == 'leave' then
    if state == 'held' or state == 'waiting' then return 'cancelled' end
    if state == 'cancelled' then return nil, ALREADY end
  elseif transition == 'expire' then
    if state == 'held' and overdue then return 'expired' end
    if state == 'expired' then return nil, ALREADY end
  end
  return nil, CONFLICT
end

local function read_event(event)
  local fields = call('HMGET', event.event, 'generation', 'stock', 'held', 'sold', 'closed', 'returned',
    'counts_holders', 'hold_pause_seconds', 'waiting')
  event.generation, event.stock = fields[1], tonumber(fields[2])
  event.had_stock = event.stock ~= 0
  event.held, event.sold = tonumber(fields[3]), tonumber(fields[4])
  event.is_readable = event.generation and event.stock and event.held and event.sold and fields[5] ~= '1'
  -- Units that customers release, holds that end, and whether one of the holds stays.
  event.released, event.ended_holds, event.keeps_hold = {}, {}, not event.is_readable
  event.returned, event.returns = tonumber(fields[6] or '0'), 0
  event.counts_holders, event.pause = fields[7], tonumber(fields[8] or '')
  event.has_places, event.left = fields[9] and fields[9] ~= '0', {}
end

-- The state that follows for an order, or nil and the code of the refusal.
local function judge(event, order, record)
  if not event.is_readable then return nil, RECOVERING end
  if not record then return nil, ORDER_UNKNOWN end
  if record.id ~= order.id then return nil, DISPLACED end
  if record.event ~= event.id or record.generation ~= event.generation then return nil, ORDER_UNKNOWN end
  return next_state(order.transition, record.state, tonumber(record.expires_at))
end

-- The orders that release units, and all that have changed, which their watchers are told.
local finished_ids, changed_ids = {}, {}

-- Ends a place on the waiting list.
local function leave(event, record, units)
  event.left[#event.left + 1] = record
  event.returns = event.returns + units
  finished_ids[#finished_ids + 1], changed_ids[#changed_ids + 1] = record.id, record.id
  record.state, record.version = 'cancelled', text(record.version + 1)
end

local function apply(event, record, after)
  local units = tonumber(record.quantity)
  if record.state == 'waiting' then return leave(event, record, units) end
  if record.state == 'held' then event.held = event.held - units else event.sold = event.sold - units end
  if after == 'confirmed' then
    event.sold, record.confirmed_at = event.sold + units, text(now)
  else
    event.stock = event.stock + units
    event.returns = event.returns + units
    if record.customer ~= '' then
      event.released[record.customer] = (event.released[record.customer] or 0) + units
    end
    finished_ids[#finished_ids + 1] = record.id
  end
  changed_ids[#changed_ids + 1] = record.id
  record.state, record.version = after, text(record.version + 1)
  event.is_changed = true
end

local answers, entries, records, has_already = {}, {}, {}, false
local function transition(event, order)
  local text_before = present[order.record_key] or order.fallback
  local record = decode_order(text_before)
  if record and apply_range(record, confirmed, confirmed_keyed) then text_before = encode_order(record) end
  local after, code = judge(event, order, record)
  local was_held = record and record.state == 'held'
  if after then
    apply(event, record, after)
    text_before = encode_order(record)
    present[order.record_key] = text_before
    records[#records + 1] = order.record_key
    records[#records + 1] = text_before
    entries[#entries + 1] = text_before
    if was_held then
      event.ended_holds[#event.ended_holds + 1] = order.id
      if event.counts_holders then end_hold(event.holders, event.lapsed, order.id, after, event.pause, now) end
    end
  elseif code == CONFLICT and was_held then
    event.keeps_hold = true
  end
  if code == ALREADY then has_already = true end
  answers[#answers + 1] = after and DONE or code
  answers[#answers + 1] = text_before
end

local function write_event(event)
  if event.is_changed then
    -- The event may be for sale again, which the processes that remember its refusal must know at once.
    if event.had_stock == false and event.stock > 0 then call('SPUBLISH', finished, EVENT_CHANGED .. event.id) end
    -- Places on the waiting list may get what is free now: see offer.lua.
    if event.has_places and event.returns > 0 then call('ZADD', offers_due, text(now), event.id) end
    call('HSET', event.event, 'stock', text(event.stock), 'held', text(event.held), 'sold', text(event.sold))
    for customer, units in pairs(event.released) do move_units(event.customers, customer, -units) end
    if event.counts_holders then forget_lapses(event.holders, event.lapsed, now) end
  end
  -- Units that the ledger still counts, until it has this change: see lower_capacity.lua.
  if event.returns > 0 and event.returned then
    call('HSET', event.event, 'returned', text(event.returned + event.returns))
  end
  if #event.left > 0 then
    for _, order in ipairs(event.left) do
      call('ZREM', event.waiting, order.id)
      if call('HGET', event.waiters, order.customer) == order.id then
        call('HDEL', event.waiters, order.customer)
      end
    end
    call('HSET', event.event, 'waiting', text(call('ZCARD', event.waiting)))
  end
  -- An order that was claimed alone is a member of the holds by itself. A member of several ids is removed after the
  -- transitions of all of its orders.
  local ended = event.ended_holds
  if not event.keeps_hold then
    for member in string.gmatch(event.members_to_remove, '%S+') do ended[#ended + 1] = member end
  end
  if #ended > 0 then call('ZREM', event.holds, unpack(ended)) end
  local first = call('ZRANGE', event.holds, 0, 0, 'WITHSCORES')
  if first[2] then
    call('ZADD', events_with_holds, first[2], event.id)
  else
    call('ZREM', events_with_holds, event.id)
  end
end

local index = 0
for _, event in ipairs(events) do
  read_event(event)
  for _ = 1, event.count do
    index = index + 1
    transition(event, orders[index])
  end
  write_event(event)
end

if #records > 0 then
  call('MSET', unpack(records))
  call('RPUSH', queue, unpack(entries))
end
-- A transition that was made before is acknowledged again, and another connection may have made it: with a write of this
-- call, the caller's wait for replicas covers it too.
if has_already and #records == 0 then call('INCRBY', pending_releases, 0) end
if #finished_ids > 0 then
  call('INCRBY', pending_releases, #finished_ids)
end
if #changed_ids > 0 then
  call('SPUBLISH', finished, table.concat(changed_ids, ','))
end
return answers
