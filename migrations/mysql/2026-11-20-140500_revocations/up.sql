-- The feed that replicas follow: a session, or without one all of a user's sessions opened until then, ended. No
-- foreign key: it also tells of accounts that were deleted.
CREATE TABLE revocations (
    id         BIGINT AUTO_INCREMENT NOT NULL,
    user_id    BINARY(16)            NOT NULL,
    session_id BINARY(16),
    revoked_at DATETIME(6)           NOT NULL,
    PRIMARY KEY (id),
    INDEX revocations_revoked_at_idx (revoked_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
