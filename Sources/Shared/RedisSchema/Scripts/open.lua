-- Opens a sealed partition: from now on it can be used, in a new epoch. After a rebuild no event is loaded, and the
-- caller has the lease of the backfill (see backfill.lua).
--
-- A partition is resumed only with all leases that the ledger has seen. If it lacks one now, its server was replaced and
-- promoted again meanwhile, with older data.
--
-- Reply: 1, or 0 if the partition is not sealed with this token or cannot be resumed: nothing was changed.
if not is_sealed_with(epoch, token) then return 0 end
local begun = tonumber(call('GET', leases_begun) or '') or 0
if not is_rebuilt and begun < leases_seen then return 0 end
if begun < leases_seen then call('SET', leases_begun, leases_seen) end
if is_rebuilt then
  local now = clock()
  call('DEL', backfill)
  call('HSET', backfill, 'epoch', new_epoch, 'began', text(now), 'token', token, 'until', text(now + lease), 'done', 0,
    'total', 0)
end
call('DEL', recovery)
call('SET', epoch, new_epoch)
return 1
