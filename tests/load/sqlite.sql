-- SPDX-License-Identifier: GPL-2.0-or-later
-- What test_load.sh makes in a real database, to dump it.
PRAGMA foreign_keys = ON;
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  email VARCHAR(100) UNIQUE COLLATE NOCASE,
  age INT, -- in years; as of today
  score REAL DEFAULT 1.5,
  big UNSIGNED BIG INT,
  photo BLOB,
  born DATE,
  created DATETIME DEFAULT CURRENT_TIMESTAMP,
  ok BOOLEAN DEFAULT 1,
  price DECIMAL(10, 5),
  anything,
  CHECK (age > 0)
);
CREATE TABLE "odd names" ([a b] INTEGER PRIMARY KEY, `c` TEXT);
CREATE TABLE [bracket] ([id] INTEGER PRIMARY KEY, [text] TEXT DEFAULT "double", 'single' TEXT DEFAULT 'x;y');
CREATE TABLE without_rowid (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE strict_one (id INT PRIMARY KEY, v ANY, w INTEGER) STRICT;
CREATE TABLE posts (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  body TEXT DEFAULT '',
  at TEXT DEFAULT (datetime('now')),
  ts TIMESTAMP DEFAULT (datetime('now')),
  n INTEGER DEFAULT (1 + 2),
  g INTEGER GENERATED ALWAYS AS (n * 2) STORED,
  UNIQUE (user_id, body) ON CONFLICT IGNORE
);
CREATE TABLE no_key (a INTEGER, b TEXT);
CREATE TABLE uniq (a INTEGER NOT NULL UNIQUE, b TEXT);
CREATE INDEX posts_user ON posts (user_id);
CREATE UNIQUE INDEX posts_body ON posts (body) WHERE body <> ';';
CREATE VIEW names AS SELECT name FROM users;
CREATE TRIGGER touch AFTER INSERT ON posts BEGIN
  UPDATE users SET name = CASE WHEN 1 THEN 'a' ELSE 'b' END WHERE id = new.user_id;
  INSERT INTO no_key VALUES (1, 'x;END;');
END;
CREATE VIRTUAL TABLE ft USING fts5(body);
INSERT INTO users (name) VALUES ('x; CREATE TABLE y (id INT);');
ANALYZE;
