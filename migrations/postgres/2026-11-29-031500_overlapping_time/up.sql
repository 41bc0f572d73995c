-- Whether the time entries of a day may add up to more than the day has, because they overlap.
ALTER TABLE users ADD COLUMN allow_overlapping_time BOOLEAN NOT NULL DEFAULT FALSE;
