-- Whether a day within a limit was called done before it was over.
ALTER TABLE entries ADD COLUMN settled INTEGER NOT NULL DEFAULT 0
    CONSTRAINT entries_settled_check CHECK (settled IN (0, 1));
