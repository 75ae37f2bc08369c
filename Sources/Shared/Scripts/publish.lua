#!lua
-- Brings an event's hash to what the ledger says. Called with the event's row locked in Postgres, so that publications of
-- one event never overtake each other.
--
-- KEYS  event, queue, leases
-- ARGV  1 to fill a missing event even while orders are on their way, else 0; generation; capacity; held; sold;
--       max_quantity; opens_at or ''; closes_at or ''; paused 0 or 1; name
-- Answer: 0 done, 1 a later generation is here already, 2 the event is missing or damaged and orders are on their way, so
-- that what the ledger holds is not the whole truth yet, 3 the capacity is below what is claimed: nothing changed.
local key = KEYS[1]
local generation, capacity, held, sold = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
if not generation or not capacity or not held or not sold then
  return redis.error_reply('ERR publish: malformed arguments')
end
local present = redis.call('HMGET', key, 'generation', 'capacity', 'stock', 'pending')
local known, before, stock = tonumber(present[1] or ''), tonumber(present[2] or ''), tonumber(present[3] or '')
-- A damaged event of this generation counts as missing: its counters are made anew from the ledger, when that is safe.
if known == generation
  and (not stock or stock % 1 ~= 0 or not before or before % 1 ~= 0 or not tonumber(present[4] or '')) then
  known = nil
end
if known and known > generation then return 1 end

if not known and ARGV[1] ~= '1'
  and (redis.call('LLEN', KEYS[2]) > 0 or redis.call('ZCARD', KEYS[3]) > 0) then
  return 2
end
if known == generation then
  if stock + capacity - before < 0 then return 3 end
  redis.call('HSET', key, 'stock', string.format('%.0f', stock + capacity - before))
else
  redis.call('DEL', key)
  redis.call('HSET', key, 'generation', ARGV[2], 'stock', string.format('%.0f', capacity - held - sold),
    'held', ARGV[4], 'sold', ARGV[5], 'pending', '0')
end
redis.call('HSET', key, 'capacity', ARGV[3], 'max_quantity', ARGV[6], 'paused', ARGV[9], 'name', ARGV[10])
redis.call('HDEL', key, 'closed', 'opens_at', 'closes_at')
if ARGV[7] ~= '' then redis.call('HSET', key, 'opens_at', ARGV[7]) end
if ARGV[8] ~= '' then redis.call('HSET', key, 'closes_at', ARGV[8]) end
return 0
