UPDATE sessions SET first_factor = 'google' WHERE first_factor = 'provider';
UPDATE login_attempts SET method = 'google' WHERE method = 'provider';
