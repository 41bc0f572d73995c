DROP TABLE quote_feed;
DROP TABLE quotes;
DROP TABLE jobs;
DROP TABLE server_keys;
