-- Those of some customers that are not in the table.
SELECT customer FROM unnest(:customers::text[]) AS found (customer)
WHERE NOT EXISTS (SELECT FROM reconciled_customers WHERE reconciled_customers.customer = found.customer)
