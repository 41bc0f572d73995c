-- What a value has beyond whole units: 2.5 is 2 and 500.
ALTER TABLE entries
    ADD COLUMN value_thousandths INTEGER NOT NULL DEFAULT 0,
    ADD CONSTRAINT entries_value_thousandths_check CHECK (value_thousandths BETWEEN 0 AND 999);
