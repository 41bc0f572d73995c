-- Serves delta sync.
CREATE INDEX themes_rev_idx ON themes (user_id, rev);
