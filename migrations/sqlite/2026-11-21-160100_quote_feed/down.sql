DROP TABLE quote_feed;
