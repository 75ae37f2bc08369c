#!lua flags=no-writes
-- Looks whether orders that are held, or whose idempotency key is still good, have what they need in Redis.
--
-- KEYS  holds of the event, one key per order
-- ARGV  the orders' ids
-- Answer: the place of each order that has no record, or is held without a hold.
local call, unpack = redis.call, unpack
local answer = {}
local records = call('MGET', unpack(KEYS, 2, #KEYS))
for i = 1, #KEYS - 1 do
  local record = records[i]
  if not record then
    answer[#answer + 1] = i
  else
    local state, found, ends = string.match(record, '^2|(%l+)|%d+|%d+|([^|]*)|[^|]*|%d+|%d+|%d+|%d*|(%d*)|')
    if state == 'held' and found == ARGV[i] and ends ~= '' then
      local is_held = false
      for _, member in ipairs(call('ZRANGE', KEYS[1], ends, ends, 'BYSCORE')) do
        if string.find(member, found, 1, true) then is_held = true end
      end
      if not is_held then answer[#answer + 1] = i end
    end
  end
end
return answer
