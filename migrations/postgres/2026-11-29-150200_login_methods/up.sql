-- An attempt through any OpenID provider. The next migration renames `google`.
ALTER TABLE login_attempts
    DROP CONSTRAINT login_attempts_method_check,
    ADD CONSTRAINT login_attempts_method_check CHECK (method IN ('password', 'google', 'provider', 'totp'));
