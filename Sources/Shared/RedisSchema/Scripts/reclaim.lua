#!lua flags=allow-oom
-- Gives a batch whose lease has run out to a new token. The old token is worth nothing from then on.
--
-- A batch that was taken too often, each time without a word from who had it, may hold an entry that ends its workers. So
-- it is cut into pieces: the first goes to the caller, the others can be taken over at once by anyone. An entry that
-- stands alone and still does it is set aside.
--
-- KEYS  leases, attempts, the old token's list, sequence, number of leases begun, dead letters, returns, then the new
--       tokens' lists, epoch
-- ARGV  old token, lease in milliseconds, attempts at which it is still taken whole, attempts at which an entry that
--       stands alone is still taken, then the new tokens, the epoch that the caller knows
-- Answer: the number of attempts with this one; 1 where the batch has to wait for its turn, else 0; the lease's number;
-- then the entries. Where the only entry was set aside, the number of attempts before and the reason. Nothing where the
-- lease has not run out, or another worker was faster.
local call = redis.call
local old, lease, limit, alone_limit, pieces = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), #ARGV - 5
if not lease or lease < 1 or not limit or not alone_limit or pieces < 1 or #KEYS ~= 8 + pieces then
  return redis.error_reply('ERR reclaim: malformed arguments')
end
if call('GET', KEYS[#KEYS]) ~= ARGV[#ARGV] then return redis.error_reply('FENCED reclaim: the epoch is another') end
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local deadline = call('ZSCORE', KEYS[1], old)
if not deadline or tonumber(deadline) > now then return {} end

local attempts = (tonumber(call('HGET', KEYS[2], old) or '1') or 1) + 1
local turn = call('ZSCORE', KEYS[4], old)
-- What comes after it in turn: its pieces go between.
local after = turn and call('ZRANGE', KEYS[4], '(' .. turn, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
call('ZREM', KEYS[1], old)
call('HDEL', KEYS[2], old)
if turn then call('ZREM', KEYS[4], old) end
local entries = call('LRANGE', KEYS[3], 0, -1)
call('DEL', KEYS[3])
if #entries == 0 then return {} end

if attempts > alone_limit and #entries == 1 then
  local reason = 'its worker ended or stalled ' .. (attempts - 1) .. ' times while it had this entry'
  call('HSET', KEYS[6], old .. '.0', string.format('%.0f', now) .. '|' .. reason .. '|' .. entries[1])
  local state = string.match(entries[1], '^2|[^|]*|(%l+)|')
  if (state == 'cancelled' or state == 'expired') and call('DECR', KEYS[7]) < 0 then call('DEL', KEYS[7]) end
  return { attempts - 1, reason }
end

local size = #entries
if attempts > limit and #entries > 1 then
  size = math.ceil(#entries / pieces)
  attempts = limit
end
local count = math.ceil(#entries / size)
for piece = 1, count do
  local token, list = ARGV[4 + piece], KEYS[7 + piece]
  local first = (piece - 1) * size + 1
  local last = math.min(first + size - 1, #entries)
  for from = first, last, 1000 do call('RPUSH', list, unpack(entries, from, math.min(from + 999, last))) end
  call('ZADD', KEYS[1], piece == 1 and now + lease or now, token)
  -- One less for the others, so that they are taken whole once.
  call('HSET', KEYS[2], token, piece == 1 and attempts or attempts - 1)
  if turn then
    local gap = (after[2] and tonumber(after[2]) or turn + 1) - turn
    call('ZADD', KEYS[4], turn + gap * (piece - 1) / count, token)
  end
end
local answer = { attempts, turn and 1 or 0, call('INCR', KEYS[5]) }
for i = 1, math.min(size, #entries) do answer[3 + i] = entries[i] end
return answer
