-- An identity is known by its issuer and subject. `provider` is what the issuer was called in the configuration when the
-- two were linked. What was linked before is Google's.
ALTER TABLE identities
    ADD COLUMN issuer VARCHAR(255) NOT NULL DEFAULT 'https://accounts.google.com',
    MODIFY COLUMN provider VARCHAR(32) NOT NULL,
    DROP PRIMARY KEY,
    ADD PRIMARY KEY (user_id, issuer),
    DROP INDEX identities_subject_key,
    ADD CONSTRAINT identities_subject_key UNIQUE (issuer, subject),
    DROP CONSTRAINT identities_provider_check,
    ADD CONSTRAINT identities_provider_check CHECK (char_length(provider) BETWEEN 1 AND 32),
    ADD CONSTRAINT identities_issuer_check CHECK (char_length(issuer) BETWEEN 1 AND 255);
