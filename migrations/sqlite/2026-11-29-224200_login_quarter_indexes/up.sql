-- For what isn't rolled up yet.
CREATE INDEX login_attempts_quarter_idx ON login_attempts (quarter);
CREATE INDEX login_attempts_user_quarter_idx ON login_attempts (user_id, quarter);
