-- Notes that a worker is alive, and removes workers that have not been seen for a long time.
local now = clock()
call('ZADD', workers, now, name)
call('ZREMRANGEBYSCORE', workers, '-inf', now - forget_after)
return 1
