SELECT count(*) AS count FROM webhook_endpoints
