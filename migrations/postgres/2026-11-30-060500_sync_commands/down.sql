DROP TABLE sync_commands;
