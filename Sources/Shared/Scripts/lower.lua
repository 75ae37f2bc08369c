#!lua flags=allow-oom
-- Lowers an event's capacity before the ledger's, so that nothing is sold in between that the ledger would refuse.
--
-- KEYS  event
-- ARGV  generation, new capacity
-- Answer: -1 done, -2 the event is not here in this generation; otherwise how many units are claimed: nothing changed.
local present = redis.call('HMGET', KEYS[1], 'generation', 'capacity', 'stock')
local before, stock = tonumber(present[2] or ''), tonumber(present[3] or '')
if present[1] ~= ARGV[1] or not before or not stock then return -2 end
local after = tonumber(ARGV[2])
if after >= before then return -1 end
if stock + after - before < 0 then return before - stock end
redis.call('HSET', KEYS[1], 'capacity', ARGV[2], 'stock', string.format('%.0f', stock + after - before))
return -1
