-- Gives an endpoint another secret; the present one remains valid for a time.
UPDATE webhook_endpoints SET previous_secret = secret, previous_until = now() + :hours::int * interval '1 hour',
    secret = :secret, updated_at = now()
WHERE id = :id
