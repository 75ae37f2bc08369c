-- The holders of an event: customers, and client addresses that buy without one. Only events with a term that counts them
-- have this hash: `max_orders`, `max_holds` or `hold_pause_seconds`. Its fields are
--   c… a customer, a… an address: orders|holds|lapses|paused_until, the numbers of orders of this generation, of holds
--      under way and of holds that lapsed in a row, and the time until which the holder can hold nothing;
--   o… the id of an order that is held: its holder. So a hold counts once, whatever the terms were when it began.
-- Orders are counted only if `max_orders` is set.
local function decode_holder(holder)
  local orders, holds, lapses, paused_until = string.match(holder or '', '^(%d+)|(%d+)|(%d+)|(%d+)$')
  return { orders = tonumber(orders or '0'), holds = tonumber(holds or '0'), lapses = tonumber(lapses or '0'),
    paused_until = tonumber(paused_until or '0') }
end

local function encode_holder(holder)
  return text(holder.orders) .. '|' .. text(holder.holds) .. '|' .. text(holder.lapses) .. '|'
    .. text(holder.paused_until)
end
