#!lua
-- Claims stock for a group of orders, in their order, and answers each. All or nothing per order: an accepted order has
-- taken its stock, has its record and stands in the queue; a refused one has changed nothing.
--
-- KEYS  queue, one key per event, one key per order
-- ARGV  number of events, number of orders, limit of the queue's length,
--       then per order: index of its event (from 1), order id, quantity, customer ('' for none)
-- Answer: two integers per order, a code and a value:
--   0 accepted: the time of the claim     1 event not here
--   2 stock unreadable or event closed for rebuilding
--   3 not open yet: the opening time      4 paused               5 over
--   6 quantity above the event's maximum: the maximum            7 queue full
--   8 fewer left than asked for: how many                        9 sold out
-- The last integer of the answer is the server's time. Times are milliseconds since 1970.
local events, orders, queue_limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if #KEYS ~= 1 + events + orders or #ARGV ~= 3 + 4 * orders then
  return redis.error_reply('ERR claim: keys and arguments do not match')
end
local quantities = {}
for i = 1, orders do
  local event, quantity = tonumber(ARGV[4 * i]), tonumber(ARGV[4 * i + 2])
  if not event or event < 1 or event > events or not quantity or quantity < 1 or quantity % 1 ~= 0 then
    return redis.error_reply('ERR claim: order ' .. i .. ' is malformed')
  end
  quantities[i] = quantity
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local now_text = string.format('%.0f', now)
local queue_room = queue_limit - redis.call('LLEN', KEYS[1])

-- What an event says about any claim at this moment: a code and a value, or no code where it sells.
local function judge(fields)
  if not fields[1] then return 1, 0 end
  local stock = tonumber(fields[2])
  if not stock or stock < 0 or stock % 1 ~= 0 or not tonumber(fields[3]) or not tonumber(fields[8])
    or fields[7] == '1' then
    return 2, 0
  end
  local opens, closes = tonumber(fields[4] or ''), tonumber(fields[5] or '')
  if closes and now >= closes then return 5, 0 end
  if fields[6] == '1' then return 4, 0 end
  if opens and now < opens then return 3, opens end
  return nil, 0
end

local states = {}
for i = 1, events do
  local fields = redis.call('HMGET', KEYS[1 + i],
    'generation', 'stock', 'max_quantity', 'opens_at', 'closes_at', 'paused', 'closed', 'pending')
  local code, value = judge(fields)
  states[i] = { code = code, value = value, generation = fields[1], stock = tonumber(fields[2]),
    maximum = tonumber(fields[3]), pending = tonumber(fields[8]), taken = 0 }
end

local answers, entries = {}, {}
for i = 1, orders do
  local event, quantity = states[tonumber(ARGV[4 * i])], quantities[i]
  local code, value = event.code, event.value
  if not code then
    if quantity > event.maximum then
      code, value = 6, event.maximum
    elseif event.stock == 0 then
      code, value = 9, 0
    elseif quantity > event.stock then
      code, value = 8, event.stock
    elseif #entries >= queue_room then
      code, value = 7, 0
    else
      local id, customer = ARGV[4 * i + 1], ARGV[4 * i + 3]
      code, value = 0, now
      event.stock = event.stock - quantity
      event.taken = event.taken + quantity
      local name = string.match(KEYS[1 + tonumber(ARGV[4 * i])], '[^:]*$')
      redis.call('HSET', KEYS[1 + events + i], 'event', name, 'generation', event.generation, 'quantity', quantity,
        'customer', customer, 'state', 'pending', 'claimed_at', now_text)
      entries[#entries + 1] = table.concat(
        { '1', id, name, event.generation, ARGV[4 * i + 2], now_text, customer }, '|')
    end
  end
  answers[2 * i - 1] = code
  answers[2 * i] = value
end

for i = 1, events do
  local event = states[i]
  if event.taken > 0 then
    redis.call('HSET', KEYS[1 + i], 'stock', string.format('%.0f', event.stock),
      'pending', string.format('%.0f', event.pending + event.taken))
  end
end
for first = 1, #entries, 1000 do
  redis.call('RPUSH', KEYS[1], unpack(entries, first, math.min(first + 999, #entries)))
end
answers[#answers + 1] = now
return answers
