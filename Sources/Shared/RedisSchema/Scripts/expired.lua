-- Names the tokens whose leases have expired, the longest overdue first.
return call('ZRANGE', leases, '-inf', clock(), 'BYSCORE', 'LIMIT', 0, limit)
