-- The time of the Redis server, in milliseconds since 1970.
local function clock()
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
