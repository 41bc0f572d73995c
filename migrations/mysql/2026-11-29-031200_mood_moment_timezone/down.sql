ALTER TABLE mood_moments DROP CONSTRAINT mood_moments_timezone_check, DROP COLUMN timezone;
