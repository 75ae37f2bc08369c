#!lua flags=allow-oom
-- Puts right what hangs on an event's orders: units of customers, records that are missing or older than the ledger's, and
-- holds of orders that are held. Called with the event's row locked in Postgres.
--
-- KEYS  event, customers, holds, events with holds, one key per order; then the epoch
-- ARGV  generation, event's id, number of customers, then per customer: its name, by how much to move its units;
--       then per order: its id, its record by the ledger; then the epoch that the caller knows
-- Answer: 1, or 0 if the event is not here in this generation: nothing changed.
local call = redis.call
if call('GET', KEYS[#KEYS]) ~= ARGV[#ARGV] then return redis.error_reply('FENCED repair: the epoch is another') end
if call('HGET', KEYS[1], 'generation') ~= ARGV[1] then return 0 end
local customers = tonumber(ARGV[3])
for c = 1, customers do
  local name = ARGV[2 + 2 * c]
  local units = (tonumber(call('HGET', KEYS[2], name) or '') or 0) + ARGV[3 + 2 * c]
  if units > 0 then
    call('HSET', KEYS[2], name, string.format('%.0f', units))
  else
    call('HDEL', KEYS[2], name)
  end
end
local base = 3 + 2 * customers
for i = 1, #KEYS - 5 do
  local key, id = KEYS[4 + i], ARGV[base + 2 * i - 1]
  local form = '^2|(%l+)|(%d+)|%d+|([^|]*)|[^|]*|%d+|%d+|%d+|%d*|(%d*)|'
  local state, version, found, ends = string.match(call('GET', key) or '', form)
  local wanted, newer = string.match(ARGV[base + 2 * i], form)
  if not state or found == id and tonumber(version) < tonumber(newer) then
    call('SET', key, ARGV[base + 2 * i])
    state, version, found, ends = string.match(ARGV[base + 2 * i], form)
    if wanted ~= 'held' then call('ZREM', KEYS[3], id) end
  end
  if state == 'held' and found == id and ends ~= '' then
    -- A member by itself, as after a filling, or one of the members that end then.
    local is_held = call('ZSCORE', KEYS[3], id)
    for _, member in ipairs(is_held and {} or call('ZRANGE', KEYS[3], ends, ends, 'BYSCORE')) do
      if string.find(member, id, 1, true) then is_held = true end
    end
    if not is_held then
      call('ZADD', KEYS[3], ends, id)
      call('ZADD', KEYS[4], 'LT', ends, ARGV[2])
    end
  end
end
return 1
