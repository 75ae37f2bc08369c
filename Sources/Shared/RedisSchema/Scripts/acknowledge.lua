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
local function present_records(first, last)
  local keys = {}
  for i = first, last do keys[#keys + 1] = orders[i].record_key end
  return call('MGET', unpack(keys))
end

for first = 1, #orders, 1000 do
  local last = math.min(first + 999, #orders)
  local found, changes = present_records(first, last), {}
  for i = first, last do
    local order, present = orders[i], found[i - first + 1]
    if is_order(present, order.id) then
      local changed
      order.present = present
      if order.version == '0' then
        call('DEL', order.record_key)
      elseif is_pending(present) then
        changed = order.confirmed ~= '' and order.confirmed
      else
        -- Transitions may have followed the snapshot: only the version that the ledger has is written.
        changed = with_ledger_version(present, order.version)
      end
      if changed then
        changes[#changes + 1] = order.record_key
        changes[#changes + 1] = changed
      end
    end
  end
  set_all(changes)
end

-- Orders that the ledger rejected. Their units do not exist, so they do not become available.
local COUNTER = { pending = 'pending', held = 'held', confirmed = 'sold' }
for _, rejection in ipairs(rejections) do
  local order, event = orders[rejection.order], events[rejection.event]
  local record = decode_order(order.present)
  if record then
    local counter = COUNTER[record.state]
    if counter and move(event.event, rejection.generation, { [counter] = -record.quantity }) then
      move_units(event.customers, record.customer, -record.quantity)
      call('ZREM', event.holds, record.id)
    end
    record.state, record.ledger_version, record.reason = 'rejected', record.version, rejection.reason
    call('SET', order.record_key, encode_order(record))
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
