-- When a user last signed in, for lists and for counting who is active.
ALTER TABLE users ADD COLUMN last_login_at INTEGER;
CREATE INDEX users_last_login_at_idx ON users (last_login_at);
