-- A row per rule that spans users: whoever touches it holds the rule until the end of their transaction.
CREATE TABLE global_locks (
    name  VARCHAR(32) NOT NULL,
    taken BIGINT      NOT NULL DEFAULT 0,
    PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
