-- Takes a batch from the head of the queue and leases it to a token, in one step: an entry is never without an owner.
--
-- While snapshots that release units are queued or leased, batches must reach the ledger in the order in which they
-- were taken: the ledger must not sell a unit again before it has recorded its release.
--
-- Reply: 1 if the batch must wait for its turn, else 0; the number of the lease; then the entries, the oldest first.
-- Empty if the queue is empty.
if limit < 1 or limit > 10000 or lease < 1 then return redis.error_reply('ERR take: malformed arguments') end
local length = call('LLEN', queue)
if length == 0 then return {} end
if call('EXISTS', batch) == 1 then return redis.error_reply('ERR take: the token is in use') end

local entries = call('LRANGE', queue, 0, limit - 1)
call('SET', taken, text((tonumber(call('GET', taken) or '') or 0) + #entries))
if length <= limit then
  call('RENAME', queue, batch)
else
  push(batch, entries, 1, #entries)
  call('LTRIM', queue, #entries, -1)
end
call('ZADD', leases, clock() + lease, token)
call('HSET', attempts, token, 1)
local in_turn = 0
if releases(pending_releases) > 0 then
  local last = call('ZRANGE', ordered_batches, -1, -1, 'WITHSCORES')
  call('ZADD', ordered_batches, (tonumber(last[2] or '0') or 0) + 1, token)
  in_turn = 1
end
table.insert(entries, 1, call('INCR', leases_begun))
table.insert(entries, 1, in_turn)
return entries
