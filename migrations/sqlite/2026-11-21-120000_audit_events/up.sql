-- What happened to the security of accounts: ids, words and numbers, no personal data. The ids refer to nothing on
-- purpose: events outlive their accounts.
CREATE TABLE audit_events (
    id          BLOB    NOT NULL,
    occurred_at INTEGER NOT NULL,
    actor_id    BLOB,
    subject_id  BLOB,
    session_id  BLOB,
    action      TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    details     TEXT    NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT audit_events_action_check CHECK (length(action) BETWEEN 1 AND 40),
    CONSTRAINT audit_events_outcome_check CHECK (outcome IN ('done', 'refused')),
    CONSTRAINT audit_events_details_check CHECK (length(details) BETWEEN 2 AND 2000),
    CONSTRAINT audit_events_id_check CHECK (length(id) = 16),
    CONSTRAINT audit_events_actor_id_check CHECK (length(actor_id) = 16),
    CONSTRAINT audit_events_subject_id_check CHECK (length(subject_id) = 16),
    CONSTRAINT audit_events_session_id_check CHECK (length(session_id) = 16)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_events_occurred_at_idx ON audit_events (occurred_at, id);
CREATE INDEX audit_events_subject_idx ON audit_events (subject_id, occurred_at, id);
