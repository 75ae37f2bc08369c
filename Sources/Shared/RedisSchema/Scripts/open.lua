-- Opens a sealed partition: from now on it can be used, in a new epoch. After a rebuild no event is loaded, and the
-- caller has the lease of the backfill (see backfill.lua).
--
-- Reply: 1, or 0 if the partition is not sealed with this token: nothing was changed.
if not is_sealed_with(epoch, token) then return 0 end
if (tonumber(call('GET', leases_begun) or '') or 0) < leases_seen then call('SET', leases_begun, leases_seen) end
if is_rebuilt then
  local now = clock()
  call('DEL', backfill)
  call('HSET', backfill, 'epoch', new_epoch, 'began', text(now), 'token', token, 'until', text(now + lease), 'done', 0,
    'total', 0)
end
call('DEL', recovery)
call('SET', epoch, new_epoch)
return 1
