-- The feed also tells that a user's role is to be read again, which ends no session.
ALTER TABLE revocations ADD COLUMN of_role BOOLEAN NOT NULL DEFAULT FALSE;
