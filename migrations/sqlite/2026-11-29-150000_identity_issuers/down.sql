CREATE TABLE old_identities (
    user_id   BLOB    NOT NULL,
    provider  TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    email     TEXT    NOT NULL,
    linked_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, provider),
    CONSTRAINT identities_subject_key UNIQUE (provider, subject),
    CONSTRAINT identities_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT identities_provider_check CHECK (provider IN ('google')),
    CONSTRAINT identities_subject_check CHECK (length(subject) BETWEEN 1 AND 255),
    CONSTRAINT identities_email_check CHECK (length(email) BETWEEN 3 AND 254),
    CONSTRAINT identities_user_id_check CHECK (length(user_id) = 16)
) STRICT, WITHOUT ROWID;
INSERT INTO old_identities (user_id, provider, subject, email, linked_at)
    SELECT user_id, provider, subject, email, linked_at FROM identities;
DROP TABLE identities;
ALTER TABLE old_identities RENAME TO identities;
