ALTER TABLE identities
    DROP CONSTRAINT identities_issuer_check,
    DROP CONSTRAINT identities_provider_check,
    ADD CONSTRAINT identities_provider_check CHECK (provider IN ('google')),
    DROP INDEX identities_subject_key,
    ADD CONSTRAINT identities_subject_key UNIQUE (provider, subject),
    DROP PRIMARY KEY,
    ADD PRIMARY KEY (user_id, provider),
    MODIFY COLUMN provider VARCHAR(16) NOT NULL,
    DROP COLUMN issuer;
