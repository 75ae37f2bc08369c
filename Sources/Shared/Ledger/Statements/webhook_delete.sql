-- Its deliveries are removed later, in slices.
DELETE FROM webhook_endpoints WHERE id = :id
