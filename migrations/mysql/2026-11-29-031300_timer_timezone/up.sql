-- Where a timer was started: an IANA time zone, or an offset from UTC such as `+05:30`.
ALTER TABLE timers
    ADD COLUMN timezone VARCHAR(64) NOT NULL DEFAULT 'UTC',
    ADD CONSTRAINT timers_timezone_check CHECK (char_length(timezone) BETWEEN 1 AND 64);
