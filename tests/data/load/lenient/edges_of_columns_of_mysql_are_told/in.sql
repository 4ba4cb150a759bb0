-- options: from=mysql
# a comment with an apostrophe: it's one
CREATE TABLE t (
  id int unsigned NOT NULL PRIMARY KEY ASC, -- one
  a int COLUMN_FORMAT FIXED STORAGE DISK,
  a2 text COMPRESSION 'zlib' COMPRESSED,
  b int GENERATED ALWAYS AS (id + 1) VIRTUAL,
  c int AS (id + 2) STORED NOT NULL,
  d int AS ((id)) PERSISTENT,
  e int GENERATED ALWAYS AS (1) PERSISTENT,
  e2 int AS (7),
  f int CONSTRAINT positive CHECK (f > 0),
  g int REFERENCES s.other (id) MATCH FULL ON DELETE SET NULL ON UPDATE NO ACTION NOT DEFERRABLE INITIALLY DEFERRED DEFERRABLE,
  g2 int REFERENCES other ON UPDATE RESTRICT NOT NULL,
  h text CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin COMMENT = 'a\'b\q\"''c',
  h2 text CHARSET latin1 ASCII UNICODE BINARY COMMENT 'cut at\0 NUL',
  h3 text COMMENT "double \Z quoted",
  h4 text COMMENT NULL,
  i int INVISIBLE DEFAULT ((1)),
  i2 int VISIBLE FIRST,
  j smallint unsigned zerofill, k tinyint(3) unsigned, l mediumint unsigned, m bigint unsigned, n smallint signed,
  o float(24), p float(25), q float(7, 3), r float(x), s double(5, 2), u bit, v bit(1) DEFAULT b'1', w bit(8) DEFAULT b'101',
  x tinyint(1) DEFAULT '1', y tinyint(1) DEFAULT 'maybe', y2 bool DEFAULT 0,
  z timestamp DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  aa datetime DEFAULT '2020-01-02 03:04:05', ab datetime DEFAULT '2020-01-02 030405+00',
  ac varbinary(4) DEFAULT X'0aff', ad varbinary(4) DEFAULT 'AB', ae varbinary(4) DEFAULT 5, af varbinary(4) DEFAULT x'0g',
  ag varchar(5) DEFAULT _utf8mb4'x', ah varchar(5) DEFAULT 17, ai varchar(9) DEFAULT N'n', aj varchar(9) DEFAULT "q",
  ak date DEFAULT (curdate()), al time DEFAULT (curtime()), am varchar(36) DEFAULT (uuid()), an datetime DEFAULT utc_timestamp(),
  ao int DEFAULT (a + b), ap varchar(9) DEFAULT (concat('a', 'b')), aq int DEFAULT -5, ar int DEFAULT +5, as1 int DEFAULT - 'x',
  at1 point SRID 4326, au vector(3), av vector(0), aw vector(70000), ax vector, ay decimal(70, 2), az decimal(3, 5), ba decimal(0), bb dec(5, 2), bc fixed,
  bd set('a', 'b'), be enum('x', 'y') DEFAULT 'x', bf year(4), bg geometry, bh national varchar(5), bi char(0),
  bj decimal(5, 2, 1), bk varchar(max), bl int DEFAULT 1e5, bm double DEFAULT .5, bn double DEFAULT 1.5E-3, bo int DEFAULT 5x,
  bp text SPARSE 5, bq serial, br int AUTO_INCREMENT UNIQUE KEY, bs int UNIQUE, `bt``x` int, bu ucs2 varying,
  id int, `sp ace` int
);
CREATE TABLE t2 (id int PRIMARY KEY, h5 text COMMENT 5);
CREATE TABLE keys1 (a varchar(9), b int, PRIMARY KEY (a(10)));
CREATE TABLE keys2 (id int, b int, PRIMARY KEY (a, b));
CREATE TABLE keys3 (id int, PRIMARY KEY ((id + 1)));
CREATE TABLE keys4 (id int, PRIMARY KEY (5));
CREATE TABLE keys5 (id int, PRIMARY KEY (nowhere));
CREATE TABLE keys6 (id int NOT NULL, UNIQUE KEY u (id) USING BTREE, KEY (id), INDEX i (id), FULLTEXT KEY f (id), SPATIAL INDEX s (id), UNIQUE (id, b), UNIQUE ((lower(a))));
CREATE TABLE keys7 (id int, PRIMARY KEY USING BTREE (id DESC) COMMENT 'x', CONSTRAINT c FOREIGN KEY (id) REFERENCES x (id), CONSTRAINT FOREIGN KEY (id) REFERENCES y (id), CONSTRAINT odd FROB (id), CHECK (id > 0), CONSTRAINT k CHECK (id > 1) NOT ENFORCED);
CREATE TABLE keys8 (id int PRIMARY KEY, PRIMARY KEY (id));
CREATE TABLE keys9 (id int PRIMARY KEY PRIMARY KEY);
CREATE TABLE keys10 (v vector(3) UNIQUE NOT NULL, id vector(2));
CREATE TABLE keys11 (id int PRIMARY KEY,);
CREATE TABLE keys12 (id int PRIMARY KEY;
CREATE TABLE keys13 (PRIMARY KEY id (id), id int);
CREATE TABLE keys14 (a text, PERIOD FOR p (a, b), id int, `key` int, `primary` int);
