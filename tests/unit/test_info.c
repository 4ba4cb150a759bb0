/* SPDX-License-Identifier: GPL-2.0-or-later */
/* information_schema: its texts, and that their sizes are always known. */
#include "catalog/info.h"
#include "catalog/info_sums.h"
#include "tests/unit/world.h"

#include <inttypes.h>

static struct world w;

static int set_up(void **state)
{
	(void)state;
	world_open(&w);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	world_close(&w);
	return 0;
}

static uint32_t namespace_id(const char *name)
{
	struct txn *txn = world_txn(&w);
	uint32_t id = world_id(&w, txn, name, NULL, DIR_TABLES);

	txn_end(txn);
	return id;
}

/* A text of a namespace, or of the catalog (NULL). */
static char *text_of_info(enum info_view view, enum info_form form, const char *ns)
{
	struct info info = { view, form, ns ? namespace_id(ns) : 0 };
	struct txn *txn = world_txn(&w);
	struct err err = ERR_INIT;
	struct collector c;

	collect(&c);
	if (info_print(w.catalog, txn, &info, NULL, c.out, &err))
		fail_msg("info_print: %s", err.text);
	txn_end(txn);
	return text_of(&c);
}

static void expect(enum info_view view, enum info_form form, const char *ns, const char *expected)
{
	char *text = text_of_info(view, form, ns);

	assert_string_equal(text, expected);
	free(text);
}

/* ----- texts ----- */

#define BIRTH "2025-11-22T09:00:00.000000Z"
#define HOUR_LATER "2025-11-22T10:00:00.000000Z"

static void columns_of_every_type_and_default(void **state)
{
	(void)state;
	world_run(
		&w,
		"CREATE NAMESPACE app;"
		"CREATE SHARED TABLE app.t ("
		"a BOOLEAN DEFAULT TRUE, b INT DEFAULT -7, c BIGINT PRIMARY KEY DEFAULT "
		"SNOWFLAKE_ID(),"
		"d DOUBLE DEFAULT 2.5, e FLOAT, f TEXT DEFAULT '', g TIMESTAMP DEFAULT NOW(),"
		"h DATE DEFAULT '2024-02-29', i DATETIME, j TIME, k JSON DEFAULT '{\"a\": "
		"\"b,c\"}',"
		"l BYTES DEFAULT X'00ff', m EMBEDDING(3) DEFAULT [1, -2.5, 0], n UUID,"
		"o DECIMAL(10, 2) NOT NULL DEFAULT 0.00 COMMENT 'in EUR', p SMALLINT DEFAULT NULL,"
		"q FILE, PARTITION BY (o));");
#define HEAD                                                                                     \
	"{\"table_catalog\":\"kalamdb\",\"table_schema\":\"app\",\"table_name\":\"t\",\"column_" \
	"name\":"
#define KEYS(id)                      \
	",\"kalamdb_column_id\":" #id \
	",\"is_primary_key\":false,\"is_partition_key\":false,\"column_comment\":null}\n"
	expect(INFO_COLUMNS, INFO_JSONL, "app",
	       HEAD
	       "\"a\",\"ordinal_position\":1,\"column_default\":\"TRUE\",\"is_nullable\":\"YES\","
	       "\"data_type\":\"BOOLEAN\",\"numeric_precision\":null,\"numeric_scale\":null" KEYS(1)
		       HEAD
	       "\"b\",\"ordinal_position\":2,\"column_default\":\"-7\",\"is_nullable\":\"YES\","
	       "\"data_type\":\"INT\",\"numeric_precision\":32,\"numeric_scale\":0" KEYS(2) HEAD
	       "\"c\",\"ordinal_position\":3,\"column_default\":\"SNOWFLAKE_ID()\",\"is_nullable\":"
	       "\"NO\","
	       "\"data_type\":\"BIGINT\",\"numeric_precision\":64,\"numeric_scale\":0,\"kalamdb_"
	       "column_id\":3,"
	       "\"is_primary_key\":true,\"is_partition_key\":false,\"column_comment\":null}\n" HEAD
	       "\"d\",\"ordinal_position\":4,\"column_default\":\"2.5\",\"is_nullable\":\"YES\","
	       "\"data_type\":\"DOUBLE\",\"numeric_precision\":53,\"numeric_scale\":null" KEYS(4)
		       HEAD
	       "\"e\",\"ordinal_position\":5,\"column_default\":null,\"is_nullable\":\"YES\","
	       "\"data_type\":\"FLOAT\",\"numeric_precision\":24,\"numeric_scale\":null" KEYS(5)
		       HEAD
	       "\"f\",\"ordinal_position\":6,\"column_default\":\"''\",\"is_nullable\":\"YES\","
	       "\"data_type\":\"TEXT\",\"numeric_precision\":null,\"numeric_scale\":null" KEYS(6)
		       HEAD
	       "\"g\",\"ordinal_position\":7,\"column_default\":\"NOW()\",\"is_nullable\":\"YES\","
	       "\"data_type\":\"TIMESTAMP\",\"numeric_precision\":null,\"numeric_scale\":null" KEYS(
		       7) HEAD
	       "\"h\",\"ordinal_position\":8,\"column_default\":\"'2024-02-29'\",\"is_nullable\":"
	       "\"YES\","
	       "\"data_type\":\"DATE\",\"numeric_precision\":null,\"numeric_scale\":null" KEYS(8)
		       HEAD
	       "\"i\",\"ordinal_position\":9,\"column_default\":null,\"is_nullable\":\"YES\","
	       "\"data_type\":\"DATETIME\",\"numeric_precision\":null,\"numeric_scale\":null" KEYS(
		       9) HEAD
	       "\"j\",\"ordinal_position\":10,\"column_default\":null,\"is_nullable\":\"YES\","
	       "\"data_type\":\"TIME\",\"numeric_precision\":null,\"numeric_scale\":null" KEYS(10)
		       HEAD
	       "\"k\",\"ordinal_position\":11,\"column_default\":\"'{\\\"a\\\":\\\"b,c\\\"}'\","
	       "\"is_nullable\":\"YES\",\"data_type\":\"JSON\",\"numeric_precision\":null,"
	       "\"numeric_scale\":null" KEYS(11) HEAD
	       "\"l\",\"ordinal_position\":12,\"column_default\":\"X'00ff'\",\"is_nullable\":"
	       "\"YES\","
	       "\"data_type\":\"BYTES\",\"numeric_precision\":null,\"numeric_scale\":null" KEYS(12)
		       HEAD "\"m\",\"ordinal_position\":13,\"column_default\":\"'[1,-2.5,0]'\","
			    "\"is_nullable\":\"YES\","
			    "\"data_type\":\"EMBEDDING(3)\",\"numeric_precision\":null,\"numeric_"
			    "scale\":null" KEYS(13) HEAD
	       "\"n\",\"ordinal_position\":14,\"column_default\":null,\"is_nullable\":\"YES\","
	       "\"data_type\":\"UUID\",\"numeric_precision\":null,\"numeric_scale\":null" KEYS(14)
		       HEAD
	       "\"o\",\"ordinal_position\":15,\"column_default\":\"0.00\",\"is_nullable\":\"NO\","
	       "\"data_type\":\"DECIMAL(10, 2)\",\"numeric_precision\":10,\"numeric_scale\":2,"
	       "\"kalamdb_column_id\":15,\"is_primary_key\":false,\"is_partition_key\":true,"
	       "\"column_comment\":\"in EUR\"}\n" HEAD
	       "\"p\",\"ordinal_position\":16,\"column_default\":\"NULL\",\"is_nullable\":\"YES\","
	       "\"data_type\":\"SMALLINT\",\"numeric_precision\":16,\"numeric_scale\":0" KEYS(16)
		       HEAD
	       "\"q\",\"ordinal_position\":17,\"column_default\":null,\"is_nullable\":\"YES\","
	       "\"data_type\":\"FILE\",\"numeric_precision\":null,\"numeric_scale\":null" KEYS(17));
	expect(INFO_COLUMNS, INFO_CSV, "app",
	       "table_catalog,table_schema,table_name,column_name,ordinal_position,column_default,"
	       "is_nullable,"
	       "data_type,numeric_precision,numeric_scale,kalamdb_column_id,is_primary_key,is_"
	       "partition_key,"
	       "column_comment\n"
	       "kalamdb,app,t,a,1,TRUE,YES,BOOLEAN,,,1,false,false,\n"
	       "kalamdb,app,t,b,2,-7,YES,INT,32,0,2,false,false,\n"
	       "kalamdb,app,t,c,3,SNOWFLAKE_ID(),NO,BIGINT,64,0,3,true,false,\n"
	       "kalamdb,app,t,d,4,2.5,YES,DOUBLE,53,,4,false,false,\n"
	       "kalamdb,app,t,e,5,,YES,FLOAT,24,,5,false,false,\n"
	       "kalamdb,app,t,f,6,'',YES,TEXT,,,6,false,false,\n"
	       "kalamdb,app,t,g,7,NOW(),YES,TIMESTAMP,,,7,false,false,\n"
	       "kalamdb,app,t,h,8,'2024-02-29',YES,DATE,,,8,false,false,\n"
	       "kalamdb,app,t,i,9,,YES,DATETIME,,,9,false,false,\n"
	       "kalamdb,app,t,j,10,,YES,TIME,,,10,false,false,\n"
	       "kalamdb,app,t,k,11,\"'{\"\"a\"\":\"\"b,c\"\"}'\",YES,JSON,,,11,false,false,\n"
	       "kalamdb,app,t,l,12,X'00ff',YES,BYTES,,,12,false,false,\n"
	       "kalamdb,app,t,m,13,\"'[1,-2.5,0]'\",YES,EMBEDDING(3),,,13,false,false,\n"
	       "kalamdb,app,t,n,14,,YES,UUID,,,14,false,false,\n"
	       "kalamdb,app,t,o,15,0.00,NO,\"DECIMAL(10, 2)\",10,2,15,false,true,in EUR\n"
	       "kalamdb,app,t,p,16,NULL,YES,SMALLINT,16,0,16,false,false,\n"
	       "kalamdb,app,t,q,17,,YES,FILE,,,17,false,false,\n");
}

/* Comments as SQL, and as a field of CSV and a value of JSON. */
static void texts_that_need_quotes(void **state)
{
	static const struct {
		const char *sql, *csv, *json;
	} cases[] = {
		{ "plain", "plain", "\"plain\"" },
		{ "a,b", "\"a,b\"", "\"a,b\"" },
		{ "say \"hi\"", "\"say \"\"hi\"\"\"", "\"say \\\"hi\\\"\"" },
		{ "\"", "\"\"\"\"", "\"\\\"\"" },
		{ "two\nlines\n", "\"two\nlines\n\"", "\"two\\nlines\\n\"" },
		{ "tab\tand \\", "tab\tand \\", "\"tab\\tand \\\\\"" },
		{ " blank", "\" blank\"", "\" blank\"" },
		{ "blank ", "\"blank \"", "\"blank \"" },
		{ "it''s; -- no", "it's; -- no", "\"it's; -- no\"" },
		{ "\xc3\x84 \xe7\x8c\xab \xf0\x9f\x98\x80",
		  "\xc3\x84 \xe7\x8c\xab \xf0\x9f\x98\x80", "\"\\u00c4 \\u732b \\ud83d\\ude00\"" },
		{ "<script>alert(1)</script> & <b>", "<script>alert(1)</script> & <b>",
		  "\"<script>alert(1)</script> & <b>\"" },
		{ "NULL", "NULL", "\"NULL\"" },
	};

	(void)state;
	world_run(
		&w,
		"CREATE NAMESPACE app; CREATE STREAM TABLE app.t (a INT) WITH (TTL_SECONDS = 1);");
	for (size_t i = 0; i < countof(cases); i++) {
		char sql[200], *csv, *json, part[200];

		snprintf(sql, sizeof(sql), "ALTER TABLE app.t ALTER a COMMENT '%s'", cases[i].sql);
		world_run(&w, sql);
		csv = text_of_info(INFO_COLUMNS, INFO_CSV, "app");
		snprintf(part, sizeof(part), ",1,false,false,%s\n", cases[i].csv);
		if (!strstr(csv, part))
			fail_msg("%s: %s", cases[i].sql, csv);
		json = text_of_info(INFO_COLUMNS, INFO_JSONL, "app");
		snprintf(part, sizeof(part), ",\"column_comment\":%s}\n", cases[i].json);
		if (!strstr(json, part))
			fail_msg("%s: %s", cases[i].sql, json);
		free(csv);
		free(json);
	}
}

/* No statement leaves an empty text where there could be none; a storage's name may be one. */
static void an_empty_text_is_not_null(void **state)
{
	char *csv;

	(void)state;
	world_run(&w, "CREATE STORAGE s TYPE s3 NAME '' BUCKET 'b';");
	csv = text_of_info(INFO_STORAGES, INFO_CSV, NULL);
	assert_non_null(strstr(csv, "\ns,\"\",,s3,"));
	free(csv);
}

static void tables_of_every_kind(void **state)
{
	(void)state;
	world_run(&w, "CREATE NAMESPACE app;"
		      "CREATE USER TABLE app.messages (id BIGINT PRIMARY KEY, a INT, b INT) WITH ("
		      "FLUSH_POLICY = 'rows:1000,interval:60', USE_USER_STORAGE = TRUE)"
		      " COMMENT 'Chat, \"messages\"';"
		      "CREATE STREAM TABLE app.typing (room INT) WITH (TTL_SECONDS = 30);"
		      "CREATE SHARED TABLE app.gone (id INT PRIMARY KEY); DROP TABLE app.gone;");
	w.now += HOUR_US;
	world_run(&w, "ALTER TABLE app.messages DROP COLUMN a;");
	expect(INFO_TABLES, INFO_JSONL, "app",
	       "{\"table_catalog\":\"kalamdb\",\"table_schema\":\"app\",\"table_name\":"
	       "\"messages\","
	       "\"table_type\":\"BASE "
	       "TABLE\",\"kalamdb_table_type\":\"USER\",\"kalamdb_table_id\":32,"
	       "\"storage_id\":\"local\",\"use_user_storage\":true,\"flush_row_threshold\":1000,"
	       "\"flush_interval_seconds\":60,\"ttl_seconds\":null,\"schema_version\":2,\"column_"
	       "count\":2,"
	       "\"created_at\":\"2025-11-22T09:00:00.000001Z\",\"updated_at\":\"" HOUR_LATER "\","
	       "\"comment\":\"Chat, \\\"messages\\\"\"}\n"
	       "{\"table_catalog\":\"kalamdb\",\"table_schema\":\"app\",\"table_name\":\"typing\","
	       "\"table_type\":\"BASE "
	       "TABLE\",\"kalamdb_table_type\":\"STREAM\",\"kalamdb_table_id\":33,"
	       "\"storage_id\":\"local\",\"use_user_storage\":null,\"flush_row_threshold\":null,"
	       "\"flush_interval_seconds\":null,\"ttl_seconds\":30,\"schema_version\":1,\"column_"
	       "count\":1,"
	       "\"created_at\":\"2025-11-22T09:00:00.000001Z\",\"updated_at\":\"2025-11-22T09:00:"
	       "00.000001Z\","
	       "\"comment\":null}\n");
	expect(INFO_TABLES, INFO_CSV, "app",
	       "table_catalog,table_schema,table_name,table_type,kalamdb_table_type,kalamdb_table_"
	       "id,storage_id,"
	       "use_user_storage,flush_row_threshold,flush_interval_seconds,ttl_seconds,schema_"
	       "version,"
	       "column_count,created_at,updated_at,comment\n"
	       "kalamdb,app,messages,BASE "
	       "TABLE,USER,32,local,true,1000,60,,2,2,2025-11-22T09:00:00.000001Z," HOUR_LATER
	       ",\"Chat, \"\"messages\"\"\"\n"
	       "kalamdb,app,typing,BASE "
	       "TABLE,STREAM,33,local,,,,30,1,1,2025-11-22T09:00:00.000001Z,"
	       "2025-11-22T09:00:00.000001Z,\n");
}

static void system_tables_have_no_storage(void **state)
{
	char *text = text_of_info(INFO_TABLES, INFO_CSV, "system");

	(void)state;
	assert_non_null(strstr(text, "\nkalamdb,system,users,SYSTEM TABLE,SYSTEM,1,,,,,,1,15," BIRTH
				     "," BIRTH ",Accounts and how they log in\n"));
	free(text);
	expect(INFO_STORAGES, INFO_JSONL, "system", "");
	expect(INFO_STORAGES, INFO_CSV, "default",
	       "storage_id,storage_name,description,storage_type,base_directory,credentials,config,"
	       "shared_tables_template,user_tables_template,storage_version,created_at,updated_"
	       "at\n");
}

static void schemata(void **state)
{
	(void)state;
	world_run(
		&w,
		"CREATE NAMESPACE app WITH (owner = 'team \"a\"', n = 10) COMMENT 'Application';");
	expect(INFO_SCHEMATA, INFO_JSONL, "app",
	       "{\"catalog_name\":\"kalamdb\",\"schema_name\":\"app\",\"schema_owner\":null,"
	       "\"default_character_set_catalog\":null,\"default_character_set_schema\":null,"
	       "\"default_character_set_name\":null,\"sql_path\":null,\"kalamdb_namespace_id\":3,"
	       "\"namespace_version\":1,\"created_at\":\"2025-11-22T09:00:00.000001Z\","
	       "\"updated_at\":\"2025-11-22T09:00:00.000001Z\",\"comment\":\"Application\","
	       "\"options\":{\"owner\":\"team \\\"a\\\"\",\"n\":10}}\n");
	expect(INFO_SCHEMATA, INFO_CSV, NULL,
	       "catalog_name,schema_name,schema_owner,default_character_set_catalog,"
	       "default_character_set_schema,default_character_set_name,sql_path,kalamdb_namespace_"
	       "id,"
	       "namespace_version,created_at,updated_at,comment,options\n"
	       "kalamdb,app,,,,,,3,1,2025-11-22T09:00:00.000001Z,2025-11-22T09:00:00.000001Z,"
	       "Application,"
	       "\"{\"\"owner\"\":\"\"team \\\"\"a\\\"\"\"\",\"\"n\"\":10}\"\n"
	       "kalamdb,default,,,,,,2,1," BIRTH "," BIRTH ",,{}\n"
	       "kalamdb,system,,,,,,1,1," BIRTH "," BIRTH ",\"Built-in tables, read-only\",{}\n");
}

static void storages_mask_their_credentials(void **state)
{
	char *text;

	(void)state;
	world_run(&w,
		  "CREATE STORAGE archive TYPE s3 NAME 'Archive' BUCKET 'b/k' CONFIG '{\"region\": "
		  "\"eu\"}'"
		  " CREDENTIALS '{\"secret_access_key\":\"hush\"}';"
		  "CREATE NAMESPACE app;"
		  "CREATE SHARED TABLE app.t (id INT PRIMARY KEY) WITH (STORAGE_ID = archive);");
	expect(INFO_STORAGES, INFO_JSONL, "app",
	       "{\"storage_id\":\"archive\",\"storage_name\":\"Archive\",\"description\":null,"
	       "\"storage_type\":\"s3\",\"base_directory\":\"s3://b/k\",\"credentials\":\"***\","
	       "\"config\":{\"region\":\"eu\"},\"shared_tables_template\":\"{namespace}/"
	       "{tableName}\","
	       "\"user_tables_template\":\"{namespace}/{tableName}/"
	       "{userId}\",\"storage_version\":1,"
	       "\"created_at\":\"2025-11-22T09:00:00.000001Z\",\"updated_at\":\"2025-11-22T09:00:"
	       "00.000001Z\"}\n");
	text = text_of_info(INFO_STORAGES, INFO_CSV, NULL);
	assert_non_null(strstr(
		text, "\narchive,Archive,,s3,s3://b/k,***,\"{\"\"region\"\":\"\"eu\"\"}\","));
	assert_non_null(strstr(text, "\nlocal,Local Filesystem,,filesystem,storage,,,"));
	assert_null(strstr(text, "hush"));
	free(text);
}

static void everything_stands_in_the_order_of_names(void **state)
{
	static const char *const order[] = { "a.x,",          "default.m,", "sy.t,", "system.jobs,",
					     "system.users,", "system2.t,", "z.a,",  "z.b,",
					     "z.b_,",         "z.ba," };
	char *text, *at;

	(void)state;
	world_run(&w,
		  "CREATE NAMESPACE z; CREATE NAMESPACE system2; CREATE NAMESPACE a; CREATE "
		  "NAMESPACE sy;"
		  "CREATE TABLE z.ba (id INT PRIMARY KEY); CREATE TABLE z.b (id INT PRIMARY KEY);"
		  "CREATE TABLE z.b_ (id INT PRIMARY KEY); CREATE TABLE z.a (id INT PRIMARY KEY);"
		  "CREATE TABLE system2.t (id INT PRIMARY KEY); CREATE TABLE sy.t (id INT PRIMARY "
		  "KEY);"
		  "CREATE TABLE a.x (id INT PRIMARY KEY); CREATE TABLE m (id INT PRIMARY KEY);");
	at = text = text_of_info(INFO_TABLES, INFO_CSV, NULL);
	for (size_t i = 0; i < countof(order); i++) {
		char line[80];

		snprintf(line, sizeof(line), "\nkalamdb,%s", order[i]);
		line[strcspn(line, ".")] = ',';
		at = strstr(at, line);
		if (!at)
			fail_msg("no %s where it should be: %s", order[i], text);
	}
	free(text);
}

/* ----- sizes ----- */

/* What is told of one text, and the text. */
struct known {
	struct info_state state;
	char *text;
};

static struct known known_of(struct txn *txn, const struct info *info)
{
	struct known known = { .text = NULL };
	struct err err = ERR_INIT;
	struct collector c;
	uint64_t bytes;

	if (info_state(w.catalog, txn, info, &known.state, &err))
		fail_msg("info_state: %s", err.text);
	collect(&c);
	if (info_print(w.catalog, txn, info, NULL, c.out, &err))
		fail_msg("info_print: %s", err.text);
	known.text = text_of(&c);
	assert_int_equal(info_measure(w.catalog, txn, info, &bytes, &err), 0);
	assert_true(bytes == strlen(known.text));
	return known;
}

#define NAMESPACES_MAX 8

/* All texts of the catalog and of namespaces up to an id. */
struct knowledge {
	struct known of[NAMESPACES_MAX][INFO_VIEW_COUNT][INFO_FORM_COUNT];
};

static void know(struct knowledge *out)
{
	struct txn *txn = world_txn(&w);

	*out = (struct knowledge){ 0 };
	for (uint32_t ns = 0; ns < NAMESPACES_MAX; ns++) {
		struct namespace *found = NULL;

		if (ns && catalog_namespace(w.catalog, txn, ns, &found, NULL))
			continue;
		namespace_put(found);
		for (unsigned view = 0; view < INFO_VIEW_COUNT; view++)
			for (unsigned form = 0; form < INFO_FORM_COUNT; form++) {
				struct info info = { (enum info_view)view, (enum info_form)form,
						     ns };

				out->of[ns][view][form] = known_of(txn, &info);
			}
	}
	txn_end(txn);
}

static void forget(struct knowledge *k)
{
	for (uint32_t ns = 0; ns < NAMESPACES_MAX; ns++)
		for (unsigned view = 0; view < INFO_VIEW_COUNT; view++)
			for (unsigned form = 0; form < INFO_FORM_COUNT; form++)
				free(k->of[ns][view][form].text);
}

/* Sizes are exact; times and numbers change if and only if a text does. */
static void compare(const struct knowledge *before, const struct knowledge *now, const char *sql)
{
	for (uint32_t ns = 0; ns < NAMESPACES_MAX; ns++)
		for (unsigned view = 0; view < INFO_VIEW_COUNT; view++)
			for (unsigned form = 0; form < INFO_FORM_COUNT; form++) {
				const struct known *was = &before->of[ns][view][form];
				const struct known *is = &now->of[ns][view][form];
				bool same;

				if (!is->text)
					continue;
				if (is->state.bytes != strlen(is->text))
					fail_msg("%s: namespace %u, view %u, form %u: %" PRIu64
						 " for %zu bytes",
						 sql, ns, view, form, is->state.bytes,
						 strlen(is->text));
				if (!was->text)
					continue;
				same = !strcmp(was->text, is->text);
				if (same != (was->state.changed_at == is->state.changed_at))
					fail_msg("%s: namespace %u, view %u: text %s, time %s", sql,
						 ns, view, same ? "stays" : "changes",
						 same ? "changes" : "stays");
				if (!same && was->state.sequence >= is->state.sequence)
					fail_msg("%s: namespace %u, view %u: number stays", sql, ns,
						 view);
			}
}

/* Runs statements that may be refused; whether they were not. */
static bool run(const char *sql)
{
	struct request request;
	bool done = !world_try(&w, NULL, sql, false, &request);

	request_fini(&request);
	w.now += SECOND_US;
	return done;
}

static void check_statement(const char *sql)
{
	struct knowledge before, now;

	know(&before);
	if (!run(sql))
		fail_msg("refused: %s", sql);
	know(&now);
	compare(&before, &now, sql);
	forget(&before);
	forget(&now);
}

static void sizes_are_exact_after_every_sort_of_change(void **state)
{
	static const char *const statements[] = {
		"CREATE NAMESPACE app COMMENT 'x, y'",
		"CREATE NAMESPACE b",
		"CREATE STORAGE disk TYPE filesystem PATH '/tmp/kalam-none' DESCRIPTION 'a "
		"\"disk\"'",
		"CREATE SHARED TABLE app.t (id INT PRIMARY KEY, a TEXT DEFAULT 'x,y' COMMENT 'c')",
		"CREATE USER TABLE app.u (id INT PRIMARY KEY) WITH (STORAGE_ID = disk)",
		"ALTER TABLE app.t ADD COLUMN b DECIMAL(10, 2) NOT NULL DEFAULT 0",
		"ALTER TABLE app.t ALTER b COMMENT 'two\nlines'",
		"ALTER TABLE app.t DROP COLUMN a, ADD COLUMN c TEXT, RENAME COLUMN b TO "
		"longer_name",
		"ALTER TABLE app.t COMMENT 'of the table only'",
		"ALTER TABLE app.t RENAME TO other_name",
		"ALTER TABLE app.other_name RENAME TO b.t",
		"ALTER TABLE b.t RENAME TO app.t, ADD COLUMN d INT",
		"ALTER TABLE app.u SET (STORAGE_ID = local)",
		"ALTER TABLE app.u SET (STORAGE_ID = disk)",
		"ALTER STORAGE disk SET DESCRIPTION 'longer than before'",
		"ALTER STORAGE local SET DESCRIPTION 'here'",
		"ALTER STORAGE disk SET CREDENTIALS '{\"password\":\"hush\"}'",
		"DROP TABLE app.t",
		"UNDROP TABLE app.t",
		"DROP TABLE app.t",
		"PURGE TABLE app.t",
		"CREATE SHARED TABLE app.t (id INT PRIMARY KEY)",
		"DROP TABLE app.t PURGE",
		"ALTER NAMESPACE app SET OPTIONS (owner = 'team \"a\"')",
		"ALTER NAMESPACE app COMMENT ''",
		"CREATE TABLE b.one (id INT PRIMARY KEY); CREATE TABLE b.two (id INT PRIMARY KEY);"
		"ALTER TABLE b.one ADD COLUMN x INT; DROP TABLE b.two; CREATE NAMESPACE c;"
		"CREATE TABLE c.t (id INT PRIMARY KEY);",
		"ALTER TABLE b.one ALTER x SET DEFAULT 5",
		"ALTER TABLE b.one RESTORE VERSION 1",
		"DROP NAMESPACE b CASCADE",
		"CREATE NAMESPACE b; CREATE TABLE b.t (id INT PRIMARY KEY); DROP NAMESPACE b "
		"CASCADE;",
		"DROP TABLE app.u PURGE; DROP STORAGE disk",
	};

	(void)state;
	for (size_t i = 0; i < countof(statements); i++)
		check_statement(statements[i]);
}

static unsigned random_state = 1;

static unsigned pick(unsigned n)
{
	random_state = random_state * 1103515245u + 12345u;
	return (random_state >> 16) % n;
}

/* Each # becomes a digit. */
static void random_statement(char *out, size_t size)
{
	static const char *const forms[] = {
		"CREATE TABLE n#.t# (id INT PRIMARY KEY, a TEXT COMMENT 'x,#')",
		"CREATE TABLE n#.t# (id INT PRIMARY KEY) WITH (STORAGE_ID = s#)",
		"ALTER TABLE n#.t# ADD COLUMN c# INT DEFAULT 7",
		"ALTER TABLE n#.t# DROP COLUMN c#",
		"ALTER TABLE n#.t# ALTER c# COMMENT 'new, \"one\"'",
		"ALTER TABLE n#.t# RENAME TO n#.t#",
		"ALTER TABLE n#.t# RENAME TO t_#",
		"ALTER TABLE n#.t_# RENAME TO t#",
		"ALTER TABLE n#.t# SET (STORAGE_ID = s#)",
		"ALTER TABLE n#.t# RESTORE VERSION #",
		"DROP TABLE n#.t#",
		"DROP TABLE n#.t# PURGE",
		"UNDROP TABLE n#.t#",
		"UNDROP TABLE n#.t#",
		"DROP TABLE n#.t#; CREATE TABLE n#.u# (id INT PRIMARY KEY);",
		"CREATE NAMESPACE n#",
		"DROP NAMESPACE n# CASCADE",
		"ALTER STORAGE s# SET DESCRIPTION 'number #'",
	};

	snprintf(out, size, "%s", forms[pick(countof(forms))]);
	for (; *out; out++)
		if (*out == '#')
			*out = (char)('0' + pick(3));
}

static void sums_of_all(struct txn *txn, struct info_sums out[NAMESPACES_MAX])
{
	for (uint32_t ns = 0; ns < NAMESPACES_MAX; ns++)
		assert_int_equal(info_sums_get(txn, ns, &out[ns], NULL), 0);
}

static void check_against_rebuild(void)
{
	struct info_sums kept[NAMESPACES_MAX], rebuilt[NAMESPACES_MAX];
	struct txn *txn;

	assert_int_equal(txn_begin_write(catalog_store(w.catalog), 1000, &txn, NULL), 0);
	sums_of_all(txn, kept);
	assert_int_equal(info_sums_rebuild(txn, 1, 1, NULL), 0);
	sums_of_all(txn, rebuilt);
	txn_end(txn);
	for (uint32_t ns = 0; ns < NAMESPACES_MAX; ns++)
		for (unsigned view = 0; view < INFO_VIEW_COUNT; view++) {
			const struct info_sum *is = &kept[ns].of[view];

			assert_memory_equal(is->bytes, rebuilt[ns].of[view].bytes,
					    sizeof(is->bytes));
			/* Of a namespace that is gone nothing is kept. */
			if (!rebuilt[ns].of[INFO_SCHEMATA].bytes[INFO_CSV])
				assert_true(!is->sequence && !is->changed_at);
		}
}

static void check_sizes(const char *when)
{
	struct knowledge k;

	know(&k);
	compare(&k, &k, when);
	forget(&k);
}

static void sums_stay_exact_over_random_changes(void **state)
{
	char sql[200];
	unsigned done = 0;

	(void)state;
	world_run(&w, "CREATE NAMESPACE n0; CREATE NAMESPACE n1; CREATE NAMESPACE n2;"
		      "CREATE STORAGE s0 TYPE s3 BUCKET 'a'; CREATE STORAGE s1 TYPE s3 BUCKET 'b';"
		      "CREATE STORAGE s2 TYPE s3 BUCKET 'c';");
	for (unsigned i = 0; i < 4000; i++) {
		random_statement(sql, sizeof(sql));
		done += run(sql);
		if (i % 50 == 0) {
			check_against_rebuild();
			check_sizes(sql);
		}
	}
	assert_true(done > 800);
}

static void set_renderer(uint64_t number)
{
	struct txn *txn;

	assert_int_equal(txn_begin_write(catalog_store(w.catalog), 1000, &txn, NULL), 0);
	assert_int_equal(meta_set(txn, META_INFO_RENDERER, number, NULL), 0);
	assert_int_equal(txn_commit(txn, NULL), 0);
}

static void spoil_sums(uint32_t ns, uint64_t bytes)
{
	struct info_sums sums = { 0 };
	struct txn *txn;

	for (unsigned view = 0; view < INFO_VIEW_COUNT; view++)
		for (unsigned form = 0; form < INFO_FORM_COUNT; form++)
			sums.of[view].bytes[form] = bytes;
	assert_int_equal(txn_begin_write(catalog_store(w.catalog), 1000, &txn, NULL), 0);
	assert_int_equal(info_sums_put(txn, ns, &sums, NULL), 0);
	assert_int_equal(txn_commit(txn, NULL), 0);
}

static void sums_of_other_printers_are_not_believed(void **state)
{
	(void)state;
	world_run(&w, "CREATE NAMESPACE app; CREATE TABLE app.t (id INT PRIMARY KEY);");
	set_renderer(INFO_RENDERER + 1);
	spoil_sums(0, 12345);
	spoil_sums(namespace_id("app"), 99999);
	check_sizes("other printers");
	world_run(&w, "ALTER TABLE app.t ADD COLUMN a INT");
	assert_int_equal(world_meta(&w, META_INFO_RENDERER), INFO_RENDERER);
	check_sizes("after the next change");
}

static bool has_row(enum store_db db, struct bytes key)
{
	struct txn *txn = world_txn(&w);
	struct bytes value;
	int rc = store_get(txn, db, key, &value);

	txn_end(txn);
	return !rc;
}

static void sums_where_renderer_1_had_them_are_removed(void **state)
{
	static const uint8_t bytes[] = { 192, 0, 0, 0, 0 };
	struct bytes key = { bytes, sizeof(bytes) };
	struct txn *txn;

	(void)state;
	world_run(&w, "CREATE TABLE t (id INT PRIMARY KEY);");
	set_renderer(1);
	assert_int_equal(txn_begin_write(catalog_store(w.catalog), 1000, &txn, NULL), 0);
	assert_int_equal(store_put(txn, DB_OBJECTS, key, (struct bytes){ "old", 3 }, NULL), 0);
	assert_int_equal(txn_commit(txn, NULL), 0);
	check_sizes("sums in another place");
	world_run(&w, "ALTER TABLE t ADD COLUMN a INT");
	assert_false(has_row(DB_OBJECTS, key));
	assert_true(has_row(DB_META, key));
	check_sizes("after the next change");
}

static void a_plan_does_not_rebuild(void **state)
{
	struct request request;

	(void)state;
	world_run(&w, "CREATE TABLE t (id INT PRIMARY KEY);");
	set_renderer(0);
	assert_int_equal(world_try(&w, NULL, "ALTER TABLE t ADD COLUMN a INT", true, &request), 0);
	request_fini(&request);
	assert_int_equal(world_meta(&w, META_INFO_RENDERER), 0);
}

static void impossible_sums_are_counted_anew(void **state)
{
	(void)state;
	world_run(&w, "CREATE NAMESPACE app; CREATE TABLE app.t (id INT PRIMARY KEY);");
	spoil_sums(namespace_id("app"), 3);
	world_run(&w, "DROP TABLE app.t");
	check_sizes("after a sum below zero");
}

static void a_damaged_row_is_counted_around_and_replaced(void **state)
{
	static const uint8_t key[] = { 192, 0, 0, 0, 0 };
	struct info_sums sums;
	struct txn *txn;

	(void)state;
	world_run(&w, "CREATE TABLE t (id INT PRIMARY KEY);");
	assert_int_equal(txn_begin_write(catalog_store(w.catalog), 1000, &txn, NULL), 0);
	assert_int_equal(store_put(txn, DB_META, (struct bytes){ key, sizeof(key) },
				   (struct bytes){ "short", 5 }, NULL),
			 0);
	assert_int_equal(txn_commit(txn, NULL), 0);
	check_sizes("damaged");
	world_run(&w, "ALTER TABLE t ADD COLUMN a INT");
	check_sizes("replaced");
	txn = world_txn(&w);
	assert_int_equal(info_sums_get(txn, 0, &sums, NULL), 0);
	assert_true(sums.of[INFO_TABLES].bytes[INFO_CSV] > 0);
	txn_end(txn);
}

static void a_refused_request_leaves_the_sums(void **state)
{
	char *before = world_bytes(&w), *after;

	(void)state;
	world_refuse(&w,
		     "CREATE NAMESPACE app; CREATE TABLE app.t (id INT PRIMARY KEY); DROP TABLE u",
		     -ENOENT, "Table 'u' not found in namespace 'default'");
	after = world_bytes(&w);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* ----- failures ----- */

static void a_namespace_that_is_not_there(void **state)
{
	struct info info = { INFO_TABLES, INFO_CSV, 77 };
	struct txn *txn = world_txn(&w);
	struct info_state found;

	(void)state;
	assert_int_equal(info_state(w.catalog, txn, &info, &found, NULL), -ENOENT);
	txn_end(txn);
}

static void printing_stops_when_it_is_told_to(void **state)
{
	struct info info = { INFO_COLUMNS, INFO_CSV, 0 };
	struct txn *txn = world_txn(&w);
	struct err err = ERR_INIT;
	atomic_bool stop = true;
	struct collector c;
	char *text;

	(void)state;
	collect(&c);
	assert_int_equal(info_print(w.catalog, txn, &info, &stop, c.out, &err), -EINTR);
	assert_err(&err, -EINTR, "Printing information_schema was interrupted");
	text = text_of(&c);
	assert_true(strlen(text) < 5000);
	free(text);
	txn_end(txn);
}

static void a_full_disk_is_noticed(void **state)
{
	struct info info = { INFO_COLUMNS, INFO_CSV, 0 };
	struct txn *txn = world_txn(&w);
	FILE *full = fopen("/dev/full", "w");
	struct err err = ERR_INIT;

	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(info_print(w.catalog, txn, &info, NULL, full, &err), -EIO);
	fclose(full);
	txn_end(txn);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(columns_of_every_type_and_default),
		TEST(texts_that_need_quotes),
		TEST(an_empty_text_is_not_null),
		TEST(tables_of_every_kind),
		TEST(system_tables_have_no_storage),
		TEST(schemata),
		TEST(storages_mask_their_credentials),
		TEST(everything_stands_in_the_order_of_names),
		TEST(sizes_are_exact_after_every_sort_of_change),
		TEST(sums_stay_exact_over_random_changes),
		TEST(sums_of_other_printers_are_not_believed),
		TEST(sums_where_renderer_1_had_them_are_removed),
		TEST(a_plan_does_not_rebuild),
		TEST(impossible_sums_are_counted_anew),
		TEST(a_damaged_row_is_counted_around_and_replaced),
		TEST(a_refused_request_leaves_the_sums),
		TEST(a_namespace_that_is_not_there),
		TEST(printing_stops_when_it_is_told_to),
		TEST(a_full_disk_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
