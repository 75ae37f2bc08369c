-- All customers of an event with their units, as a table of the transaction.
CREATE TEMPORARY TABLE reconciled_customers ON COMMIT DROP AS
    SELECT customer, sum(quantity)::bigint AS units FROM orders
    WHERE event_id = :event_id AND customer IS NOT NULL AND status IN ('held', 'confirmed') GROUP BY customer
