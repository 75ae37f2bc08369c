-- Releases the lease of the backfill, unless an event was requested meanwhile.
--
-- Reply: 1, or 0 if the token is not the holder's or an event is requested: nothing was changed.
if not holds_lease(backfill, token) or call('SCARD', requested_backfills) > 0 then return 0 end
call('HDEL', backfill, 'token', 'until')
if is_complete then call('HSET', backfill, 'complete', 1) end
return 1
