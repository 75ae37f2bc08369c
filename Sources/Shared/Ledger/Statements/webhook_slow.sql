-- Notes how often an endpoint has failed since its last success, and how long nothing is sent to it.
UPDATE webhook_progress SET failures = :failures,
    retry_at = CASE WHEN :delay::bigint > 0 THEN now() + :delay::bigint * interval '1 millisecond' END
WHERE endpoint = :endpoint AND owner = :owner
