-- Serves delta sync.
CREATE INDEX habits_rev_idx ON habits (user_id, rev);
