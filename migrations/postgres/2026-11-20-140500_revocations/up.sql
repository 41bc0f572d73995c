-- The feed that replicas follow: a session, or without one all of a user's sessions opened until then, ended. No
-- foreign key: it also tells of accounts that were deleted.
CREATE TABLE revocations (
    id         BIGINT GENERATED ALWAYS AS IDENTITY NOT NULL,
    user_id    UUID                                NOT NULL,
    session_id UUID,
    revoked_at TIMESTAMPTZ                         NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX revocations_revoked_at_idx ON revocations (revoked_at);
