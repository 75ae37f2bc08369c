#!lua flags=allow-oom
-- Moves an event's counters, to put a drift right. What is for sale does not become less than nothing.
--
-- KEYS  event, epoch
-- ARGV  generation, by how much to move stock, pending, held, sold; the epoch that the caller knows
-- Answer: 1, or 0 where the event is not here in this generation: nothing changed.
if redis.call('GET', KEYS[2]) ~= ARGV[6] then return redis.error_reply('FENCED adjust_counts: the epoch is another') end
local present = redis.call('HMGET', KEYS[1], 'generation', 'stock', 'pending', 'held', 'sold')
if present[1] ~= ARGV[1] then return 0 end
for i, field in ipairs({ 'stock', 'pending', 'held', 'sold' }) do
  local before, by = tonumber(present[1 + i] or ''), tonumber(ARGV[1 + i])
  if before and by ~= 0 then redis.call('HSET', KEYS[1], field, string.format('%.0f', math.max(0, before + by))) end
end
return 1
