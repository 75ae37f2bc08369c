-- Gives the installation a secret, unless it has one, and the time from which ids are made with it, in milliseconds since
-- 1970: at once, or a day after the first start if programs of an earlier release may still run.
INSERT INTO installation (name, value)
VALUES
    ('id_secret', :secret),
    ('keyed_from', CASE WHEN EXISTS (SELECT FROM installation WHERE name = 'plain_ids')
        THEN (extract(epoch FROM now() + interval '1 day') * 1000)::bigint::text ELSE '0' END)
ON CONFLICT (name) DO NOTHING
