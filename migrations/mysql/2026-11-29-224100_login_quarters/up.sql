-- The quarter hours of attempts that were stored before they had one.
UPDATE login_attempts SET quarter = timestampdiff(SECOND, '1970-01-01', attempted_at) DIV 900 WHERE quarter = 0 AND attempted_at >= '1970-01-01 00:15:00';
