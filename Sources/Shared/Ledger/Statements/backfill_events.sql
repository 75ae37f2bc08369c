-- Events that have to be backfilled, the most recently changed first. Not those that are dormant: the sale has ended,
-- nothing is held, and every idempotency key has expired. A dormant event is backfilled on request only.
SELECT id, held + sold AS units, updated_at::text AS changed_at FROM events
WHERE NOT coalesce(closes_at < now() AND held = 0 AND updated_at < now() - interval '25 hours', false)
    AND (:changed_at::text IS NULL OR (updated_at, id) < (:changed_at::timestamptz, :id))
ORDER BY updated_at DESC, id DESC LIMIT :limit
