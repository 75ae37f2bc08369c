-- Repairs the data of an event's orders: units of customers, records that are missing or older than the ledger's, holds of
-- held orders, and places on the waiting list. The caller has the event's row locked in Postgres.
--
-- Reply: 1, or 0 if the event is not loaded in this generation: nothing was changed.
if call('HGET', event, 'generation') ~= generation then return 0 end
local places_changed = false
for _, move in ipairs(moves) do move_units(customers, move.customer, move.units) end
for _, order in ipairs(orders) do
  local record, ledger_record = decode_order(call('GET', order.record_key)), decode_order(order.record)
  if not record or record.id == order.id and tonumber(record.version) < tonumber(ledger_record.version) then
    call('SET', order.record_key, order.record)
    record = ledger_record
    if record.state ~= 'held' then call('ZREM', holds, order.id) end
    if record.state ~= 'waiting' and call('ZREM', waiting, order.id) == 1 then
      call('HDEL', waiters, record.customer)
      places_changed = true
    end
  end
  if record.state == 'held' and record.id == order.id and record.expires_at ~= ''
    and not has_hold(holds, order.id, record.expires_at) then
    call('ZADD', holds, record.expires_at, order.id)
    call('ZADD', events_with_holds, 'LT', record.expires_at, id)
  end
  if record.state == 'waiting' and record.id == order.id and not call('ZSCORE', waiting, order.id) then
    call('ZADD', waiting, place_score(record.quantity, record.claimed_at), order.id)
    call('HSET', waiters, record.customer, order.id)
    places_changed = true
  end
end
if places_changed then
  call('HSET', event, 'waiting', text(call('ZCARD', waiting)))
  call('ZADD', offers_due, text(clock()), id)
end
return 1
