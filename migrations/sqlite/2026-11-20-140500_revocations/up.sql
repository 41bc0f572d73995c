-- The feed that replicas follow: a session, or without one all of a user's sessions opened until then, ended. No
-- foreign key: it also tells of accounts that were deleted.
CREATE TABLE revocations (
    id         INTEGER PRIMARY KEY,
    user_id    BLOB    NOT NULL,
    session_id BLOB,
    revoked_at INTEGER NOT NULL,
    CONSTRAINT revocations_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT revocations_session_id_check CHECK (length(session_id) = 16)
) STRICT;
CREATE INDEX revocations_revoked_at_idx ON revocations (revoked_at);
