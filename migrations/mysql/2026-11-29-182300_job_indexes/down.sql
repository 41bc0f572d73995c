ALTER TABLE jobs
    DROP INDEX jobs_finished_idx,
    DROP INDEX jobs_kind_idx,
    DROP INDEX jobs_due_idx,
    ADD INDEX jobs_state_idx (state, run_at);
