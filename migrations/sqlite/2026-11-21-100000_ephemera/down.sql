DROP TABLE ephemera;
