-- A habit's entries as bits, made from `entries` by whoever writes those. Apart from `habits`, for it changes with every
-- entry.
CREATE TABLE habit_histories (
    user_id  BINARY(16) NOT NULL,
    habit_id BINARY(16) NOT NULL,
    history  MEDIUMBLOB NOT NULL,
    PRIMARY KEY (user_id, habit_id),
    CONSTRAINT habit_histories_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
