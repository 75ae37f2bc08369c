-- The orders of a customer in the order of their ids, for operators who look for them. Orders without a customer are not in it.
-- Neither column changes in an order's life, so changes of orders stay heap-only (HOT).
CREATE INDEX orders_of_customer ON orders (customer, id) WHERE customer IS NOT NULL;
