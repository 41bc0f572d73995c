ALTER TABLE users
    DROP INDEX users_last_login_at_idx,
    DROP COLUMN last_login_at;
