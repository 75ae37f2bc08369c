-- The number of queued or leased snapshots that release units. A counter that cannot be read counts as one.
local function releases(counter) return tonumber(call('GET', counter) or '0') or 1 end
-- Snapshots of earlier releases were not counted, so the counter may fall below zero.
local function end_releases(counter, count)
  if call('DECRBY', counter, count) < 0 then call('DEL', counter) end
end
