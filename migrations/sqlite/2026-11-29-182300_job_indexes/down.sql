DROP INDEX jobs_finished_idx;
DROP INDEX jobs_kind_idx;
DROP INDEX jobs_due_idx;
CREATE INDEX jobs_state_idx ON jobs (state, run_at);
