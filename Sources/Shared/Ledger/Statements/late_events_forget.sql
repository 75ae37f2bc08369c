DELETE FROM late_events WHERE partition = :partition AND event_id = :event_id AND noted = :noted
