DROP TABLE mood_moments;
DROP TABLE moods;
