-- A habit's entries as bits, made from `entries` by whoever writes those. Apart from `habits`, for it changes with every
-- entry.
CREATE TABLE habit_histories (
    user_id  UUID  NOT NULL,
    habit_id UUID  NOT NULL,
    history  BYTEA NOT NULL,
    PRIMARY KEY (user_id, habit_id),
    CONSTRAINT habit_histories_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT
) WITH (fillfactor = 70);
-- Inline, not in the TOAST table, as long as it fits a page: it is read with the habit every time.
ALTER TABLE habit_histories ALTER COLUMN history SET STORAGE MAIN;
