-- Claims stock for a group of orders, in their order. Each order is accepted completely or refused: an accepted order
-- has taken its stock, counts for its customer, has its record and is in the queue; a refused order has changed
-- nothing.
--
-- A record's key is named by the second half of the order's id. If the purchase has an idempotency key, that half is
-- made from the key, the event and the customer (see OrderID). If its record exists, the reply is that order. If its record
-- went early, the reply is its id, and the ledger has the order (see forgotten.lua).
--
-- Orders without a hold get consecutive sequence numbers in the order in which they are queued: see confirmed.lua.
--
-- Three phases: read everything that the decisions need, judge each order, write. All reads precede all writes, so a
-- key of the wrong type stops the script before anything is changed.
--
-- Reply: for each order a code and its detail (see ClaimCode), then the server's time. Times are milliseconds since
-- 1970.
local now = clock()
local room = queue_limit - call('LLEN', queue)
local record_keys, ids, quantities, buyers = orders.record_key, orders.id, orders.quantity, orders.customer

-- Purchases of an event with a waiting room have a pass: a byte of value 2, `number|end|generation|`, before the buyer.
local passes
if with_pass > 0 then
  passes = {}
  for i = 1, orders.count do
    if string.byte(buyers[i]) == 2 then
      local number, ends, generation, buyer = string.match(buyers[i], '^\2(%d+)|(%d+)|(%d+)|(.*)$')
      passes[i], buyers[i] = { number = number, ends = ends, generation = generation }, buyer
    end
  end
end

-- Purchases without a customer can have the address of their client instead: a byte of value 1 precedes it, which no
-- customer contains.
local addresses = {}
if with_address > 0 then
  for i = 1, orders.count do
    if string.byte(buyers[i]) == 1 then addresses[i], buyers[i] = string.sub(buyers[i], 2), '' end
  end
end

-- Read.

-- The sequence number that was given last. If it is damaged, the orders of this call get none.
local sequence = tonumber(string.match(call('GET', last_sequence) or '0', '^%d+$') or '')
local first_sequence = sequence

-- A number that can be absent: false if it is absent, nil if it cannot be read.
local function optional(field)
  if not field then return false end
  return tonumber(field)
end

-- The code and the detail with which an event refuses every claim at this moment; nil if it sells.
local function refusal(event)
  if not event.generation then return EVENT_UNKNOWN, 0 end
  local stock = event.stock
  if not stock or stock < 0 or stock % 1 ~= 0 or not event.maximum or not event.pending or not event.held
    or event.limit == nil or event.hold == nil or event.closed == '1' then
    return RECOVERING, 0
  end
  if event.closes_at and now >= event.closes_at then return CLOSED, 0 end
  if event.paused == '1' then return PAUSED, 0 end
  if event.opens_at and now < event.opens_at then return SCHEDULED, event.opens_at end
end

-- The units of the customers of these orders, also if there is no limit now: one may be set later.
local function read_customers(event, first, last)
  local names = {}
  event.units, event.changed = {}, {}
  for i = first, last do
    local customer = buyers[i]
    if customer ~= '' and event.units[customer] == nil then
      event.units[customer] = false
      names[#names + 1] = customer
    end
  end
  if #names == 0 then return end
  local values = call('HMGET', event.customers, unpack(names))
  for k = 1, #names do event.units[names[k]] = tonumber(values[k] or '0') end
end

-- The rules of events that count their holders (see holders.lua). They are made on demand: every function that a script defines
-- costs each call some 50 ns.
local function make_holder_rules()
  -- The customer or the address of an order; nil if the call has neither.
  local function name_of(i)
    if buyers[i] ~= '' then return 'c' .. buyers[i] end
    return addresses[i] and 'a' .. addresses[i]
  end

  -- Reads the holders of the orders of an event.
  local function read(event, first, last)
    local terms, names = call('HMGET', event.event, 'max_orders', 'max_holds'), {}
    event.max_orders, event.max_holds = tonumber(terms[1] or ''), tonumber(terms[2] or '')
    event.known_holders, event.changed_holders, event.new_holds = {}, {}, {}
    for i = first, last do
      local name = name_of(i)
      if name and event.known_holders[name] == nil then
        event.known_holders[name] = false
        names[#names + 1] = name
      end
    end
    if #names == 0 then return end
    local values = call('HMGET', event.holders, unpack(names))
    for k = 1, #names do event.known_holders[names[k]] = decode_holder(values[k]) end
  end

  -- The code and the detail with which the terms on holders refuse a claim; nil if they do not.
  local function refuse(event, i)
    local name = name_of(i)
    if not name then return ADDRESS_REQUIRED, 0 end
    local holder = event.known_holders[name]
    if event.max_orders and holder.orders >= event.max_orders then return ORDER_LIMIT, event.max_orders end
    if not event.hold then return nil end
    if event.max_holds and holder.holds >= event.max_holds then return HOLD_LIMIT, event.max_holds end
    if now < holder.paused_until then return HOLD_PAUSED, holder.paused_until end
  end

  local function count(event, i)
    local name = name_of(i)
    local holder = event.known_holders[name]
    if event.max_orders then holder.orders = holder.orders + 1 end
    if event.hold then
      holder.holds = holder.holds + 1
      event.new_holds[#event.new_holds + 1] = 'o' .. ids[i]
      event.new_holds[#event.new_holds + 1] = name
    end
    if event.max_orders or event.hold then event.changed_holders[name] = holder end
  end

  -- The command that writes the holders of an event; nil if there is nothing to write.
  local function command(event)
    local fields = event.new_holds
    for name, holder in pairs(event.changed_holders) do
      fields[#fields + 1] = name
      fields[#fields + 1] = encode_holder(holder)
    end
    return #fields > 0 and { 'HSET', event.holders, unpack(fields) } or nil
  end

  return { read = read, refuse = refuse, count = count, command = command }
end
local holder_rules

-- The rules of events with a waiting room (see rooms.lua). Made on demand, like those above.
local function make_pass_rules()
  -- Reads the passes of the orders of an event: the units that were bought with each, and what the room counts (see rooms.lua).
  local function read(event, first, last)
    local numbers, names = {}, { 'outstanding', 'uncertain_from', 'uncertain_until' }
    event.pass_units, event.pass_uses, event.new_passes, event.new_uses = {}, {}, {}, {}
    for i = first, last do
      local pass = passes and passes[i]
      if pass and event.pass_units[pass.number] == nil then
        event.pass_units[pass.number] = false
        numbers[#numbers + 1] = pass.number
      end
      if pass and event.pass_uses[pass.ends] == nil then
        event.pass_uses[pass.ends] = false
        names[#names + 1] = 'u' .. pass.ends
      end
    end
    local counters = call('HMGET', event.room, unpack(names))
    event.outstanding = tonumber(counters[1] or '')
    event.uncertain_from, event.uncertain_until = tonumber(counters[2] or '') or 0, tonumber(counters[3] or '') or 0
    for k = 4, #names do event.pass_uses[string.sub(names[k], 2)] = tonumber(counters[k] or '') or 0 end
    if #numbers == 0 then return end
    local units = call('HMGET', event.passes, unpack(numbers))
    for k = 1, #numbers do event.pass_units[numbers[k]] = tonumber(units[k] or '') or false end
  end

  -- The code and the detail with which the room refuses a claim; nil if it does not.
  local function refuse(event, i)
    local pass = passes and passes[i]
    if not pass then return PASS_REQUIRED, 0 end
    if pass.generation ~= event.generation then return PASS_INVALID, 0 end
    if tonumber(pass.ends) <= now then return PASS_EXPIRED, 0 end
    if not event.outstanding then return RECOVERING, 0 end
    local left = event.maximum - (event.pass_units[pass.number] or 0)
    -- A limit of each customer holds instead, also for several orders with one pass.
    if not event.limit and quantities[i] > left then return PASS_USED, math.max(0, left) end
  end

  local function use(event, i)
    local pass = passes[i]
    local units = event.pass_units[pass.number]
    if not units then
      units = 0
      local number = tonumber(pass.number)
      -- A pass that admission did not count.
      if number <= event.uncertain_from or number > event.uncertain_until then
        event.outstanding = math.max(0, event.outstanding - 1)
        event.pass_uses[pass.ends] = event.pass_uses[pass.ends] + 1
        event.new_uses[pass.ends] = true
      end
    end
    event.pass_units[pass.number] = units + quantities[i]
    event.new_passes[pass.number] = true
  end

  -- Adds the commands that write what was used.
  local function add_commands(event, writes)
    local units, counters = { 'HSET', event.passes }, { 'HSET', event.room, 'outstanding', text(event.outstanding) }
    for number in pairs(event.new_passes) do
      units[#units + 1], units[#units + 2] = number, text(event.pass_units[number])
    end
    for ends in pairs(event.new_uses) do
      counters[#counters + 1], counters[#counters + 2] = 'u' .. ends, text(event.pass_uses[ends])
    end
    if #units > 2 then writes[#writes + 1], writes[#writes + 2] = units, counters end
  end

  return { read = read, refuse = refuse, use = use, add_commands = add_commands }
end
local pass_rules

local function read_event(event)
  local fields = call('HMGET', event.event, 'generation', 'stock', 'max_quantity', 'opens_at', 'closes_at', 'paused',
    'closed', 'pending', 'held', 'per_customer_limit', 'hold_seconds', 'counts_holders', 'admission_rate', 'waiting')
  event.generation, event.stock, event.maximum = fields[1], tonumber(fields[2]), tonumber(fields[3])
  event.opens_at, event.closes_at = tonumber(fields[4] or ''), tonumber(fields[5] or '')
  event.paused, event.closed, event.pending, event.held = fields[6], fields[7], tonumber(fields[8]), tonumber(fields[9])
  event.limit, event.hold, event.counts_holders = optional(fields[10]), optional(fields[11]), fields[12]
  event.has_room = fields[13]
  event.refusal, event.detail = refusal(event)
  if fields[14] and fields[14] ~= '0' then
    -- The quantity is the upper part of the score: see places.lua.
    local first = call('ZRANGE', event.waiting, 0, 0, 'WITHSCORES')
    event.smallest_wish = first[2] and math.floor(first[2] / 2 ^ 42)
  end
  event.taken, event.held_ids = 0, {}
  event.expires_at = event.hold and now + event.hold * 1000
  event.write_order = order_writer(event.hold and 'held' or 'pending', event.id, event.generation or '', text(now),
    event.expires_at and text(event.expires_at) or '')
end

-- Records of earlier orders with the same idempotency keys, and of those that this call accepts; false for a key without.
local earlier, has_keys = {}, false
-- The ids that the orders of deleted records have left, by the key of the record.
local forgotten_entries = {}
local function read_forgotten()
  local keys, fields = {}, {}
  for i = 1, orders.count do
    local key = record_keys[i]
    if earlier[key] == false then keys[#keys + 1], fields[#fields + 1] = key, forgotten_field(ids[i]) end
  end
  if #keys == 0 then return end
  local found = call('HMGET', forgotten, unpack(fields))
  for k = 1, #keys do forgotten_entries[keys[k]] = found[k] or nil end
end

local function read_earlier()
  local keys = {}
  for i = 1, orders.count do
    local quantity = quantities[i]
    if quantity < 1 or quantity % 1 ~= 0 then
      return redis.error_reply('ERR claim: the quantity of order ' .. ids[i] .. ' is malformed')
    end
    if is_keyed(ids[i]) then keys[#keys + 1] = record_keys[i] end
  end
  has_keys = #keys > 0
  if not has_keys then return end
  local found = call('MGET', unpack(keys))
  for k = 1, #keys do earlier[keys[k]] = found[k] end
  if call('EXISTS', forgotten) == 1 then read_forgotten() end
end

-- Judge.

-- The answer to a claim whose idempotency key has led to an order already; nil if it has not.
local function replay(event, i)
  if event.refusal == EVENT_UNKNOWN or event.refusal == RECOVERING then return nil end
  local first = earlier[record_keys[i]]
  if not first then
    local id, generation = find_forgotten(forgotten_entries[record_keys[i]], ids[i])
    if id and generation == event.generation then return IN_LEDGER, id end
    return nil
  end
  local known = decode_order(first)
  local is_of_event = known and known.event == event.id
  -- A reset has deleted orders of earlier generations, so the key can be used again.
  if is_of_event and known.generation ~= event.generation then return nil end
  if is_of_event and known.customer == buyers[i] and tonumber(known.quantity) == quantities[i] then
    return REPLAYED, known.expires_at .. '|' .. known.id
  end
  return IDEMPOTENCY_KEY_REUSED, 0
end

local accepted, has_replay = 0, false
local function judge(event, i)
  if event.refusal then return event.refusal, event.detail end
  local quantity, customer, limit, stock = quantities[i], buyers[i], event.limit, event.stock
  local count = event.units[customer] or 0
  if quantity > event.maximum then return QUANTITY_ABOVE_MAXIMUM, event.maximum end
  if event.has_room then
    local code, detail = pass_rules.refuse(event, i)
    if code then return code, detail end
  end
  if limit and customer == '' then return CUSTOMER_REQUIRED, 0 end
  if customer ~= '' and not event.units[customer] then return RECOVERING, 0 end
  if limit and count + quantity > limit then
    return CUSTOMER_LIMIT, text(math.max(0, limit - count)) .. '|' .. text(limit)
  end
  -- What a place on the waiting list can have will be offered to it (see offer.lua), whoever comes first.
  if event.smallest_wish and stock >= event.smallest_wish then stock = 0 end
  if stock == 0 and event.held > 0 then
    if not event.next_end then
      local first = call('ZRANGE', event.holds, 0, 0, 'WITHSCORES')
      event.next_end = first[2] and tonumber(first[2]) or event.expires_at or now
    end
    return ALL_HELD, event.next_end
  end
  if stock == 0 then return SOLD_OUT, 0 end
  if quantity > stock then return INSUFFICIENT_STOCK, stock end
  if event.counts_holders then
    local code, detail = holder_rules.refuse(event, i)
    if code then return code, detail end
  end
  if accepted >= room then return QUEUE_FULL, 0 end
  return ACCEPTED, event.expires_at or 0
end

-- Quantities and the units of customers are mostly the same few numbers.
local texts = {}
local function small_text(number)
  local known = texts[number]
  if not known then
    known = text(number)
    texts[number] = known
  end
  return known
end

local records, entries = {}, {}
local function accept(event, i)
  local quantity, customer = quantities[i], buyers[i]
  event.stock, event.taken, accepted = event.stock - quantity, event.taken + quantity, accepted + 1
  if customer ~= '' then
    event.units[customer] = event.units[customer] + quantity
    event.changed[customer] = true
  end
  if event.counts_holders then holder_rules.count(event, i) end
  if event.has_room then pass_rules.use(event, i) end
  local number
  if event.hold then
    event.held = event.held + quantity
    event.held_ids[#event.held_ids + 1] = ids[i]
  elseif sequence then
    sequence = sequence + 1
    number = text(sequence)
  end
  local record_key, record = record_keys[i], event.write_order(ids[i], small_text(quantity), customer, number)
  records[2 * accepted - 1], records[2 * accepted] = record_key, record
  if earlier[record_key] == false then earlier[record_key] = record end
  entries[accepted] = record
end

-- Write.

local writes = {}
local function prepare_writes(event)
  if event.taken == 0 then return end
  if event.hold then
    call('ZCARD', event.holds)
    call('ZCARD', events_with_holds)
    local expires_at = text(event.expires_at)
    writes[#writes + 1] = { 'HSET', event.event, 'stock', text(event.stock), 'held', text(event.held) }
    -- The holds of one call expire at the same time: one member, the ids separated by commas.
    writes[#writes + 1] = { 'ZADD', event.holds, expires_at, table.concat(event.held_ids, ',') }
    writes[#writes + 1] = { 'ZADD', events_with_holds, 'LT', expires_at, event.id }
  else
    writes[#writes + 1] = { 'HSET', event.event, 'stock', text(event.stock),
      'pending', text(event.pending + event.taken) }
  end
  local totals = { 'HSET', event.customers }
  for customer in pairs(event.changed) do
    local size = #totals
    totals[size + 1], totals[size + 2] = customer, small_text(event.units[customer])
  end
  if #totals > 2 then writes[#writes + 1] = totals end
  if event.counts_holders then writes[#writes + 1] = holder_rules.command(event) end
  if event.has_room then pass_rules.add_commands(event, writes) end
end

local malformed = read_earlier()
if malformed then return malformed end
local answers, index = {}, 0
for _, event in ipairs(events) do
  read_event(event)
  if not event.refusal then
    read_customers(event, index + 1, index + event.count)
    if event.counts_holders then
      holder_rules = holder_rules or make_holder_rules()
      holder_rules.read(event, index + 1, index + event.count)
    end
    if event.has_room then
      pass_rules = pass_rules or make_pass_rules()
      pass_rules.read(event, index + 1, index + event.count)
    end
  end
  for _ = 1, event.count do
    index = index + 1
    local code, detail
    if has_keys then code, detail = replay(event, index) end
    if code == REPLAYED then has_replay = true end
    if not code then code, detail = judge(event, index) end
    if code == ACCEPTED then accept(event, index) end
    answers[2 * index - 1], answers[2 * index] = code, detail
  end
  prepare_writes(event)
end

for _, write in ipairs(writes) do call(unpack(write)) end
-- One command for all records and one for all entries, which share the cost of a command.
set_all(records)
-- A replay acknowledges an order that another connection may have written: with a write of this call, the caller's wait for
-- replicas covers that order too.
if sequence and (sequence ~= first_sequence or has_replay) then call('SET', last_sequence, text(sequence)) end
push(queue, entries, 1, accepted)
answers[#answers + 1] = now
return answers
