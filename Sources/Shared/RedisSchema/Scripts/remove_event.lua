-- Removes an archived or deleted event. What remains for a minute is its revision, so that an earlier publication that runs
-- late does not bring the event back. The caller has the event's row locked in Postgres.
--
-- Reply: 1, or 0 if a later publication was faster: nothing was changed.
if (tonumber(call('HGET', event, 'revision') or '') or 0) > revision then return 0 end
call('UNLINK', event, customers, holds, holders, lapsed, waiting, waiters, event_backfill, room, places, ticks, passes)
call('SREM', rooms, id)
call('HSET', event, 'revision', text(revision))
call('PEXPIRE', event, remembered)
call('ZREM', events_with_holds, id)
call('ZREM', offers_due, id)
call('SREM', requested_backfills, id)
call('SREM', published, id)
call('SPUBLISH', finished, EVENT_CHANGED .. id)
return 1
