-- The commands that give a role the rights to use some of the tables and sequences of the schema.
SELECT format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), :role::text) AS command
UNION ALL
SELECT format('GRANT %s ON %s %I.%I TO %I',
    CASE WHEN relkind = 'S' THEN 'USAGE, SELECT' WHEN relname = 'schema_migrations' THEN 'SELECT'
        -- The outcome is added to a line later. Nobody else may change or delete one.
        WHEN relname = 'audit' THEN 'SELECT, INSERT, UPDATE (after, outcome, reason)'
        ELSE 'SELECT, INSERT, UPDATE, DELETE' END,
    CASE WHEN relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, current_schema(), relname, :role::text)
FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relname = ANY(:relations::text[]) AND relkind IN ('r', 'p', 'S')
