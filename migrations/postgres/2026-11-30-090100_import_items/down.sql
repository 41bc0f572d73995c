DROP TABLE import_items;
