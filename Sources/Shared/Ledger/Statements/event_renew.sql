-- Begins a new generation of an event.
UPDATE events SET generation = generation + 1, capacity = :capacity, held = 0, sold = 0, unpublished = true,
    updated_at = now()
WHERE id = :id
