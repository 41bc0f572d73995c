INSERT INTO quote_feed (id, next_at, leased_until, failures) VALUES (1, '1970-01-01 00:00:00+00', '1970-01-01 00:00:00+00', 0);
