-- Takes places on the waiting lists of events for a group of orders, in their order. A place is an order in the state
-- `waiting`: it has its record and is in the queue, and holds no units. offer.lua offers units to it.
--
-- A customer has one place of an event. Nobody waits for units that can be bought: then the place is refused. Units that a
-- place on the list can have cannot be bought, so they can be waited for.
--
-- All reads precede all writes, as in claim.lua.
--
-- Reply: for each order a code and its detail (see WaitCode), then the server's time.
local now = clock()
local room, accepted = queue_limit - call('LLEN', queue), 0

local function is_count(number) return number and number >= 0 and number % 1 == 0 end

-- The code and the detail with which an event refuses every place at this moment; nil if it does not.
local function refusal(event)
  if not event.generation then return EVENT_UNKNOWN, 0 end
  if not is_count(event.stock) or not event.maximum or event.closed == '1' then return RECOVERING, 0 end
  if event.has_list ~= '1' then return NO_WAITLIST, 0 end
  if event.closes_at and now >= event.closes_at then return CLOSED, 0 end
  if event.opens_at and now < event.opens_at then return SCHEDULED, event.opens_at end
end

local function read_event(event)
  local fields = call('HMGET', event.event, 'generation', 'stock', 'max_quantity', 'opens_at', 'closes_at', 'paused',
    'closed', 'per_customer_limit', 'waitlist', 'max_orders')
  event.generation, event.stock, event.maximum = fields[1], tonumber(fields[2] or ''), tonumber(fields[3] or '')
  event.opens_at, event.closes_at = tonumber(fields[4] or ''), tonumber(fields[5] or '')
  event.paused, event.closed, event.limit = fields[6] == '1', fields[7], tonumber(fields[8] or '')
  event.has_list, event.max_orders = fields[9], tonumber(fields[10] or '')
  event.refusal, event.detail = refusal(event)
  event.places = call('ZCARD', event.waiting)
  event.smallest_wish = smallest_wish(event.waiting)
  event.write_order = order_writer('waiting', event.id, event.generation or '', text(now), '')
  event.new_places, event.new_waiters = {}, {}
end

-- What the customers of the orders of an event have: units, a place, orders of this generation.
local function read_customers(event, first, last)
  event.units, event.orders, event.place = {}, {}, {}
  if first > last then return end
  local names, holder_names = {}, {}
  for i = first, last do
    names[#names + 1], holder_names[#holder_names + 1] = orders[i].customer, 'c' .. orders[i].customer
  end
  local units, places = call('HMGET', event.customers, unpack(names)), call('HMGET', event.waiters, unpack(names))
  local holders = call('HMGET', event.holders, unpack(holder_names))
  for k, name in ipairs(names) do
    event.units[name] = tonumber(units[k] or '0')
    event.orders[name] = decode_holder(holders[k]).orders
    event.place[name] = places[k] and call('ZSCORE', event.waiting, places[k]) and places[k] or nil
  end
end

-- The records at the orders' keys, and the order that an idempotency key has led to before its record went.
local earlier, gone = {}, {}
local function read_earlier()
  local keys = {}
  for i, order in ipairs(orders) do keys[i] = order.record_key end
  local found = call('MGET', unpack(keys))
  for i, key in ipairs(keys) do
    earlier[key] = found[i] or nil
    if not found[i] and is_keyed(orders[i].id) then
      local id, generation = find_forgotten(call('HGET', forgotten, forgotten_field(orders[i].id)), orders[i].id)
      if id then gone[key] = { id = id, generation = generation } end
    end
  end
end

local has_replay = false
local function replay(event, order)
  if not is_keyed(order.id) or event.refusal == EVENT_UNKNOWN or event.refusal == RECOVERING then return nil end
  local known, left = decode_order(earlier[order.record_key]), gone[order.record_key]
  if left and left.generation == event.generation then return IN_LEDGER, left.id end
  if not known or known.event == event.id and known.generation ~= event.generation then return nil end
  if known.event == event.id and known.customer == order.customer
    and tonumber(known.quantity) == order.quantity then
    has_replay = true
    return REPLAYED, known.id
  end
  return IDEMPOTENCY_KEY_REUSED, 0
end

local function judge(event, order)
  if event.refusal then return event.refusal, event.detail end
  local quantity, customer, stock = order.quantity, order.customer, event.stock
  if quantity > event.maximum then return QUANTITY_ABOVE_MAXIMUM, event.maximum end
  if customer == '' then return CUSTOMER_REQUIRED, 0 end
  local units = event.units[customer]
  if not units then return RECOVERING, 0 end
  if event.place[customer] then return ON_WAITLIST, event.place[customer] end
  if event.limit and units + quantity > event.limit then
    return CUSTOMER_LIMIT, text(math.max(0, event.limit - units)) .. '|' .. text(event.limit)
  end
  if event.max_orders and event.orders[customer] >= event.max_orders then return ORDER_LIMIT, event.max_orders end
  local is_offered = event.smallest_wish and event.smallest_wish <= stock
  if not event.paused and not is_offered and quantity <= stock then return AVAILABLE, stock end
  if event.places >= place_limit then return WAITLIST_FULL, place_limit end
  if accepted >= room then return QUEUE_FULL, 0 end
  return JOINED, 0
end

local records, entries = {}, {}
local function join(event, order)
  accepted, event.places = accepted + 1, event.places + 1
  event.place[order.customer] = order.id
  event.smallest_wish = math.min(event.smallest_wish or order.quantity, order.quantity)
  local record = event.write_order(order.id, text(order.quantity), order.customer)
  earlier[order.record_key] = record
  records[#records + 1], records[#records + 2] = order.record_key, record
  entries[accepted] = record
  local places, waiters = event.new_places, event.new_waiters
  places[#places + 1], places[#places + 2] = place_score(order.quantity, now), order.id
  waiters[#waiters + 1], waiters[#waiters + 2] = order.customer, order.id
end

call('ZCARD', offers_due)
read_earlier()
local answers, index = {}, 0
for _, event in ipairs(events) do
  read_event(event)
  read_customers(event, index + 1, index + event.count)
  for _ = 1, event.count do
    index = index + 1
    local order = orders[index]
    if order.quantity < 1 or order.quantity % 1 ~= 0 then
      return redis.error_reply('ERR wait: the quantity of order ' .. order.id .. ' is malformed')
    end
    local code, detail = replay(event, order)
    if not code then code, detail = judge(event, order) end
    if code == JOINED then join(event, order) end
    answers[2 * index - 1], answers[2 * index] = code, detail
  end
end

for _, event in ipairs(events) do
  if #event.new_places > 0 then
    call('ZADD', event.waiting, unpack(event.new_places))
    call('HSET', event.waiters, unpack(event.new_waiters))
    call('HSET', event.event, 'waiting', text(event.places))
    -- The places end with the sale.
    if event.closes_at then call('ZADD', offers_due, 'LT', text(event.closes_at), event.id) end
  end
end
set_all(records)
push(queue, entries, 1, accepted)
-- As in transition.lua: the wait for replicas covers the order of a replay too.
if has_replay and accepted == 0 then call('INCRBY', pending_releases, 0) end
answers[#answers + 1] = now
return answers
