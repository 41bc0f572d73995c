ALTER TABLE mood_moments DROP COLUMN timezone;
