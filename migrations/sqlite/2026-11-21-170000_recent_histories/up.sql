-- Beside each history its recent part, which is all that a *today* screen reads; none until the history is written
-- next. It stands before the history, which may reach into overflow pages. (SQLite adds columns only at the end, so the
-- table is made anew.)
CREATE TABLE habit_histories_with_recent (
    user_id  BLOB NOT NULL,
    habit_id BLOB NOT NULL,
    recent   BLOB,
    history  BLOB NOT NULL,
    PRIMARY KEY (user_id, habit_id),
    CONSTRAINT habit_histories_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT habit_histories_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT habit_histories_habit_id_check CHECK (length(habit_id) = 16)
) STRICT, WITHOUT ROWID;
INSERT INTO habit_histories_with_recent SELECT user_id, habit_id, NULL, history FROM habit_histories;
DROP TABLE habit_histories;
ALTER TABLE habit_histories_with_recent RENAME TO habit_histories;
