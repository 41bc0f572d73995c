-- What apps show of a habit: an icon, a question to be answered, and the time of day it belongs to.
ALTER TABLE habits ADD COLUMN icon TEXT
    CONSTRAINT habits_icon_check CHECK (char_length(icon) BETWEEN 1 AND 32);
ALTER TABLE habits ADD COLUMN question TEXT
    CONSTRAINT habits_question_check CHECK (char_length(question) BETWEEN 1 AND 200);
ALTER TABLE habits ADD COLUMN time_of_day TEXT NOT NULL DEFAULT 'any'
    CONSTRAINT habits_time_of_day_check CHECK (time_of_day IN ('morning', 'afternoon', 'evening', 'any'));
