-- Ends a batch that the ledger has settled: updates the orders' records and the events' counters, publishes the orders'
-- ids to clients that wait for them, dead-letters entries that cannot be settled, and ends the lease.
--
-- Reply: 1, or 0 if the token has no lease: nothing was changed.
if not call('ZSCORE', leases, token) then return 0 end

-- Adds to the counters of an event. Not after a reset, when the counters are those of a later generation; a counter
-- that cannot be read is rebuilt from the ledger instead.
local function move(event, generation, moves)
  if call('HGET', event, 'generation') ~= generation then return false end
  for field, units in pairs(moves) do
    local before = tonumber(call('HGET', event, field) or '')
    if before then call('HSET', event, field, text(before + units)) end
  end
  return true
end

for _, event in ipairs(events) do
  if event.sold > 0 then move(event.event, event.generation, { pending = -event.sold, sold = event.sold }) end
end

-- One MGET and one MSET for up to 1,000 records, which share the cost of a command. For the same reason records have no
-- expiry of their own; their ids are in the list of settled batches, which delete_records.lua reads.
local record_keys, ids, versions, confirmed = orders.record_key, orders.id, orders.version, orders.confirmed
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
        changed = confirmed[i] ~= '' and confirmed[i]
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
    local counter = COUNTER[record.state]
    if counter and move(event.event, rejection.generation, { [counter] = -record.quantity }) then
      move_units(event.customers, record.customer, -record.quantity)
      call('ZREM', event.holds, record.id)
    end
    record.state, record.ledger_version, record.reason = 'rejected', record.version, rejection.reason
    call('SET', record_keys[rejection.order], encode_order(record))
  end
end

for list, ids in pairs({ [settled] = settled_ids, [settled_keyed] = settled_keyed_ids }) do
  if ids ~= '' then
    call('RPUSH', list, call('TIME')[1] .. '|' .. ids)
    call('PUBLISH', finished, ids)
  end
end
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
