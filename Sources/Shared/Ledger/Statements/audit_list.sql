-- Lines of the audit trail, the newest first, those before an id only. It is planned with its values, so that a subject or an
-- actor is found by its index.
SELECT id, floor(extract(epoch FROM at) * 1000)::bigint AS at, actor, action, subject, before::text AS before,
    after::text AS after, outcome, reason, request_id, address
FROM audit
WHERE id < coalesce(:before_id::bigint, 9223372036854775807)
    AND (:subject::text IS NULL OR subject = :subject) AND (:actor::text IS NULL OR actor = :actor)
ORDER BY id DESC LIMIT :limit
