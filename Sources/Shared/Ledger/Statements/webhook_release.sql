-- Lets other workers have an endpoint.
UPDATE webhook_progress SET owner = NULL, owned_until = now() WHERE endpoint = :endpoint AND owner = :owner
