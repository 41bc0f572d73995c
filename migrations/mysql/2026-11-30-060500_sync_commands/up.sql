-- Commands of devices that were offline: which were carried out, so that none is twice. `refusal` is what was told of one
-- that was refused, as JSON. They are kept for 30 days.
CREATE TABLE IF NOT EXISTS sync_commands (
    user_id    BINARY(16)  NOT NULL,
    id         BINARY(16)  NOT NULL,
    digest     BINARY(32)  NOT NULL,
    rev        BIGINT      NOT NULL,
    refusal    MEDIUMTEXT,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT sync_commands_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT sync_commands_rev_check CHECK (rev >= 1),
    CONSTRAINT sync_commands_refusal_check CHECK (char_length(refusal) BETWEEN 2 AND 1000000),
    INDEX sync_commands_created_at_idx (created_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
