/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dumps, as files: tests/data/load/ok/<sentence> and lenient/<sentence> have
 * `in.sql` and `out`, bad/<sentence> has `in.sql` and `err`.  A first line
 * "-- options: into=shop replace batch=2 from=sqlite" says how; `setup.sql`
 * runs before.
 *
 * GOLDEN_UPDATE=1 writes what is expected anew: read every line of the result.
 * KALAM_SEED=n damages dumps in other places.
 */
#include "catalog/load.h"
#include "tests/unit/world.h"

#include <dirent.h>
#include <unistd.h>

#define DATA "tests/data/load"
#define DAMAGES 15 /* of each dump */

struct golden {
	char path[320]; /* of the directory */
	char name[256];
	bool lenient;
};

static bool updating(void)
{
	const char *text = getenv("GOLDEN_UPDATE");

	return text && *text;
}

static void compare(const struct golden *g, const char *file, const char *text)
{
	char path[400], *expected;
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", g->path, file);
	if (updating()) {
		out = fopen(path, "w");
		assert_non_null(out);
		fputs(text, out);
		assert_int_equal(fclose(out), 0);
		return;
	}
	expected = file_text(path);
	if (strcmp(expected, text) != 0)
		print_error("--- %s expected\n%s--- found\n%s", path, expected, text);
	assert_string_equal(expected, text);
	free(expected);
}

static int load_text(struct world *w, const char *text, size_t len, const struct load_options *options,
                     struct load_result *result, struct err *err)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, len, "r");
	struct load_options own = *options;
	int rc;

	assert_non_null(in);
	own.author = *world_author();
	rc = load_file(w->catalog, in, &own, result, err);
	assert_int_equal(rc, err->code);
	fclose(in);
	return rc;
}

/* Of a text that is fine, as it is. */
static void load_fine(struct world *w, const char *text)
{
	const struct load_options options = { .dialect = LOAD_ANY };
	struct load_result result;
	struct err err = ERR_INIT;

	if (load_text(w, text, strlen(text), &options, &result, &err))
		fail_msg("refused: %s", err.text);
	load_result_fini(&result);
}

static void read_options(const char *text, struct load_options *out, char into[NAME_SIZE])
{
	char line[200] = "", *rest = line, *word;
	unsigned long batch;

	if (sscanf(text, "-- options: %199[^\n]", line) != 1)
		return;
	while ((word = strsep(&rest, " "))) {
		if (sscanf(word, "into=%64s", into) == 1)
			out->into = into;
		else if (sscanf(word, "batch=%lu", &batch) == 1)
			out->batch = batch;
		else if (strncmp(word, "from=", 5) == 0)
			out->dialect = (enum load_dialect)load_dialect_parse(word + 5);
		else if (strcmp(word, "replace") == 0)
			out->replace = true;
		else
			fail_msg("unknown option '%s'", word);
	}
}

static void set_up(struct world *w, const struct golden *g)
{
	char path[400], *setup;

	world_open(w);
	snprintf(path, sizeof(path), "%s/setup.sql", g->path);
	if (access(path, R_OK) == 0) {
		setup = file_text(path);
		world_run(w, setup);
		free(setup);
	}
}

static void print_result(const struct load_result *r, FILE *out)
{
	fprintf(out, "== result\ndialect %s, %llu statements, %u transactions\n",
	        load_dialect_name(r->dialect), (unsigned long long)r->statements, r->commits);
	fprintf(out, "%zu tables, %zu namespaces, %zu storages, %zu changed, %zu dropped\n", r->tables,
	        r->namespaces, r->storages, r->changed, r->dropped);
	for (size_t i = 0; i < r->skipped_count; i++)
		fprintf(out, "skipped %zu %s\n", r->skipped[i].count, r->skipped[i].kind);
	for (enum load_loss loss = 0; loss < LOSS_COUNT; loss++) {
		if (r->losses[loss])
			fprintf(out, "%s %zu %s\n", load_loss_verb(loss), r->losses[loss],
			        load_loss_noun(loss));
	}
	for (size_t i = 0; i < r->note_count; i++)
		fprintf(out, "%u: %s\n", r->notes[i].line, r->notes[i].text);
	if (r->remarks)
		fputs(r->remarks, out);
}

/* Whatever came of a file can be dumped and loaded again, strictly. */
static void check_again(const char *dump)
{
	struct world again;
	char *second;

	world_open(&again);
	load_fine(&again, dump);
	second = world_dump(&again);
	assert_string_equal(dump, second);
	free(second);
	world_close(&again);
}

static void run_good(void **state)
{
	const struct golden *g = *state;
	struct load_options options = { .lenient = g->lenient };
	char path[400], into[NAME_SIZE], *in, *dump, *text;
	struct err err = ERR_INIT;
	struct load_result result;
	struct collector c;
	struct world w;

	snprintf(path, sizeof(path), "%s/in.sql", g->path);
	in = file_text(path);
	read_options(in, &options, into);
	set_up(&w, g);
	if (load_text(&w, in, strlen(in), &options, &result, &err)) {
		err_print_in(&err, "", result.text ? result.text : "", result.len, &result.origin, stderr);
		fail_msg("refused: %s", err.text);
	}
	if (!g->lenient)
		assert_int_equal(result.note_count, 0);
	collect(&c);
	print_result(&result, c.out);
	dump = world_dump(&w);
	fprintf(c.out, "== dump\n%s", dump);
	text = text_of(&c);
	compare(g, "out", text);
	check_again(dump);
	load_result_fini(&result);
	free(text);
	free(dump);
	free(in);
	world_close(&w);
}

static void print_refusal(const struct load_result *r, const struct err *err, FILE *out)
{
	fprintf(out, "%s\n", err_errno_name(err->code));
	if (!r->text && r->origin.line)
		fprintf(out, "%u:%u: %s\n", r->origin.line, r->origin.column, err->text);
	else
		err_print_in(err, "", r->text ? r->text : "", r->len, &r->origin, out);
}

static void run_bad(void **state)
{
	const struct golden *g = *state;
	struct load_options options = { .lenient = g->lenient };
	char path[400], into[NAME_SIZE], *in, *text, *before, *after;
	struct err err = ERR_INIT;
	struct load_result result;
	struct collector c;
	struct world w;

	snprintf(path, sizeof(path), "%s/in.sql", g->path);
	in = file_text(path);
	read_options(in, &options, into);
	set_up(&w, g);
	before = world_bytes(&w);
	if (!load_text(&w, in, strlen(in), &options, &result, &err))
		fail_msg("accepted: %s", in);
	after = world_bytes(&w);
	if (!options.batch)
		assert_string_equal(before, after);
	collect(&c);
	print_refusal(&result, &err, c.out);
	text = text_of(&c);
	compare(g, "err", text);
	load_result_fini(&result);
	free(before);
	free(after);
	free(text);
	free(in);
	world_close(&w);
}

/* What is refused only because nothing may be lost is accepted leniently. */
static void run_bad_leniently(void **state)
{
	const struct golden *g = *state;
	struct load_options options = { .lenient = true };
	char path[400], into[NAME_SIZE], *in, *expected;
	struct err err = ERR_INIT;
	struct load_result result;
	struct world w;

	snprintf(path, sizeof(path), "%s/in.sql", g->path);
	in = file_text(path);
	snprintf(path, sizeof(path), "%s/err", g->path);
	expected = file_text(path);
	read_options(in, &options, into);
	set_up(&w, g);
	(void)load_text(&w, in, strlen(in), &options, &result, &err);
	if (strstr(expected, "(--lenient ")) {
		assert_string_equal(err.text, "");
		assert_true(result.note_count > 0);
	}
	load_result_fini(&result);
	free(expected);
	free(in);
	world_close(&w);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* One test per directory of DATA/kind. */
static int run_group(const char *kind, CMUnitTestFunction run)
{
	struct dirent **list;
	char path[64];
	int count, failed;
	struct CMUnitTest *tests;
	struct golden *cases;

	snprintf(path, sizeof(path), DATA "/%s", kind);
	count = scandir(path, &list, not_hidden, alphasort);
	if (count <= 0) {
		fprintf(stderr, "no cases in %s: run this in the top directory\n", path);
		return 1;
	}
	tests = calloc((size_t)count, sizeof(*tests));
	cases = calloc((size_t)count, sizeof(*cases));
	for (int i = 0; i < count; i++) {
		snprintf(cases[i].name, sizeof(cases[i].name), "%s", list[i]->d_name);
		snprintf(cases[i].path, sizeof(cases[i].path), "%s/%s", path, cases[i].name);
		cases[i].lenient = strcmp(kind, "lenient") == 0;
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
			                        .test_func = run,
			                        .initial_state = &cases[i] };
		free(list[i]);
	}
	free(list);
	failed = _cmocka_run_group_tests(kind, tests, (size_t)count, NULL, NULL);
	free(tests);
	free(cases);
	return failed;
}

struct seen {
	unsigned calls;
	uint64_t done, total, bytes;
};

static void look(void *arg, const struct load_progress *p)
{
	struct seen *seen = arg;

	seen->calls++;
	assert_true(p->bytes >= seen->bytes);
	assert_true(p->done <= p->total);
	assert_true(p->phase == LOAD_READING || p->done >= seen->done);
	seen->bytes = p->bytes;
	seen->done = p->done;
	seen->total = p->total;
}

static void progress_goes_up_to_the_end(void **state)
{
	struct seen seen = { .calls = 0 };
	const struct load_options options = { .progress = look, .progress_arg = &seen };
	struct load_result result;
	struct err err = ERR_INIT;
	struct collector c;
	struct world w;
	char *text;

	(void)state;
	collect(&c);
	for (int i = 0; i < 2000; i++)
		fprintf(c.out, "CREATE TABLE t%d (id INT PRIMARY KEY);\n", i);
	text = text_of(&c);
	world_open(&w);
	assert_int_equal(load_text(&w, text, c.len, &options, &result, &err), 0);
	assert_int_equal(result.tables, 2000);
	assert_int_equal(result.commits, 1);
	assert_true(seen.calls > 15);
	assert_int_equal(seen.bytes, c.len);
	assert_true(seen.total >= 4000);
	assert_true(seen.done > 3500);
	load_result_fini(&result);
	free(text);
	world_close(&w);
}

static void a_batch_that_is_refused_leaves_those_before_it(void **state)
{
	static const char text[] = "CREATE TABLE a (id INT PRIMARY KEY);\n"
				   "CREATE TABLE b (id INT PRIMARY KEY);\n"
				   "CREATE TABLE c (id INT PRIMARY KEY);\n"
				   "CREATE TABLE a (id INT PRIMARY KEY);\n"
				   "CREATE TABLE d (id INT PRIMARY KEY);\n";
	const struct load_options options = { .batch = 2 };
	struct load_result result;
	struct err err = ERR_INIT;
	struct world w;

	(void)state;
	world_open(&w);
	assert_int_equal(load_text(&w, text, strlen(text), &options, &result, &err), -EEXIST);
	assert_string_equal(err.text, "Table default.a already exists");
	assert_int_equal(result.commits, 1);
	assert_int_equal(result.tables, 2);
	assert_int_equal(result.origin.line, 4);
	assert_int_equal(err.pos, strlen("CREATE TABLE "));
	assert_true(world_table_id(&w, "default", "b"));
	assert_false(world_table_id(&w, "default", "c"));
	load_result_fini(&result);
	world_close(&w);
}

/* As many as one transaction takes are fine, one more is not, and --batch takes them all. */
static void too_many_statements_want_batches(void **state)
{
	struct load_options options = { .batch = 0 };
	struct load_result result;
	struct err err = ERR_INIT;
	struct collector c;
	struct world w;
	char *text;

	(void)state;
	collect(&c);
	for (int i = 0; i < LOAD_STATEMENTS_MAX; i++)
		fputs("DROP TABLE IF EXISTS a;\n", c.out);
	fputs("CREATE TABLE b (id INT PRIMARY KEY);\n", c.out);
	text = text_of(&c);
	world_open(&w);
	assert_int_equal(load_text(&w, text, c.len, &options, &result, &err), -EFBIG);
	assert_non_null(strstr(err.text, "--batch 10000"));
	assert_int_equal(result.origin.line, LOAD_STATEMENTS_MAX + 1);
	load_result_fini(&result);
	options.batch = 50000;
	assert_int_equal(load_text(&w, text, c.len, &options, &result, &err), 0);
	assert_int_equal(result.commits, LOAD_STATEMENTS_MAX / 50000 + 1);
	assert_true(world_table_id(&w, "default", "b"));
	load_result_fini(&result);
	free(text);
	world_close(&w);
}

/* A statement that is skipped may be as long as it likes, also across what is read at once. */
static void long_rows_are_skipped_and_long_tables_refused(void **state)
{
	static const char head[] = "-- MySQL dump 10.13\nINSERT INTO a VALUES ('", end[] = "');\n";
	const struct load_options options = { .dialect = LOAD_ANY };
	size_t len = STATEMENT_MAX_BYTES + 200000;
	char *text = malloc(len + 200), *at;
	struct load_result result;
	struct err err = ERR_INIT;
	struct world w;

	(void)state;
	assert_non_null(text);
	at = stpcpy(text, head);
	for (size_t i = 0; i < len / 4; i++)
		at = stpcpy(at, i % 2 ? "a;\\'" : "''--");
	at = stpcpy(at, end);
	at = stpcpy(at, "CREATE TABLE a (id INT PRIMARY KEY);");
	world_open(&w);
	assert_int_equal(load_text(&w, text, (size_t)(at - text), &options, &result, &err), 0);
	assert_int_equal(result.tables, 1);
	assert_int_equal(result.skipped[0].count, 1);
	assert_string_equal(result.skipped[0].kind, "INSERT");
	load_result_fini(&result);
	memcpy(strstr(text, "INSERT INTO a VALUES ("), "CREATE TABLE b (id --  ", 22);
	assert_int_equal(load_text(&w, text, (size_t)(at - text), &options, &result, &err), -EFBIG);
	assert_int_equal(result.origin.line, 2);
	load_result_fini(&result);
	free(text);
	world_close(&w);
}

static void what_is_no_sql_text_is_told(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *part;
	} files[] = {
		{ "PGDMP\1\2", 7, "pg_restore" },
		{ "SQLite format 3\0\1", 17, ".schema" },
		{ "\x1f\x8b\x08", 3, "zcat" },
		{ "\377\376C\0", 4, "UTF-16" },
	};
	const struct load_options options = { .lenient = true };
	struct load_result result;
	struct world w;

	(void)state;
	world_open(&w);
	for (size_t i = 0; i < countof(files); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(load_text(&w, files[i].bytes, files[i].len, &options, &result, &err),
		                 -EINVAL);
		assert_non_null(strstr(err.text, files[i].part));
		load_result_fini(&result);
	}
	world_close(&w);
}

/* Cut, or with other bytes: refused or accepted, and what comes of it can be dumped. */
static void damaged_dumps_do_no_harm(void **state)
{
	static const char *const names[] = { "a_dump_of_postgresql", "a_dump_of_mysql",
		                             "a_schema_of_sqlite" };
	static const char bytes[] = "'\"`;()[]$\\/*-,.#\n\0 aE0\xff";
	const char *given = getenv("KALAM_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : 20261122;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < countof(names); i++) {
		char path[200], *good;
		size_t len;

		snprintf(path, sizeof(path), DATA "/lenient/%s/in.sql", names[i]);
		good = file_text(path);
		len = strlen(good);
		for (int n = 0; n < DAMAGES; n++) {
			struct load_options options = { .lenient = true };
			char into[NAME_SIZE], *text = strdup(good), *dump;
			struct load_result result;
			struct err err = ERR_INIT;
			struct world w;

			read_options(good, &options, into);
			for (int k = 0; k <= n % 4; k++) {
				seed = seed * 6364136223846793005ull + 1442695040888963407ull;
				text[seed % len] = bytes[(seed >> 40) % (sizeof(bytes) - 1)];
			}
			world_open(&w);
			(void)load_text(&w, text, n % 5 ? len : 1 + seed % len, &options, &result, &err);
			dump = world_dump(&w);
			check_again(dump);
			load_result_fini(&result);
			free(dump);
			free(text);
			world_close(&w);
		}
		free(good);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(progress_goes_up_to_the_end),
		cmocka_unit_test(a_batch_that_is_refused_leaves_those_before_it),
		cmocka_unit_test(too_many_statements_want_batches),
		cmocka_unit_test(long_rows_are_skipped_and_long_tables_refused),
		cmocka_unit_test(what_is_no_sql_text_is_told),
		cmocka_unit_test(damaged_dumps_do_no_harm),
	};
	int failed = run_group("ok", run_good) + run_group("lenient", run_good) + run_group("bad", run_bad);

	if (updating())
		return failed;
	return failed + run_group("bad", run_bad_leniently) + cmocka_run_group_tests(tests, NULL, NULL);
}
