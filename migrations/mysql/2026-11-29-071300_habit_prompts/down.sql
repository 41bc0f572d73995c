ALTER TABLE habits
    DROP CONSTRAINT habits_time_of_day_check,
    DROP CONSTRAINT habits_question_check,
    DROP CONSTRAINT habits_icon_check,
    DROP COLUMN time_of_day,
    DROP COLUMN question,
    DROP COLUMN icon;
