-- Events of a partition whose orders were settled under a lease of an earlier epoch.
SELECT event_id, noted FROM late_events WHERE partition = :partition ORDER BY event_id LIMIT 100
