#!lua
-- Claims stock for a group of orders, in their order, and answers each. All or nothing per order: an accepted order has
-- taken its stock, has its record and stands in the queue; a refused one has changed nothing.
--
-- KEYS  queue, one key per event, one key per order (ending with the order's id), the orders of an event together
-- ARGV  limit of the queue's length, number of events,
--       then per event: its id, the number of its orders
--       then per order: quantity, customer ('' for none)
-- Answer: two integers per order, a code and a value:
--   0 accepted: the time of the claim     1 event not here
--   2 stock unreadable or event closed for rebuilding
--   3 not open yet: the opening time      4 paused               5 over
--   6 quantity above the event's maximum: the maximum            7 queue full
--   8 fewer left than asked for: how many                        9 sold out
-- The last integer of the answer is the server's time. Times are milliseconds since 1970.
local KEYS, ARGV, call, tonumber = KEYS, ARGV, redis.call, tonumber
local queue_limit, events = tonumber(ARGV[1]), tonumber(ARGV[2])
local counts, orders = {}, 0
for e = 1, events do
  counts[e] = tonumber(ARGV[2 * e + 2])
  orders = orders + counts[e]
end
local base = 2 + 2 * events
if #KEYS ~= 1 + events + orders or #ARGV ~= base + 2 * orders then
  return redis.error_reply('ERR claim: keys and arguments do not match')
end
local quantities = {}
for i = 1, orders do
  local quantity = tonumber(ARGV[base + 2 * i - 1])
  if not quantity or quantity < 1 or quantity % 1 ~= 0 then
    return redis.error_reply('ERR claim: order ' .. i .. ' is malformed')
  end
  quantities[i] = quantity
end

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local now_text = string.format('%.0f', now)
local room = queue_limit - call('LLEN', KEYS[1])

-- What an event says about any claim at this moment: a code and a value, or no code where it sells.
local function judge(generation, stock, maximum, opens, closes, paused, closed, pending)
  if not generation then return 1, 0 end
  if not stock or stock < 0 or stock % 1 ~= 0 or not maximum or not pending or closed == '1' then return 2, 0 end
  if closes and now >= closes then return 5, 0 end
  if paused == '1' then return 4, 0 end
  if opens and now < opens then return 3, opens end
  return nil, 0
end

local sub = string.sub
local answers, entries, records, accepted = {}, {}, {}, 0
local i = 0
for e = 1, events do
  local key = KEYS[1 + e]
  local fields = call('HMGET', key,
    'generation', 'stock', 'max_quantity', 'opens_at', 'closes_at', 'paused', 'closed', 'pending')
  local stock, maximum, pending = tonumber(fields[2]), tonumber(fields[3]), tonumber(fields[8])
  local closed_code, closed_value = judge(fields[1], stock, maximum, tonumber(fields[4] or ''),
    tonumber(fields[5] or ''), fields[6], fields[7], pending)
  local prefix, suffix = ARGV[2 * e + 1] .. '|' .. (fields[1] or '') .. '|', '|' .. now_text
  local taken = 0
  for _ = 1, counts[e] do
    i = i + 1
    local quantity = quantities[i]
    local code, value = closed_code, closed_value
    if not code then
      if quantity > maximum then
        code, value = 6, maximum
      elseif stock == 0 then
        code, value = 9, 0
      elseif quantity > stock then
        code, value = 8, stock
      elseif accepted >= room then
        code, value = 7, 0
      else
        code, value = 0, now
        stock, taken, accepted = stock - quantity, taken + quantity, accepted + 1
        -- Forms: see OrderRecord and QueueEntry.
        local order_key, customer = KEYS[1 + events + i], ARGV[base + 2 * i]
        local body = prefix .. ARGV[base + 2 * i - 1] .. suffix
        records[2 * accepted - 1] = order_key
        records[2 * accepted] = '1|pending|' .. body .. '|||' .. customer
        entries[accepted] = '1|' .. sub(order_key, -36) .. '|' .. body .. '|' .. customer
      end
    end
    answers[2 * i - 1] = code
    answers[2 * i] = value
  end
  if taken > 0 then
    call('HSET', key, 'stock', string.format('%.0f', stock), 'pending', string.format('%.0f', pending + taken))
  end
end

-- One command for all records and one for all entries: what a command costs, its members share.
for first = 1, 2 * accepted, 2000 do
  call('MSET', unpack(records, first, math.min(first + 1999, 2 * accepted)))
end
for first = 1, accepted, 1000 do
  call('RPUSH', KEYS[1], unpack(entries, first, math.min(first + 999, accepted)))
end
answers[#answers + 1] = now
return answers
