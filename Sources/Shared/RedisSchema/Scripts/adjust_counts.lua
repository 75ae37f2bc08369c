-- Adds to an event's counters, to correct the drift that was found. The stock does not fall below zero.
--
-- Reply: 1, or 0 if the event is not loaded in this generation: nothing was changed.
local present = call('HMGET', event, 'generation', 'stock', 'pending', 'held', 'sold')
if present[1] ~= generation then return 0 end
local moves = { stock, pending, held, sold }
for i, field in ipairs({ 'stock', 'pending', 'held', 'sold' }) do
  local before, by = tonumber(present[1 + i] or ''), moves[i]
  if before and by ~= 0 then call('HSET', event, field, text(math.max(0, before + by))) end
end
-- Places on the waiting list may get what is free now.
if stock > 0 and call('ZCARD', waiting) > 0 then call('ZADD', offers_due, text(clock()), id) end
return 1
