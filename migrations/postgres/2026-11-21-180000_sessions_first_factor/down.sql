ALTER TABLE sessions DROP COLUMN first_factor;
