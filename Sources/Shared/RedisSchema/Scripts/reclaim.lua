-- Gives a batch whose lease has expired to a new token. The old token is invalid from then on.
--
-- A batch that was taken too often without a renewal may contain an entry that ends its workers. It is cut into pieces:
-- the first goes to the caller, any worker can reclaim the others at once. An entry that is alone in its batch and
-- still ends its workers is dead-lettered.
--
-- Reply: the number of attempts including this one; 1 if the batch must wait for its turn, else 0; the number of the
-- lease; then the entries. If the only entry was dead-lettered: the number of attempts before and the reason. Empty if
-- the lease has not expired, or another worker was faster.
local now = clock()
local deadline = call('ZSCORE', leases, old_token)
if not deadline or tonumber(deadline) > now then return {} end

local tried = (tonumber(call('HGET', attempts, old_token) or '1') or 1) + 1
local turn = call('ZSCORE', ordered_batches, old_token)
-- The batch that follows it in the order: the pieces are inserted between the two.
local after = turn and call('ZRANGE', ordered_batches, '(' .. turn, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
call('ZREM', leases, old_token)
call('HDEL', attempts, old_token)
if turn then call('ZREM', ordered_batches, old_token) end
local entries = call('LRANGE', old_batch, 0, -1)
call('DEL', old_batch)
if #entries == 0 then return {} end

if tried > alone_limit and #entries == 1 then
  local reason = 'its worker ended or stalled ' .. (tried - 1) .. ' times while it had this entry'
  call('HSET', dead_letters, old_token .. '.0', text(now) .. '|' .. reason .. '|' .. entries[1])
  if releases_units(entries[1]) then end_releases(pending_releases, 1) end
  return { tried - 1, reason }
end

local size = #entries
if tried > attempt_limit and #entries > 1 then
  size = math.ceil(#entries / #successors)
  tried = attempt_limit
end
local count = math.ceil(#entries / size)
for piece = 1, count do
  local successor = successors[piece]
  local first = (piece - 1) * size + 1
  push(successor.batch, entries, first, math.min(first + size - 1, #entries))
  call('ZADD', leases, piece == 1 and now + lease or now, successor.token)
  -- One attempt less for the other pieces, so that each is taken whole once.
  call('HSET', attempts, successor.token, piece == 1 and tried or tried - 1)
  if turn then
    local gap = (after[2] and tonumber(after[2]) or turn + 1) - turn
    call('ZADD', ordered_batches, turn + gap * (piece - 1) / count, successor.token)
  end
end
local answer = { tried, turn and 1 or 0, call('INCR', leases_begun) }
for i = 1, math.min(size, #entries) do answer[3 + i] = entries[i] end
return answer
