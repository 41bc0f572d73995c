ALTER TABLE sessions DROP CONSTRAINT sessions_first_factor_check, DROP COLUMN first_factor;
