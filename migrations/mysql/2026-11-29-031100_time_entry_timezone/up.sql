-- Where time was spent: an IANA time zone, or an offset from UTC such as `+05:30`. `date` is a date there.
ALTER TABLE time_entries
    ADD COLUMN timezone VARCHAR(64) NOT NULL DEFAULT 'UTC',
    ADD CONSTRAINT time_entries_timezone_check CHECK (char_length(timezone) BETWEEN 1 AND 64);
