/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Golden cases of saved documents: every directory below
 * tests/data/document/ok and tests/data/document/bad is a test, named by a
 * sentence.  Each begins with the statements of tests/data/document/setup.sql,
 * run by ann (vim); the save is bob's (nano).
 *
 * `in` has a header, one word and its rest on a line:
 *   target KIND NAME   table app.messages | column app.messages.price |
 *                      namespace app | storage s3 | new table app.orders |
 *                      new column app.messages.age | new storage x
 *   sql STATEMENTS     run by ann before the save
 *   base N             the version that bob's process saved before
 *   plan               try only
 *   from N             the document is what version N shows (0 = now), and
 *   edit A => B        with the first A in it replaced by B (\n is a newline);
 *   document           or else the document is all that follows.
 *
 * ok:  `out` is the plan and the object as it is afterwards.
 * bad: `err` is what `error` shows.
 *
 * GOLDEN_UPDATE=1 rewrites out and err; review the difference.
 */
#include "tests/unit/saving.h"

#include <assert.h>
#include <dirent.h>

struct golden {
	char *path;
	bool is_ok;
};

struct input {
	struct saving saving;
	struct document_target target;
	bool plan;
	char *text;	/* the document; owned */
};

static struct column *find_column(struct table *table, const char *name)
{
	struct column *column = table_find_column(table, name);

	if (!column)
		fail_msg("no column %s", name);
	return column;
}

/* "app.messages.price" becomes "app.messages" and "price". */
static char *split_last(char *name)
{
	char *dot = strrchr(name, '.');

	assert_non_null(dot);
	*dot = '\0';
	return dot + 1;
}

static void take_column(struct input *in, char *name, bool is_new)
{
	char *column = split_last(name);
	struct table *table;

	in->target.kind = DOCUMENT_COLUMN;
	in->target.table_id = saving_table_id(&in->saving, name);
	if (is_new) {
		snprintf(in->target.name, NAME_SIZE, "%s", column);
		return;
	}
	table = saving_table(&in->saving, in->target.table_id, 0);
	in->target.column_id = find_column(table, column)->id;
	table_put(table);
}

static void take_table(struct input *in, char *name, bool is_new)
{
	if (is_new) {
		snprintf(in->target.name, NAME_SIZE, "%s", split_last(name));
		in->target.namespace_id = saving_namespace_id(&in->saving, name);
	} else {
		in->target.table_id = strncmp(name, "system.", 7) ?
			saving_table_id(&in->saving, name) : TABLE_SYSTEM_FIRST;
	}
}

static void take_target(struct input *in, char *line)
{
	bool is_new = !strncmp(line, "new ", 4);
	char *kind = line + (is_new ? 4 : 0), *name = strchr(kind, ' ');

	assert_non_null(name);
	*name++ = '\0';
	in->target = (struct document_target){ .create = is_new };
	if (!strcmp(kind, "table")) {
		take_table(in, name, is_new);
	} else if (!strcmp(kind, "column")) {
		take_column(in, name, is_new);
	} else if (!strcmp(kind, "namespace")) {
		in->target.kind = DOCUMENT_NAMESPACE;
		in->target.namespace_id = saving_namespace_id(&in->saving, name);
		snprintf(in->target.name, NAME_SIZE, "%s", name);
	} else {
		assert_string_equal(kind, "storage");
		in->target.kind = DOCUMENT_STORAGE;
		if (is_new)
			snprintf(in->target.name, NAME_SIZE, "%s", name);
		else
			in->target.storage_id = saving_storage_id(&in->saving, name);
	}
}

static void print_other(struct input *in, bool with_secrets, FILE *out)
{
	struct storage *storage;
	struct namespace *ns;
	struct txn *txn;

	assert_int_equal(catalog_begin(in->saving.catalog, &txn, NULL), 0);
	if (in->target.kind == DOCUMENT_NAMESPACE) {
		assert_int_equal(catalog_namespace(in->saving.catalog, txn, in->target.namespace_id,
						   &ns, NULL), 0);
		print_namespace_json(ns, out);
		namespace_put(ns);
	} else {
		uint32_t id = in->target.create ? saving_storage_id(&in->saving, in->target.name) :
						  in->target.storage_id;

		assert_int_equal(catalog_storage(in->saving.catalog, txn, id, &storage, NULL), 0);
		print_storage_document(storage, out);
		if (with_secrets)
			print_storage_sql(storage, true, out);
		storage_put(storage);
	}
	txn_end(txn);
}

static char *shown_text(struct input *in, uint32_t version)
{
	struct table *table;
	struct collector c;

	if (in->target.kind == DOCUMENT_TABLE)
		return saving_schema(&in->saving, in->target.table_id, version);
	collect(&c);
	if (in->target.kind == DOCUMENT_COLUMN) {
		table = saving_table(&in->saving, in->target.table_id, version);
		print_column_json(table_find_column_id(table, in->target.column_id), c.out);
		table_put(table);
	} else {
		print_other(in, false, c.out);
	}
	return text_of(&c);
}

static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] == 'n') {
			*to++ = '\n';
			text++;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

static void take_edit(struct input *in, char *line)
{
	char *arrow = strstr(line, " =>");

	assert_non_null(arrow);
	assert_non_null(in->text);
	*arrow = '\0';
	arrow += arrow[3] == ' ' ? 4 : 3;
	unescape(line);
	unescape(arrow);
	in->text = saving_edit(in->text, line, arrow);
}

static void take_line(struct input *in, char *word, char *rest)
{
	if (!strcmp(word, "target"))
		take_target(in, rest);
	else if (!strcmp(word, "sql"))
		saving_must(&in->saving, rest);
	else if (!strcmp(word, "base"))
		in->target.base = (uint32_t)atoi(rest);
	else if (!strcmp(word, "plan"))
		in->plan = true;
	else if (!strcmp(word, "from"))
		in->text = shown_text(in, (uint32_t)atoi(rest));
	else if (!strcmp(word, "edit"))
		take_edit(in, rest);
	else
		fail_msg("unknown word '%s'", word);
}

static void read_input(struct input *in, const char *path)
{
	char *file = file_text(path), *line = file, *next, *rest;

	for (; *line; line = next) {
		next = strchr(line, '\n');
		assert_non_null(next);
		*next++ = '\0';
		if (!strcmp(line, "document")) {
			in->text = strdup(next);
			break;
		}
		rest = strchr(line, ' ');
		if (rest)
			*rest++ = '\0';
		take_line(in, line, rest ? rest : line + strlen(line));
	}
	assert_non_null(in->text);
	free(file);
}

static const char *file_name(const struct input *in)
{
	static const char *const names[] = {
		[DOCUMENT_TABLE] = "schema.json",
		[DOCUMENT_COLUMN] = "price.json",
		[DOCUMENT_NAMESPACE] = "namespace.json",
		[DOCUMENT_STORAGE] = "s3.json",
	};

	return names[in->target.kind];
}

static void print_table(struct input *in, FILE *out)
{
	struct table *table;
	char name[2 * NAME_SIZE];
	uint32_t id = in->target.table_id;

	if (in->target.create && in->target.kind == DOCUMENT_TABLE) {
		snprintf(name, sizeof(name), "app.%s", in->target.name);
		id = saving_table_id(&in->saving, name);
	}
	table = saving_table(&in->saving, id, 0);
	print_schema_sql(table, true, out);
	if (in->saving.request.sequence && !in->plan) {
		assert_null(table->info.statement);
		assert_string_equal(table->info.author.user, "bob");
		assert_int_equal(table->info.source, SOURCE_DOCUMENT);
	}
	table_put(table);
}

static void print_result(struct input *in, FILE *out)
{
	fputs(in->saving.request.plan_text, out);
	fputs("--\n", out);
	if (in->target.kind == DOCUMENT_TABLE || in->target.kind == DOCUMENT_COLUMN)
		print_table(in, out);
	else
		print_other(in, true, out);
}

/* What becomes of the save, as a text to free. */
static char *result_of(struct input *in, bool is_ok)
{
	struct collector result;
	int rc = saving_save_as(&in->saving, &in->target, in->text, strlen(in->text), in->plan);

	collect(&result);
	if (rc)
		document_print_error(&in->saving.err, file_name(in), in->text, strlen(in->text),
				     result.out);
	else
		print_result(in, result.out);
	if (rc)
		fprintf(result.out, "%s %s\n", err_errno_name(rc),
			err_kind_name(in->saving.err.kind));
	if (is_ok && rc)
		print_message("refused: %s\n", in->saving.err.text);
	assert_int_equal(is_ok, rc == 0);
	return text_of(&result);
}

static char *path_of(const struct golden *golden, const char *file)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", golden->path, file) > 0);
	return path;
}

static void update(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void golden_case(void **state)
{
	const struct golden *golden = *state;
	char *in_path = path_of(golden, "in");
	char *out_path = path_of(golden, golden->is_ok ? "out" : "err");
	char *setup = file_text("tests/data/document/setup.sql");
	struct input in = { .target = { .kind = DOCUMENT_TABLE } };
	char *result, *expected;

	saving_open(&in.saving);
	saving_must(&in.saving, setup);
	read_input(&in, in_path);
	result = result_of(&in, golden->is_ok);
	if (getenv("GOLDEN_UPDATE"))
		update(out_path, result);
	expected = file_text(out_path);
	assert_string_equal(result, expected);

	saving_close(&in.saving);
	free(in.text);
	free(setup);
	free(expected);
	free(result);
	free(in_path);
	free(out_path);
}

/* Adds a test for each directory of dir; gives the new count. */
static size_t add_cases(const char *dir, bool is_ok, struct CMUnitTest **tests, size_t count)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, NULL, alphasort);

	if (n < 0) {
		perror(dir);
		exit(1);
	}
	*tests = realloc(*tests, (count + (size_t)n) * sizeof(**tests));
	assert(*tests);
	for (int i = 0; i < n; i++) {
		struct golden *golden = calloc(1, sizeof(*golden));

		assert(golden);
		golden->is_ok = is_ok;
		if (entries[i]->d_name[0] != '.' &&
		    asprintf(&golden->path, "%s/%s", dir, entries[i]->d_name) > 0)
			(*tests)[count++] = (struct CMUnitTest){ .name = golden->path,
								 .test_func = golden_case,
								 .initial_state = golden };
		else
			free(golden);
		free(entries[i]);
	}
	free(entries);
	return count;
}

int main(void)
{
	struct CMUnitTest *tests = NULL;
	size_t count;
	int failed;

	count = add_cases("tests/data/document/ok", true, &tests, 0);
	count = add_cases("tests/data/document/bad", false, &tests, count);
	failed = _cmocka_run_group_tests("document_golden", tests, count, NULL, NULL);
	for (size_t i = 0; i < count; i++) {
		struct golden *golden = tests[i].initial_state;

		free(golden->path);
		free(golden);
	}
	free(tests);
	return failed;
}
