DROP TABLE user_revisions;
