-- Quotations of a provider, in sets; a set is in force from a date on, until the next one's. They belong to no user.
CREATE TABLE quotes (
    valid_from DATE    NOT NULL,
    position   INTEGER NOT NULL,
    text       TEXT    NOT NULL,
    author     TEXT    NOT NULL,
    locale     TEXT,
    PRIMARY KEY (valid_from, position),
    CONSTRAINT quotes_valid_from_check CHECK (valid_from BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT quotes_position_check CHECK (position >= 0),
    CONSTRAINT quotes_text_check CHECK (char_length(text) BETWEEN 1 AND 500),
    CONSTRAINT quotes_author_check CHECK (char_length(author) BETWEEN 1 AND 100),
    CONSTRAINT quotes_locale_check CHECK (char_length(locale) BETWEEN 2 AND 35)
);
