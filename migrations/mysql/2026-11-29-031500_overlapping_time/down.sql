ALTER TABLE users DROP CONSTRAINT users_allow_overlapping_time_check, DROP COLUMN allow_overlapping_time;
