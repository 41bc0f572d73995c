-- Tombstones of everything that a user keeps. A mood is known by its date alone: four bytes. (SQLite can't change a
-- constraint, so the table is made anew.)
CREATE TABLE tombstones_of_all_kinds (
    user_id    BLOB    NOT NULL,
    kind       TEXT    NOT NULL,
    item_key   BLOB    NOT NULL,
    rev        INTEGER NOT NULL,
    deleted_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, kind, item_key),
    CONSTRAINT tombstones_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT tombstones_kind_check CHECK (kind IN ('theme', 'habit', 'entry', 'sleep_log', 'mood', 'mood_moment', 'task', 'time_entry')),
    CONSTRAINT tombstones_item_key_check CHECK (length(item_key) BETWEEN 4 AND 20),
    CONSTRAINT tombstones_rev_check CHECK (rev >= 1),
    CONSTRAINT tombstones_user_id_check CHECK (length(user_id) = 16)
) STRICT, WITHOUT ROWID;
INSERT INTO tombstones_of_all_kinds SELECT user_id, kind, item_key, rev, deleted_at FROM tombstones;
DROP TABLE tombstones;
ALTER TABLE tombstones_of_all_kinds RENAME TO tombstones;
CREATE INDEX tombstones_rev_idx ON tombstones (user_id, rev);
