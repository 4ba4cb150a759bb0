CREATE SCHEMA IF NOT EXISTS shop AUTHORIZATION joe;
CREATE TABLE shop.a (
  id integer NOT NULL,
  name varchar(20),
  amount int(11) DEFAULT '1',
  KEY (name)
) WITH (FLUSH_POLICY = 'rows:5') COMMENT 'ours';
ALTER TABLE shop.a ADD PRIMARY KEY (id), ALTER COLUMN name SET NOT NULL, ADD COLUMN more text;
CREATE USER TABLE shop.u (id INT, KEY (id)) WITH (STORAGE_ID = 'local') PARTITION BY (id);
ALTER TABLE shop.u ADD CONSTRAINT u_key PRIMARY KEY (id);
INSERT INTO shop.a VALUES (1, 'x;');
GRANT SELECT ON shop.a TO joe
