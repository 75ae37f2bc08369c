#!lua flags=allow-oom
-- Lowers an event's capacity before the ledger's, so that nothing is sold in between that the ledger would refuse.
--
-- Not while snapshots are on their way that give units back: the ledger would count these units still, and have no room
-- for orders that were claimed before.
--
-- KEYS  event, returns
-- ARGV  generation, new capacity, revision
-- Answer: -1 done, -2 the event is not here in this generation, or has been told of something later, -3 units are on their
-- way back; otherwise how many units are claimed: nothing changed.
local present = redis.call('HMGET', KEYS[1], 'generation', 'capacity', 'stock', 'revision')
local before, stock = tonumber(present[2] or ''), tonumber(present[3] or '')
if present[1] ~= ARGV[1] or not before or not stock
  or (tonumber(present[4] or '') or 0) > tonumber(ARGV[3]) then return -2 end
local after = tonumber(ARGV[2])
if after >= before then return -1 end
if stock + after - before < 0 then return before - stock end
if (tonumber(redis.call('GET', KEYS[2]) or '0') or 1) > 0 then return -3 end
redis.call('HSET', KEYS[1], 'revision', ARGV[3], 'capacity', ARGV[2], 'stock', string.format('%.0f', stock + after - before))
return -1
