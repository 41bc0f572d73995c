-- Where a moment was: an IANA time zone, or an offset from UTC such as `+05:30`. `date` is a date there.
ALTER TABLE mood_moments
    ADD COLUMN timezone VARCHAR(64) NOT NULL DEFAULT 'UTC',
    ADD CONSTRAINT mood_moments_timezone_check CHECK (char_length(timezone) BETWEEN 1 AND 64);
