-- What all programs of an installation must have in common, such as the number of partitions.
CREATE TABLE installation (
    name text PRIMARY KEY,
    value text NOT NULL
);
