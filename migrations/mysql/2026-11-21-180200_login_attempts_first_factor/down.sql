-- Fails while there are attempts that the older program can't have recorded: remove them first.
ALTER TABLE login_attempts
    MODIFY failure VARCHAR(18),
    DROP CONSTRAINT login_attempts_failure_check,
    ADD CONSTRAINT login_attempts_failure_check CHECK (failure IN ('unknown_user', 'wrong_password', 'inactive', 'email_not_verified', 'wrong_code'));
