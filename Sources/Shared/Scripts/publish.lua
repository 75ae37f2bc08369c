#!lua
-- Brings an event's hash to what the ledger says. Called with the event's row locked in Postgres, so that publications of
-- one event never overtake each other.
--
-- KEYS  event, queue, leases, customers, holds, events with holds, the token of a filling under way
-- ARGV  1 where no order of this generation can exist yet, else 0; the token of the filling that has been done, or '';
--       event's id; generation; capacity; held; sold; max_quantity; per_customer_limit or ''; hold_seconds or '';
--       opens_at or ''; closes_at or ''; paused 0 or 1; name; revision, higher with each thing that Redis is told about
--       the event; units of orders that were set aside and are pending
-- Answer: 0 done, 1 a later generation or revision is here already, 2 the event is missing or damaged and orders are on
-- their way, so that what the ledger holds is not the whole truth yet, 3 the capacity is below what is claimed, 4 the
-- event is missing or damaged and what hangs on its orders has to be filled in first (see fill.lua). Only 0 changes
-- anything.
local key = KEYS[1]
local generation, capacity, held, sold = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local revision, pending = tonumber(ARGV[15]), tonumber(ARGV[16])
if not generation or not capacity or not held or not sold or not revision or not pending then
  return redis.error_reply('ERR publish: malformed arguments')
end
local present = redis.call('HMGET', key, 'generation', 'capacity', 'stock', 'pending', 'held', 'sold', 'revision')
-- Carried out late, after its caller has given up.
if (tonumber(present[7] or '') or 0) > revision then return 1 end
local known, before, stock = tonumber(present[1] or ''), tonumber(present[2] or ''), tonumber(present[3] or '')
-- A damaged event of this generation counts as missing: its counters are made anew from the ledger, when that is safe.
if known == generation and (not stock or stock % 1 ~= 0 or not before or before % 1 ~= 0
  or not tonumber(present[4] or '') or not tonumber(present[5] or '') or not tonumber(present[6] or '')) then
  known = nil
end
if known and known > generation then return 1 end

if known == generation then
  if stock + capacity - before < 0 then return 3 end
  redis.call('HSET', key, 'stock', string.format('%.0f', stock + capacity - before))
else
  local is_new = ARGV[1] == '1'
  if not is_new and (redis.call('LLEN', KEYS[2]) > 0 or redis.call('ZCARD', KEYS[3]) > 0) then return 2 end
  if is_new then
    redis.call('UNLINK', KEYS[4], KEYS[5])
    redis.call('ZREM', KEYS[6], ARGV[3])
  elseif ARGV[2] == '' or redis.call('GET', KEYS[7]) ~= ARGV[2] then
    return 4
  end
  redis.call('DEL', key, KEYS[7])
  redis.call('HSET', key, 'generation', ARGV[4], 'stock', string.format('%.0f', math.max(0, capacity - held - sold - pending)),
    'held', ARGV[6], 'sold', ARGV[7], 'pending', ARGV[16])
end
redis.call('HSET', key, 'capacity', ARGV[5], 'max_quantity', ARGV[8], 'paused', ARGV[13], 'name', ARGV[14],
  'revision', ARGV[15])
redis.call('HDEL', key, 'closed')
for i, field in ipairs({ 'per_customer_limit', 'hold_seconds', 'opens_at', 'closes_at' }) do
  if ARGV[8 + i] == '' then redis.call('HDEL', key, field) else redis.call('HSET', key, field, ARGV[8 + i]) end
end
return 0
