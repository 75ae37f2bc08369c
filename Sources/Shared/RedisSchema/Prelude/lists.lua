-- Commands that take many values at once. Lua can unpack some 8,000 values in one call, so each command takes 1,000.
local function push(list, values, first, last)
  for from = first, last, 1000 do call('RPUSH', list, unpack(values, from, math.min(from + 999, last))) end
end
-- `pairs_to_set` contains alternately a key and its value.
local function set_all(pairs_to_set)
  for from = 1, #pairs_to_set, 1000 do
    call('MSET', unpack(pairs_to_set, from, math.min(from + 999, #pairs_to_set)))
  end
end
