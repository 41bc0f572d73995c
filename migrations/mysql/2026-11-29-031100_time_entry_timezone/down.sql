ALTER TABLE time_entries DROP CONSTRAINT time_entries_timezone_check, DROP COLUMN timezone;
