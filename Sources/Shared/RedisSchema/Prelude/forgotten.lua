-- Orders with an idempotency key whose records went before the retention time, because the memory was short (see
-- delete_records.lua). The ledger has them. The hash has the ids of several orders in each field: `id|generation,` of each
-- order; the field is four digits of the id's second half. An order costs some 45 bytes here, some 400 with its record.
local function forgotten_field(id) return string.sub(id, 25, 28) end

-- The order that has the same second half as `id`, and its event's generation; nil if there is none.
local function find_forgotten(entries, id)
  local at = entries and string.find(entries, string.sub(id, 20), 1, true)
  if at then return string.sub(entries, at - 19, at + 16), string.match(entries, '^|(%d+)', at + 17) end
end
