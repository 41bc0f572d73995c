-- What happened to the security of accounts: ids, words and numbers, no personal data. The ids refer to nothing on
-- purpose: events outlive their accounts.
CREATE TABLE audit_events (
    id          BINARY(16)    NOT NULL,
    occurred_at DATETIME(6)   NOT NULL,
    actor_id    BINARY(16),
    subject_id  BINARY(16),
    session_id  BINARY(16),
    action      VARCHAR(40)   NOT NULL,
    outcome     VARCHAR(7)    NOT NULL,
    details     VARCHAR(2000) NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT audit_events_action_check CHECK (char_length(action) BETWEEN 1 AND 40),
    CONSTRAINT audit_events_outcome_check CHECK (outcome IN ('done', 'refused')),
    CONSTRAINT audit_events_details_check CHECK (char_length(details) BETWEEN 2 AND 2000),
    INDEX audit_events_occurred_at_idx (occurred_at, id),
    INDEX audit_events_subject_idx (subject_id, occurred_at, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
