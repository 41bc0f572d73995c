-- A row per rule that spans users: whoever touches it holds the rule until the end of their transaction.
CREATE TABLE global_locks (
    name  TEXT   NOT NULL,
    taken BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (name)
);
