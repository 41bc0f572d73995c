-- Commands of devices that were offline: which were carried out, so that none is twice. `refusal` is what was told of one
-- that was refused, as JSON. They are kept for 30 days.
CREATE TABLE sync_commands (
    user_id    BLOB    NOT NULL,
    id         BLOB    NOT NULL,
    digest     BLOB    NOT NULL,
    rev        INTEGER NOT NULL,
    refusal    TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT sync_commands_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT sync_commands_rev_check CHECK (rev >= 1),
    CONSTRAINT sync_commands_refusal_check CHECK (length(refusal) BETWEEN 2 AND 1000000),
    CONSTRAINT sync_commands_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT sync_commands_id_check CHECK (length(id) = 16),
    CONSTRAINT sync_commands_digest_check CHECK (length(digest) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX sync_commands_created_at_idx ON sync_commands (created_at);
