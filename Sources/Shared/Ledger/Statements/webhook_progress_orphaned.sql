-- Removes what is left of deleted endpoints without deliveries.
DELETE FROM webhook_progress AS progress
WHERE endpoint <> 0 AND NOT EXISTS (SELECT FROM webhook_endpoints WHERE number = progress.endpoint)
    AND NOT EXISTS (SELECT FROM webhook_deliveries WHERE webhook_deliveries.endpoint = progress.endpoint)
