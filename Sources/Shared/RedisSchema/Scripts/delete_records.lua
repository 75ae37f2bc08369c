#!lua flags=allow-oom
-- Lets the records of the longest settled batch go, once they have been kept long enough: those that the ledger has as
-- they stand, and that hold nothing. The others stand in a later batch too, or will.
--
-- KEYS  the list of settled batches, one key per order of the batch
-- ARGV  the batch as the list holds it: the time of settling in seconds, '|', the orders' ids; seconds to keep records
-- Answer: 1, or 0 where it is too early, or another worker was faster.
if redis.call('LINDEX', KEYS[1], 0) ~= ARGV[1] then return 0 end
local settled = tonumber(string.match(ARGV[1], '^(%d+)|'))
if not settled then return redis.error_reply('ERR delete_records: the batch is damaged') end
if tonumber(redis.call('TIME')[1]) < settled + tonumber(ARGV[2]) then return 0 end
redis.call('LPOP', KEYS[1])
local ids = string.gmatch(string.match(ARGV[1], '|(.*)$'), '[^,]+')
for first = 2, #KEYS, 1000 do
  local last = math.min(first + 999, #KEYS)
  local records, ended = redis.call('MGET', unpack(KEYS, first, last)), {}
  for i = first, last do
    local id = ids()
    local state, version, known, found = string.match(records[i - first + 1] or '', '^2|(%l+)|(%d+)|(%d+)|([^|]*)|')
    if found and found == id and state ~= 'held' and tonumber(known) >= tonumber(version) then
      ended[#ended + 1] = KEYS[i]
    end
  end
  if #ended > 0 then redis.call('UNLINK', unpack(ended)) end
end
return 1
