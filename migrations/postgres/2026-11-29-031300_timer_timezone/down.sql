ALTER TABLE timers DROP COLUMN timezone;
