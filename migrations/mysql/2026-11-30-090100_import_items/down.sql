DROP TABLE IF EXISTS import_items;
