-- The feed also tells that a user's role is to be read again, which ends no session.
ALTER TABLE revocations ADD COLUMN of_role INTEGER NOT NULL DEFAULT 0 CONSTRAINT revocations_of_role_check CHECK (of_role IN (0, 1));
