-- The receiver has said that it is gone.
UPDATE webhook_endpoints SET paused = 'gone', updated_at = now() WHERE number = :endpoint AND paused IS NULL
