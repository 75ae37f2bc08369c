-- The forms of an order, in its record and in the queue; OrderCodec.swift is their Swift side:
-- 2|state|version|ledger_version|id|event|generation|quantity|claimed_at|confirmed_at|expires_at|reason|customer
-- 3|state|version|ledger_version|sequence|id|… of an order with a sequence number.
local ORDER = '^2|(%l+)|(%d+)|(%d+)|([^|]*)|([^|]*)|(%d+)|(%d+)|(%d+)|(%d*)|(%d*)|([^|]*)|(.*)$'
local NUMBERED_ORDER = '^3|(%l+|%d+|%d+|)(%d+)|(.*)$'

-- The fields of an order by name, as text; nil if the text is not an order. `sequence` is '' if it has none.
local function decode_order(order)
  local head, sequence, tail = string.match(order or '', NUMBERED_ORDER)
  if head then order = '2|' .. head .. tail end
  local state, version, ledger_version, id, event, generation, quantity, claimed_at, confirmed_at, expires_at, reason,
    customer = string.match(order or '', ORDER)
  if not state then return nil end
  return { state = state, version = version, ledger_version = ledger_version, sequence = sequence or '', id = id,
    event = event, generation = generation, quantity = quantity, claimed_at = claimed_at,
    confirmed_at = confirmed_at, expires_at = expires_at, reason = reason, customer = customer }
end

local function encode_order(order)
  local form, sequence = '2|', ''
  if order.sequence ~= '' then form, sequence = '3|', order.sequence .. '|' end
  return form .. order.state .. '|' .. order.version .. '|' .. order.ledger_version .. '|' .. sequence .. order.id
    .. '|' .. order.event .. '|' .. order.generation .. '|' .. order.quantity .. '|' .. order.claimed_at .. '|'
    .. order.confirmed_at .. '|' .. order.expires_at .. '|' .. order.reason .. '|' .. order.customer
end

-- A function that writes new orders of one event, which differ in id, quantity, customer and sequence number only. The
-- number is nil for an order without one.
local function order_writer(state, event, generation, claimed_at, expires_at)
  local head = '|' .. state .. '|1|0|'
  local plain, numbered = '2' .. head, '3' .. head
  local middle = '|' .. event .. '|' .. generation .. '|'
  local tail = '|' .. claimed_at .. '||' .. expires_at .. '||'
  return function(id, quantity, customer, sequence)
    if sequence then return numbered .. sequence .. '|' .. id .. middle .. quantity .. tail .. customer end
    return plain .. id .. middle .. quantity .. tail .. customer
  end
end

-- An order's key can have the record of another order: of an earlier generation, or of an order that was made with the
-- same idempotency key more than 24 hours before.
local function is_order(record, id) return record and string.find(record, id, 1, true) ~= nil end
local function is_pending(record) return string.find(record, '^[23]|pending|') ~= nil end

-- The record with the version that the ledger has; nil if the record already has this version or a higher one.
local function with_ledger_version(record, version)
  local head, known, tail = string.match(record, '^([23]|%l+|%d+|)(%d+)(|.*)$')
  if head and tonumber(known) < tonumber(version) then return head .. version .. tail end
end

-- Whether an id is made from an idempotency key: the digit that contains the variant bits indicates it (see OrderID).
local function is_keyed(id) return string.byte(id, 20) >= 97 end

-- Whether an entry of the queue releases units. An entry of an earlier release has its id before its state.
local function releases_units(entry)
  local state = string.match(entry, '^[23]|(%l+)|') or string.match(entry, '^2|%x+%-[%x-]+|(%l+)|')
  return state == 'cancelled' or state == 'expired'
end

-- Whether an order has its hold: as a member by itself, or in a member of several ids that expire at the same time.
local function has_hold(holds, id, expires_at)
  if call('ZSCORE', holds, id) then return true end
  for _, member in ipairs(call('ZRANGE', holds, expires_at, expires_at, 'BYSCORE')) do
    if string.find(member, id, 1, true) then return true end
  end
  return false
end
