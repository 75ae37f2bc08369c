-- An endpoint, whose row is locked until the end of the transaction.
SELECT number, id, url, array_to_string(types, ',') AS types, array_to_string(events, ',') AS events, paused
FROM webhook_endpoints WHERE id = :id FOR UPDATE
