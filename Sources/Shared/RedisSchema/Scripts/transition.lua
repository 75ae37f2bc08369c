#!lua flags=allow-oom
-- Confirms, cancels or expires orders: each changes only where its record is in a state that the transition leads away
-- from, and on the right side of its deadline. Stock and the customer's count come back with the one that wins. Every
-- change raises the order's version and queues a snapshot for the ledger.
--
-- KEYS  queue, events with holds, returns, then per event: the event, its customers, its holds; then one key per order,
--       the orders of an event together; then the epoch
-- ARGV  channel of finished orders, number of events,
--       then per event: its id, the number of its orders, members of its holds to drop if nothing of them is held any
--       more (with spaces between)
--       then per order: its id; confirm, cancel or expire; the record to go by where there is none, '' to leave it alone;
--       then the epoch that the caller knows
-- Answer: two values per order, a code and its record as it is now ('' where there is none):
--   0 done   1 it was in that state already   2 it is in a state that this cannot follow   3 its deadline is over
--   4 no such order in the event's present generation   5 the event is not here, unreadable or being rebuilt
--   6 another order's record is at this key
local KEYS, ARGV, call, tonumber, unpack = KEYS, ARGV, redis.call, tonumber, unpack
local events, orders = tonumber(ARGV[2]), 0
for e = 1, events do orders = orders + tonumber(ARGV[3 * e + 1]) end
local base, record_base = 2 + 3 * events, 3 + 3 * events
if #KEYS ~= record_base + orders + 1 or #ARGV ~= base + 3 * orders + 1 or orders > 1000 then
  return redis.error_reply('ERR transition: keys and arguments do not match')
end
if call('GET', KEYS[#KEYS]) ~= ARGV[#ARGV] then return redis.error_reply('FENCED transition: the epoch is another') end

local function text(number) return string.format('%.0f', number) end
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- Read once; a later transition of the same order in this call sees what an earlier one left.
local present = {}
if orders > 0 then
  local found = call('MGET', unpack(KEYS, record_base + 1, record_base + orders))
  for i = 1, orders do present[KEYS[record_base + i]] = found[i] or nil end
end

-- The state that follows, or nil and the code of the refusal.
local function decide(transition, state, expires)
  local overdue = expires and now >= expires
  if transition == 'confirm' then
    if state == 'held' then
      if overdue then return nil, 3 end
      return 'confirmed'
    end
    if state == 'confirmed' then return nil, 1 end
    if state == 'expired' then return nil, 3 end
  elseif transition == 'cancel' then
    if state == 'held' or state == 'confirmed' then return 'cancelled' end
    if state == 'cancelled' then return nil, 1 end
  elseif transition == 'expire' then
    if state == 'held' and overdue then return 'expired' end
    if state == 'expired' then return nil, 1 end
  end
  return nil, 2
end

local answers, entries, records, ended, i = {}, {}, {}, {}, 0
for e = 1, events do
  local key, customers, holds = KEYS[3 * e + 1], KEYS[3 * e + 2], KEYS[3 * e + 3]
  local fields = call('HMGET', key, 'generation', 'stock', 'held', 'sold', 'closed')
  local generation, stock, held, sold = fields[1], tonumber(fields[2]), tonumber(fields[3]), tonumber(fields[4])
  local readable = generation and stock and held and sold and fields[5] ~= '1'
  local changes, back, gone, still_held = 0, {}, {}, not readable
  for _ = 1, tonumber(ARGV[3 * e + 1]) do
    i = i + 1
    local at, record_key = base + 3 * i, KEYS[record_base + i]
    local id, transition = ARGV[at - 2], ARGV[at - 1]
    local record = present[record_key] or ARGV[at]
    local state, version, settled, found_id, event, of, quantity, claimed, confirmed, expires, reason, customer =
      string.match(record, '^2|(%l+)|(%d+)|(%d+)|([^|]*)|([^|]*)|(%d+)|(%d+)|(%d+)|(%d*)|(%d*)|([^|]*)|(.*)$')
    local code, after
    if not readable then
      code = 5
    elseif not state then
      code = 4
    elseif found_id ~= id then
      code = 6
    elseif event ~= ARGV[3 * e] or of ~= generation then
      code = 4
    else
      after, code = decide(transition, state, tonumber(expires))
    end
    if after then
      code = 0
      local units = tonumber(quantity)
      if state == 'held' then held = held - units else sold = sold - units end
      if after == 'confirmed' then
        sold, confirmed = sold + units, text(now)
      else
        stock = stock + units
        if customer ~= '' then back[customer] = (back[customer] or 0) + units end
        ended[#ended + 1] = id
      end
      local body = event .. '|' .. of .. '|' .. quantity .. '|' .. claimed .. '|' .. confirmed .. '|' .. expires .. '|'
      version = text(version + 1)
      record = '2|' .. after .. '|' .. version .. '|' .. settled .. '|' .. id .. '|' .. body .. reason .. '|' .. customer
      present[record_key] = record
      records[#records + 1] = record_key
      records[#records + 1] = record
      entries[#entries + 1] = '2|' .. id .. '|' .. after .. '|' .. version .. '|' .. body .. customer
      changes = changes + 1
    end
    if code == 2 and state == 'held' then
      still_held = true
    elseif after and state == 'held' then
      gone[#gone + 1] = id
    end
    answers[2 * i - 1] = code
    answers[2 * i] = record
  end
  if changes > 0 then
    call('HSET', key, 'stock', text(stock), 'held', text(held), 'sold', text(sold))
    for customer, units in pairs(back) do
      local left = (tonumber(call('HGET', customers, customer) or '') or 0) - units
      if left > 0 then call('HSET', customers, customer, text(left)) else call('HDEL', customers, customer) end
    end
  end
  -- A hold that was claimed in a call of its own is a member by itself. The members of larger groups stay until their end
  -- and are dropped when they have been looked through.
  if not still_held then
    for member in string.gmatch(ARGV[3 * e + 2], '%S+') do gone[#gone + 1] = member end
  end
  if #gone > 0 then call('ZREM', holds, unpack(gone)) end
  local first = call('ZRANGE', holds, 0, 0, 'WITHSCORES')
  if first[2] then
    call('ZADD', KEYS[2], first[2], ARGV[3 * e])
  else
    call('ZREM', KEYS[2], ARGV[3 * e])
  end
end

if #records > 0 then
  call('MSET', unpack(records))
  call('RPUSH', KEYS[1], unpack(entries))
end
if #ended > 0 then
  call('INCRBY', KEYS[3], #ended)
  call('PUBLISH', ARGV[1], table.concat(ended, ','))
end
return answers
