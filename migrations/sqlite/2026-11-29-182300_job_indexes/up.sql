-- Claims read jobs in the order of this index, however many are due at one time; schedules ask for a kind; and what is
-- old is removed by when it ended.
DROP INDEX jobs_state_idx;
CREATE INDEX jobs_due_idx ON jobs (state, run_at, id);
CREATE INDEX jobs_kind_idx ON jobs (kind, state);
CREATE INDEX jobs_finished_idx ON jobs (state, finished_at);
