-- The quarter hours of attempts that were stored before they had one.
UPDATE login_attempts SET quarter = attempted_at / 900000000 WHERE quarter = 0 AND attempted_at >= 900000000;
