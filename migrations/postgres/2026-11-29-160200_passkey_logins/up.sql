-- Attempts with a passkey.
ALTER TABLE login_attempts
    DROP CONSTRAINT login_attempts_method_check,
    ADD CONSTRAINT login_attempts_method_check CHECK (method IN ('password', 'google', 'provider', 'totp', 'passkey')),
    DROP CONSTRAINT login_attempts_failure_check,
    ADD CONSTRAINT login_attempts_failure_check CHECK (failure IN ('unknown_user', 'wrong_password', 'inactive', 'email_not_verified', 'wrong_code', 'wrong_passkey', 'second_factor_required'));
