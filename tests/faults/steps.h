/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * steps - what is done to a catalog while something fails: one after the other,
 * each from the state that the one before left.
 */
#ifndef KALAM_TESTS_STEPS_H
#define KALAM_TESTS_STEPS_H

enum step_kind {
	STEP_CREATE,	/* the catalog itself, in an empty directory */
	STEP_OPEN,
	STEP_SQL,
	STEP_BLOCK,	/* several writes to one ctl, each ended by \f */
	STEP_PLAN,
	STEP_TABLE,	/* documents that are saved: schema.json */
	STEP_NEW_TABLE,
	STEP_COLUMN,
	STEP_NAMESPACE,
	STEP_STORAGE,
	STEP_LOAD,	/* a file, with what is lost left out */
	STEP_RESERVE,	/* the number of a draft */
	STEP_EXPIRE,	/* three years later */
	STEP_BACKUP,
	STEP_DUMP,	/* readings */
	STEP_PAGES,
	STEP_INFO,
	STEP_VERSIONS,	/* every form of every version of a table */
	STEP_CHECK
};

struct step {
	enum step_kind kind;
	const char *on;		/* "app", "app.users", "app.users.name", "local" */
	const char *text;
};

static const struct step steps[] = {
	{ STEP_CREATE, "", "" },
	{ STEP_OPEN, "", "" },
	{ STEP_SQL, "", "CREATE NAMESPACE app WITH (owner = 'team-a', tier = 'gold') COMMENT 'Application'" },
	{ STEP_SQL, "", "CREATE NAMESPACE IF NOT EXISTS app" },
	{ STEP_SQL, "", "CREATE SHARED TABLE app.users (id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(), "
			"name TEXT NOT NULL COMMENT 'as written', email TEXT DEFAULT 'none') COMMENT 'people'" },
	{ STEP_SQL, "", "CREATE USER TABLE app.messages (id BIGINT PRIMARY KEY, price DECIMAL(10, 2) "
			"NOT NULL DEFAULT 0.00 COMMENT 'in EUR', body JSON, at TIMESTAMP DEFAULT NOW()) "
			"WITH (FLUSH_POLICY = 'rows:1000,interval:60')" },
	{ STEP_SQL, "", "CREATE STREAM TABLE app.typing (room INT, at TIMESTAMP DEFAULT NOW()) WITH (TTL_SECONDS = 30)" },
	{ STEP_SQL, "", "CREATE STORAGE archive TYPE s3 NAME 'Archive' BUCKET 'bucket/kalam' "
			"CREDENTIALS '{\"secret_access_key\":\"hush-4711\"}'" },
	{ STEP_SQL, "", "CREATE STORAGE disk TYPE filesystem PATH '/nowhere/kalam' DESCRIPTION 'second'" },
	{ STEP_SQL, "", "CREATE SHARED TABLE app.old (id INT PRIMARY KEY) WITH (STORAGE_ID = 'archive')" },
	{ STEP_SQL, "", "ALTER TABLE app.users ADD COLUMN age INT COMMENT 'years'" },
	{ STEP_SQL, "", "ALTER TABLE app.users RENAME COLUMN email TO mail; ALTER TABLE app.users ALTER COLUMN age TYPE BIGINT" },
	{ STEP_SQL, "", "ALTER TABLE app.users DROP COLUMN age; ALTER TABLE app.users ADD COLUMN c TEXT" },
	{ STEP_SQL, "", "ALTER TABLE app.messages COMMENT 'Chat messages'; ALTER TABLE app.users ADD COLUMN n INT" },
	{ STEP_SQL, "", "ALTER TABLE app.users RESTORE VERSION 1" },
	{ STEP_SQL, "", "ALTER TABLE app.typing RENAME TO app.presence" },
	{ STEP_SQL, "", "CREATE NAMESPACE other; ALTER TABLE app.presence RENAME TO other.presence" },
	{ STEP_SQL, "", "ALTER NAMESPACE app SET OPTIONS (owner = 'team-b')" },
	{ STEP_SQL, "", "ALTER STORAGE disk SET DESCRIPTION 'spare'" },
	{ STEP_SQL, "", "ALTER STORAGE archive SET CREDENTIALS '{\"secret_access_key\":\"other\"}'" },
	{ STEP_SQL, "", "ALTER STORAGE local SET DESCRIPTION 'first'" },
	{ STEP_BLOCK, "", "BEGIN;\fCREATE TABLE app.one (id INT PRIMARY KEY);\fALTER TABLE app.one ADD COLUMN b INT; COMMIT;\f" },
	{ STEP_BLOCK, "", "CREATE TABLE app.tw\fo (id INT PRIMARY KEY);\f" },
	{ STEP_PLAN, "", "ALTER TABLE app.users ADD COLUMN planned INT; DROP TABLE app.old" },
	{ STEP_TABLE, "app.old", "{\"table_comment\": \"saved\", \"columns\": [{\"column_id\": 1, \"column_name\": \"id\", "
				 "\"data_type\": \"INT\", \"is_nullable\": false, \"is_primary_key\": true}]}" },
	{ STEP_TABLE, "app.one", "{\"columns\": [{\"column_id\": 1, \"column_name\": \"id\", \"data_type\": \"INT\", "
				 "\"is_nullable\": false, \"is_primary_key\": true}, "
				 "{\"column_name\": \"c\", \"data_type\": \"TEXT\", \"column_comment\": \"new\"}]}" },
	{ STEP_NEW_TABLE, "app.fresh", "{\"columns\": [{\"column_name\": \"id\", \"data_type\": \"BIGINT\", "
				       "\"is_nullable\": false, \"is_primary_key\": true}]}" },
	{ STEP_COLUMN, "app.users.name", "{\"column_name\": \"name\", \"data_type\": \"TEXT\", \"column_comment\": \"by document\"}" },
	{ STEP_NAMESPACE, "app", "{\"comment\": \"by document\"}" },
	{ STEP_STORAGE, "disk", "{\"description\": \"by document\"}" },
	{ STEP_RESERVE, "", "" },
	{ STEP_LOAD, "", "CREATE TABLE app.loaded (id INT PRIMARY KEY);\nALTER TABLE app.loaded ADD COLUMN b TEXT;\n"
			 "CREATE NAMESPACE more COMMENT 'x';\n" },
	{ STEP_LOAD, "", "-- PostgreSQL database dump\nCREATE SCHEMA shop;\nCREATE TABLE shop.items (\n"
			 "    id integer NOT NULL,\n    price numeric(10,2) DEFAULT 0.00 NOT NULL,\n"
			 "    made timestamp with time zone DEFAULT now(),\n    CONSTRAINT p CHECK ((price > (0)::numeric))\n);\n"
			 "COMMENT ON TABLE shop.items IS 'goods';\n"
			 "ALTER TABLE ONLY shop.items ADD CONSTRAINT items_pkey PRIMARY KEY (id);\n"
			 "CREATE INDEX i ON shop.items USING btree (price);\n" },
	{ STEP_LOAD, "", "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE lite(id INTEGER PRIMARY KEY, b TEXT);\n"
			 "INSERT INTO lite VALUES(1,'x');\nCOMMIT;\n" },
	{ STEP_DUMP, "", "" },
	{ STEP_PAGES, "app", "" },
	{ STEP_INFO, "", "" },
	{ STEP_VERSIONS, "app.users", "" },
	{ STEP_CHECK, "", "" },
	{ STEP_BACKUP, "", "" },
	{ STEP_SQL, "", "DROP TABLE app.two" },
	{ STEP_SQL, "", "UNDROP TABLE app.two" },
	{ STEP_SQL, "", "DROP TABLE app.two; DROP TABLE app.old; DROP TABLE other.presence" },
	{ STEP_SQL, "", "PURGE TABLE app.two" },
	{ STEP_SQL, "", "DROP TABLE app.messages PURGE" },
	{ STEP_SQL, "", "DROP NAMESPACE IF EXISTS nobody; DROP TABLE IF EXISTS app.nobody" },
	{ STEP_SQL, "", "UNDROP TABLE other.presence" },
	{ STEP_SQL, "", "DROP TABLE other.presence PURGE; DROP NAMESPACE other" },
	{ STEP_SQL, "", "CREATE TABLE app.messages (id INT PRIMARY KEY)" },
	{ STEP_EXPIRE, "", "" },
	{ STEP_SQL, "", "DROP STORAGE disk" },
	{ STEP_SQL, "", "CREATE SHARED TABLE app.wide (id BIGINT PRIMARY KEY, a TEXT, b TEXT, c TEXT, d TEXT, e TEXT, "
			"f DOUBLE DEFAULT 1.5, g BOOLEAN DEFAULT TRUE, h UUID DEFAULT UUID_V7(), i BYTES, j DATE, "
			"k TIME, l DATETIME, m FLOAT, n SMALLINT, o EMBEDDING(384))" },
	{ STEP_VERSIONS, "app.wide", "" },
	{ STEP_SQL, "", "DROP TABLE app.wide; DROP TABLE app.loaded; DROP TABLE app.fresh" },
	{ STEP_SQL, "", "ALTER TABLE app.users ADD COLUMN last TEXT DEFAULT 'é'" },
	{ STEP_INFO, "", "" },
	{ STEP_SQL, "", "CREATE NAMESPACE last COMMENT 'of all'" },
};

#endif
