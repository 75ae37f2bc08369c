-- Ids of events whose present state Redis may lack, in their order, those after an id only. Not those that Redis has never
-- had and that are over: they are published on request only. Reads the partial indexes events_changed and events_unknown.
SELECT id FROM (
    SELECT id FROM events WHERE unpublished AND published_generation > 0 AND id > :after
    UNION ALL
    SELECT id FROM events
    WHERE unpublished AND published_generation = 0
        AND coalesce(closes_at, 'infinity'::timestamptz) > now() - interval '1 minute' AND id > :after
) AS unpublished
ORDER BY id LIMIT :limit
