DROP INDEX habits_rev_idx;
