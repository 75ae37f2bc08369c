-- Run once, when the data folder is made: a role for the programs that owns their database and nothing else.
\set password `cat /run/secrets/database_password`
CREATE ROLE ticketblitz LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 150;
CREATE DATABASE ticketblitz OWNER ticketblitz;
REVOKE CONNECT ON DATABASE ticketblitz FROM PUBLIC;
REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
