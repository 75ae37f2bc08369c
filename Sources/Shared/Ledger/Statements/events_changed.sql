-- Ids of events of which Redis may have another state than the present one, in their order, those after an id only. Reads
-- the partial index events_changed.
SELECT id FROM events WHERE unpublished AND published_generation > 0 AND id > :after ORDER BY id LIMIT :limit
