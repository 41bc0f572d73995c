-- The quarter hours of attempts that were stored before they had one.
UPDATE login_attempts SET quarter = floor(extract(epoch FROM attempted_at) / 900) WHERE quarter = 0 AND attempted_at >= '1970-01-01 00:15:00+00';
