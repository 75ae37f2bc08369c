#!lua
-- Brings an event's hash to what the ledger says. Called with the event's row locked in Postgres, so that publications of
-- one event never overtake each other.
--
-- An event that is missing or damaged is published once what hangs on its orders has been filled in (see fill.lua), and
-- only if no order of it can be on its way to the ledger: since a rebuild emptied Redis none can be of an event that has
-- not been published since; of any other, none is if the queue is empty and no batch is leased.
--
-- KEYS  event, queue, leases, customers, holds, events with holds, state of the event's filling, filling, events published
--       since the rebuild, wanted; after a filling, then the epoch
-- ARGV  1 where no order of this generation can exist yet, else 0; the token of the filling that has been done, or '', and its
--       stamp; event's id; generation; capacity; held; sold; max_quantity; per_customer_limit or ''; hold_seconds or '';
--       opens_at or ''; closes_at or ''; paused 0 or 1; name; revision, higher with each thing that Redis is told about
--       the event; units of orders that were set aside and are pending; after a filling, then the epoch that the caller knows
-- Answer: 0 done, 1 a later generation or revision is here already, 2 the event is missing or damaged and orders are on
-- their way, so that what the ledger holds is not the whole truth yet, 3 the capacity is below what is claimed, 4 the
-- event is missing or damaged and what hangs on its orders has to be filled in first, or another process has taken over the
-- filling. Only 0 changes anything.
local call, key = redis.call, KEYS[1]
local filler, stamp, id = ARGV[2], ARGV[3], ARGV[4]
local generation, capacity, held, sold = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local revision, pending = tonumber(ARGV[16]), tonumber(ARGV[17])
if not generation or not capacity or not held or not sold or not revision or not pending then
  return redis.error_reply('ERR publish: malformed arguments')
end
if filler ~= '' then
  if call('GET', KEYS[11]) ~= ARGV[18] then return redis.error_reply('FENCED publish: the epoch is another') end
  if call('HGET', KEYS[8], 'token') ~= filler then return 4 end
end
local present = call('HMGET', key, 'generation', 'capacity', 'stock', 'pending', 'held', 'sold', 'revision')
-- Carried out late, after its caller has given up.
if (tonumber(present[7] or '') or 0) > revision then return 1 end
local known, before, stock = tonumber(present[1] or ''), tonumber(present[2] or ''), tonumber(present[3] or '')
-- A damaged event of this generation counts as missing: its counters are made anew from the ledger, when that is safe.
if known == generation and (not stock or stock % 1 ~= 0 or not before or before % 1 ~= 0
  or not tonumber(present[4] or '') or not tonumber(present[5] or '') or not tonumber(present[6] or '')) then
  known = nil
end
if known and known > generation then return 1 end

local is_rebuilt = call('HEXISTS', KEYS[8], 'epoch') == 1
if known == generation then
  if stock + capacity - before < 0 then return 3 end
  call('HSET', key, 'stock', string.format('%.0f', stock + capacity - before))
else
  if ARGV[1] == '1' then
    call('UNLINK', KEYS[4], KEYS[5])
    call('ZREM', KEYS[6], id)
  else
    local is_untouched = is_rebuilt and call('SISMEMBER', KEYS[9], id) == 0
    if not is_untouched and (call('LLEN', KEYS[2]) > 0 or call('ZCARD', KEYS[3]) > 0) then return 2 end
    if filler == '' then return 4 end
    local filled = call('HMGET', KEYS[7], 'stamp', 'at')
    if filled[1] ~= stamp or filled[2] ~= 'end' then return 4 end
    local first = call('ZRANGE', KEYS[5], 0, 0, 'WITHSCORES')
    if first[2] then call('ZADD', KEYS[6], first[2], id) else call('ZREM', KEYS[6], id) end
  end
  call('DEL', key, KEYS[7])
  call('HSET', key, 'generation', ARGV[5], 'stock', string.format('%.0f', math.max(0, capacity - held - sold - pending)),
    'held', ARGV[7], 'sold', ARGV[8], 'pending', ARGV[17])
end
call('HSET', key, 'capacity', ARGV[6], 'max_quantity', ARGV[9], 'paused', ARGV[14], 'name', ARGV[15],
  'revision', ARGV[16])
call('HDEL', key, 'closed')
for i, field in ipairs({ 'per_customer_limit', 'hold_seconds', 'opens_at', 'closes_at' }) do
  if ARGV[9 + i] == '' then call('HDEL', key, field) else call('HSET', key, field, ARGV[9 + i]) end
end
if is_rebuilt then call('SADD', KEYS[9], id) end
call('SREM', KEYS[10], id)
return 0
