-- Reads the tokens whose leases have expired, the longest expired first.
return call('ZRANGE', leases, '-inf', clock(), 'BYSCORE', 'LIMIT', 0, limit)
