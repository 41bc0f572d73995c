-- A right first factor is recorded, too, where a second is asked for.
ALTER TABLE login_attempts
    MODIFY failure VARCHAR(22),
    DROP CONSTRAINT login_attempts_failure_check,
    ADD CONSTRAINT login_attempts_failure_check CHECK (failure IN ('unknown_user', 'wrong_password', 'inactive', 'email_not_verified', 'wrong_code', 'second_factor_required'));
