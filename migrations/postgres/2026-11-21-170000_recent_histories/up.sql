-- Beside each history its recent part, which is all that a *today* screen reads; none until the history is written
-- next.
ALTER TABLE habit_histories ADD COLUMN recent BYTEA;
-- Inline like the history: else it would be the first to be moved out of a large row.
ALTER TABLE habit_histories ALTER COLUMN recent SET STORAGE MAIN;
