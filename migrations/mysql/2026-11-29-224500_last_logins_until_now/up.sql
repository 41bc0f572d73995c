UPDATE users SET last_login_at =
    (SELECT max(attempted_at) FROM login_attempts WHERE login_attempts.user_id = users.id AND failure IS NULL);
