/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a call that fails does to one operation: each operation runs once for each of its
 * calls of a kind, which fails in its place.  Statements and saves are plans, so that all
 * begin from one catalog; what is committed goes to a copy.  Failing disks: tests/faults.
 */
#include "catalog/arrow.h"
#include "catalog/backup.h"
#include "catalog/cache.h"
#include "catalog/catalog_impl.h"
#include "catalog/document.h"
#include "catalog/info.h"
#include "catalog/load.h"
#include "catalog/page.h"
#include "catalog/place.h"
#include "catalog/print.h"
#include "catalog/session.h"
#include "catalog/status.h"
#include "catalog/walk.h"
#include "tests/unit/world.h"

#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/failing.h"

static const char setup_text[] =
	"CREATE NAMESPACE app WITH (owner = 'team-a', tier = 'gold') COMMENT 'Application';"
	"CREATE NAMESPACE empty;"
	"CREATE STORAGE disk TYPE filesystem PATH '/nowhere/kalam' DESCRIPTION 'second' "
	"CREDENTIALS '{\"a\":\"b\"}' CONFIG '{\"c\":1}';"
	"CREATE STORAGE spare TYPE s3 NAME 'Spare' BUCKET 'bucket/kalam';"
	"CREATE SHARED TABLE app.users (id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(), "
	"name TEXT NOT NULL COMMENT 'as written', mail TEXT DEFAULT 'none', price DECIMAL(10, 2) "
	"DEFAULT 0.50) COMMENT 'people' WITH (STORAGE_ID = 'disk');"
	"CREATE USER TABLE app.notes (id BIGINT PRIMARY KEY, body JSON, at TIMESTAMP DEFAULT NOW()) "
	"WITH (FLUSH_POLICY = 'rows:1000,interval:60');"
	"CREATE STREAM TABLE app.typing (room INT, at TIMESTAMP DEFAULT NOW()) WITH (TTL_SECONDS = 30);"
	"CREATE SHARED TABLE app.gone (id INT PRIMARY KEY); DROP TABLE app.gone;";
static const char *const later[] = {
	"ALTER TABLE app.users ADD COLUMN age INT COMMENT 'years'",
	"ALTER TABLE app.users RENAME COLUMN mail TO email; ALTER TABLE app.users COMMENT 'persons'",
	"ALTER TABLE app.users DROP COLUMN age; ALTER TABLE app.users RENAME COLUMN name TO title",
};

static const char *const plans[] = {
	"CREATE NAMESPACE more WITH (owner = 'x', level = 3) COMMENT 'another'",
	"ALTER NAMESPACE app SET OPTIONS (owner = 'y', tier = NULL)",
	"ALTER NAMESPACE app COMMENT 'changed'",
	"DROP NAMESPACE empty",
	"CREATE STORAGE third TYPE s3 NAME 'Third' BUCKET 'bucket/other' CREDENTIALS '{\"k\":\"v\"}' "
	"DESCRIPTION 'of three'",
	"CREATE STORAGE fourth TYPE filesystem PATH '/nowhere/else' "
	"SHARED_TABLES_TEMPLATE '{namespace}/t/{tableName}'",
	"ALTER STORAGE disk SET DESCRIPTION 'other'; ALTER STORAGE spare SET NAME 'Name'",
	"ALTER STORAGE disk SET SHARED_TABLES_TEMPLATE '{namespace}/x/{tableName}'",
	"DROP STORAGE spare",
	"CREATE SHARED TABLE app.wide (id BIGINT PRIMARY KEY, a TEXT DEFAULT 'a', b BYTES DEFAULT X'00', "
	"c DOUBLE DEFAULT 1.5, d DATE DEFAULT '2025-01-01', e EMBEDDING(2) DEFAULT [1, 2], f UUID "
	"DEFAULT UUID_V7(), g DECIMAL(4, 1) DEFAULT 1.5 COMMENT 'g') PARTITION BY (a) "
	"WITH (STORAGE_ID = 'disk', COMPRESSION = 'zstd') COMMENT 'wide'",
	"CREATE USER TABLE empty.mine (id INT PRIMARY KEY)",
	"ALTER TABLE app.users ADD COLUMN more TEXT DEFAULT 'x' COMMENT 'y', DROP COLUMN email, "
	"RENAME COLUMN title TO heading",
	"ALTER TABLE app.users ALTER COLUMN price SET DEFAULT 2; ALTER TABLE app.users SET "
	"(COMPRESSION = 'none')",
	"ALTER TABLE app.users RENAME TO empty.people",
	"ALTER TABLE app.users RESTORE VERSION 2",
	"DROP TABLE app.users; DROP TABLE app.notes PURGE",
	"UNDROP TABLE app.gone",
	"PURGE TABLE app.gone",
	"CREATE TABLE IF NOT EXISTS app.users (id INT PRIMARY KEY); DROP TABLE IF EXISTS app.none",
	"CREATE TABLE app.\"quoted\" (\"id\" BIGINT, b TEXT DEFAULT NULL, PRIMARY KEY (id)) "
	"WITH (ACCESS_LEVEL = \"private\", LOCATION_NAME = 'app/elsewhere')",
	"CREATE STORAGE fifth TYPE 'filesystem' PATH '/nowhere/fifth'",
	"ALTER TABLE app.users SET ACCESS LEVEL private",
	"ALTER TABLE app.users ALTER COLUMN price SET DATA TYPE DECIMAL(12, 2)",
	"ALTER TABLE app.users MODIFY COLUMN price DECIMAL(12, 3) NOT NULL, ALTER COLUMN title DROP NOT "
	"NULL, ALTER COLUMN email DROP DEFAULT",
	"ALTER TABLE app.users SET (STORAGE_ID = 'spare')",
	"ALTER NAMESPACE app SET OPTIONS (ratio = 1.5, open = TRUE)",
	"CREATE NAMESPACE IF NOT EXISTS app",
	"DROP NAMESPACE app CASCADE",
};

static const char *const refused[] = {
	"DROP NAMESPACE app",
	"DROP STORAGE disk",
	"CREATE SHARED TABLE app.gone (id INT PRIMARY KEY)",
	"UNDROP TABLE app.users",
	"UNDROP TABLE app.gon",
	"ALTER TABLE app.user ADD COLUMN a INT",
	"ALTER TABLE ap.users ADD COLUMN a INT",
	"ALTER TABLE app.users RESTORE VERSION 9",
	"ALTER TABLE app.users ALTER COLUMN titel DROP DEFAULT",
	"ALTER TABLE app.users SET (STORAGE_ID = 'dsk')",
	"ALTER STORAGE spar SET NAME 'x'",
	"ALTER NAMESPACE app SET OPTIONS (a = [1])",
};

struct save {
	enum document_kind kind;
	const char *on;		/* a table's name in app, or of a storage */
	const char *text;
	bool create;
};

/* Columns of app.users as they were in version 1. */
#define USERS_1(more) \
	"[{\"column_id\": 1, \"column_name\": \"id\", \"data_type\": \"BIGINT\", \"is_nullable\": false, " \
	"\"is_primary_key\": true}, {\"column_id\": 2, \"column_name\": \"name\", \"data_type\": \"TEXT\", " \
	"\"is_nullable\": false}, {\"column_id\": 3, \"column_name\": \"mail\", \"data_type\": \"TEXT\"}, " \
	"{\"column_id\": 4, \"column_name\": \"price\", \"data_type\": \"DECIMAL(10, 2)\"}" more "]"

static const struct save saves[] = {
	{ DOCUMENT_TABLE, "users",
	  "{\"table_comment\": \"saved\", \"table_options\": {\"compression\": \"zstd\"}, \"columns\": ["
	  "{\"column_id\": 1, \"column_name\": \"id\", \"data_type\": \"BIGINT\", \"is_nullable\": false, "
	  "\"is_primary_key\": true}, {\"column_id\": 2, \"column_name\": \"title\", \"data_type\": \"TEXT\", "
	  "\"is_nullable\": false}, {\"column_name\": \"fresh\", \"data_type\": \"TEXT\", "
	  "\"default_value\": {\"literal\": \"x\"}}]}", false },
	/* In conflict with what has happened since version 1. */
	{ DOCUMENT_TABLE, "users",
	  "{\"schema_version\": 1, \"table_comment\": \"mine\", \"columns\": [{\"column_id\": 1, "
	  "\"column_name\": \"id\", \"data_type\": \"BIGINT\", \"is_nullable\": false, \"is_primary_key\": true}, "
	  "{\"column_id\": 2, \"column_name\": \"mine\", \"data_type\": \"TEXT\", \"is_nullable\": false}, "
	  "{\"column_id\": 3, \"column_name\": \"post\", \"data_type\": \"TEXT\"}]}", false },
	{ DOCUMENT_TABLE, "fresh",
	  "{\"table_options\": {\"storage_id\": \"disk\"}, \"columns\": [{\"column_name\": \"id\", "
	  "\"data_type\": \"BIGINT\", \"is_nullable\": false, \"is_primary_key\": true, "
	  "\"column_comment\": \"c\"}]}", true },
	{ DOCUMENT_COLUMN, "users",
	  "{\"column_name\": \"title\", \"data_type\": \"TEXT\", \"column_comment\": \"by document\"}", false },
	{ DOCUMENT_COLUMN, "users", "{\"data_type\": \"TEXT\", \"default_value\": {\"literal\": \"z\"}}", true },
	{ DOCUMENT_NAMESPACE, "", "{\"comment\": \"by document\", \"options\": {\"owner\": \"o\", \"n\": 1}}", false },
	{ DOCUMENT_STORAGE, "disk", "{\"description\": \"by document\", \"config\": {\"d\": 2}}", false },
	{ DOCUMENT_STORAGE, "made", "{\"storage_type\": \"filesystem\", \"base_directory\": \"/nowhere/made\"}", true },
	/* Two columns swap their names, a type gets wider, one column goes, all of the table changes. */
	{ DOCUMENT_TABLE, "users",
	  "{\"namespace_id\": \"empty\", \"table_name\": \"persons\", \"table_comment\": null, "
	  "\"table_options\": {\"storage_id\": \"spare\", \"flush_policy\": {\"type\": \"row_limit\", "
	  "\"row_limit\": 10}}, \"columns\": [{\"column_id\": 1, \"column_name\": \"id\", \"data_type\": "
	  "\"BIGINT\", \"is_nullable\": false, \"is_primary_key\": true}, {\"column_id\": 2, "
	  "\"column_name\": \"price\", \"data_type\": \"TEXT\", \"is_nullable\": true}, {\"column_id\": 4, "
	  "\"column_name\": \"title\", \"data_type\": \"DECIMAL(12, 3)\"}, {\"column_name\": \"fresh\", "
	  "\"data_type\": \"BIGINT\", \"default_value\": {\"function\": \"SNOWFLAKE_ID\"}}]}", false },
	{ DOCUMENT_NAMESPACE, "", "{\"comment\": null, \"options\": {}}", false },
	{ DOCUMENT_STORAGE, "disk", "{\"storage_name\": \"n\", \"description\": null, \"credentials\": "
	  "{\"k\": \"v\"}, \"config\": null, \"shared_tables_template\": \"{namespace}/y/{tableName}\"}", false },
};

static const char dump_text[] =
	"-- PostgreSQL database dump\nCREATE SCHEMA shop;\nCREATE TYPE mood AS ENUM ('a', 'b');\n"
	"CREATE DOMAIN short AS varchar(20);\n"
	"CREATE TABLE shop.items (\n id integer NOT NULL,\n price numeric(10,2) DEFAULT 0.00 NOT NULL,\n"
	" made timestamp with time zone DEFAULT now(),\n m mood, s short DEFAULT 'x'::character varying,\n"
	" CONSTRAINT p CHECK ((price > (0)::numeric))\n);\nCREATE VIEW v AS SELECT 1;\n"
	"COMMENT ON TABLE shop.items IS 'goods';\nCOMMENT ON COLUMN shop.items.price IS 'in EUR';\n"
	"ALTER TABLE ONLY shop.items ADD CONSTRAINT items_pkey PRIMARY KEY (id);\n"
	"ALTER TABLE shop.items RENAME COLUMN made TO born;\n"
	"COPY shop.items (id) FROM stdin;\n1\n\\.\nCREATE TABLE app.users (id integer PRIMARY KEY);\nCREATE INDEX i ON shop.items USING btree (price);\n";

/* These are refused. */
static const struct save conflicts[] = {
	{ DOCUMENT_TABLE, "users", "{\"schema_version\": 1, \"table_comment\": \"mine\", \"columns\": "
	  USERS_1("") "}", false },
	{ DOCUMENT_TABLE, "users", "{\"schema_version\": 1, \"columns\": " USERS_1("") "}", false },
	{ DOCUMENT_TABLE, "users", "{\"schema_version\": 2, \"columns\": " USERS_1(", {\"column_id\": 5, "
	  "\"column_name\": \"age\", \"data_type\": \"BIGINT\"}") "}", false },
	/* Of no version: its column 5 was dropped in one of them. */
	{ DOCUMENT_TABLE, "users", "{\"columns\": " USERS_1(", {\"column_id\": 5, \"column_name\": \"age\", "
	  "\"data_type\": \"INT\"}") "}", false },
	{ DOCUMENT_COLUMN, "users", "{\"column_name\": \"title\", \"data_type\": \"INT\"}", false },
	{ DOCUMENT_NAMESPACE, "", "{\"name\": \"other\"}", false },
	{ DOCUMENT_STORAGE, "disk", "{\"storage_version\": 9}", false },
};

struct dump {
	enum load_dialect dialect;
	const char *text;
};

static const struct dump dumps[] = {
	{ LOAD_MYSQL,
	  "CREATE DATABASE `shop`;\nUSE `shop`;\nCREATE TABLE `a` (\n `id` int unsigned NOT NULL AUTO_INCREMENT "
	  "COMMENT 'x',\n `b` blob DEFAULT 'ab',\n `e` enum('a','b') DEFAULT \"a\",\n `t` timestamp DEFAULT "
	  "CURRENT_TIMESTAMP,\n PRIMARY KEY (`id`),\n UNIQUE KEY `u` (`e`)\n) COMMENT='c';\n"
	  "ALTER TABLE `a` CHANGE `b` `c` text;\nALTER TABLE `app`.`notes` COMMENT 'n';\n"
	  "CREATE TABLE app.users (id int primary key);\n" },
	{ LOAD_POSTGRESQL,
	  "CREATE SCHEMA shop;\nSET search_path = shop;\nCREATE TABLE items (id integer PRIMARY KEY, a bytea DEFAULT 'ab', "
	  "b timestamptz DEFAULT '2025-01-01 00:00:00+00', c timestamp DEFAULT timezone('utc', now()), "
	  "d timestamp DEFAULT (now() AT TIME ZONE 'utc'), e boolean DEFAULT 't', f text DEFAULT lower('x'));\n"
	  "ALTER TABLE items ALTER COLUMN a SET DEFAULT 'c';\nALTER TABLE items RENAME TO goods;\n"
	  "COMMENT ON TABLE app.notes IS 'n';\nCOMMENT ON COLUMN app.notes.body IS 'b';\n"
	  "CREATE TABLE app.users (id integer PRIMARY KEY);\n" },
	{ LOAD_SQLITE,
	  "CREATE TABLE [a] (id INTEGER PRIMARY KEY, \"b\" VARYING CHARACTER(20) DEFAULT \"x\", c AS (id + 1));\n"
	  "CREATE TABLE app.users (id INTEGER PRIMARY KEY);\n" },
	{ LOAD_ANY,
	  "CREATE NAMESPACE IF NOT EXISTS shop COMMENT 'c';\nCREATE USER TABLE shop.a (id INT PRIMARY KEY) "
	  "WITH (FLUSH_POLICY = 'rows:10');\nDROP TABLE app.notes;\nALTER TABLE shop.a ADD COLUMN b INT;\n"
	  "CREATE TABLE shop.b (id INT PRIMARY KEY, c TEXT, PARTITION BY (c));\nCREATE SHARED TABLE app.users (id INT PRIMARY KEY);\n" },
};

struct trial {
	struct world w;
	unsigned every;		/* call fails; 0 for each */
	const char *text;
	const struct save *save;
	const struct dump *dump;
	uint32_t table, namespace, storage;
	char *backup;
	struct err err;
	FILE *out;		/* where readings go */
	size_t len;
	const char *script;	/* what is committed to a copy */
};

typedef int operation(struct trial *t);

static int plan(struct trial *t)
{
	struct request request;
	int rc = world_try(&t->w, NULL, t->text, true, &request);

	t->err = request.err;
	request_fini(&request);
	return rc;
}

static int save(struct trial *t)
{
	struct document_target target = { .kind = t->save->kind, .create = t->save->create,
					  .namespace_id = t->namespace };
	struct request request = { .err = ERR_INIT }, *one = &request;
	struct document *document;
	int rc;

	if (target.kind == DOCUMENT_STORAGE && !target.create)
		target.storage_id = t->storage;
	if (target.kind == DOCUMENT_COLUMN || (target.kind == DOCUMENT_TABLE && !target.create))
		target.table_id = t->table;
	if (target.kind == DOCUMENT_COLUMN && !target.create)
		target.column_id = 2;
	if (target.create)
		snprintf(target.name, sizeof(target.name), "%s",
			 target.kind == DOCUMENT_COLUMN ? "fresh" : t->save->on);
	request.plan = true;
	rc = document_request(&target, t->save->text, strlen(t->save->text), world_author(), &document,
			      &request, &t->err);
	if (rc)
		return rc;
	catalog_commit(t->w.catalog, &one, 1);
	t->err = request.err;
	document_free(document);
	request_fini(&request);
	return t->err.code;
}

/* A reading from a cold cache, in a transaction of its own. */
static int reading(struct trial *t, int (*read)(struct trial *t, struct txn *txn))
{
	struct txn *txn;
	int rc;

	cache_clear(t->w.catalog->cache, UINT64_MAX);
	rc = catalog_begin(t->w.catalog, &txn, &t->err);
	if (rc)
		return rc;
	rc = read(t, txn);
	txn_end(txn);
	if (!rc && ferror(t->out))
		rc = err_nomem(&t->err);
	return rc;
}

static int read_dump(struct trial *t, struct txn *txn)
{
	return catalog_dump(t->w.catalog, txn, NULL, NULL, true, t->out, &t->err);
}

static int read_one_dump(struct trial *t, struct txn *txn)
{
	return catalog_dump(t->w.catalog, txn, "app", "users", true, t->out, &t->err);
}

static int read_pages(struct trial *t, struct txn *txn)
{
	struct namespace *ns;
	int rc = page_print_catalog(t->w.catalog, txn, t->out, &t->err);

	if (!rc)
		rc = catalog_namespace(t->w.catalog, txn, t->namespace, &ns, &t->err);
	if (rc)
		return txn_told(txn, &t->err, rc);
	rc = page_print_namespace(t->w.catalog, txn, ns, t->out, &t->err);
	namespace_put(ns);
	return rc;
}

static int read_info(struct trial *t, struct txn *txn)
{
	int rc = 0;

	for (unsigned view = 0; view < INFO_VIEW_COUNT && !rc; view++) {
		struct info info = { .view = view, .form = INFO_JSONL };
		struct info there = { .view = view, .form = INFO_CSV, .namespace_id = t->namespace };
		struct info_state state;

		rc = info_print(t->w.catalog, txn, &info, NULL, t->out, &t->err);
		if (!rc && view != INFO_SCHEMATA)
			rc = info_print(t->w.catalog, txn, &there, NULL, t->out, &t->err);
		if (!rc)
			rc = info_state(t->w.catalog, txn, &info, &state, &t->err);
	}
	return rc;
}

static int read_versions(struct trial *t, struct txn *txn)
{
	struct table *table, *before = NULL;
	int rc = 0;

	for (uint32_t version = 1; !rc && version <= 4; version++) {
		rc = catalog_version(t->w.catalog, txn, t->table, version, &table, &t->err);
		if (rc)
			break;
		for (unsigned form = 0; form < FORM_COUNT; form++)
			version_print(form, before, table, t->out);
		table_put(before);
		before = table;
	}
	table_put(before);
	return rc;
}

static int read_place(struct trial *t, struct txn *txn)
{
	struct table *table;
	struct place place;
	int rc = catalog_table(t->w.catalog, txn, t->table, &table, &t->err);

	if (rc)
		return txn_told(txn, &t->err, rc);
	rc = catalog_place(t->w.catalog, txn, table, &place, &t->err);
	if (!rc)
		storage_put(place.storage);
	table_put(table);
	return txn_told(txn, &t->err, rc);
}

static int dump(struct trial *t) { return reading(t, read_dump); }
static int one_dump(struct trial *t) { return reading(t, read_one_dump); }
static int pages(struct trial *t) { return reading(t, read_pages); }
static int info(struct trial *t) { return reading(t, read_info); }
static int versions(struct trial *t) { return reading(t, read_versions); }
static int placed(struct trial *t) { return reading(t, read_place); }

static int arrow(struct trial *t)
{
	struct table *table = NULL;
	int rc = arrow_read_schema(t->text, t->len, &table, &t->err);

	table_put(table);
	return rc;
}

static void count_finding(void *arg, const struct finding *finding)
{
	(void)finding;
	++*(unsigned *)arg;
}

static int checking(struct trial *t)
{
	struct check_totals totals = { 0 };
	unsigned findings = 0;
	int rc;

	cache_clear(t->w.catalog->cache, UINT64_MAX);
	rc = catalog_check(t->w.catalog, count_finding, &findings, &totals, &t->err);
	assert_true(rc || totals.findings == findings);
	return !rc && findings ? err_set(&t->err, -EUCLEAN, "check has findings") : rc;
}

static int backing_up(struct trial *t)
{
	struct backup copy;
	int rc = catalog_backup(t->w.catalog, t->backup, &copy, &t->err);
	bool armed = failing.armed;

	failing.armed = false;
	if (access(t->backup, F_OK) == 0)
		temp_dir_remove(strdup(t->backup));
	failing.armed = armed;
	return rc;
}

/* A second one beside the catalog that is open, for reading. */
static int opening(struct trial *t)
{
	struct catalog_options options = { .read_only = true, .map_size = 64 << 20 };
	struct catalog *other;
	int rc = catalog_open(t->backup, &options, &other, &t->err);

	if (!rc)
		catalog_close(other);
	return rc;
}

static int creating(struct trial *t)
{
	struct catalog_options options = { .create = true, .map_size = 64 << 20 };
	struct catalog *other;
	bool armed = failing.armed;
	char *dir;
	int rc;

	failing.armed = false;
	dir = temp_dir();
	failing.armed = armed;
	rc = catalog_open(dir, &options, &other, &t->err);
	armed = failing.armed;
	if (!rc)
		catalog_close(other);
	failing.armed = false;
	temp_dir_remove(dir);
	failing.armed = armed;
	return rc;
}

/* Of a file that is refused at its end, since app.users is there: nothing of it is ever committed. */
static int load_text(struct trial *t, enum load_dialect dialect, const char *text)
{
	struct load_options how = { .dialect = dialect, .lenient = true,
				    .author = *world_author(), .into = "app" };
	struct load_result result;
	bool armed = failing.armed;
	FILE *in;
	int rc;

	failing.armed = false;
	in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	assert_non_null(in);
	failing.armed = armed;
	rc = load_file(t->w.catalog, in, &how, &result, &t->err);
	load_result_fini(&result);
	armed = failing.armed;
	failing.armed = false;
	fclose(in);
	failing.armed = armed;
	return rc;
}

static int loading(struct trial *t)
{
	return load_text(t, LOAD_ANY, dump_text);
}

static int loading_another(struct trial *t)
{
	return load_text(t, t->dump->dialect, t->dump->text);
}

static void unheard(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

/* With a copy of the catalog, which may be spoilt: nothing of making it fails. */
static int with_a_copy(struct trial *t, operation *op, void (*on_damage)(void *arg, const char *text))
{
	struct catalog_options options = { .map_size = 64 << 20, .now = world_now,
					   .now_arg = &t->w.now };
	struct world own = t->w;
	bool armed = failing.armed;
	struct backup copy;
	int rc;

	options.on_damage = on_damage;
	failing.armed = false;
	if (catalog_backup(own.catalog, t->backup, &copy, &t->err) ||
	    catalog_open(t->backup, &options, &t->w.catalog, &t->err))
		fail_msg("no copy: %s", t->err.text);
	failing.armed = armed;
	rc = op(t);
	armed = failing.armed;
	failing.armed = false;
	catalog_close(t->w.catalog);
	t->w = own;
	temp_dir_remove(strdup(t->backup));
	failing.armed = armed;
	return rc;
}

/* All of it is committed, or nothing. */
static int commit(struct trial *t)
{
	struct request request;
	uint64_t before, after;
	bool armed = failing.armed;
	int rc;

	failing.armed = false;
	before = world_meta(&t->w, META_SEQUENCE);
	failing.armed = armed;
	rc = world_try(&t->w, NULL, t->script, false, &request);
	armed = failing.armed;
	failing.armed = false;
	t->err = request.err;
	request_fini(&request);
	if (failing.kind == CALL_MEMORY || failing.kind == CALL_DISK) {
		after = world_meta(&t->w, META_SEQUENCE);
		assert_int_equal(after, before + !rc);
		if (failing.at % 8 == 1)	/* not each time: it takes long */
			assert_sound(t->w.catalog);
	}
	failing.armed = armed;
	return rc;
}

/* Long after app.gone was dropped, and after it was purged. */
static int expire(struct trial *t)
{
	int64_t now = t->w.now;
	bool more = true;
	int rc = 0;

	for (int days = 40; !rc && more && days < 44; days++) {
		t->w.now = now + days * 24 * HOUR_US;
		rc = catalog_expire(t->w.catalog, world_author(), SOURCE_CTL, &more, &t->err);
		more = true;
	}
	t->w.now = now;
	return rc;
}

static int examine(struct trial *t)
{
	catalog_examine(t->w.catalog);
	return 0;
}

/* What can be read of a catalog that was found damaged. */
static int salvage(struct trial *t)
{
	int rc;

	store_freeze(catalog_store(t->w.catalog), "a test", false);
	rc = reading(t, read_one_dump);
	if (!rc)
		rc = reading(t, read_versions);
	return rc;
}

static int committing(struct trial *t) { return with_a_copy(t, commit, NULL); }
static int expiring(struct trial *t) { return with_a_copy(t, expire, NULL); }
static int examining(struct trial *t) { return with_a_copy(t, examine, unheard); }
static int salvaging(struct trial *t) { return with_a_copy(t, salvage, unheard); }

static int read_status(struct trial *t, struct txn *txn)
{
	struct status_facts facts = { .cache = true };

	return status_print(t->w.catalog, txn, &facts, true, t->out, &t->err);
}

static int read_storage(struct trial *t, struct txn *txn)
{
	struct table *table;
	int rc = catalog_table(t->w.catalog, txn, t->table, &table, &t->err);

	if (!rc) {
		rc = catalog_print_place(t->w.catalog, txn, table, t->out, &t->err);
		table_put(table);
	}
	return txn_told(txn, &t->err, rc);
}

static int read_past(struct trial *t, struct txn *txn)
{
	uint32_t version;
	int rc = catalog_version_at(t->w.catalog, txn, t->table, t->w.now - SECOND_US, &version, &t->err);
	struct column *column;
	struct table *table;

	for (uint32_t rev = 1; !rc && rev <= 3; rev++) {
		rc = catalog_column_rev(t->w.catalog, txn, t->table, rev, &table, &column, &t->err);
		if (!rc)
			table_put(table);
	}
	return txn_told(txn, &t->err, rc);
}

static int status(struct trial *t) { return reading(t, read_status); }
static int stored(struct trial *t) { return reading(t, read_storage); }
static int past(struct trial *t) { return reading(t, read_past); }

/* Writes to one handle: a tail, a block, a mistake, and what is said of it. */
static int writing(struct trial *t)
{
	static const char *const writes[] = {
		"CREATE NAMESPACE", " first; CREATE ", "NAMESPACE second;\nBEGIN; DROP NAMESPACE first;",
		"CREATE NAMESPACE third; ROLLBACK; BEGIN; CREATE NAMESPACE fourth; NONSENSE;",
		"CREATE NAMESPACE fifth;", "COMMIT;", "BEGIN; NONSENSE;", "ROLLBACK; CREATE NAMESPACE sixth",
	};
	struct session session;
	int rc = 0;

	session_init(&session, SCOPE_CATALOG, ENDING_SEMICOLON, false);
	for (size_t i = 0; i <= countof(writes) && rc != -ENOMEM; i++) {
		struct request request = { .err = ERR_INIT };

		err_clear(&t->err);
		rc = i < countof(writes) ?
		     session_write(&session, writes[i], strlen(writes[i]), &request, &t->err) :
		     session_end(&session, false, &request, &t->err);
		if (rc < 0)
			session_print_error(&session, &t->err, t->out);
		else if (rc > 0)
			session_done(&session, 0);
		request_fini(&request);
	}
	session_fini(&session);
	return rc;
}

struct fault {
	enum call_kind kind;
	int code;
	int answers[4];		/* what may be said of it, beside what is said without it */
	bool any;		/* what is not there may mean anything; not every call fails so */
};

static const struct fault faults[] = {
	{ CALL_MEMORY, ENOMEM, { -ENOMEM }, false },
	{ CALL_STORE, MDB_PAGE_NOTFOUND, { -EUCLEAN, -EIO }, false },
	{ CALL_STORE, ENOMEM, { -ENOMEM }, false },
	{ CALL_ROW, MDB_NOTFOUND, { 0 }, true },
	{ CALL_CUT, 0, { 0 }, true },
	{ CALL_LONG, 0, { 0 }, true },
	{ CALL_DISK, EIO, { -EIO }, true },
	{ CALL_DISK, EINTR, { -EINTR }, true },
	{ CALL_DISK, EAGAIN, { -EAGAIN }, true },
	{ CALL_DISK, EDQUOT, { -ENOSPC }, true },
	{ CALL_DISK, EOPNOTSUPP, { -EOPNOTSUPP }, true },
};

static bool may_answer(const struct fault *fault, int rc)
{
	for (size_t i = 0; i < sizeof(fault->answers) / sizeof(fault->answers[0]); i++)
		if (fault->answers[i] == rc)
			return true;
	return fault->any;
}

static ssize_t into_nothing(void *cookie, const char *bytes, size_t len)
{
	(void)cookie;
	(void)bytes;
	return (ssize_t)len;
}

static void open_out(struct trial *t)
{
	t->out = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = into_nothing });
	assert_non_null(t->out);
}

/*
 * Of calls in a copy of the catalog, which takes 20 ms to be closed, every fifth one fails;
 * FAILURES_EVERY=1 is all of them.
 */
static unsigned every_of_a_copy(void)
{
	const char *every = getenv("FAILURES_EVERY");

	return every ? (unsigned)atoi(every) : 5;
}

/* One operation under one fault, at each of its calls, or every t->every-th. */
static void sweep(struct trial *t, const struct fault *fault, operation *op, const char *name)
{
	long step = t->every ? t->every : 1;
	int wanted, rc;
	bool failed;

	open_out(t);
	err_clear(&t->err);
	wanted = op(t);
	for (long at = 1 + (long)fault->kind % step;; at += step) {
		clearerr(t->out);
		err_clear(&t->err);
		failing_arm(fault->kind, fault->code, at);
		rc = op(t);
		failed = failing_disarm();
		if (!failed)
			break;
		if (rc != wanted && !may_answer(fault, rc))
			fail_msg("%s, call %ld of kind %d fails with %d: %d, not %d: %s", name, at,
				 (int)fault->kind, fault->code, rc, wanted, t->err.text);
		if (rc && !*t->err.text && fault->kind != CALL_ROW &&
		    (fault->kind != CALL_DISK || fault->code == EIO))
			fail_msg("%s, call %ld of kind %d fails: %d without a sentence", name, at,
				 (int)fault->kind, rc);
	}
	if (rc != wanted)
		fail_msg("%s: %d afterwards, %d before: %s", name, rc, wanted, t->err.text);
	fclose(t->out);
}

static void sweep_all(struct trial *t, operation *op, const char *name)
{
	char *before = world_bytes(&t->w), *after;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sweep(t, &faults[i], op, name);
	after = world_bytes(&t->w);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static int setup(void **state)
{
	struct trial *t = calloc(1, sizeof(*t));
	struct txn *txn;

	world_open(&t->w);
	world_run(&t->w, setup_text);
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		t->w.now += SECOND_US;
		world_run(&t->w, later[i]);
	}
	t->w.now += SECOND_US;
	t->table = world_table_id(&t->w, "app", "users");
	txn = world_txn(&t->w);
	t->namespace = world_id(&t->w, txn, "app", NULL, DIR_TABLES);
	assert_int_equal(catalog_find(t->w.catalog, txn, DIR_STORAGES, 0, "disk", &t->storage), 0);
	txn_end(txn);
	assert_true(asprintf(&t->backup, "%s.backup", t->w.dir) > 0);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct trial *t = *state;

	world_close(&t->w);
	free(t->backup);
	free(t);
	return 0;
}

static void test_a_plan_tells_of_a_call_that_failed(void **state)
{
	struct trial *t = *state;

	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		t->text = plans[i];
		err_clear(&t->err);
		if (plan(t))
			fail_msg("%s: %s", plans[i], t->err.text);
		sweep_all(t, plan, plans[i]);
	}
}

static void test_a_save_tells_of_a_call_that_failed(void **state)
{
	struct trial *t = *state;

	for (size_t i = 0; i < sizeof(saves) / sizeof(saves[0]); i++) {
		t->save = &saves[i];
		err_clear(&t->err);
		if (save(t) != (i == 1 ? -EBUSY : 0))
			fail_msg("save %zu: %d %s", i, t->err.code, t->err.text);
		sweep_all(t, save, saves[i].text);
	}
}

static void test_a_refusal_tells_of_a_call_that_failed(void **state)
{
	struct trial *t = *state;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		t->text = refused[i];
		err_clear(&t->err);
		if (!plan(t))
			fail_msg("%s is not refused", refused[i]);
		sweep_all(t, plan, refused[i]);
	}
	for (size_t i = 0; i < sizeof(conflicts) / sizeof(conflicts[0]); i++) {
		t->save = &conflicts[i];
		err_clear(&t->err);
		if (!save(t))
			fail_msg("%s is not refused", conflicts[i].text);
		sweep_all(t, save, conflicts[i].text);
	}
}

static void test_a_reading_tells_of_a_call_that_failed(void **state)
{
	struct trial *t = *state;

	sweep_all(t, dump, "dump");
	sweep_all(t, one_dump, "dump of one table");
	sweep_all(t, pages, "pages");
	sweep_all(t, info, "information_schema");
	sweep_all(t, versions, "versions");
	sweep_all(t, placed, "place");
}

static void test_a_check_tells_of_a_call_that_failed(void **state)
{
	sweep_all(*state, checking, "check");
}

static void test_a_stream_is_read_or_memory_is_out(void **state)
{
	struct trial *t = *state;
	struct table *table = world_table(&t->w, "app", "users");
	struct collector c;
	char *text;

	collect(&c);
	arrow_print_schema(table, c.out);
	table_put(table);
	text = text_of(&c);
	t->text = text;
	t->len = c.len;
	assert_int_equal(arrow(t), 0);
	sweep_all(t, arrow, "arrow stream");
	free(text);
}

static void test_a_load_tells_of_a_call_that_failed(void **state)
{
	sweep_all(*state, loading, "load");
}

static void test_other_loads_tell_of_a_call_that_failed(void **state)
{
	struct trial *t = *state;

	for (size_t i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++) {
		t->dump = &dumps[i];
		err_clear(&t->err);
		if (loading_another(t) != -EEXIST)
			fail_msg("dump %zu: %d %s", i, t->err.code, t->err.text);
		sweep_all(t, loading_another, dumps[i].text);
	}
}

static void test_a_backup_tells_of_a_call_that_failed(void **state)
{
	sweep_all(*state, backing_up, "backup");
}

static void test_a_catalog_is_opened_or_its_failure_told(void **state)
{
	struct trial *t = *state;
	struct backup copy;

	if (catalog_backup(t->w.catalog, t->backup, &copy, &t->err))
		fail_msg("%s", t->err.text);
	sweep_all(t, opening, "open");
	temp_dir_remove(strdup(t->backup));
}

static void note_damage(void *arg, const char *text)
{
	snprintf(arg, 256, "%s", text);
}

static void test_a_damaged_row_of_an_index_stops_all_writing(void **state)
{
	struct trial *t = *state;
	char why[256] = "";
	struct catalog_options options = { .map_size = 64 << 20, .on_damage = note_damage,
					   .damage_arg = why };
	struct err err = ERR_INIT;
	struct catalog *other;
	struct backup copy;
	struct txn *txn;
	uint32_t id;
	int rc;

	assert_int_equal(catalog_backup(t->w.catalog, t->backup, &copy, &err), 0);
	assert_int_equal(catalog_open(t->backup, &options, &other, &err), 0);
	assert_int_equal(catalog_begin(other, &txn, &err), 0);
	assert_int_equal(catalog_find(other, txn, DIR_TABLES, t->namespace, "notes", &id), 0);
	failing_arm(CALL_CUT, 0, 1);
	rc = catalog_find(other, txn, DIR_TABLES, t->namespace, "notes", &id);
	assert_true(failing_disarm());
	assert_int_equal(txn_told(txn, &err, rc), -EIO);
	assert_err(&err, -EIO, "A row of the catalog is damaged");
	assert_string_equal(why, "a row of an index is damaged");
	txn_end(txn);
	err_clear(&err);
	assert_int_equal(txn_begin_write(catalog_store(other), 0, &txn, &err), -EROFS);
	assert_err(&err, -EROFS, "Nothing is written any more, since the catalog was found damaged: "
		   "a row of an index is damaged");
	catalog_close(other);
	temp_dir_remove(strdup(t->backup));
}

static void test_a_catalog_is_made_or_its_failure_told(void **state)
{
	sweep_all(*state, creating, "create");
}

/* A store whose environment must be opened again, and cannot be: nothing is there until it can. */
static void test_a_store_that_cannot_be_reopened_says_so(void **state)
{
	struct trial *t = *state;
	struct store *store = catalog_store(t->w.catalog);
	struct store_readers readers;
	struct store_stat disk;
	struct store_room room;
	struct txn *txn;
	struct err err = ERR_INIT;
	int fd = open(t->w.dir, O_TMPFILE | O_RDWR, 0600);

	assert_true(fd >= 0);
	assert_int_not_equal(store_last_txn_id(store), 0);
	assert_int_equal(store_room(store, &room), 0);
	assert_int_equal(store_reader_check(store), 0);
	failing_arm(CALL_STORE, MDB_PANIC, 1);
	failing.forever = true;
	assert_int_equal(txn_begin_read(store, &txn, &err), -EIO);
	failing.forever = false;
	assert_true(failing_disarm());
	assert_err(&err, -EIO, "Cannot open the catalog: after a failure of its disk the catalog must be reopened");
	assert_int_equal(store_last_txn_id(store), 0);
	assert_int_equal(store_statistics(store, &disk), -EIO);
	assert_int_equal(store_readers(store, &readers), -EIO);
	assert_int_equal(store_room(store, &room), -EIO);
	assert_int_equal(store_reader_check(store), 0);
	err_clear(&err);
	assert_int_equal(store_check(store, &err), -EIO);
	assert_err(&err, -EIO, "Cannot read: after a failure of its disk the catalog must be reopened");
	err_clear(&err);
	assert_int_equal(store_check_rows(store, &err), -EIO);
	assert_err(&err, -EIO, "Cannot read: after a failure of its disk the catalog must be reopened");
	err_clear(&err);
	assert_int_equal(store_copy(store, fd, &err), -EIO);
	assert_err(&err, -EIO, "Cannot copy the catalog: after a failure of its disk the catalog must be reopened");
	close(fd);
	err_clear(&err);
	assert_int_equal(txn_begin_read(store, &txn, &err), 0);
	txn_end(txn);
	assert_int_not_equal(store_last_txn_id(store), 0);
}

/* What a process that has forked may not do, and one that only reads. */
static void test_figures_of_a_store_are_asked_for(void **state)
{
	struct trial *t = *state;
	struct store *store = catalog_store(t->w.catalog);
	struct store_readers readers;
	struct store_stat disk;
	struct store_room room;
	struct txn *txn = world_txn(&t->w);

	assert_int_equal(store_readers(store, &readers), 0);
	assert_int_equal(readers.snapshots, 1);
	assert_int_equal(readers.oldest, getpid());
	assert_int_equal(readers.lag, 0);
	txn_end(txn);
	assert_int_equal(store_readers(store, &readers), 0);
	assert_int_equal(readers.snapshots, 0);
	assert_false(store_is_being_written(store));
	failing_arm(CALL_DISK, EIO, 1);
	assert_int_equal(store_statistics(store, &disk), -EIO);
	assert_true(failing_disarm());
	failing_arm(CALL_DISK, EIO, 2);
	assert_int_equal(store_statistics(store, &disk), -EIO);
	assert_true(failing_disarm());
	assert_int_equal(store_statistics(store, &disk), 0);
	assert_int_equal(disk.map_bytes, 64 << 20);
	failing_arm(CALL_STORE, EINVAL, 1);
	assert_int_equal(store_readers(store, &readers), 0);	/* its answer is a count */
	assert_true(failing_disarm());
	failing_arm(CALL_STORE, -1, 1);
	assert_int_equal(store_readers(store, &readers), -EIO);
	assert_true(failing_disarm());
	failing_arm(CALL_STORE, EINVAL, 1);
	assert_int_equal(store_reader_check(store), 0);
	assert_true(failing_disarm());
	assert_int_equal(store_room(store, &room), 0);
	assert_true(room.in_use_bytes <= room.map_bytes);
}

/* In a map that is half full free pages count; what cannot count them has no figure. */
static void test_room_is_counted_where_a_map_is_half_full(void **state)
{
	static char big[40000];
	struct trial *t = *state;
	char *dir = temp_dir();
	struct store_options how = { .create = true, .map_size = 1 << 20 };
	struct store *store;
	struct store_room room;
	struct txn *txn;
	struct err err = ERR_INIT;
	long at = 0;

	(void)t;
	assert_int_equal(store_open(dir, &how, &store, &err), 0);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 15; i++) {
			struct bytes key = { &i, sizeof(i) };

			assert_int_equal(txn_begin_write(store, 0, &txn, &err), 0);
			if (round)
				assert_int_equal(store_del(txn, DB_OBJECTS, key, &err), 0);
			else
				assert_int_equal(store_put(txn, DB_OBJECTS, key,
							   (struct bytes){ big, sizeof(big) }, &err), 0);
			assert_int_equal(txn_commit(txn, &err), 0);
		}
	}
	assert_int_equal(store_room(store, &room), 0);
	assert_true(room.in_use_bytes < room.map_bytes / 2);
	for (;;) {
		int rc;

		failing_arm(CALL_STORE, MDB_CORRUPTED, ++at);
		rc = store_room(store, &room);
		if (!failing_disarm())
			break;
		/* LMDB's list of readers answers with a count. */
		assert_true(rc == -EIO || at == 2);
	}
	assert_true(at > 3);
	store_close(store);
	temp_dir_remove(dir);
}

/* Of who writes: what removes something is tried again with the room reserved for it. */
static const struct fault full_disk = { CALL_STORE, ENOSPC, { -ENOSPC }, false };

static const char *const scripts[] = {
	"CREATE NAMESPACE more; CREATE SHARED TABLE more.one (id INT PRIMARY KEY); "
	"DROP TABLE app.notes PURGE; CREATE USER TABLE app.notes (id INT PRIMARY KEY)",
	"ALTER STORAGE disk SET SHARED_TABLES_TEMPLATE '{namespace}/x/{tableName}'; PURGE TABLE app.gone",
	"CREATE TABLE IF NOT EXISTS app.users (id INT PRIMARY KEY); DROP NAMESPACE empty",
	"DROP TABLE app.users",
};

static void test_a_change_is_made_whole_or_not_at_all(void **state)
{
	struct trial *t = *state;

	t->every = every_of_a_copy();
	for (size_t i = 0; i < countof(scripts); i++) {
		t->script = scripts[i];
		sweep_all(t, committing, scripts[i]);
		sweep(t, &full_disk, committing, scripts[i]);
	}
}

static void test_expiry_tells_of_a_call_that_failed(void **state)
{
	((struct trial *)*state)->every = every_of_a_copy();
	sweep_all(*state, expiring, "expiry");
	sweep(*state, &full_disk, expiring, "expiry");
}

static void test_an_examination_ends_whatever_fails(void **state)
{
	((struct trial *)*state)->every = every_of_a_copy();
	sweep_all(*state, examining, "examination");
}

static void test_what_is_salvaged_is_right_or_a_failure_told(void **state)
{
	((struct trial *)*state)->every = every_of_a_copy();
	sweep_all(*state, salvaging, "salvage");
}

static void test_what_is_shown_of_a_table_is_whole_or_a_failure_told(void **state)
{
	struct trial *t = *state;

	sweep_all(t, status, "status.json");
	sweep_all(t, stored, "storage.json");
	sweep_all(t, past, "the past");
}

static void test_a_session_goes_on_or_memory_is_out(void **state)
{
	struct trial *t = *state;

	open_out(t);
	assert_int_equal(writing(t), -EINVAL);
	assert_err(&t->err, -EINVAL, "Statement is not terminated: end it with ';' or a newline");
	fclose(t->out);
	sweep_all(t, writing, "session");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_plan_tells_of_a_call_that_failed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_save_tells_of_a_call_that_failed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_reading_tells_of_a_call_that_failed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_check_tells_of_a_call_that_failed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_stream_is_read_or_memory_is_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_load_tells_of_a_call_that_failed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_backup_tells_of_a_call_that_failed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_catalog_is_opened_or_its_failure_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_damaged_row_of_an_index_stops_all_writing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_catalog_is_made_or_its_failure_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_store_that_cannot_be_reopened_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(test_figures_of_a_store_are_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(test_room_is_counted_where_a_map_is_half_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_refusal_tells_of_a_call_that_failed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_loads_tell_of_a_call_that_failed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_change_is_made_whole_or_not_at_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_expiry_tells_of_a_call_that_failed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_examination_ends_whatever_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_salvaged_is_right_or_a_failure_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_shown_of_a_table_is_whole_or_a_failure_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_session_goes_on_or_memory_is_out, setup, teardown),
	};

	/* Hundreds of catalogs are made and copied: without waiting for a disk. */
	setenv("TMPDIR", "/dev/shm", 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
