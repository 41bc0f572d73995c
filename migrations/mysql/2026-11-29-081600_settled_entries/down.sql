ALTER TABLE entries DROP CONSTRAINT entries_settled_check, DROP COLUMN settled;
