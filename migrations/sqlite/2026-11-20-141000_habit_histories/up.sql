-- A habit's entries as bits, made from `entries` by whoever writes those. Apart from `habits`, for it changes with every
-- entry.
CREATE TABLE habit_histories (
    user_id  BLOB NOT NULL,
    habit_id BLOB NOT NULL,
    history  BLOB NOT NULL,
    PRIMARY KEY (user_id, habit_id),
    CONSTRAINT habit_histories_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT habit_histories_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT habit_histories_habit_id_check CHECK (length(habit_id) = 16)
) STRICT, WITHOUT ROWID;
