ALTER TABLE revocations DROP COLUMN of_role;
