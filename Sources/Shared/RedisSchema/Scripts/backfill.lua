#!lua
-- Fills in, from the ledger, a page of what hangs on the orders of an event that is missing in Redis: the units of its
-- customers, its holds, and the records of orders that are held or have an idempotency key. The event itself follows with
-- publish.lua.
--
-- Pages are carried out in their order and each once: a page names the place in the ledger where it begins, and changes
-- nothing if the filling stands elsewhere. So any process can go on where another was interrupted. The stamp tells one
-- state of the event's row in the ledger from another; pages of an earlier one are worth nothing.
--
-- KEYS  filling, state of the event's filling, event, customers, holds, one key per record; then the epoch
-- ARGV  token, lease in milliseconds, units filled and units in all of the whole filling, generation, stamp, the place where
--       this page begins ('' for the first), where it ends, number of customers, of records, of holds,
--       then per customer: its name and units; then the records, in the order of their keys; then per hold: its end, the
--       order's id; then the epoch that the caller knows
-- Answer: 1 done; 0 the token is another's; 2 the filling stands elsewhere; 3 the event is here. Only 1 changes anything.
local call, unpack = redis.call, unpack
local customers, records, holds = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
if #KEYS ~= 6 + records or #ARGV ~= 12 + 2 * customers + records + 2 * holds then
  return redis.error_reply('ERR backfill: keys and arguments do not match')
end
if call('GET', KEYS[#KEYS]) ~= ARGV[#ARGV] then return redis.error_reply('FENCED backfill: the epoch is another') end
if call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
-- An event whose counters cannot be read counts as missing, as it does in publish.lua.
local present, is_intact = call('HMGET', KEYS[3], 'capacity', 'stock', 'pending', 'held', 'sold', 'generation'), true
for i = 1, 5 do
  local number = tonumber(present[i] or '')
  if not number or number % 1 ~= 0 then is_intact = false end
end
if present[6] == ARGV[5] and is_intact then return 3 end
local stamp, from, to = ARGV[6], ARGV[7], ARGV[8]
if from == '' then
  call('UNLINK', KEYS[4], KEYS[5])
else
  local state = call('HMGET', KEYS[2], 'stamp', 'at')
  if state[1] ~= stamp or state[2] ~= from then return 2 end
end

local base = 11
for first = 1, customers, 1000 do
  local last = math.min(first + 999, customers)
  local names, totals = {}, {}
  for c = first, last do names[#names + 1] = ARGV[base + 2 * c - 1] end
  local before = call('HMGET', KEYS[4], unpack(names))
  for i, name in ipairs(names) do
    totals[2 * i - 1] = name
    totals[2 * i] = string.format('%.0f', (tonumber(before[i] or '') or 0) + ARGV[base + 2 * (first + i - 1)])
  end
  call('HSET', KEYS[4], unpack(totals))
end
base = base + 2 * customers
for first = 1, records, 1000 do
  local pairs_to_set = {}
  for r = first, math.min(first + 999, records) do
    pairs_to_set[#pairs_to_set + 1] = KEYS[5 + r]
    pairs_to_set[#pairs_to_set + 1] = ARGV[base + r]
  end
  call('MSET', unpack(pairs_to_set))
end
base = base + records
for first = 1, holds, 1000 do
  call('ZADD', KEYS[5], unpack(ARGV, base + 2 * first - 1, base + 2 * math.min(first + 999, holds)))
end

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
call('HSET', KEYS[1], 'until', string.format('%.0f', now + tonumber(ARGV[2])), 'done', ARGV[3], 'total', ARGV[4])
call('HSET', KEYS[2], 'stamp', stamp, 'at', to)
return 1
