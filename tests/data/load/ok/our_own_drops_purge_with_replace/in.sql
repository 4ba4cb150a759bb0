-- options: replace into=shop
DROP TABLE items;
CREATE TABLE items (id INT PRIMARY KEY);
DROP TABLE default.kept PURGE;
