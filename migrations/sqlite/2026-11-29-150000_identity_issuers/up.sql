-- An identity is known by its issuer and subject. `provider` is what the issuer was called in the configuration when the
-- two were linked. What was linked before is Google's.
CREATE TABLE new_identities (
    user_id   BLOB    NOT NULL,
    issuer    TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    provider  TEXT    NOT NULL,
    email     TEXT    NOT NULL,
    linked_at INTEGER NOT NULL,
    CONSTRAINT identities_pkey PRIMARY KEY (user_id, issuer),
    CONSTRAINT identities_subject_key UNIQUE (issuer, subject),
    CONSTRAINT identities_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT identities_issuer_check CHECK (length(issuer) BETWEEN 1 AND 255),
    CONSTRAINT identities_subject_check CHECK (length(subject) BETWEEN 1 AND 255),
    CONSTRAINT identities_provider_check CHECK (length(provider) BETWEEN 1 AND 32),
    CONSTRAINT identities_email_check CHECK (length(email) BETWEEN 3 AND 254),
    CONSTRAINT identities_user_id_check CHECK (length(user_id) = 16)
) STRICT, WITHOUT ROWID;
INSERT INTO new_identities (user_id, issuer, subject, provider, email, linked_at)
    SELECT user_id, 'https://accounts.google.com', subject, provider, email, linked_at FROM identities;
DROP TABLE identities;
ALTER TABLE new_identities RENAME TO identities;
