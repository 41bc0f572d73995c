-- What happened to the security of accounts: ids, words and numbers, no personal data. The ids refer to nothing on
-- purpose: events outlive their accounts.
CREATE TABLE audit_events (
    id          UUID        NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    actor_id    UUID,
    subject_id  UUID,
    session_id  UUID,
    action      TEXT        NOT NULL,
    outcome     TEXT        NOT NULL,
    details     TEXT        NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT audit_events_action_check CHECK (char_length(action) BETWEEN 1 AND 40),
    CONSTRAINT audit_events_outcome_check CHECK (outcome IN ('done', 'refused')),
    CONSTRAINT audit_events_details_check CHECK (char_length(details) BETWEEN 2 AND 2000)
);
CREATE INDEX audit_events_occurred_at_idx ON audit_events (occurred_at, id);
CREATE INDEX audit_events_subject_idx ON audit_events (subject_id, occurred_at, id);
