-- The endpoints with what they wait for; the counts stop at 10,000.
SELECT number, id, url, array_to_string(types, ',') AS types, array_to_string(events, ',') AS events, paused,
    CASE WHEN previous_until > now() THEN floor(extract(epoch FROM previous_until) * 1000)::bigint END AS previous_until,
    floor(extract(epoch FROM created_at) * 1000)::bigint AS created_at,
    floor(extract(epoch FROM updated_at) * 1000)::bigint AS updated_at,
    coalesce(failures, 0) AS failures,
    CASE WHEN retry_at > now() THEN floor(extract(epoch FROM retry_at) * 1000)::bigint END AS retry_at,
    (SELECT count(*) FROM (SELECT FROM webhook_deliveries WHERE endpoint = number AND state = 'pending' LIMIT 10000) AS p)
        AS pending,
    (SELECT count(*) FROM (SELECT FROM webhook_deliveries WHERE endpoint = number AND state = 'retrying' LIMIT 10000) AS r)
        AS retrying,
    (SELECT count(*) FROM (SELECT FROM webhook_deliveries WHERE endpoint = number AND state = 'dead' LIMIT 10000) AS d)
        AS dead
FROM webhook_endpoints LEFT JOIN webhook_progress ON webhook_progress.endpoint = number
WHERE :id::text IS NULL OR id = :id::text
ORDER BY id
