ALTER TABLE entries DROP COLUMN settled;
