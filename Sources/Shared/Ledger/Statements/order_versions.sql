-- States and versions of orders by their ids.
SELECT id, status, version FROM orders WHERE id = ANY(:ids::uuid[])
