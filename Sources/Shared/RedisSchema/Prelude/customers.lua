-- Adds to the units of a customer of an event. A customer without units has no field.
local function move_units(customers, customer, by)
  local units = (tonumber(call('HGET', customers, customer) or '') or 0) + by
  if units > 0 then call('HSET', customers, customer, text(units)) else call('HDEL', customers, customer) end
end
