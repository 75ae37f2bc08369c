-- The tables of the lab, separate from the ledger: stock as a number, and a row for each sale. No CHECK constraint
-- keeps the stock from falling below zero: the lab shows which strategies prevent that without one.
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
