INSERT INTO quote_feed (id, next_at, leased_until, failures) VALUES (1, 0, 0, 0);
