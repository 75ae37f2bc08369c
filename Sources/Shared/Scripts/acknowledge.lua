#!lua flags=allow-oom
-- Ends a batch that the ledger has settled: puts the orders' records right, moves the events' counters, sets entries that
-- nobody can settle aside, and drops the lease. Where the token holds no lease any more, nothing changes.
--
-- KEYS  leases, attempts, the batch's list, dead letters, settled, one key per event, one key per order
-- ARGV  token, the ids of the orders whose records are to be kept for a while, number of events, number of orders,
--       number of dead letters,
--       then per event: generation, units that left 'pending', units of these that were sold
--       then per order: its record as it is to be from now on, '' to forget it
--       then per dead letter: its id, its text
-- Answer: 1, or 0 where the token was not valid.
local events, orders, dead = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
if #KEYS ~= 5 + events + orders or #ARGV ~= 5 + 3 * events + orders + 2 * dead then
  return redis.error_reply('ERR acknowledge: keys and arguments do not match')
end
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end

local base = 5
for i = 1, events do
  local key, generation = KEYS[5 + i], ARGV[base + 3 * i - 2]
  -- After a reset the counters belong to a later generation and are none of this batch's.
  if redis.call('HGET', key, 'generation') == generation then
    redis.call('HINCRBY', key, 'pending', -tonumber(ARGV[base + 3 * i - 1]))
    redis.call('HINCRBY', key, 'sold', tonumber(ARGV[base + 3 * i]))
  end
end

base = base + 3 * events
-- One MGET and one MSET for all records: what a command costs, its records share. For the same reason the records have
-- no expiry each, but their ids stand in the list of settled batches, which forget.lua reads.
for first = 1, orders, 1000 do
  local last = math.min(first + 999, orders)
  local present = redis.call('MGET', unpack(KEYS, 5 + events + first, 5 + events + last))
  local changes = {}
  for i = first, last do
    local key, record, before = KEYS[5 + events + i], ARGV[base + i], present[i - first + 1]
    if record == '' then
      redis.call('DEL', key)
    elseif before and string.find(before, '1|pending|', 1, true) == 1 then
      changes[#changes + 1] = key
      changes[#changes + 1] = record
    end
  end
  if #changes > 0 then redis.call('MSET', unpack(changes)) end
end
if ARGV[2] ~= '' then
  local time = redis.call('TIME')
  redis.call('RPUSH', KEYS[5], time[1] .. '|' .. ARGV[2])
end

base = base + orders
for i = 1, dead do redis.call('HSET', KEYS[4], ARGV[base + 2 * i - 1], ARGV[base + 2 * i]) end

redis.call('DEL', KEYS[3])
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
