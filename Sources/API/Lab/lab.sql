-- The lab's own tables, apart from the ledger: stock as a number, and a row for each sale. No CHECK holds the stock at
-- zero, since the lab is there to show which strategies keep it there without one.
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
