-- Claims read jobs in the order of this index, however many are due at one time; schedules ask for a kind; and what is
-- old is removed by when it ended.
ALTER TABLE jobs
    DROP INDEX jobs_state_idx,
    ADD INDEX jobs_due_idx (state, run_at, id),
    ADD INDEX jobs_kind_idx (kind, state),
    ADD INDEX jobs_finished_idx (state, finished_at);
