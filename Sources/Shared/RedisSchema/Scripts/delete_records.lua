-- Deletes the records of the batch that was settled first, if the retention time has passed: the records of orders that
-- the ledger has in their present version and that neither are held nor wait. The other orders are in a later batch too, or will be.
-- Then no record needs the ranges of this batch, and they are deleted too.
--
-- A record with an idempotency key that goes early leaves its order's id, so that a repetition of the purchase finds the
-- order in the ledger: see forgotten.lua. The ids of a field are dropped when their keys have expired, and all ids when no
-- record has gone early for as long.
--
-- Reply: the number of records that were deleted, 0 if another worker was faster; -1 if it is too early.
if call('LINDEX', list, 0) ~= settled_batch then return 0 end
local settled_at = tonumber(string.match(settled_batch, '^(%d+)|'))
if not settled_at then return redis.error_reply('ERR delete_records: the batch is damaged') end
local now = tonumber(call('TIME')[1])
if now < settled_at + retention then return -1 end

-- Whether the key of an order is still valid. The id of an order begins with the time of its claim.
local function is_valid(id)
  local claimed_at = tonumber(string.sub(id, 1, 8) .. string.sub(id, 10, 13), 16)
  return claimed_at and claimed_at > (now - key_retention) * 1000
end

local function remember(ids, generations)
  local fields, names, values = {}, {}, {}
  for i, id in ipairs(ids) do
    local name = forgotten_field(id)
    if not fields[name] then
      fields[name] = {}
      names[#names + 1] = name
    end
    table.insert(fields[name], id .. '|' .. generations[i] .. ',')
  end
  local present = call('HMGET', forgotten, unpack(names))
  for i, name in ipairs(names) do
    for entry in string.gmatch(present[i] or '', '[^,]+,') do
      if is_valid(entry) then table.insert(fields[name], entry) end
    end
    values[2 * i - 1], values[2 * i] = name, table.concat(fields[name])
  end
  call('HSET', forgotten, unpack(values))
  call('EXPIRE', forgotten, key_retention)
end

call('LPOP', list)
local deleted = 0
for first = 1, #orders, 1000 do
  local last, keys, deletable, forgotten_ids, generations = math.min(first + 999, #orders), {}, {}, {}, {}
  for i = first, last do keys[#keys + 1] = orders[i].record_key end
  local records = call('MGET', unpack(keys))
  for i = first, last do
    local record = decode_order(records[i - first + 1])
    if record then apply_range(record, confirmed, confirmed_keyed) end
    if record and record.id == orders[i].id and record.state ~= 'held' and record.state ~= 'waiting'
      and tonumber(record.ledger_version) >= tonumber(record.version) then
      deletable[#deletable + 1] = orders[i].record_key
      if is_keyed(record.id) and is_valid(record.id) and now < settled_at + key_retention then
        forgotten_ids[#forgotten_ids + 1] = record.id
        generations[#generations + 1] = record.generation
      end
    end
  end
  if #forgotten_ids > 0 then remember(forgotten_ids, generations) end
  if #deletable > 0 then call('UNLINK', unpack(deletable)) end
  deleted = deleted + #deletable
end
for _, range in ipairs(ranges) do call('ZREMRANGEBYSCORE', ranges_key, range.last, range.last) end
return deleted
