-- An identity is known by its issuer and subject. `provider` is what the issuer was called in the configuration when the
-- two were linked. What was linked before is Google's.
ALTER TABLE identities
    DROP CONSTRAINT identities_pkey,
    DROP CONSTRAINT identities_subject_key,
    DROP CONSTRAINT identities_provider_check,
    ADD COLUMN issuer TEXT NOT NULL DEFAULT 'https://accounts.google.com'
        CONSTRAINT identities_issuer_check CHECK (char_length(issuer) BETWEEN 1 AND 255),
    ADD PRIMARY KEY (user_id, issuer),
    ADD CONSTRAINT identities_subject_key UNIQUE (issuer, subject),
    ADD CONSTRAINT identities_provider_check CHECK (char_length(provider) BETWEEN 1 AND 32);
ALTER TABLE identities ALTER COLUMN issuer DROP DEFAULT;
