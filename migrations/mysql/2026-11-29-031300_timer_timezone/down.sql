ALTER TABLE timers DROP CONSTRAINT timers_timezone_check, DROP COLUMN timezone;
