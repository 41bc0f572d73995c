ALTER TABLE login_attempts
    DROP INDEX login_attempts_user_quarter_idx,
    DROP INDEX login_attempts_quarter_idx;
