/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Golden cases of the DDL: every directory below tests/data/ddl/ok and
 * tests/data/ddl/bad is a test, named by a sentence.
 *
 * ok:  `in` parses, `out` is the dump of its statements.
 * bad: `in` is refused, `err` is what err_print prints.
 *
 * A first line "scope WORD..." of `in` is not part of the text.  Its words:
 * catalog (the default), namespace, table; semicolon (only ';' ends a
 * statement); block (the text continues a BEGIN block); open (more text may
 * follow: the dump shows the tail).
 *
 * GOLDEN_UPDATE=1 rewrites out and err; review the difference.
 */
#include "tests/unit/helpers.h"

#include "catalog/ddl.h"

#include <assert.h>
#include <dirent.h>
#include <inttypes.h>

struct golden {
	char *path;
	bool is_ok;
};

struct input {
	char *file;       /* owned */
	const char *text; /* in file */
	size_t len;
	enum ddl_scope scope;
	enum ddl_ending ending;
	bool in_block;
	bool final;
};

static void take_flag(struct input *in, const char *word)
{
	if (!strcmp(word, "catalog"))
		in->scope = SCOPE_CATALOG;
	else if (!strcmp(word, "namespace"))
		in->scope = SCOPE_NAMESPACE;
	else if (!strcmp(word, "table"))
		in->scope = SCOPE_TABLE;
	else if (!strcmp(word, "semicolon"))
		in->ending = ENDING_SEMICOLON;
	else if (!strcmp(word, "block"))
		in->in_block = true;
	else if (!strcmp(word, "open"))
		in->final = false;
	else
		fail_msg("unknown word '%s' behind scope", word);
}

static struct input read_input(const char *path)
{
	struct input in = { .file = file_text(path), .ending = ENDING_NEWLINE, .final = true };
	char *line = in.file, *word, *state;

	in.text = in.file;
	if (!strncmp(in.file, "scope ", 6)) {
		char *end = strchr(in.file, '\n');

		assert_non_null(end);
		*end = '\0';
		in.text = end + 1;
		strtok_r(line, " ", &state);
		while ((word = strtok_r(NULL, " ", &state)))
			take_flag(&in, word);
	}
	in.len = strlen(in.text);
	return in;
}

static const char *const verb_names[] = {
	[STMT_CREATE_NAMESPACE] = "CREATE NAMESPACE",
	[STMT_ALTER_NAMESPACE] = "ALTER NAMESPACE",
	[STMT_DROP_NAMESPACE] = "DROP NAMESPACE",
	[STMT_CREATE_TABLE] = "CREATE TABLE",
	[STMT_ALTER_TABLE] = "ALTER TABLE",
	[STMT_DROP_TABLE] = "DROP TABLE",
	[STMT_UNDROP_TABLE] = "UNDROP TABLE",
	[STMT_PURGE_TABLE] = "PURGE TABLE",
	[STMT_CREATE_STORAGE] = "CREATE STORAGE",
	[STMT_ALTER_STORAGE] = "ALTER STORAGE",
	[STMT_DROP_STORAGE] = "DROP STORAGE",
	[STMT_BEGIN] = "BEGIN",
	[STMT_COMMIT] = "COMMIT",
	[STMT_ROLLBACK] = "ROLLBACK",
};
_Static_assert(countof(verb_names) == STMT_VERB_COUNT, "every verb has a name");

static const char *const action_names[] = {
	[ACTION_ADD_COLUMN] = "add column",       [ACTION_DROP_COLUMN] = "drop column",
	[ACTION_RENAME_COLUMN] = "rename column", [ACTION_RENAME_TABLE] = "rename table",
	[ACTION_SET_TYPE] = "set type",           [ACTION_SET_NOT_NULL] = "set not null",
	[ACTION_DROP_NOT_NULL] = "drop not null", [ACTION_SET_DEFAULT] = "set default",
	[ACTION_DROP_DEFAULT] = "drop default",   [ACTION_COLUMN_COMMENT] = "column comment",
	[ACTION_MODIFY_COLUMN] = "modify column", [ACTION_SET_OPTIONS] = "set options",
	[ACTION_TABLE_COMMENT] = "table comment", [ACTION_RESTORE_VERSION] = "restore version",
};
_Static_assert(countof(action_names) == ACTION_KIND_COUNT, "every action has a name");

static const char *const form_names[] = {
	[LITERAL_NULL] = "null",     [LITERAL_BOOLEAN] = "boolean", [LITERAL_NUMBER] = "number",
	[LITERAL_STRING] = "string", [LITERAL_ARRAY] = "array",     [LITERAL_OBJECT] = "object",
};

static void dump_text(const char *text, FILE *out)
{
	if (text)
		fprintf(out, "[%s]", text);
	else
		fputs("none", out);
}

static void dump_literal(const struct literal *literal, FILE *out)
{
	fputs(form_names[literal->form], out);
	if (literal->form == LITERAL_NULL)
		return;
	putc(' ', out);
	dump_text(literal->text, out);
	assert_int_equal(strlen(literal->text), literal->len);
}

static void dump_default(const struct default_expr *def, FILE *out)
{
	fputs(" default ", out);
	if (def->kind == DEFAULT_LITERAL) {
		dump_literal(&def->literal, out);
		return;
	}
	assert_int_equal(def->kind, DEFAULT_FUNCTION);
	fprintf(out, "%s(", def->function);
	for (unsigned i = 0; i < def->nargs; i++)
		fprintf(out, "%s%" PRId64, i ? ", " : "", def->args[i]);
	putc(')', out);
}

static void dump_column(const struct column_spec *c, FILE *out)
{
	char type[TYPE_SQL_SIZE];

	fprintf(out, " %s", c->name);
	if (c->type.id)
		fprintf(out, " %s", type_sql(&c->type, type));
	if (c->primary_key)
		fputs(" key", out);
	if (c->null != NULL_UNSAID)
		fputs(c->null == NULL_ALLOWED ? " null" : " not-null", out);
	if (c->has_default)
		dump_default(&c->def, out);
	if (c->has_comment) {
		fputs(" comment ", out);
		dump_text(c->comment, out);
	}
	if (c->id)
		fprintf(out, " id %u", c->id);
	putc('\n', out);
}

static void dump_settings(const struct setting *settings, unsigned count, FILE *out)
{
	for (unsigned i = 0; i < count; i++) {
		fprintf(out, "    option [%s] = ", settings[i].name);
		dump_literal(&settings[i].value, out);
		putc('\n', out);
	}
}

static void dump_object(const struct object_ref *ref, FILE *out)
{
	if (ref->namespace_name[0])
		fprintf(out, " %s.%s", ref->namespace_name, ref->name);
	else if (ref->name[0])
		fprintf(out, " %s", ref->name);
}

static void dump_action(const struct action *a, FILE *out)
{
	fprintf(out, "  %s%s", action_names[a->kind], a->if_clause ? " if" : "");
	if (a->new_name[0])
		fprintf(out, " to %s", a->new_name);
	dump_object(&a->new_table, out);
	if (a->version)
		fprintf(out, " %u", a->version);
	if (a->kind == ACTION_TABLE_COMMENT) {
		putc(' ', out);
		dump_text(a->comment, out);
	}
	if (a->column.name[0])
		dump_column(&a->column, out);
	else
		putc('\n', out);
	dump_settings(a->settings, a->setting_count, out);
}

static void dump_field(const char *name, const char *text, bool clear, FILE *out)
{
	if (text)
		fprintf(out, "  %s [%s]\n", name, text);
	if (clear)
		fprintf(out, "  %s cleared\n", name);
}

static void dump_storage(const struct storage_spec *s, FILE *out)
{
	if (s->has_type)
		fprintf(out, "  type %s\n", storage_type_name(s->type));
	dump_field("name", s->name, false, out);
	dump_field("description", s->description, s->clear_description, out);
	dump_field(s->bucket ? "bucket" : "base", s->base_directory, false, out);
	dump_field("shared", s->shared_template, false, out);
	dump_field("user", s->user_template, false, out);
	dump_field("credentials", s->credentials, s->clear_credentials, out);
	dump_field("config", s->config, s->clear_config, out);
}

static void dump_head(const struct stmt *s, FILE *out)
{
	fprintf(out, "%s", verb_names[s->verb]);
	dump_object(&s->object, out);
	if (s->has_type)
		fprintf(out, " type %s", table_type_name(s->type));
	fprintf(out, "%s%s%s", s->if_clause ? " if" : "", s->cascade ? " cascade" : "",
	        s->purge ? " purge" : "");
	if (s->version)
		fprintf(out, " version %u", s->version);
	putc('\n', out);
}

static void dump_stmt(const struct stmt *s, const char *text, FILE *out)
{
	fprintf(out, "-- %zu+%zu ...%.*s\n", s->start, s->len, s->len < 8 ? (int)s->len : 8,
	        text + s->start + (s->len < 8 ? 0 : s->len - 8));
	dump_head(s, out);
	for (unsigned i = 0; i < s->column_count; i++) {
		fputs("  column", out);
		dump_column(&s->columns[i], out);
	}
	if (s->primary_key)
		fprintf(out, "  key %s\n", s->primary_key);
	for (unsigned i = 0; i < s->partition_count; i++)
		fprintf(out, "  partition %s\n", s->partition[i]);
	if (s->has_comment) {
		fputs("  comment ", out);
		dump_text(s->comment, out);
		putc('\n', out);
	}
	dump_settings(s->settings, s->setting_count, out);
	for (unsigned i = 0; i < s->action_count; i++)
		dump_action(&s->actions[i], out);
	dump_storage(&s->storage, out);
}

static void dump_script(const struct script *script, const struct input *in, FILE *out)
{
	for (size_t i = 0; i < script->count; i++)
		dump_stmt(&script->stmts[i], in->text, out);
	if (!in->final)
		fprintf(out, "tail [%.*s]\n", (int)(in->len - script->tail),
		        in->text + script->tail);
	else
		assert_int_equal(script->tail, in->len);
}

/* What the parser makes of the input, as a text to free. */
static char *result_of(const struct input *in, bool is_ok)
{
	struct err err = ERR_INIT;
	struct collector result;
	struct script script;
	/* Exactly as long as the text, so that a sanitizer sees a read beyond it. */
	char *exact = malloc(in->len ? in->len : 1);
	int rc;

	assert_non_null(exact);
	memcpy(exact, in->text, in->len);
	rc = ddl_parse(exact, in->len, in->scope, in->ending, in->in_block, in->final, &script,
	               &err);
	collect(&result);
	if (rc)
		err_print(&err, "", exact, in->len, result.out);
	else
		dump_script(&script, in, result.out);
	if (!rc)
		script_free(&script);
	else
		assert_int_equal(rc, err.code);
	if (is_ok && rc)
		print_message("refused: %s\n", err.text);
	free(exact);
	assert_int_equal(is_ok, rc == 0);
	return text_of(&result);
}

/* How many statements a part of the input holds; gives where its tail begins. */
static size_t count_of(const struct input *in, const char *text, size_t len, bool *in_block,
                       bool final, size_t *tail)
{
	struct err err = ERR_INIT;
	struct script script;
	size_t count;

	if (ddl_parse(text, len, in->scope, in->ending, *in_block, final, &script, &err))
		fail_msg("refused: '%.*s': %s", (int)len, text, err.text);
	for (size_t i = 0; i < script.count; i++) {
		if (script.stmts[i].verb == STMT_BEGIN)
			*in_block = true;
		else if (script.stmts[i].verb == STMT_COMMIT ||
		         script.stmts[i].verb == STMT_ROLLBACK)
			*in_block = false;
	}
	count = script.count;
	*tail = script.tail;
	script_free(&script);
	return count;
}

/*
 * A text may come in two writes, cut anywhere: neither half is refused, and
 * with ';' alone as terminator both together hold the same statements.
 */
static void check_cuts(const struct input *in)
{
	bool in_block = in->in_block;
	size_t tail, whole = count_of(in, in->text, in->len, &in_block, true, &tail);

	for (size_t cut = 0; cut < in->len; cut++) {
		size_t first;

		in_block = in->in_block;
		first = count_of(in, in->text, cut, &in_block, false, &tail);
		assert_true(tail <= cut);
		if (in->ending != ENDING_SEMICOLON)
			continue;
		assert_int_equal(whole, first + count_of(in, in->text + tail, in->len - tail,
		                                         &in_block, true, &tail));
	}
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
	struct input in = read_input(in_path);
	char *result = result_of(&in, golden->is_ok), *expected;

	if (getenv("GOLDEN_UPDATE"))
		update(out_path, result);
	expected = file_text(out_path);
	assert_string_equal(result, expected);
	if (golden->is_ok && in.final)
		check_cuts(&in);

	free(expected);
	free(result);
	free(in.file);
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

	count = add_cases("tests/data/ddl/ok", true, &tests, 0);
	count = add_cases("tests/data/ddl/bad", false, &tests, count);
	failed = _cmocka_run_group_tests("ddl_golden", tests, count, NULL, NULL);
	for (size_t i = 0; i < count; i++) {
		struct golden *golden = tests[i].initial_state;

		free(golden->path);
		free(golden);
	}
	free(tests);
	return failed;
}
