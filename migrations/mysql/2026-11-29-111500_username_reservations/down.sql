DROP TABLE IF EXISTS username_reservations;
