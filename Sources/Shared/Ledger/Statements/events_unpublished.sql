-- Ids of events whose present state Redis may lack, in their order, those after an id only. Reads the partial index
-- events_unpublished.
SELECT id FROM events WHERE unpublished AND id > :after ORDER BY id LIMIT :limit
