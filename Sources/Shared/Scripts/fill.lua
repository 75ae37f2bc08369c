#!lua
-- Fills in, from the ledger, what hangs on the orders of an event that is missing in Redis: what each customer has, the
-- holds, the idempotency keys. Called a page of orders at a time with the event's row locked, before publish.lua. The
-- token keeps a filling that was given up, and is carried out late all the same, from adding to the next one.
--
-- KEYS  the token of the filling under way, customers, holds, events with holds, idempotency keys of three days in turn,
--       then one key per order
-- ARGV  token, 1 for the first page, event's id, number of orders,
--       then per order: customer or '', units that count for the customer, the record of a hold or '', the end of the
--       hold or '', idempotency key's scope or '', what is kept with the key, the day of the claim
-- Answer: 1, or 0 where another filling has begun since: nothing changed.
local call = redis.call
local orders = tonumber(ARGV[4])
if #KEYS ~= 7 + orders or #ARGV ~= 4 + 7 * orders then
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
  local at = 4 + 7 * (i - 1)
  local customer, units, record, ends = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  if customer ~= '' and units ~= '0' then call('HINCRBY', KEYS[2], customer, units) end
  if record ~= '' then
    call('SET', KEYS[7 + i], record)
    call('ZADD', KEYS[3], ends, string.sub(KEYS[7 + i], -36))
    call('ZADD', KEYS[4], 'LT', ends, ARGV[3])
  end
  if ARGV[at + 5] ~= '' then call('HSET', KEYS[5 + tonumber(ARGV[at + 7]) % 3], ARGV[at + 5], ARGV[at + 6]) end
end
return 1
