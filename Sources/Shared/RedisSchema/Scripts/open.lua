#!lua flags=allow-oom
-- Ends the sealed part of a recovery: from now on the partition may be used in a new epoch. After a rebuild no event is
-- there; the caller holds the lease for filling them in (see fill.lua).
--
-- KEYS  epoch, number of leases begun, recovery, filling
-- ARGV  token, the new epoch, the highest number of a lease that the ledger has seen, 1 after a rebuild or 0 after a
--       resumption, lease for filling in milliseconds
-- Answer: 1, or 0 if the partition is not sealed with this token: nothing changed.
local call = redis.call
if call('GET', KEYS[1]) ~= 'sealed:' .. ARGV[1] then return 0 end
if (tonumber(call('GET', KEYS[2]) or '') or 0) < tonumber(ARGV[3]) then call('SET', KEYS[2], ARGV[3]) end
if ARGV[4] == '1' then
  local time = call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  call('DEL', KEYS[4])
  call('HSET', KEYS[4], 'epoch', ARGV[2], 'began', string.format('%.0f', now), 'token', ARGV[1],
    'until', string.format('%.0f', now + tonumber(ARGV[5])), 'done', 0, 'total', 0)
end
call('DEL', KEYS[3])
call('SET', KEYS[1], ARGV[2])
return 1
