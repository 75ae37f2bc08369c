-- For the rest of the transaction, rows are read in the order of an index if one has it. While a table grows by thousands of
-- rows a second its statistics are old, and the planner would read and sort everything that follows to return the first rows.
-- Without a sort its estimates are useless for the decision whether to compile a plan.
SELECT set_config('enable_sort', 'off', true) AS sorts, set_config('jit', 'off', true) AS compiles
