-- Moves the end of a lease that has not been lost. With 0 milliseconds the batch is released: any worker may reclaim it at
-- once. A worker that renews was not ended by the entries, so the attempts are counted anew.
--
-- Reply: 1, or 0 if the token has no lease: nothing was changed.
if not call('ZSCORE', leases, token) then return 0 end
call('ZADD', leases, clock() + lease, token)
call('HSET', attempts, token, 0)
return 1
