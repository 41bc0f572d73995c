-- When a user last signed in, for lists and for counting who is active.
ALTER TABLE users
    ADD COLUMN last_login_at DATETIME(6),
    ADD INDEX users_last_login_at_idx (last_login_at);
