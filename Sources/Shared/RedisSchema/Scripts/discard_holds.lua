-- Deletes holds, or places on the waiting list, of an event that is closed for its reset, with the orders' records. If the reset is interrupted, the
-- event counts as damaged from then on, and is rebuilt from the ledger.
--
-- Reply: 1, or 0 if the event is not closed: nothing was changed.
if call('HGET', event, 'closed') ~= '1' then return 0 end
call('HDEL', event, 'stock')
for _, member in ipairs(members) do
  call('ZREM', holds, member.name)
  call('ZREM', waiting, member.name)
end
for _, order in ipairs(orders) do call('UNLINK', order.record_key) end
return 1
