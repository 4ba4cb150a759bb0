-- options: from=sqlite
CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, email VARCHAR(100) UNIQUE COLLATE NOCASE, age INT, score REAL DEFAULT 1.5, big UNSIGNED BIG INT, photo BLOB, born DATE, created DATETIME DEFAULT CURRENT_TIMESTAMP, ok BOOLEAN DEFAULT 1, price DECIMAL(10,5), anything, CHECK (age > 0));
CREATE TABLE sqlite_sequence(name,seq);
CREATE TABLE IF NOT EXISTS "odd names" ([a b] INTEGER PRIMARY KEY, `c` TEXT);
CREATE TABLE [bracket]([id] INTEGER PRIMARY KEY, [text] TEXT DEFAULT "double", 'single' TEXT DEFAULT 'x;y' -- comment; with semicolon
);
CREATE TABLE without_rowid (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE strict_one (id INT PRIMARY KEY, v ANY, w INTEGER) STRICT;
CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, body TEXT DEFAULT '', at TEXT DEFAULT (datetime('now')), ts TIMESTAMP DEFAULT (datetime('now')), n INTEGER DEFAULT (1+2), g INTEGER GENERATED ALWAYS AS (n*2) STORED, UNIQUE (user_id, body) ON CONFLICT IGNORE);
CREATE TABLE no_key (a INTEGER, b TEXT);
CREATE TABLE uniq (a INTEGER NOT NULL UNIQUE, b TEXT);
CREATE INDEX i1 ON posts(user_id);
CREATE UNIQUE INDEX i2 ON posts(body) WHERE body <> ';';
CREATE VIEW v AS SELECT * FROM users
/* v(id,name,email,age,score,big,photo,born,created,ok,price,anything) */;
CREATE TRIGGER tr AFTER INSERT ON posts BEGIN
  UPDATE users SET name = CASE WHEN 1 THEN 'a' ELSE 'b' END WHERE id = new.user_id;
  INSERT INTO no_key VALUES (1, 'x;END;');
END;
CREATE VIRTUAL TABLE ft USING fts5(body)
/* ft(body) */;
CREATE TABLE IF NOT EXISTS 'ft_data'(id INTEGER PRIMARY KEY, block BLOB);
CREATE TABLE IF NOT EXISTS 'ft_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS 'ft_content'(id INTEGER PRIMARY KEY, c0);
CREATE TABLE IF NOT EXISTS 'ft_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
CREATE TABLE IF NOT EXISTS 'ft_config'(k PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE sqlite_stat1(tbl,idx,stat);
