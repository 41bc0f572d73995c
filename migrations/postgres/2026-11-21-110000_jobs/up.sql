-- Work to be done later: enqueued in the transaction that causes it, taken on lease by workers. `payload` is encrypted,
-- and removed when the job is done or given up; `attempts` tells one lease of a job from another.
CREATE TABLE jobs (
    id           UUID        NOT NULL,
    kind         TEXT        NOT NULL,
    user_id      UUID,
    payload      BYTEA,
    state        TEXT        NOT NULL,
    run_at       TIMESTAMPTZ NOT NULL,
    attempts     INTEGER     NOT NULL,
    leased_until TIMESTAMPTZ,
    last_error   TEXT,
    created_at   TIMESTAMPTZ NOT NULL,
    finished_at  TIMESTAMPTZ,
    PRIMARY KEY (id),
    CONSTRAINT jobs_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT jobs_kind_check CHECK (char_length(kind) BETWEEN 1 AND 40),
    CONSTRAINT jobs_payload_check CHECK (octet_length(payload) BETWEEN 1 AND 65536),
    CONSTRAINT jobs_state_check CHECK (state IN ('waiting', 'done', 'dead')),
    CONSTRAINT jobs_attempts_check CHECK (attempts >= 0),
    CONSTRAINT jobs_last_error_check CHECK (char_length(last_error) BETWEEN 1 AND 500),
    CONSTRAINT jobs_finished_at_check CHECK ((state = 'waiting') = (finished_at IS NULL))
);
CREATE INDEX jobs_state_idx ON jobs (state, run_at);
CREATE INDEX jobs_user_idx ON jobs (user_id);
