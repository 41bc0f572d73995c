-- Signing in with Google is one of several ways through an OpenID provider.
UPDATE sessions SET first_factor = 'provider' WHERE first_factor = 'google';
UPDATE login_attempts SET method = 'provider' WHERE method = 'google';
