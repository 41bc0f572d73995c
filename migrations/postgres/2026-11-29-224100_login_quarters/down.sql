UPDATE login_attempts SET quarter = 0;
