CREATE UNIQUE INDEX reconciled_customers_key ON reconciled_customers (customer)
