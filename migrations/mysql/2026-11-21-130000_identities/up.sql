-- Who a user is elsewhere: with whom they may sign in instead of with a password. `email` is the address that the
-- provider vouched for when the two were linked; what is recognised is `subject`, which never changes.
CREATE TABLE identities (
    user_id   BINARY(16)   NOT NULL,
    provider  VARCHAR(16)  NOT NULL,
    subject   VARCHAR(255) NOT NULL,
    email     VARCHAR(254) NOT NULL,
    linked_at DATETIME(6)  NOT NULL,
    PRIMARY KEY (user_id, provider),
    CONSTRAINT identities_subject_key UNIQUE (provider, subject),
    CONSTRAINT identities_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT identities_provider_check CHECK (provider IN ('google')),
    CONSTRAINT identities_subject_check CHECK (char_length(subject) BETWEEN 1 AND 255),
    CONSTRAINT identities_email_check CHECK (char_length(email) BETWEEN 3 AND 254)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
