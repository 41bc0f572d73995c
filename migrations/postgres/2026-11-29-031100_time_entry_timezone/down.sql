ALTER TABLE time_entries DROP COLUMN timezone;
