-- What each import made, with the revision it was made in.
CREATE TABLE import_items (
    user_id   BLOB    NOT NULL,
    import_id BLOB    NOT NULL,
    position  INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    item_id   BLOB    NOT NULL,
    date      INTEGER,
    made_rev  INTEGER NOT NULL,
    PRIMARY KEY (user_id, import_id, position),
    CONSTRAINT import_items_import_fkey FOREIGN KEY (user_id, import_id) REFERENCES imports (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT import_items_position_check CHECK (position >= 0),
    CONSTRAINT import_items_kind_check CHECK (length(kind) BETWEEN 1 AND 40),
    CONSTRAINT import_items_date_check CHECK (date BETWEEN 0 AND 84005),
    CONSTRAINT import_items_made_rev_check CHECK (made_rev >= 1),
    CONSTRAINT import_items_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT import_items_import_id_check CHECK (length(import_id) = 16),
    CONSTRAINT import_items_item_id_check CHECK (length(item_id) = 16)
) STRICT, WITHOUT ROWID;
