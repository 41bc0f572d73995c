-- What each import made, with the revision it was made in.
CREATE TABLE import_items (
    user_id   UUID   NOT NULL,
    import_id UUID   NOT NULL,
    position  BIGINT NOT NULL,
    kind      TEXT   NOT NULL,
    item_id   UUID   NOT NULL,
    date      DATE,
    made_rev  BIGINT NOT NULL,
    PRIMARY KEY (user_id, import_id, position),
    CONSTRAINT import_items_import_fkey FOREIGN KEY (user_id, import_id) REFERENCES imports (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT import_items_position_check CHECK (position >= 0),
    CONSTRAINT import_items_kind_check CHECK (char_length(kind) BETWEEN 1 AND 40),
    CONSTRAINT import_items_date_check CHECK (date BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT import_items_made_rev_check CHECK (made_rev >= 1)
);
