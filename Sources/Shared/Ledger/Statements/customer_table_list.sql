-- Customers of the table in their order, those after a customer only; all if it is NULL.
SELECT customer, units FROM reconciled_customers
WHERE :after::text IS NULL OR customer > :after::text ORDER BY customer LIMIT :limit
