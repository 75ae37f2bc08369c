-- Notes that Redis may lack the present state of an event.
UPDATE events SET unpublished = true WHERE id = :id AND NOT unpublished
