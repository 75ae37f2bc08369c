-- Orders that were claimed without a hold get consecutive sequence numbers. The acknowledgement of a batch confirms them
-- by the range of their numbers and leaves their records as they are. Each record says `pending` until a transition or its
-- deletion; ConfirmedRange.swift is the Swift side. A script
-- that decides on the state of an order must call this function.
--
-- Confirms an order if its record says that it is pending and a range covers its number. Whether it did.
local known_ranges = {}
local function apply_range(order, confirmed, confirmed_keyed)
  if order.state ~= 'pending' or order.sequence == '' then return false end
  local key, number = is_keyed(order.id) and confirmed_keyed or confirmed, tonumber(order.sequence)
  local range = known_ranges[key]
  -- The orders of one call are mostly of one range, so the last one is kept.
  if not range or number < range.first or number > range.last then
    local found = call('ZRANGE', key, order.sequence, '+inf', 'BYSCORE', 'LIMIT', 0, 1)
    local first, last, confirmed_at = string.match(found[1] or '', '^(%d+)|(%d+)|(%d+)$')
    if not first or number < tonumber(first) then return false end
    range = { first = tonumber(first), last = tonumber(last), confirmed_at = confirmed_at }
    known_ranges[key] = range
  end
  order.state, order.ledger_version, order.sequence = 'confirmed', order.version, ''
  order.confirmed_at = range.confirmed_at
  return true
end
