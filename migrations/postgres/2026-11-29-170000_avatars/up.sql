-- The profile image: its random id and its format, as in `<id>.jpg`. The files are in the media store.
ALTER TABLE users ADD COLUMN avatar TEXT
    CONSTRAINT users_avatar_check CHECK (char_length(avatar) = 40);
