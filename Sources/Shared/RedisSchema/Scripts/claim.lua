#!lua
-- Claims stock for a group of orders, in their order, and answers each. All or nothing per order: an accepted order has
-- taken its stock, counts for its customer, has its record and stands in the queue; a refused one has changed nothing.
--
-- A record is named by the second half of its order's id. Where the purchase has an idempotency key, that half is made
-- from the key, its event and its customer (see OrderID): a record that is there already is the order to answer with.
--
-- KEYS  queue, events with holds, then per event: the event, its customers, its holds; then one key per order, the orders
--       of an event together; then the epoch
-- ARGV  limit of the queue's length, number of events,
--       then per event: its id, the number of its orders
--       then per order: its id, quantity, customer ('' for none); then the epoch that the caller knows
-- Answer: two values per order, a code and what goes with it:
--   0 accepted: the end of the hold, 0 for none         20 replayed: the end of the hold or '', '|', the first order's id
--   1 event not here                  2 the event, or the customer's count, is unreadable or being rebuilt
--   3 not open yet: the opening time      4 paused               5 over
--   6 quantity above the event's maximum: the maximum            7 queue full
--   8 fewer left than asked for: how many                        9 sold out
--   10 above the customer's limit: how many more the customer may have, '|', the limit
--   11 this event needs a customer       12 all that is left is held: the next end of a hold
--   13 the idempotency key was used with another quantity
-- The last integer of the answer is the server's time. Times are milliseconds since 1970.
local KEYS, ARGV, call, tonumber, unpack = KEYS, ARGV, redis.call, tonumber, unpack
local queue_limit, events = tonumber(ARGV[1]), tonumber(ARGV[2])
local counts, orders = {}, 0
for e = 1, events do
  counts[e] = tonumber(ARGV[2 * e + 2])
  orders = orders + counts[e]
end
local base, record_base = 2 + 2 * events, 2 + 3 * events
if #KEYS ~= record_base + orders + 1 or #ARGV ~= base + 3 * orders + 1 then
  return redis.error_reply('ERR claim: keys and arguments do not match')
end
if call('GET', KEYS[#KEYS]) ~= ARGV[#ARGV] then return redis.error_reply('FENCED claim: the epoch is another') end
-- The digit after the variant's bits says whether an id is made from a key.
local byte, keyed_from = string.byte, string.byte('a')
local quantities, keyed = {}, {}
for i = 1, orders do
  local quantity = tonumber(ARGV[base + 3 * i - 1])
  if not quantity or quantity < 1 or quantity % 1 ~= 0 then
    return redis.error_reply('ERR claim: order ' .. i .. ' is malformed')
  end
  quantities[i] = quantity
  if byte(ARGV[base + 3 * i - 2], 20) >= keyed_from then keyed[#keyed + 1] = KEYS[record_base + i] end
end

local function text(number) return string.format('%.0f', number) end
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local now_text = text(now)
local room = queue_limit - call('LLEN', KEYS[1])

-- Records of earlier orders with the same idempotency keys, also of those that this call makes.
local earlier = {}
if #keyed > 0 then
  local found = call('MGET', unpack(keyed))
  for k = 1, #keyed do earlier[keyed[k]] = found[k] or nil end
end

-- What an event says about any claim at this moment: a code and a value, or no code where it sells.
local function judge(event)
  if not event.generation then return 1, 0 end
  local stock = event.stock
  if not stock or stock < 0 or stock % 1 ~= 0 or not event.maximum or not event.pending or not event.held
    or event.limit == nil or event.hold == nil or event.closed == '1' then
    return 2, 0
  end
  if event.closes and now >= event.closes then return 5, 0 end
  if event.paused == '1' then return 4, 0 end
  if event.opens and now < event.opens then return 3, event.opens end
  return nil, 0
end

-- Counts of customers are mostly the same few numbers.
local numbers = {}
local function small(number)
  local known = numbers[number]
  if not known then
    known = text(number)
    numbers[number] = known
  end
  return known
end

-- A number that may be absent: false where it is, nil where it cannot be read.
local function optional(field)
  if not field then return false end
  return tonumber(field)
end

local match = string.match
local answers, entries, records, accepted = {}, {}, {}, 0
-- Everything is read before anything is written: a key of the wrong kind stops the script with nothing changed.
local writes = {}
local i = 0
for e = 1, events do
  local key = KEYS[3 * e]
  local fields = call('HMGET', key, 'generation', 'stock', 'max_quantity', 'opens_at', 'closes_at', 'paused', 'closed',
    'pending', 'held', 'per_customer_limit', 'hold_seconds')
  local generation, stock, maximum = fields[1], tonumber(fields[2]), tonumber(fields[3])
  local limit, hold = optional(fields[10]), optional(fields[11])
  local pending, held = tonumber(fields[8]), tonumber(fields[9])
  local closed_code, closed_value = judge({ generation = generation, stock = stock, maximum = maximum,
    opens = tonumber(fields[4] or ''), closes = tonumber(fields[5] or ''), paused = fields[6], closed = fields[7],
    pending = pending, held = held, limit = limit, hold = hold })

  -- Units of the customers in this group, whether or not there is a limit now: one may be set later.
  local owned, names, changed = {}, {}, {}
  if not closed_code then
    for j = i + 1, i + counts[e] do
      local customer = ARGV[base + 3 * j]
      if customer ~= '' and owned[customer] == nil then
        owned[customer] = false
        names[#names + 1] = customer
      end
    end
    if #names > 0 then
      local values = call('HMGET', KEYS[3 * e + 1], unpack(names))
      for k = 1, #names do owned[names[k]] = tonumber(values[k] or '0') end
    end
  end

  local expires = hold and now + hold * 1000
  local expires_text = expires and text(expires) or ''
  local state = hold and 'held|1|' or 'pending|1|'
  -- Forms: see OrderRecord and QueueEntry.
  local event_prefix = '|' .. ARGV[2 * e + 1] .. '|' .. (generation or '') .. '|'
  local record_prefix, entry_prefix = '2|' .. state .. '0|', '|' .. state .. ARGV[2 * e + 1] .. '|' .. (generation or '') .. '|'
  local suffix = '|' .. now_text .. '||' .. expires_text .. '|'
  local record_suffix = suffix .. '|'
  local held_ids, taken, next_end = {}, 0, nil
  for _ = 1, counts[e] do
    i = i + 1
    local at = base + 3 * i
    local id, quantity, customer = ARGV[at - 2], quantities[i], ARGV[at]
    local record_key = KEYS[record_base + i]
    local code, value = closed_code, closed_value
    local first, replayed = earlier[record_key], false
    if first and code ~= 1 and code ~= 2 then
      local of_id, of, of_generation, units, rest, of_customer = match(first,
        '^2|%l+|%d+|%d+|([^|]*)|([^|]*)|(%d+)|(%d+)|%d+|%d*|(%d*)|[^|]*|(.*)$')
      -- An order of an earlier generation of the event is gone, and its place is free.
      if of ~= ARGV[2 * e + 1] or of_generation == generation then
        replayed = true
        if of == ARGV[2 * e + 1] and of_customer == customer and tonumber(units) == quantity then
          code, value = 20, rest .. '|' .. of_id
        else
          code, value = 13, 0
        end
      end
    end
    if not replayed and not code then
      local count = owned[customer] or 0
      if quantity > maximum then
        code, value = 6, maximum
      elseif limit and customer == '' then
        code, value = 11, 0
      elseif customer ~= '' and not owned[customer] then
        code, value = 2, 0
      elseif limit and count + quantity > limit then
        code, value = 10, text(math.max(0, limit - count)) .. '|' .. text(limit)
      elseif stock == 0 and held > 0 then
        if not next_end then
          local first = call('ZRANGE', KEYS[3 * e + 2], 0, 0, 'WITHSCORES')
          next_end = first[2] and tonumber(first[2]) or expires or now
        end
        code, value = 12, next_end
      elseif stock == 0 then
        code, value = 9, 0
      elseif quantity > stock then
        code, value = 8, stock
      elseif accepted >= room then
        code, value = 7, 0
      else
        code, value = 0, expires or 0
        stock, taken, accepted = stock - quantity, taken + quantity, accepted + 1
        if customer ~= '' then
          owned[customer] = count + quantity
          changed[customer] = true
        end
        if hold then
          held = held + quantity
          held_ids[#held_ids + 1] = id
        end
        local record = record_prefix .. id .. event_prefix .. ARGV[at - 1] .. record_suffix .. customer
        records[2 * accepted - 1], records[2 * accepted] = record_key, record
        if byte(id, 20) >= keyed_from then earlier[record_key] = record end
        entries[accepted] = '2|' .. id .. entry_prefix .. ARGV[at - 1] .. suffix .. customer
      end
    end
    answers[2 * i - 1] = code
    answers[2 * i] = value
  end
  if taken > 0 then
    if hold then
      call('ZCARD', KEYS[3 * e + 2])
      call('ZCARD', KEYS[2])
      writes[#writes + 1] = { 'HSET', key, 'stock', text(stock), 'held', text(held) }
      -- The holds of a call end together: one member, their ids with commas between.
      writes[#writes + 1] = { 'ZADD', KEYS[3 * e + 2], expires_text, table.concat(held_ids, ',') }
      writes[#writes + 1] = { 'ZADD', KEYS[2], 'LT', expires_text, ARGV[2 * e + 1] }
    else
      writes[#writes + 1] = { 'HSET', key, 'stock', text(stock), 'pending', text(pending + taken) }
    end
    local totals = { 'HSET', KEYS[3 * e + 1] }
    for customer in pairs(changed) do
      local place = #totals
      totals[place + 1], totals[place + 2] = customer, small(owned[customer])
    end
    if #totals > 2 then writes[#writes + 1] = totals end
  end
end

for _, write in ipairs(writes) do call(unpack(write)) end
-- One command for all records and one for all entries: what a command costs, its members share.
for first = 1, 2 * accepted, 2000 do
  call('MSET', unpack(records, first, math.min(first + 1999, 2 * accepted)))
end
for first = 1, accepted, 1000 do
  call('RPUSH', KEYS[1], unpack(entries, first, math.min(first + 999, accepted)))
end
answers[#answers + 1] = now
return answers
