-- Sets the end of a lease that has not been lost to the given time from now. 0 milliseconds releases the batch: any
-- worker can reclaim it at once. A worker that renews was not ended by the entries, so the count of attempts begins
-- again.
--
-- Reply: 1, or 0 if the token has no lease: nothing was changed.
if not call('ZSCORE', leases, token) then return 0 end
call('ZADD', leases, clock() + lease, token)
call('HSET', attempts, token, 0)
return 1
