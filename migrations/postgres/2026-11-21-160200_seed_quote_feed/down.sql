DELETE FROM quote_feed WHERE id = 1;
