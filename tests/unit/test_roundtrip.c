/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random catalogs: dump, load into a new catalog, dump again.  The seed is
 * printed; KALAM_SEED=n runs one of them again.
 */
#include "catalog/load.h"
#include "catalog/place.h"
#include "catalog/print.h"
#include "tests/unit/world.h"

#include <inttypes.h>

#define ROUNDS 24
#define TABLES_MAX 12

static uint64_t seed;

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % n;
}

/* --- what statements are made of --- */

/* A type and defaults that it takes. */
static const struct {
	const char *type;
	const char *defaults[6];
} types[] = {
	{ "BOOLEAN", { "TRUE", "FALSE", "NULL" } },
	{ "INT", { "0", "-2147483648", "2147483647", "SNOWFLAKE_ID()", "NULL" } },
	{ "BIGINT",
	  { "-9223372036854775808", "9007199254740993", "SNOWFLAKE_ID()", "SNOWFLAKE(3, 1023)",
	    "7" } },
	{ "DOUBLE", { "1e300", "-0.1", "3", "'2.5'", "1.7976931348623157e308" } },
	{ "FLOAT", { "0.1", "-3.4028234e38", "1e-45", "0" } },
	{ "TEXT",
	  { "''", "'it''s'", "'ä\n猫\t😀'", "ULID()", "CURRENT_USER", "RANDOM_STRING(16)" } },
	{ "TIMESTAMP",
	  { "NOW()", "CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP()", "'2025-01-02 03:04:05.5'" } },
	{ "DATE", { "'2024-02-29'", "'0001-01-01'", "NOW()" } },
	{ "DATETIME", { "'2025-01-01T12:00:00+02:00'", "NOW()", "'1969-12-31T23:59:59.999999Z'" } },
	{ "TIME", { "'23:59:59.999999'", "'00:00'", "NOW()" } },
	{ "JSON", { "'{\"a\": [1, 2.50, null, \"x''y\"]}'", "'[]'", "'\"text\"'", "'null'" } },
	{ "BYTES", { "X'00ff'", "X''", "NULL" } },
	{ "EMBEDDING(3)", { "[1, -2.5, 0.1]", "'[0,0,0]'" } },
	{ "EMBEDDING(8192)", { "NULL" } },
	{ "UUID", { "UUID_V7()", "UUID()", "'550E8400-e29b-41d4-a716-446655440000'" } },
	{ "DECIMAL(10, 2)", { "-0.50", "0", "99999999.99" } },
	{ "DECIMAL(38, 38)", { "0.00000000000000000000000000000000000001" } },
	{ "SMALLINT", { "-32768", "32767" } },
	{ "FILE", { "NULL" } },
};

static const char *const comments[] = {
	"plain",
	"it''s \"quoted\"",
	"two\nlines\n",
	"tab\tand \\ backslash",
	"ÄÖÜ 猫 😀 ñ",
	"-- no comment; DROP TABLE x;",
	"/* neither */",
	"''''",
	"%s %n {tableName} $1",
};

static const char *pick_default(unsigned type)
{
	unsigned n = 0;

	while (n < countof(types[type].defaults) && types[type].defaults[n])
		n++;
	return types[type].defaults[pick(n)];
}

static void add_comment(FILE *out)
{
	if (pick(3) == 0)
		fprintf(out, " COMMENT '%s'", comments[pick(countof(comments))]);
}

static const char *const odd_names[] = { "\"comment\"", "\"if\"", "\"to\"", "\"column\"",
	                                 "name",        "type",   "value" };

static void add_column(FILE *out, unsigned n)
{
	unsigned type = pick(countof(types));
	const char *def = pick(2) ? pick_default(type) : NULL;
	bool not_null = pick(3) == 0 && !(def && strcmp(def, "NULL") == 0);

	if (n < countof(odd_names) && pick(3) == 0)
		fputs(odd_names[n], out);
	else
		fprintf(out, "c%u", n);
	fprintf(out, " %s", types[type].type);
	if (not_null)
		fputs(" NOT NULL", out);
	if (def)
		fprintf(out, " DEFAULT %s", def);
	add_comment(out);
}

static void add_options(FILE *out, const char *type)
{
	static const char *const compressions[] = { "none", "snappy", "lz4", "zstd" };
	static const char *const flushes[] = { "rows:1", "interval:86399",
		                               "rows:999999,interval:60", "" };
	static const char *const levels[] = { "public", "private", "restricted", "dba" };
	static const char *const evictions[] = { "time_based", "size_based", "hybrid" };

	fprintf(out, " WITH (COMPRESSION = '%s'", compressions[pick(4)]);
	if (pick(2))
		fprintf(out, ", FLUSH_POLICY = '%s'", flushes[pick(4)]);
	if (pick(2))
		fprintf(out, ", DELETED_RETENTION_HOURS = %u", pick(1000) + 1);
	if (pick(2))
		fprintf(out, ", STORAGE_ID = '%s'", pick(2) ? "s0" : "s1-x");
	if (strcmp(type, "USER") == 0 && pick(2))
		fprintf(out, ", USE_USER_STORAGE = %s", pick(2) ? "TRUE" : "FALSE");
	if (strcmp(type, "SHARED") == 0 && pick(2))
		fprintf(out, ", ACCESS_LEVEL = '%s'", levels[pick(4)]);
	if (strcmp(type, "STREAM") == 0)
		fprintf(out,
		        ", TTL_SECONDS = %u, EVICTION_STRATEGY = '%s', MAX_STREAM_SIZE_BYTES = %u",
		        pick(100000) + 1, evictions[pick(3)], pick(1u << 30));
	fputs(")", out);
}

static void create_table(FILE *out, unsigned n)
{
	static const char *const kinds[] = { "USER", "SHARED", "STREAM" };
	const char *kind = kinds[pick(3)];
	unsigned columns = pick(9) + 1;

	fprintf(out, "CREATE %s TABLE n%u.t%u (id %s PRIMARY KEY%s", kind, pick(3), n,
	        pick(2) ? "BIGINT" : "UUID", pick(3) ? "" : " COMMENT 'key'");
	for (unsigned i = 0; i < columns; i++) {
		fputs(", ", out);
		add_column(out, i);
	}
	fputs(", part TEXT)", out);
	if (pick(2))
		fputs(" PARTITION BY (part, id)", out);
	add_options(out, kind);
	add_comment(out);
	fputs(";\n", out);
}

/* Statements that may be refused: random as they are. */
static void change_table(FILE *out, const char *name, unsigned n)
{
	switch (pick(14)) {
	case 0:
	case 1:
		fprintf(out, "ALTER TABLE %s DROP COLUMN c%u;\n", name, pick(9));
		break;
	case 2:
		fprintf(out, "ALTER TABLE %s ADD COLUMN ", name);
		add_column(out, 10 + n);
		fputs(";\n", out);
		break;
	case 3:
		fprintf(out, "ALTER TABLE %s RENAME TO n%u.r%u;\n", name, pick(3), n);
		break;
	case 4:
		fprintf(out, "ALTER TABLE %s RENAME c%u TO d%u;\n", name, pick(9), pick(9));
		break;
	case 5:
		fprintf(out, "ALTER TABLE %s RESTORE VERSION %u;\n", name, pick(3) + 1);
		break;
	case 6:
		fprintf(out, "DROP TABLE %s%s;\n", name, pick(3) ? "" : " PURGE");
		break;
	case 9:
		fprintf(out, "UNDROP TABLE n%u.t%u;\n", pick(3), pick(TABLES_MAX));
		break;
	case 10:
		fprintf(out, "PURGE TABLE n%u.t%u;\n", pick(3), pick(TABLES_MAX));
		break;
	case 11:
		fprintf(out,
		        "DROP TABLE %s; UNDROP TABLE %s; ALTER TABLE %s RENAME TO n%u.u%u, ADD x "
		        "INT;\n",
		        name, name, name, pick(3), n);
		break;
	case 12:
		fprintf(out, "ALTER STORAGE s0 SET SHARED_TABLES_TEMPLATE '%s';\n",
		        pick(2) ? "y/{namespace}/{tableName}" : "{namespace}_{tableName}");
		break;
	case 7:
		fprintf(out, "ALTER TABLE %s SET (STORAGE_ID = %s);\n", name,
		        pick(2) ? "local" : "'s1-x'");
		break;
	default:
		create_table(out, n % TABLES_MAX);
	}
}

static int collect_table(void *arg, uint32_t id, const char *name, size_t len)
{
	FILE *out = arg;

	(void)id;
	fprintf(out, "%.*s\n", (int)len, name);
	return 0;
}

/* The qualified name of some table, or one that is not there. */
static void some_table(struct world *w, char *out, size_t size)
{
	struct txn *txn = world_txn(w);
	unsigned ns = pick(3), count = 0, which;
	struct collector c;
	char ns_name[8], *text, *at;

	snprintf(ns_name, sizeof(ns_name), "n%u", ns);
	collect(&c);
	catalog_list(w->catalog, txn, DIR_TABLES, world_id(w, txn, ns_name, NULL, DIR_TABLES), 0,
	             collect_table, c.out);
	txn_end(txn);
	text = text_of(&c);
	for (at = text; *at; at++)
		count += *at == '\n';
	which = count ? pick(count) : 0;
	for (at = text; which; which--)
		at = strchr(at, '\n') + 1;
	snprintf(out, size, "%s.%.*s", ns_name, count ? (int)strcspn(at, "\n") : 4,
	         count ? at : "none");
	free(text);
}

static unsigned run_random(struct world *w, char *sql)
{
	struct request request;
	int rc;

	w->now += SECOND_US;
	rc = world_try(w, NULL, sql, false, &request);
	if (rc && request.err.kind == ERR_PARSE && !strstr(sql, "DROP"))
		fail_msg("seed gave bad SQL: %s: %s", request.err.text, sql);
	request_fini(&request);
	free(sql);
	return rc == 0;
}

static void make_world(struct world *w)
{
	unsigned ok = 0;

	world_open(w);
	world_run(w, "CREATE STORAGE s0 TYPE filesystem NAME 'It''s' DESCRIPTION 'ä' "
	             "PATH '/srv/a' "
	             "SHARED_TABLES_TEMPLATE 'x/{namespace}/{tableName}';"
	             "CREATE STORAGE \"s1-x\" TYPE s3 BUCKET 'b' USER_TABLES_TEMPLATE "
	             "'{namespace}/{tableName}/{shard}/{userId}' "
	             "CREDENTIALS '{\"secret\": \"it''s\"}' CONFIG '{\"region\": \"eu\"}';"
	             "CREATE NAMESPACE n0; CREATE NAMESPACE n1 WITH (\"Key\" = 'v''1', n = -1.5, "
	             "\"if\" = TRUE) COMMENT 'one\ntwo';"
	             "CREATE NAMESPACE n2;");
	if (pick(2))
		world_run(w, "ALTER STORAGE local SET USER_TABLES_TEMPLATE "
		             "'u/{namespace}/{tableName}/{userId}' SET DESCRIPTION 'x';"
		             "ALTER NAMESPACE \"default\" SET OPTIONS (a = 'b', c = 3); CREATE "
		             "TABLE plain (id INT PRIMARY KEY);");
	for (unsigned i = 0; i < TABLES_MAX; i++) {
		struct collector c;

		collect(&c);
		create_table(c.out, i);
		ok += run_random(w, text_of(&c));
	}
	for (unsigned i = 0; i < 60; i++) {
		struct collector c;
		char name[2 * NAME_SIZE];

		some_table(w, name, sizeof(name));
		collect(&c);
		change_table(c.out, name, i);
		ok += run_random(w, text_of(&c));
	}
	assert_true(ok > TABLES_MAX);
}

/* --- what must be equal --- */

/* Lines of a document that may differ after a load (decisions.md 36). */
static bool may_differ(const char *line, size_t len)
{
	static const char *const keys[] = { "  \"object_id\":",      "  \"table_id\":",
		                            "  \"schema_version\":", "  \"created_at\":",
		                            "  \"updated_at\":",     "  \"column_version\":" };

	for (size_t i = 0; i < countof(keys); i++) {
		if (len >= strlen(keys[i]) && strncmp(line, keys[i], strlen(keys[i])) == 0)
			return true;
	}
	return false;
}

static void print_rest(const char *text, FILE *out)
{
	while (*text) {
		size_t len = strcspn(text, "\n") + 1;

		if (!may_differ(text, len))
			fwrite(text, 1, len, out);
		text += len;
	}
}

struct every {
	struct world *w;
	struct txn *txn;
	FILE *out;
};

/* All files of a table that do not tell of its history. */
static int print_files(void *arg, uint32_t id, const char *name, size_t len)
{
	struct every *e = arg;
	struct table *table;
	struct collector c;
	char *text;

	assert_int_equal(catalog_table(e->w->catalog, e->txn, id, &table, NULL), 0);
	fprintf(e->out, "== %s.%.*s\n", table->namespace_name, (int)len, name);
	collect(&c);
	print_schema_json(table, c.out);
	for (unsigned i = 0; i < table->column_count; i++)
		print_column_json(&table->columns[i], c.out);
	print_schema_sql(table, false, c.out);
	text = text_of(&c);
	print_rest(text, e->out);
	free(text);
	assert_int_equal(table_check(table, NULL), 0);
	table_put(table);
	return 0;
}

static int print_namespace(void *arg, uint32_t id, const char *name, size_t len)
{
	struct every *e = arg;

	(void)name;
	(void)len;
	if (id == NAMESPACE_SYSTEM)
		return 0;
	return names_list(e->txn, DIR_TABLES, id, print_files, e);
}

/* Every table's documents, by name. */
static char *all_files(struct world *w)
{
	struct every e = { .w = w, .txn = world_txn(w) };
	struct collector c;

	collect(&c);
	e.out = c.out;
	assert_int_equal(names_list(e.txn, DIR_NAMESPACES, 0, print_namespace, &e), 0);
	txn_end(e.txn);
	return text_of(&c);
}

/* Nothing of our own is left out, however it is loaded. */
static void load_dump(struct world *w, const char *dump, bool lenient, size_t batch)
{
	const struct load_options options = { .lenient = lenient,
		                              .batch = batch,
		                              .author = *world_author() };
	FILE *in = fmemopen((void *)(uintptr_t)dump, strlen(dump), "r");
	struct load_result result;
	struct err err = ERR_INIT;

	assert_non_null(in);
	if (load_file(w->catalog, in, &options, &result, &err))
		fail_msg("load refused line %u: %s", result.origin.line, err.text);
	assert_int_equal(result.note_count, 0);
	assert_int_equal(result.skipped_count, 0);
	assert_int_equal(result.dialect, LOAD_ANY);
	load_result_fini(&result);
	fclose(in);
}

/* By exec, by load of both kinds. */
static void build_again(const char *dump, const char *files, unsigned how)
{
	char *again, *files_again;
	struct world b;

	world_open(&b);
	if (how == 0)
		world_run(&b, dump);
	else
		load_dump(&b, dump, how == 2, how == 1 ? 0 : pick(5) + 1);
	assert_sound(b.catalog);
	again = world_dump(&b);
	files_again = all_files(&b);
	assert_string_equal(dump, again);
	assert_string_equal(files, files_again);
	free(again);
	free(files_again);
	world_close(&b);
}

static void one_round(void)
{
	struct world a;
	char *dump, *files;

	make_world(&a);
	assert_sound(a.catalog);
	dump = world_dump(&a);
	files = all_files(&a);
	for (unsigned how = 0; how < 3; how++)
		build_again(dump, files, how);
	free(dump);
	free(files);
	world_close(&a);
}

static void a_dump_rebuilds_the_catalog(void **state)
{
	const char *given = getenv("KALAM_SEED");
	uint64_t first = given ? strtoull(given, NULL, 10) : 20261122;

	(void)state;
	for (uint64_t i = 0; i < (given ? 1 : ROUNDS); i++) {
		seed = first + i;
		print_message("seed %" PRIu64 "\n", seed);
		one_round();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dump_rebuilds_the_catalog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
