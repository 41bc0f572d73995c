-- How a session's user proved themself when it was opened: what may be done without asking again depends on it.
ALTER TABLE sessions ADD COLUMN first_factor TEXT NOT NULL DEFAULT 'password' CONSTRAINT sessions_first_factor_check CHECK (first_factor IN ('password', 'google'));
