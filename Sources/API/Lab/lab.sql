-- The lab's own tables, separate from the ledger: the stock as a number, and a row for each sale. No CHECK prevents a
-- negative stock, because the lab shows which strategies prevent it without one.
CREATE TABLE IF NOT EXISTS lab_stock (
    strategy text PRIMARY KEY,
    capacity integer NOT NULL,
    stock integer NOT NULL
);
CREATE TABLE IF NOT EXISTS lab_sales (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    strategy text NOT NULL,
    quantity integer NOT NULL,
    sold_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS lab_sales_by_strategy ON lab_sales (strategy);
