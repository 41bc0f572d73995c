DELETE FROM server_keys WHERE purpose = 'web_push';
ALTER TABLE server_keys
    DROP CONSTRAINT server_keys_purpose_check,
    ADD CONSTRAINT server_keys_purpose_check CHECK (purpose IN ('access_token', 'refresh_token', 'login'));
