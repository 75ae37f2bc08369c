-- Removes a slice of the deliveries that are done since some hours.
DELETE FROM webhook_deliveries WHERE (endpoint, seq) IN (
    SELECT endpoint, seq FROM webhook_deliveries
    WHERE state = :state AND done_at < now() - :hours::int * interval '1 hour'
    ORDER BY done_at LIMIT :limit FOR UPDATE SKIP LOCKED)
