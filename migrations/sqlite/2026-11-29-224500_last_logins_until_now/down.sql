UPDATE users SET last_login_at = NULL;
