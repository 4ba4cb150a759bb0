/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statements and what becomes of them, as files: tests/data/exec/ok/<sentence>
 * has `in` and `out` (and `show`, what else to print), bad/<sentence> has `in`
 * and `err`.  A line "-- then" in `in` ends a request: all but the last only
 * prepare.  A first line "-- scope: app" or "-- scope: app.users" writes to the
 * ctl of that namespace or table, where a newline ends a statement.
 *
 * GOLDEN_UPDATE=1 writes what is expected anew: read every line of the result.
 */
#include "catalog/print.h"
#include "tests/unit/world.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA "tests/data/exec"
#define THEN "-- then\n"

struct golden {
	char path[320]; /* of the directory */
	char name[256];
};

static bool updating(void)
{
	const char *text = getenv("GOLDEN_UPDATE");

	return text && *text;
}

static char *read_beside(const struct golden *g, const char *file)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", g->path, file);
	return access(path, R_OK) ? NULL : file_text(path);
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

static void set_up(struct world *w)
{
	char *setup = file_text(DATA "/setup.sql");

	world_open(w);
	world_run(w, setup);
	free(setup);
	w->now += HOUR_US;
}

/* "-- scope: app.users" at the top of the text. */
static struct spot scope_of(struct world *w, const char *text)
{
	struct spot spot = { .scope = SCOPE_CATALOG, .ending = ENDING_SEMICOLON };
	char ns[NAME_SIZE] = "", table[NAME_SIZE] = "";
	struct txn *txn;
	int found = sscanf(text, "-- scope: %64[a-z0-9_].%64[a-z0-9_]", ns, table);

	if (found < 1)
		return spot;
	txn = world_txn(w);
	spot.scope = found == 2 ? SCOPE_TABLE : SCOPE_NAMESPACE;
	spot.ending = ENDING_NEWLINE;
	spot.namespace_id = world_id(w, txn, ns, NULL, DIR_TABLES);
	if (found == 2)
		spot.table_id = world_id(w, txn, ns, table, DIR_TABLES);
	txn_end(txn);
	return spot;
}

/* Run what prepares; returns the text of the last request, inside `text`. */
static char *prepare(struct world *w, const struct spot *spot, char *text)
{
	char *then;

	while ((then = strstr(text, THEN))) {
		struct request request;

		*then = '\0';
		if (world_try(w, spot, text, false, &request)) {
			err_print(&request.err, "", text, strlen(text), stderr);
			fail_msg("preparation refused: %s", request.err.text);
		}
		request_fini(&request);
		w->now += HOUR_US;
		text = then + strlen(THEN);
	}
	return text;
}

/* The catalog's own directory is another one in every run. */
static char *without_dir(struct world *w, char *text)
{
	const char *dir = catalog_dir(w->catalog), *at = text, *hit;
	struct collector c;

	collect(&c);
	while ((hit = strstr(at, dir))) {
		fprintf(c.out, "%.*s/CATALOG", (int)(hit - at), at);
		at = hit + strlen(dir);
	}
	fputs(at, c.out);
	free(text);
	return text_of(&c);
}

static void show_log(struct world *w, uint64_t from, FILE *out)
{
	struct txn *txn = world_txn(w);
	char piece[4096];
	ssize_t len;

	while ((len = log_read(txn, from, piece, sizeof(piece))) > 0) {
		fwrite(piece, 1, (size_t)len, out);
		from += (uint64_t)len;
	}
	assert_int_equal(len, 0);
	txn_end(txn);
}

static bool show_version(struct world *w, const struct table *table, const char *file, FILE *out)
{
	static const char *const names[FORM_COUNT] = {
		[FORM_SCHEMA_JSON] = "schema.json",
		[FORM_SCHEMA_SQL] = "schema.sql",
		[FORM_DESCRIBE] = "describe",
		[FORM_CHANGE_JSON] = "change.json",
	};
	unsigned version = table->version;
	char *text;

	if (sscanf(file, "versions/%u/", &version) == 1)
		file = strrchr(file, '/') + 1;
	for (unsigned form = 0; form < FORM_COUNT; form++) {
		if (!names[form] || strcmp(names[form], file) != 0)
			continue;
		text = world_version(w, table->id, version, form, NULL);
		fputs(text, out);
		free(text);
		return true;
	}
	return false;
}

static bool show_table_file(struct world *w, struct txn *txn, struct table *table, const char *file,
                            FILE *out)
{
	char name[NAME_SIZE];
	struct column *column;

	if (strcmp(file, "storage.json") == 0)
		return catalog_print_place(w->catalog, txn, table, out, NULL) == 0;
	if (sscanf(file, "columns/%64[a-z0-9_].json", name) != 1)
		return show_version(w, table, file, out);
	column = table_find_column(table, name);
	if (column)
		print_column_json(column, out);
	return column;
}

static bool show_table(struct world *w, const char *object, const char *file, FILE *out)
{
	char ns[NAME_SIZE], name[NAME_SIZE];
	struct txn *txn = world_txn(w);
	struct table *table;
	enum dir_kind dir = strncmp(object, "trash/", 6) == 0 ? DIR_TRASH : DIR_TABLES;
	bool ok = sscanf(dir == DIR_TRASH ? object + 6 : object, "%64[^.].%64s", ns, name) == 2;
	uint32_t id = ok ? world_id(w, txn, ns, name, dir) : 0;

	ok = id && catalog_table(w->catalog, txn, id, &table, NULL) == 0;
	if (ok) {
		ok = show_table_file(w, txn, table, file, out);
		table_put(table);
	}
	txn_end(txn);
	return ok;
}

static bool show_namespace(struct world *w, const char *name, FILE *out)
{
	struct txn *txn = world_txn(w);
	uint32_t id = world_id(w, txn, name, NULL, DIR_TABLES);
	struct namespace *ns;
	bool ok = id && catalog_namespace(w->catalog, txn, id, &ns, NULL) == 0;

	if (ok) {
		print_namespace_json(ns, out);
		namespace_put(ns);
	}
	txn_end(txn);
	return ok;
}

static bool show_storage(struct world *w, const char *name, FILE *out)
{
	struct txn *txn = world_txn(w);
	struct storage *storage;
	uint32_t id;
	bool ok = catalog_find(w->catalog, txn, DIR_STORAGES, 0, name, &id) == 0 &&
	          catalog_storage(w->catalog, txn, id, &storage, NULL) == 0;

	if (ok) {
		print_storage_document(storage, out);
		storage_put(storage);
	}
	txn_end(txn);
	return ok;
}

/* One line of `show`: "log", "app namespace.json", "local storage", "app.users schema.json". */
static void show(struct world *w, const char *line, uint64_t log_from, FILE *out)
{
	char object[200] = "", file[200] = "";
	bool ok;

	fprintf(out, "== %s\n", line);
	sscanf(line, "%199s %199s", object, file);
	if (strcmp(line, "log") == 0) {
		show_log(w, log_from, out);
		return;
	}
	if (strcmp(file, "namespace.json") == 0)
		ok = show_namespace(w, object, out);
	else if (strcmp(file, "storage") == 0)
		ok = show_storage(w, object, out);
	else
		ok = show_table(w, object, file, out);
	if (!ok)
		fputs("(not there)\n", out);
}

static void print_result(struct world *w, const struct golden *g, const struct request *request,
                         uint64_t log_from, FILE *out)
{
	char *lines = read_beside(g, "show"), *rest = lines, *line, *dump = world_dump(w);

	fprintf(out, "== heads\n%s== plan\n%s", request->heads, request->plan_text);
	if (request->notes)
		fprintf(out, "== notes\n%s", request->notes);
	fprintf(out, "== dump\n%s", dump);
	while (rest && (line = strsep(&rest, "\n"))) {
		if (*line)
			show(w, line, log_from, out);
	}
	free(dump);
	free(lines);
}

/* Planning first: it says the same and changes nothing. */
static void check_plan(struct world *w, const struct spot *spot, const char *text)
{
	char *before = world_bytes(w), *after;
	struct request plan, request;

	if (world_try(w, spot, text, true, &plan)) {
		err_print(&plan.err, "", text, strlen(text), stderr);
		fail_msg("refused: %s", plan.err.text);
	}
	after = world_bytes(w);
	assert_string_equal(before, after);
	assert_int_equal(world_try(w, spot, text, false, &request), 0);
	assert_string_equal(plan.plan_text, request.plan_text);
	assert_string_equal(plan.heads, request.heads);
	request_fini(&plan);
	request_fini(&request);
	free(before);
	free(after);
}

static void run_ok(void **state)
{
	const struct golden *g = *state;
	char *in = read_beside(g, "in"), *text, *result;
	struct request request;
	struct collector c;
	struct spot spot;
	uint64_t log_from;
	struct world w = { .dir = NULL };

	assert_non_null(in);
	set_up(&w);
	spot = scope_of(&w, in);
	text = prepare(&w, &spot, in);
	log_from = world_meta(&w, META_LOG_END);
	if (world_try(&w, &spot, text, false, &request)) {
		err_print(&request.err, "", text, strlen(text), stderr);
		fail_msg("refused: %s", request.err.text);
	}
	collect(&c);
	print_result(&w, g, &request, log_from, c.out);
	result = without_dir(&w, text_of(&c));
	compare(g, "out", result);
	request_fini(&request);
	free(result);
	free(in);
	world_close(&w);
}

static void run_plan(void **state)
{
	const struct golden *g = *state;
	char *in = read_beside(g, "in"), *text;
	struct world w = { .dir = NULL };
	struct spot spot;

	set_up(&w);
	spot = scope_of(&w, in);
	text = prepare(&w, &spot, in);
	check_plan(&w, &spot, text);
	free(in);
	world_close(&w);
}

/* Refused requests change nothing, so they share a catalog. */
static struct world shared;

static void run_bad(void **state)
{
	const struct golden *g = *state;
	char *in = read_beside(g, "in"), *text = in, *before, *after, *result;
	struct world own = { .dir = NULL }, *w = &shared;
	struct request request;
	struct collector c;
	struct spot spot;

	assert_non_null(in);
	if (strstr(in, THEN)) {
		w = &own;
		set_up(w);
	} else if (!shared.dir) {
		set_up(&shared);
	}
	spot = scope_of(w, in);
	text = prepare(w, &spot, in);
	before = world_bytes(w);
	if (!world_try(w, &spot, text, false, &request))
		fail_msg("accepted: %s", text);
	after = world_bytes(w);
	assert_string_equal(before, after);
	collect(&c);
	fprintf(c.out, "%s\n", err_errno_name(request.err.code));
	err_print(&request.err, "", text, strlen(text), c.out);
	result = without_dir(w, text_of(&c));
	compare(g, "err", result);
	request_fini(&request);
	free(before);
	free(after);
	free(result);
	free(in);
	if (w == &own)
		world_close(&own);
}

static int close_shared(void **state)
{
	(void)state;
	if (shared.dir)
		world_close(&shared);
	return 0;
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* One test per directory of DATA/kind. */
static int run_group(const char *kind, CMUnitTestFunction run, CMFixtureFunction teardown)
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
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
			                        .test_func = run,
			                        .initial_state = &cases[i] };
		free(list[i]);
	}
	free(list);
	failed = _cmocka_run_group_tests(kind, tests, (size_t)count, NULL, teardown);
	free(tests);
	free(cases);
	return failed;
}

int main(void)
{
	int failed = run_group("ok", run_ok, NULL);

	if (!updating())
		failed += run_group("ok", run_plan, NULL);
	failed += run_group("bad", run_bad, close_shared);
	return failed;
}
