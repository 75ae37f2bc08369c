-- Offers units to places on the waiting list of an event, as long as the event sells: each place becomes an order that is
-- held. The next place is the first in the order of joining that wants no more units than are available. A place whose
-- customer has reached a limit meanwhile is cancelled; when the sale has ended, every place is.
--
-- The records of the orders are keys of the call, and which places are next is known here only. So the caller names places;
-- the reply names those that are next after the call, and the caller repeats the call with them until there is none.
--
-- Reply: the number of offers, the number of places that were cancelled, then the orders of the next places.
local now = clock()
local fields = call('HMGET', event, 'generation', 'stock', 'held', 'closed', 'paused', 'opens_at', 'closes_at',
  'returned', 'per_customer_limit', 'max_orders', 'counts_holders', 'offer_seconds', 'hold_seconds')
local generation, stock, held = fields[1], tonumber(fields[2] or ''), tonumber(fields[3] or '')
local opens_at, closes_at = tonumber(fields[6] or ''), tonumber(fields[7] or '')
local returned, limit, max_orders = tonumber(fields[8] or '0'), tonumber(fields[9] or ''), tonumber(fields[10] or '')
local counts_holders = fields[11]
local offer_seconds = tonumber(fields[12] or '') or tonumber(fields[13] or '') or default_seconds

-- When the event is looked at next; nil: when a publication or a return of units names it again.
local function look_again(at)
  if at then call('ZADD', offers_due, text(at), id) else call('ZREM', offers_due, id) end
end

if not generation or call('ZCARD', waiting) == 0 then
  look_again(nil)
  return { 0, 0 }
end
-- Its counters are being rebuilt, or it is being reset.
if not stock or not held or stock % 1 ~= 0 or fields[4] == '1' then
  look_again(now + 1000)
  return { 0, 0 }
end
local is_over = closes_at and now >= closes_at
if not is_over and fields[5] == '1' then
  look_again(closes_at)
  return { 0, 0 }
end
if not is_over and opens_at and now < opens_at then
  look_again(opens_at)
  return { 0, 0 }
end

-- The next places, as far as they are named.
local function next_ids(count)
  if is_over then return call('ZRANGE', waiting, 0, count - 1) end
  local ids = {}
  for i, place in ipairs(next_places(waiting, stock, count)) do ids[i] = place.id end
  return ids
end
local named, keys, ids = {}, {}, {}
for _, place in ipairs(places) do named[place.id] = place.record_key end
if #places > 0 then
  for _, next_id in ipairs(next_ids(#places)) do
    if not named[next_id] then break end
    ids[#ids + 1], keys[#keys + 1] = next_id, named[next_id]
  end
end

-- Reads what the decisions need.
local orders, names, holder_names = {}, {}, {}
if #ids > 0 then
  local found = call('MGET', unpack(keys))
  for i, next_id in ipairs(ids) do
    local order = decode_order(found[i])
    if order and order.id == next_id and order.state == 'waiting' and order.generation == generation then
      order.record_key = keys[i]
      orders[#orders + 1] = order
      names[#names + 1], holder_names[#holder_names + 1] = order.customer, 'c' .. order.customer
    end
  end
end
local units, places_of, holder_of = {}, {}, {}
if #orders > 0 then
  units, places_of = call('HMGET', customers, unpack(names)), call('HMGET', waiters, unpack(names))
  if counts_holders then holder_of = call('HMGET', holders, unpack(holder_names)) end
end

-- The reason for which a place is cancelled; nil if it gets its offer.
local function flaw(order, i)
  if is_over then return 'sale-ended' end
  if limit and (tonumber(units[i] or '0') or 0) + order.quantity > limit then return 'customer-limit' end
  if max_orders and decode_holder(holder_of[i]).orders >= max_orders then return 'order-limit' end
end

local expires_at = text(now + offer_seconds * 1000)
local offered, ended, changed, customer_units, new_holders, left = {}, 0, {}, {}, {}, {}
for i, order in ipairs(orders) do
  local quantity = tonumber(order.quantity)
  order.version, order.reason = text(order.version + 1), flaw(order, i) or ''
  if order.reason ~= '' then
    -- Its snapshot looks like a return of units, and counts as one: see transition.lua.
    order.state, ended, returned = 'cancelled', ended + 1, returned and returned + quantity
  else
    order.state, order.expires_at = 'held', expires_at
    stock, held = stock - quantity, held + quantity
    offered[#offered + 1] = order.id
    customer_units[#customer_units + 1] = order.customer
    customer_units[#customer_units + 1] = text((tonumber(units[i] or '0') or 0) + quantity)
    if counts_holders then
      local holder = decode_holder(holder_of[i])
      if max_orders then holder.orders = holder.orders + 1 end
      holder.holds = holder.holds + 1
      new_holders[#new_holders + 1], new_holders[#new_holders + 2] = 'o' .. order.id, holder_names[i]
      new_holders[#new_holders + 1], new_holders[#new_holders + 2] = holder_names[i], encode_holder(holder)
    end
  end
  if places_of[i] == order.id then left[#left + 1] = order.customer end
  changed[#changed + 1] = order.id
end

if #ids > 0 then
  call('ZREM', waiting, unpack(ids))
  if #left > 0 then call('HDEL', waiters, unpack(left)) end
  call('HSET', event, 'stock', text(stock), 'held', text(held), 'waiting', text(call('ZCARD', waiting)))
  if returned and ended > 0 then call('HSET', event, 'returned', text(returned)) end
end
if #offered > 0 then
  -- They expire at the same time: one member, as in claim.lua.
  call('ZADD', holds, expires_at, table.concat(offered, ','))
  call('ZADD', events_with_holds, 'LT', expires_at, id)
  call('HSET', customers, unpack(customer_units))
  if #new_holders > 0 then call('HSET', holders, unpack(new_holders)) end
end
if #orders > 0 then
  local records, entries = {}, {}
  for i, order in ipairs(orders) do
    local record = encode_order(order)
    records[2 * i - 1], records[2 * i], entries[i] = order.record_key, record, record
  end
  call('MSET', unpack(records))
  call('RPUSH', queue, unpack(entries))
  if ended > 0 then call('INCRBY', pending_releases, ended) end
  call('SPUBLISH', finished, table.concat(changed, ','))
end

local following = next_ids(place_limit)
if #following > 0 then
  look_again(now)
else
  look_again(not is_over and closes_at or nil)
  -- What no place can have is for sale, which the processes that remember a refusal must know.
  if #ids > 0 and stock > 0 then call('SPUBLISH', finished, EVENT_CHANGED .. id) end
end
local answer = { #offered, ended }
for _, next_id in ipairs(following) do answer[#answer + 1] = next_id end
return answer
