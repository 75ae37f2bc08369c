-- Sets the end of the lease of a recovery or of a backfill to the given time from now. 0 milliseconds releases the
-- lease.
--
-- Reply: 1, or 0 if the token is not the holder's: nothing was changed.
if not holds_lease(lease_key, token) then return 0 end
call('HSET', lease_key, 'until', text(clock() + lease))
return 1
