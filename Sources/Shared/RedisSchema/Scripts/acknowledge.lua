-- Ends a batch that the ledger has settled: updates the events' counters, publishes the orders' ids to clients that wait
-- for them, dead-letters entries that cannot be settled, and ends the lease.
--
-- Most orders are confirmed by the ranges of their sequence numbers (see confirmed.lua): then the cost does not depend on
-- the size of the batch, apart from the ids. The records of the others are read and changed.
--
-- Reply: 1, or 0 if the token has no lease: nothing was changed.
if not call('ZSCORE', leases, token) then return 0 end

-- Moves units from one counter of an event to another, or out of it. Not after a reset, when the counters are those of a
-- later generation; a counter that cannot be read is rebuilt from the ledger instead.
local function move(event, generation, units, from, to)
  local present = call('HMGET', event, 'generation', from, to or from)
  if present[1] ~= generation then return false end
  local before, after = tonumber(present[2] or ''), to and tonumber(present[3] or '')
  if before then call('HSET', event, from, text(before - units)) end
  if after then call('HSET', event, to, text(after + units)) end
  return true
end

-- The ledger has these returns now. Returns that an earlier release made were not counted.
local function record_returns(event, generation, units)
  local present = call('HMGET', event, 'generation', 'returned', 'recorded')
  if present[1] ~= generation then return end
  local recorded = (tonumber(present[3] or '') or 0) + units
  call('HSET', event, 'recorded', text(math.min(recorded, tonumber(present[2] or '') or 0)))
end

for _, event in ipairs(events) do
  if event.returned > 0 then record_returns(event.event, event.generation, event.returned) end
  if event.sold > 0 then move(event.event, event.generation, event.sold, 'pending', 'sold') end
end

-- One MGET and one MSET for up to 1,000 records, which share the cost of a command.
local record_keys, ids, versions, new_records = orders.record_key, orders.id, orders.version, orders.new_record
local present_of = {}
for first = 1, orders.count, 1000 do
  local last = math.min(first + 999, orders.count)
  local found, changes = call('MGET', unpack(record_keys, first, last)), {}
  for i = first, last do
    local present, version = found[i - first + 1], versions[i]
    if is_order(present, ids[i]) then
      local changed
      if #rejections > 0 then present_of[i] = present end
      if version == '0' then
        call('DEL', record_keys[i])
      elseif is_pending(present) then
        changed = new_records[i] ~= '' and new_records[i]
      else
        -- Transitions may have come after the snapshot: only the version that the ledger has is noted.
        changed = with_ledger_version(present, version)
      end
      if changed then
        changes[#changes + 1] = record_keys[i]
        changes[#changes + 1] = changed
      end
    end
  end
  set_all(changes)
end

-- Orders that the ledger rejected. Their units do not exist, so they do not become available.
local COUNTER = { pending = 'pending', held = 'held', confirmed = 'sold' }
for _, rejection in ipairs(rejections) do
  local event = events[rejection.event]
  local record = decode_order(present_of[rejection.order])
  if record then
    apply_range(record, confirmed, confirmed_keyed)
    local counter = COUNTER[record.state]
    if counter and move(event.event, rejection.generation, record.quantity, counter) then
      move_units(event.customers, record.customer, -record.quantity)
      call('ZREM', event.holds, record.id)
      end_hold(event.holders, event.lapsed, record.id, 'rejected', nil, 0)
    end
    record.state, record.ledger_version, record.reason = 'rejected', record.version, rejection.reason
    record.sequence = ''
    call('SET', record_keys[rejection.order], encode_order(record))
  end
end

-- A settled batch names its ranges by their last numbers. They are deleted with its records: see delete_records.lua.
local function note_settled(list, ranges_key, ids)
  if ids == '' then return end
  local lasts, members = {}, {}
  for i, range in ipairs(ranges) do
    lasts[i] = text(range.last)
    members[2 * i - 1], members[2 * i] = lasts[i], range.member
  end
  for from = 1, #members, 1000 do
    call('ZADD', ranges_key, unpack(members, from, math.min(from + 999, #members)))
  end
  call('RPUSH', list, call('TIME')[1] .. '|' .. ids .. (#lasts > 0 and '|' .. table.concat(lasts, ',') or ''))
  call('SPUBLISH', finished, ids)
end
note_settled(settled, confirmed, settled_ids)
note_settled(settled_keyed, confirmed_keyed, settled_keyed_ids)

if #letters > 0 then
  local now = text(clock())
  for _, letter in ipairs(letters) do call('HSET', dead_letters, letter.id, now .. '|' .. letter.text) end
end

if released > 0 then end_releases(pending_releases, released) end
call('ZREM', ordered_batches, token)
call('DEL', batch)
call('ZREM', leases, token)
call('HDEL', attempts, token)
return 1
