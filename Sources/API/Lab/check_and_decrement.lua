#!lua
-- Checks and decrements in one step: Redis runs one script at a time, so nothing can happen between the two.
--
-- KEYS  the strategy's hash
-- ARGV  quantity
-- Result: 1 sold, 0 not enough units left, -1 there is no stock
local quantity = tonumber(ARGV[1])
local stock = tonumber(redis.call('HGET', KEYS[1], 'stock') or nil)
if not stock then return -1 end
if stock < quantity then return 0 end
redis.call('HINCRBY', KEYS[1], 'stock', -quantity)
redis.call('HINCRBY', KEYS[1], 'sold', quantity)
return 1
