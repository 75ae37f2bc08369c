-- Deletes keys of a sealed partition. The first call ends the drain: a process that takes the recovery over does not
-- drain again.
--
-- Reply: 1, or 0 if the partition is not sealed with this token: nothing was changed.
if not is_sealed_with(epoch, token) then return 0 end
call('HSET', recovery, 'phase', 'wipe')
for _, key in ipairs(wiped) do call('UNLINK', key.name) end
return 1
