-- The timer that runs for a user: at most one, which the key sees to.
CREATE TABLE timers (
    user_id    BLOB    NOT NULL,
    habit_id   BLOB,
    task_id    BLOB,
    note       TEXT,
    started_at INTEGER NOT NULL,
    rev        INTEGER NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT timers_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT timers_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT timers_task_fkey FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT timers_note_check CHECK (length(note) BETWEEN 1 AND 1000),
    CONSTRAINT timers_rev_check CHECK (rev >= 1),
    CONSTRAINT timers_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT timers_habit_id_check CHECK (length(habit_id) = 16),
    CONSTRAINT timers_task_id_check CHECK (length(task_id) = 16)
) STRICT, WITHOUT ROWID;
