-- The timer that runs for a user: at most one, which the key sees to.
CREATE TABLE timers (
    user_id    BINARY(16)    NOT NULL,
    habit_id   BINARY(16),
    task_id    BINARY(16),
    note       VARCHAR(1000),
    started_at DATETIME(6)   NOT NULL,
    rev        BIGINT        NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT timers_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT timers_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT timers_task_fkey FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT timers_note_check CHECK (char_length(note) BETWEEN 1 AND 1000),
    CONSTRAINT timers_rev_check CHECK (rev >= 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
