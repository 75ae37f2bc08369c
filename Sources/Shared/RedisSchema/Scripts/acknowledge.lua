#!lua flags=allow-oom
-- Ends a batch that the ledger has settled: puts the orders' records and the events' counters right, tells who waits for
-- these orders, sets entries that nobody can settle aside, and drops the lease. Where the token holds no lease any more,
-- nothing changes.
--
-- KEYS  leases, attempts, the batch's list, dead letters, settled, settled with an idempotency key, returns, sequence, epoch,
--       then per event: the event, its customers, its holds; then one key per order
-- ARGV  token, channel of finished orders, the ids of the orders that the ledger has, those with an idempotency key after
--       a space; number of events, of orders, of rejected orders, of dead letters, of entries that gave units back,
--       the epoch without which nothing is to be done, which a recovery names, or '',
--       then per event: generation, units that went from 'pending' to 'sold'
--       then per order: its id; the version that the ledger has, 0 to forget the order; its record as it is to be if it is
--       pending
--       then per rejected order: its place among the orders, its event's place, generation, reason
--       then per dead letter: its id, its text
-- Answer: 1, or 0 if the token, or the epoch, is not valid: nothing changed.
local call, tonumber, unpack = redis.call, tonumber, unpack
local events, orders, rejections, dead = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local record_base = 9 + 3 * events
if #KEYS ~= record_base + orders or #ARGV ~= 9 + 2 * events + 3 * orders + 4 * rejections + 2 * dead then
  return redis.error_reply('ERR acknowledge: keys and arguments do not match')
end
if not call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
if ARGV[9] ~= '' and call('GET', KEYS[9]) ~= ARGV[9] then return 0 end

local function text(number) return string.format('%.0f', number) end

-- Moves counters of an event. After a reset they belong to a later generation and are none of this batch's; a damaged
-- event is made anew from the ledger.
local function move(event, generation, moves)
  local key = KEYS[7 + 3 * event]
  if call('HGET', key, 'generation') ~= generation then return false end
  for field, units in pairs(moves) do
    local before = tonumber(call('HGET', key, field) or '')
    if before then call('HSET', key, field, text(before + units)) end
  end
  return true
end

local base = 9
for e = 1, events do
  local units = tonumber(ARGV[base + 2 * e])
  if units > 0 then move(e, ARGV[base + 2 * e - 1], { pending = -units, sold = units }) end
end

-- One MGET and one MSET for all records: what a command costs, its records share. For the same reason the records have
-- no expiry each, but their ids stand in the list of settled batches, which forget.lua reads.
base = base + 2 * events
local present = {}
for first = 1, orders, 1000 do
  local last = math.min(first + 999, orders)
  local found = call('MGET', unpack(KEYS, record_base + first, record_base + last))
  local changes = {}
  for i = first, last do
    local at = base + 3 * i
    local key, id, version, record = KEYS[record_base + i], ARGV[at - 2], ARGV[at - 1], ARGV[at]
    local before = found[i - first + 1]
    -- Another order's record may be at this key: of a later generation, or with the same idempotency key a day later.
    if before and string.find(before, id, 1, true) then
      present[i] = before
      if version == '0' then
        call('DEL', key)
      elseif string.find(before, '2|pending|', 1, true) == 1 then
        if record ~= '' then
          changes[#changes + 1] = key
          changes[#changes + 1] = record
        end
      else
        -- Later transitions may have come since the snapshot: only what the ledger has is noted.
        local head, settled, rest = string.match(before, '^(2|%l+|%d+|)(%d+)(|.*)$')
        if head and tonumber(settled) < tonumber(version) then
          changes[#changes + 1] = key
          changes[#changes + 1] = head .. version .. rest
        end
      end
    end
  end
  if #changes > 0 then call('MSET', unpack(changes)) end
end

-- What the ledger refused stands in Redis as something it is not. Its units do not come back: they do not exist.
base = base + 3 * orders
for r = 1, rejections do
  local at = base + 4 * r - 3
  local place, event, generation, reason = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
  local key = KEYS[record_base + place]
  local state, version, id, body, customer = string.match(present[place] or '',
    '^2|(%l+)|(%d+)|%d+|([^|]*)|([^|]*|%d+|%d+|%d+|%d*|%d*|)[^|]*|(.*)$')
  if state then
    local units = tonumber(string.match(body, '^[^|]*|%d+|(%d+)'))
    local counter = ({ pending = 'pending', held = 'held', confirmed = 'sold' })[state]
    if counter and move(event, generation, { [counter] = -units }) then
      local customers = KEYS[8 + 3 * event]
      local left = (tonumber(call('HGET', customers, customer) or '') or 0) - units
      if left > 0 then call('HSET', customers, customer, text(left)) else call('HDEL', customers, customer) end
      call('ZREM', KEYS[9 + 3 * event], id)
    end
    call('SET', key, '2|rejected|' .. version .. '|' .. version .. '|' .. id .. '|' .. body .. reason .. '|' .. customer)
  end
end

local plain, keyed = string.match(ARGV[3], '^(%S*) ?(%S*)$')
for list, ids in pairs({ [KEYS[5]] = plain, [KEYS[6]] = keyed }) do
  if ids ~= '' then
    call('RPUSH', list, call('TIME')[1] .. '|' .. ids)
    call('PUBLISH', ARGV[2], ids)
  end
end
base = base + 4 * rejections
if dead > 0 then
  local time = call('TIME')
  local now = text(time[1] * 1000 + math.floor(time[2] / 1000))
  for i = 1, dead do call('HSET', KEYS[4], ARGV[base + 2 * i - 1], now .. '|' .. ARGV[base + 2 * i]) end
end

if ARGV[8] ~= '0' then
  -- What an older release queued was not counted.
  if call('DECRBY', KEYS[7], ARGV[8]) < 0 then call('DEL', KEYS[7]) end
end
call('ZREM', KEYS[8], ARGV[1])
call('DEL', KEYS[3])
call('ZREM', KEYS[1], ARGV[1])
call('HDEL', KEYS[2], ARGV[1])
return 1
