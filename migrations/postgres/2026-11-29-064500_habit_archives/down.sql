ALTER TABLE habits DROP COLUMN archives;
