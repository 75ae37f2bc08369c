-- Events that have to be backfilled, the most recently changed first. Not those that are dormant: archived ones, and those
-- whose sale has ended and that have no holds. A dormant event is backfilled on request only: if an idempotency key is
-- repeated, an order is cancelled, or the event is changed.
SELECT id, held + sold AS units, updated_at::text AS changed_at FROM events
WHERE NOT archived AND NOT coalesce(closes_at < now() AND held = 0, false)
    AND (:changed_at::text IS NULL OR (updated_at, id) < (:changed_at::timestamptz, :id))
ORDER BY updated_at DESC, id DESC LIMIT :limit
