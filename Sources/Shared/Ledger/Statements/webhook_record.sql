-- Adds the results of attempts to their deliveries. After a failure the delivery is due again, at the latest when its time
-- ends; a failure after that is the last one.
UPDATE webhook_deliveries AS deliveries
SET state = CASE WHEN is_success THEN 'delivered' WHEN now() >= retry_until THEN 'dead' ELSE 'retrying' END,
    attempts = attempts + 1, attempted_at = now(), status = result.status, answer = result.answer,
    next_at = CASE WHEN NOT is_success AND now() < retry_until
        THEN least(now() + delay * interval '1 millisecond', retry_until) END,
    done_at = CASE WHEN is_success OR now() >= retry_until THEN now() END
FROM unnest(:seqs::bigint[], :successes::boolean[], :delays::bigint[], :statuses::int[], :answers::text[])
    AS result (seq, is_success, delay, status, answer)
    -- By the primary key, one row each: whatever the statistics say, not all deliveries of the endpoint are read.
    CROSS JOIN LATERAL (
        SELECT ctid FROM webhook_deliveries
        WHERE endpoint = :endpoint AND webhook_deliveries.seq = result.seq AND state IN ('pending', 'retrying')
        LIMIT 1 FOR UPDATE
    ) AS open
WHERE deliveries.ctid = open.ctid
RETURNING state
