-- The history of the data of a partition's server. A server that takes the data of another one has a new history, also if its
-- process stays the same. NULL: a release before this one began the epoch.
ALTER TABLE partitions ADD COLUMN replication text;
