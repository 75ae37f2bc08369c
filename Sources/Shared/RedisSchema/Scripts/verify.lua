-- Checks whether Redis has the data that orders need according to the ledger: a record of at least the ledger's
-- version, a hold if the order is held, and a place on the waiting list if it waits. The id of an order whose record went early serves for its record.
--
-- Reply: the index, from 1, of each order that lacks something.
local answer, keys = {}, {}
for i, order in ipairs(orders) do keys[i] = order.record_key end
local records = call('MGET', unpack(keys))
for i, order in ipairs(orders) do
  local record = decode_order(records[i])
  if not record then
    if order.needs_record and find_forgotten(call('HGET', forgotten, forgotten_field(order.id)), order.id) ~= order.id then
      answer[#answer + 1] = i
    end
  elseif record.id == order.id then
    local lacks_hold = record.state == 'held' and record.expires_at ~= ''
      and not has_hold(holds, record.id, record.expires_at)
    local lacks_place = record.state == 'waiting' and not call('ZSCORE', waiting, record.id)
    if tonumber(record.version) < order.version or lacks_hold or lacks_place then answer[#answer + 1] = i end
  end
end
return answer
