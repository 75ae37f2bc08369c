#!lua
-- Fills in, from the ledger, what hangs on the orders of an event that is missing in Redis: what each customer has, the
-- holds, and the records of orders that are held or have an idempotency key. Called a page of orders at a time with the
-- event's row locked, before publish.lua. The token keeps a filling that was given up, and is carried out late all the
-- same, from adding to the next one.
--
-- KEYS  the token of the filling under way, customers, holds, events with holds, one key per order
-- ARGV  token, 1 for the first page, event's id, number of orders,
--       then per order: its id, customer or '', units that count for the customer, its record or '', the end of its hold
--       or ''
-- Answer: 1, or 0 where another filling has begun since: nothing changed.
local call = redis.call
local orders = tonumber(ARGV[4])
if #KEYS ~= 4 + orders or #ARGV ~= 4 + 5 * orders then
  return redis.error_reply('ERR fill: keys and arguments do not match')
end
if ARGV[2] == '1' then
  call('SET', KEYS[1], ARGV[1], 'EX', 3600)
  call('UNLINK', KEYS[2], KEYS[3])
  call('ZREM', KEYS[4], ARGV[3])
elseif call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
for i = 1, orders do
  local at = 4 + 5 * (i - 1)
  local id, customer, units, record, ends = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5]
  if customer ~= '' and units ~= '0' then call('HINCRBY', KEYS[2], customer, units) end
  if record ~= '' then call('SET', KEYS[4 + i], record) end
  if ends ~= '' then
    call('ZADD', KEYS[3], ends, id)
    call('ZADD', KEYS[4], 'LT', ends, ARGV[3])
  end
end
return 1
