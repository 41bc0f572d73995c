DROP TABLE mood_moments;
