-- For what isn't rolled up yet.
ALTER TABLE login_attempts
    ADD INDEX login_attempts_quarter_idx (quarter),
    ADD INDEX login_attempts_user_quarter_idx (user_id, quarter);
