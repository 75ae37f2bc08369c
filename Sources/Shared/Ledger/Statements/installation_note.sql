-- Gives the installation a value; changes nothing if it has one under the name.
INSERT INTO installation (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING
