ALTER TABLE users DROP COLUMN allow_overlapping_time;
