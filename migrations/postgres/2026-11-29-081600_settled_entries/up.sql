-- Whether a day within a limit was called done before it was over.
ALTER TABLE entries ADD COLUMN settled BOOLEAN NOT NULL DEFAULT FALSE;
