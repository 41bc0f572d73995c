ALTER TABLE identities DROP CONSTRAINT identities_provider_check;
ALTER TABLE identities ADD CONSTRAINT identities_provider_check CHECK (provider IN ('google'));
ALTER TABLE identities DROP CONSTRAINT identities_subject_key;
ALTER TABLE identities ADD CONSTRAINT identities_subject_key UNIQUE (provider, subject);
ALTER TABLE identities DROP CONSTRAINT identities_pkey;
ALTER TABLE identities ADD PRIMARY KEY (user_id, provider);
ALTER TABLE identities DROP COLUMN issuer;
