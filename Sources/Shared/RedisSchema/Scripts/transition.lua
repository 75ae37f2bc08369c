-- Confirms, cancels or expires orders: a compare-and-set on the state and the deadline of each. One of several
-- concurrent transitions is applied; it also releases the stock and the customer's units. Every change increments the
-- order's version and queues a snapshot for the ledger.
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
    if state == 'held' or state == 'confirmed' then return 'cancelled' end
    if state == 'cancelled' then return nil, ALREADY end
  elseif transition == 'expire' then
    if state == 'held' and overdue then return 'expired' end
    if state == 'expired' then return nil, ALREADY end
  end
  return nil, CONFLICT
end

local function read_event(event)
  local fields = call('HMGET', event.event, 'generation', 'stock', 'held', 'sold', 'closed')
  event.generation, event.stock = fields[1], tonumber(fields[2])
  event.had_stock = event.stock ~= 0
  event.held, event.sold = tonumber(fields[3]), tonumber(fields[4])
  event.is_readable = event.generation and event.stock and event.held and event.sold and fields[5] ~= '1'
  -- Units that customers release, holds that end, and whether one of the holds stays.
  event.released, event.ended_holds, event.keeps_hold = {}, {}, not event.is_readable
end

-- The state that follows for an order, or nil and the code of the refusal.
local function judge(event, order, record)
  if not event.is_readable then return nil, RECOVERING end
  if not record then return nil, ORDER_UNKNOWN end
  if record.id ~= order.id then return nil, DISPLACED end
  if record.event ~= event.id or record.generation ~= event.generation then return nil, ORDER_UNKNOWN end
  return next_state(order.transition, record.state, tonumber(record.expires_at))
end

local finished_ids = {}
local function apply(event, record, after)
  local units = tonumber(record.quantity)
  if record.state == 'held' then event.held = event.held - units else event.sold = event.sold - units end
  if after == 'confirmed' then
    event.sold, record.confirmed_at = event.sold + units, text(now)
  else
    event.stock = event.stock + units
    if record.customer ~= '' then
      event.released[record.customer] = (event.released[record.customer] or 0) + units
    end
    finished_ids[#finished_ids + 1] = record.id
  end
  record.state, record.version = after, text(record.version + 1)
  event.is_changed = true
end

local answers, entries, records = {}, {}, {}
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
    if was_held then event.ended_holds[#event.ended_holds + 1] = order.id end
  elseif code == CONFLICT and was_held then
    event.keeps_hold = true
  end
  answers[#answers + 1] = after and DONE or code
  answers[#answers + 1] = text_before
end

local function write_event(event)
  if event.is_changed then
    -- The event may be for sale again, which the processes that remember its refusal must know at once.
    if event.had_stock == false and event.stock > 0 then call('PUBLISH', finished, EVENT_CHANGED .. event.id) end
    call('HSET', event.event, 'stock', text(event.stock), 'held', text(event.held), 'sold', text(event.sold))
    for customer, units in pairs(event.released) do move_units(event.customers, customer, -units) end
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
if #finished_ids > 0 then
  call('INCRBY', pending_releases, #finished_ids)
  call('PUBLISH', finished, table.concat(finished_ids, ','))
end
return answers
