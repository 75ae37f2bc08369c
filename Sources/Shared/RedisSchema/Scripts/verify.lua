#!lua flags=no-writes
-- Looks whether orders have in Redis what the ledger says that they need: a record, no older than the ledger's, and a hold
-- if they are held.
--
-- KEYS  holds of the event, one key per order
-- ARGV  per order: its id, the version that the ledger has, 1 if it needs a record
-- Answer: the place of each order that lacks something.
local call, unpack = redis.call, unpack
local answer = {}
local records = call('MGET', unpack(KEYS, 2, #KEYS))
for i = 1, #KEYS - 1 do
  local id, version, is_needed = ARGV[3 * i - 2], tonumber(ARGV[3 * i - 1]), ARGV[3 * i] == '1'
  local state, known, found, ends = string.match(records[i] or '',
    '^2|(%l+)|(%d+)|%d+|([^|]*)|[^|]*|%d+|%d+|%d+|%d*|(%d*)|')
  if not state then
    if is_needed then answer[#answer + 1] = i end
  elseif found == id and tonumber(known) < version then
    answer[#answer + 1] = i
  elseif found == id and state == 'held' and ends ~= '' then
    -- A member by itself, as after a filling, or one of the members that end then.
    local is_held = call('ZSCORE', KEYS[1], found)
    for _, member in ipairs(is_held and {} or call('ZRANGE', KEYS[1], ends, ends, 'BYSCORE')) do
      if string.find(member, found, 1, true) then is_held = true end
    end
    if not is_held then answer[#answer + 1] = i end
  end
end
return answer
