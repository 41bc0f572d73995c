ALTER TABLE habits DROP INDEX habits_rev_idx;
