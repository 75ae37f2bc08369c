-- What the installation has under a name.
SELECT value FROM installation WHERE name = :name
