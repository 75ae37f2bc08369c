-- Sets the terms of an event, whose row is locked. Redis lacks them until the publication that follows. The outbox gets them if
-- they are other ones than before, and that the event is sold out if the capacity was lowered to what is sold.
WITH changed AS (
    INSERT INTO changes (type, event_id, details)
    SELECT 'event.changed', id, :details::json
    FROM events WHERE id = :id AND :are_new::boolean AND EXISTS (SELECT FROM webhook_endpoints)
    UNION ALL
    SELECT 'event.sold_out', id, json_build_object('capacity', sold, 'sold', sold)
    FROM events
    WHERE id = :id AND sold > 0 AND sold = :capacity::int AND capacity > sold AND EXISTS (SELECT FROM webhook_endpoints)
)
UPDATE events SET name = :name, capacity = :capacity, max_quantity = :max_quantity,
    opens_at = to_timestamp(:opens_at::bigint / 1000.0), closes_at = to_timestamp(:closes_at::bigint / 1000.0),
    paused = :paused, archived = :archived, per_customer_limit = :per_customer_limit, hold_seconds = :hold_seconds,
    max_orders = :max_orders, max_holds = :max_holds, hold_pause_seconds = :hold_pause_seconds,
    waitlist = :waitlist, offer_seconds = :offer_seconds,
    admission_rate = :admission_rate, pass_seconds = :pass_seconds,
    lobby_opens_at = to_timestamp(:lobby_opens_at::bigint / 1000.0),
    unpublished = true, updated_at = now()
WHERE id = :id
