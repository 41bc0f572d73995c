-- The days on which a habit was archived, as JSON: several archives of one habit are kept.
ALTER TABLE habits ADD COLUMN archives TEXT NOT NULL DEFAULT '[]'
    CONSTRAINT habits_archives_check CHECK (length(archives) BETWEEN 2 AND 4000000);
