-- Beside each history its recent part, which is all that a *today* screen reads; none until the history is written
-- next.
ALTER TABLE habit_histories ADD COLUMN recent MEDIUMBLOB AFTER habit_id;
