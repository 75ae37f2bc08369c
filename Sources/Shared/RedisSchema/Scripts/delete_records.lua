-- Deletes the records of the batch that was settled first, if the retention time has passed: the records of orders that
-- the ledger has in their present version and that are not held. The other orders are in a later batch too, or will be.
-- Then no record needs the ranges of this batch, and they are deleted too.
--
-- Reply: 1, or 0 if it is too early, or another worker was faster.
if call('LINDEX', list, 0) ~= settled_batch then return 0 end
local settled_at = tonumber(string.match(settled_batch, '^(%d+)|'))
if not settled_at then return redis.error_reply('ERR delete_records: the batch is damaged') end
if tonumber(call('TIME')[1]) < settled_at + retention then return 0 end
call('LPOP', list)
for first = 1, #orders, 1000 do
  local last, keys, deletable = math.min(first + 999, #orders), {}, {}
  for i = first, last do keys[#keys + 1] = orders[i].record_key end
  local records = call('MGET', unpack(keys))
  for i = first, last do
    local record = decode_order(records[i - first + 1])
    if record then apply_range(record, confirmed, confirmed_keyed) end
    if record and record.id == orders[i].id and record.state ~= 'held'
      and tonumber(record.ledger_version) >= tonumber(record.version) then
      deletable[#deletable + 1] = orders[i].record_key
    end
  end
  if #deletable > 0 then call('UNLINK', unpack(deletable)) end
end
for _, range in ipairs(ranges) do call('ZREMRANGEBYSCORE', ranges_key, range.last, range.last) end
return 1
