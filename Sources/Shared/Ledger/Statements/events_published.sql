-- Notes that Redis has the present state of events.
UPDATE events SET published_generation = generation, unpublished = false
WHERE id = ANY(:ids::text[]) AND (unpublished OR published_generation < generation)
