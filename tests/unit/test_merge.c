/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A document and a statement are two ways to say the same: what random
 * statements make of a table, the document that shows the result makes of its
 * twin, also on top of what somebody else did meanwhile.
 */
#include "tests/unit/saving.h"

#include <inttypes.h>

#define ROUNDS 250

struct pair {
	struct saving s;
	uint64_t seed;
};

static unsigned pick(struct pair *p, unsigned below)
{
	p->seed ^= p->seed << 13;
	p->seed ^= p->seed >> 7;
	p->seed ^= p->seed << 17;
	return (unsigned)(p->seed % below);
}

static const char *const types[] = { "SMALLINT", "INT", "FLOAT", "DECIMAL(6, 2)", "TEXT", "DATE",
				     "BOOLEAN", "JSON", "EMBEDDING(2)", "BYTES" };
static const char *const literals[] = { "7", "-12", "1.5", "3.25", "'it''s \\ \"x\" \xc3\xa4'",
					"'2025-02-03'", "TRUE", "'{\"a\":[1]}'", "[1, 2.5]",
					"X'0aff'" };

static void random_column(struct pair *p, const char *name, FILE *out)
{
	unsigned type = pick(p, countof(types));
	bool has_default = pick(p, 2), not_null = has_default && pick(p, 3) == 0;

	fprintf(out, "%s %s%s", name, types[type], not_null ? " NOT NULL" : "");
	if (has_default)
		fprintf(out, " DEFAULT %s", literals[type]);
	if (pick(p, 3) == 0)
		fprintf(out, " COMMENT 'note %u\n\xe2\x82\xac'", pick(p, 100));
}

/* The same random definition for each of the names. */
static void create_tables(struct pair *p, const char *const *names, size_t count)
{
	static const char *const kinds[] = { "USER", "SHARED", "STREAM" };
	unsigned kind = pick(p, 3), columns = 3 + pick(p, 6);
	uint64_t seed = p->seed;

	for (size_t n = 0; n < count; n++) {
		struct collector c;
		char *sql;

		p->seed = seed;
		collect(&c);
		fprintf(c.out, "CREATE %s TABLE %s (c0 BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID()",
			kinds[kind], names[n]);
		for (unsigned i = 1; i <= columns; i++) {
			char name[16];

			snprintf(name, sizeof(name), "c%u", i);
			fputs(", ", c.out);
			random_column(p, name, c.out);
		}
		fprintf(c.out, ")%s COMMENT 'table';", kind == 2 ? " WITH (TTL_SECONDS = 60)" : "");
		sql = text_of(&c);
		saving_must(&p->s, sql);
		free(sql);
	}
}

static void drop_tables(struct pair *p, const char *const *names, size_t count)
{
	char sql[100];

	for (size_t n = 0; n < count; n++) {
		snprintf(sql, sizeof(sql), "DROP TABLE %s PURGE;", names[n]);
		saving_must(&p->s, sql);
	}
}

static bool print_wider(const struct type *type, FILE *out)
{
	if (type->id == TYPE_DECIMAL && type->precision < 30)
		fprintf(out, "DECIMAL(%u, %u)", type->precision + 2, type->scale + 1);
	else if (type->id == TYPE_SMALLINT || type->id == TYPE_INT)
		fputs(type->id == TYPE_INT ? "BIGINT" : "INT", out);
	else if (type->id == TYPE_FLOAT)
		fputs("DOUBLE", out);
	else
		return false;
	return true;
}

static void print_default(struct pair *p, const struct column *column, FILE *out)
{
	for (unsigned i = 0; i < countof(types); i++) {
		char name[16];

		snprintf(name, sizeof(name), "%s", type_name(column->type.id));
		if (strncmp(types[i], name, strlen(name)) == 0 && pick(p, 4)) {
			fputs(literals[i], out);
			return;
		}
	}
	fputs("NULL", out);
}

/* What somebody may do to a column; mine: also drop it and change what it is called. */
static void random_action(struct pair *p, const struct column *column, bool mine, FILE *out)
{
	unsigned what = pick(p, mine ? 7 : 5);

	if (what == 0) {
		fprintf(out, "ALTER COLUMN %s TYPE ", column->name);
		if (print_wider(&column->type, out))
			return;
		fprintf(out, "%s", type_name(column->type.id));
		if (column->type.id == TYPE_EMBEDDING)
			fputs("(2)", out);
		if (column->type.id == TYPE_DECIMAL)
			fprintf(out, "(%u, %u)", column->type.precision, column->type.scale);
	} else if (what == 1) {
		fprintf(out, "ALTER COLUMN %s %s NOT NULL", column->name,
			column->nullable ? "SET" : "DROP");
	} else if (what == 2) {
		fprintf(out, "ALTER COLUMN %s SET DEFAULT ", column->name);
		print_default(p, column, out);
	} else if (what == 3) {
		fprintf(out, "ALTER COLUMN %s DROP DEFAULT", column->name);
	} else if (what == 4) {
		fprintf(out, "ALTER COLUMN %s COMMENT '%u'", column->name, pick(p, 100));
	} else if (what == 5) {
		fprintf(out, "RENAME COLUMN %s TO n%u", column->name, pick(p, 100000));
	} else {
		fprintf(out, "DROP COLUMN %s", column->name);
	}
}

static void random_table_action(struct pair *p, bool mine, FILE *out)
{
	char name[16];

	snprintf(name, sizeof(name), "%c%u", mine ? 'm' : 't', pick(p, 100000));
	switch (pick(p, 3)) {
	case 0:
		fputs("ADD COLUMN ", out);
		random_column(p, name, out);
		break;
	case 1:
		if (mine)
			fprintf(out, "COMMENT '%u'", pick(p, 100));
		else
			fprintf(out, "SET (DELETED_RETENTION_HOURS = %u)", pick(p, 100));
		break;
	default:
		if (mine)
			fprintf(out, "SET (COMPRESSION = '%s')", pick(p, 2) ? "zstd" : "none");
		else
			fprintf(out, "SET (FLUSH_POLICY = 'rows:%u')", 1 + pick(p, 100));
	}
}

/* Actions on columns of even ids (mine) or odd ones (theirs), one on each at most. */
static char *random_actions(struct pair *p, uint32_t table_id, bool mine)
{
	struct table *table = saving_table(&p->s, table_id, 0);
	struct collector c;
	bool any = false;

	collect(&c);
	for (uint32_t i = 1; i < table->column_count; i++) {
		if (table->columns[i].id % 2 == mine || pick(p, 2))
			continue;
		fputs(any ? ", " : "", c.out);
		random_action(p, &table->columns[i], mine, c.out);
		any = true;
	}
	if (!any || pick(p, 2)) {
		fputs(any ? ", " : "", c.out);
		random_table_action(p, mine, c.out);
	}
	table_put(table);
	return text_of(&c);
}

static int alter(struct pair *p, const char *name, const char *actions)
{
	char *sql;
	int rc;

	assert_true(asprintf(&sql, "ALTER TABLE %s %s;", name, actions) > 0);
	rc = saving_run(&p->s, sql);
	free(sql);
	return rc;
}

static char *cut_line(char *text, const char *key, uint32_t number)
{
	char line[80];

	snprintf(line, sizeof(line), "      \"%s\": %" PRIu32 ",\n", key, number);
	return saving_edit(text, line, "");
}

/*
 * The text that somebody makes of schema.json of `id`, which is at version 1, so
 * that it says what the twin is now: new columns without their numbers.
 */
static char *edited_text(struct pair *p, uint32_t id, uint32_t twin)
{
	struct table *from = saving_table(&p->s, id, 1), *to = saving_table(&p->s, twin, 0);
	struct table *shown = table_copy(to, 0);
	struct collector c;
	char *text;

	assert_non_null(shown);
	shown->id = id;
	shown->version = 1;
	shown->created_at = from->created_at;
	shown->updated_at = from->updated_at;
	memcpy(shown->name, from->name, sizeof(shown->name));
	memcpy(shown->location_name, from->location_name, sizeof(shown->location_name));
	collect(&c);
	print_schema_json(shown, c.out);
	text = text_of(&c);
	for (uint32_t i = 0; i < to->column_count; i++) {
		if (table_find_column_id(from, to->columns[i].id))
			continue;
		text = cut_line(text, "column_id", to->columns[i].id);
		text = cut_line(text, "ordinal_position", to->columns[i].id);
	}
	table_put(shown);
	table_put(from);
	table_put(to);
	return text;
}

static void assert_same(struct pair *p, uint32_t a, uint32_t b, uint64_t seed)
{
	struct table *x = saving_table(&p->s, a, 0), *y = saving_table(&p->s, b, 0);

	if (x->column_count != y->column_count || !text_equal(x->comment, y->comment) ||
	    !options_equal(x->type, &x->options, &y->options))
		fail_msg("seed %" PRIu64 ": tables differ", seed);
	for (uint32_t i = 0; i < x->column_count; i++) {
		if (!column_equal(&x->columns[i], &y->columns[i]))
			fail_msg("seed %" PRIu64 ": columns %s and %s differ", seed,
				 x->columns[i].name, y->columns[i].name);
	}
	table_put(x);
	table_put(y);
}

static void open_pair(struct pair *p)
{
	const char *seed = getenv("SEED");

	saving_open(&p->s);
	p->seed = seed ? strtoull(seed, NULL, 10) : 20251122;
	print_message("SEED=%" PRIu64 "\n", p->seed);
}

static void the_text_shown_is_no_change_of_any_table(void **state)
{
	const char *name = "default.a";
	struct pair p;

	(void)state;
	open_pair(&p);
	for (unsigned i = 0; i < ROUNDS / 2; i++) {
		struct document_target target;
		uint64_t seed = p.seed;
		char *text;

		create_tables(&p, &name, 1);
		target = saving_target(&p.s, name);
		text = saving_schema(&p.s, target.table_id, 0);
		if (saving_save(&p.s, &target, text))
			fail_msg("seed %" PRIu64 ": %s", seed, p.s.err.text);
		assert_int_equal(p.s.request.sequence, 0);
		free(text);
		drop_tables(&p, &name, 1);
	}
	saving_close(&p.s);
}

static void a_new_table_from_a_text_is_the_same(void **state)
{
	const char *names[] = { "default.a", "default.b" };
	struct pair p;

	(void)state;
	open_pair(&p);
	for (unsigned i = 0; i < ROUNDS / 2; i++) {
		struct document_target target = { .kind = DOCUMENT_TABLE, .create = true,
						  .namespace_id = NAMESPACE_DEFAULT, .name = "b" };
		uint64_t seed = p.seed;
		uint32_t id;
		char *text;

		create_tables(&p, names, 1);
		id = saving_table_id(&p.s, names[0]);
		text = saving_schema(&p.s, id, 0);
		if (saving_save(&p.s, &target, text))
			fail_msg("seed %" PRIu64 ": %s", seed, p.s.err.text);
		assert_same(&p, id, saving_table_id(&p.s, names[1]), seed);
		free(text);
		drop_tables(&p, names, 2);
	}
	saving_close(&p.s);
}

static void edits_by_documents_are_those_of_statements(void **state)
{
	const char *names[] = { "default.a", "default.b" };
	unsigned done = 0;
	struct pair p;

	(void)state;
	open_pair(&p);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct document_target target;
		uint64_t seed = p.seed;
		uint32_t twin;
		char *actions, *text;

		create_tables(&p, names, 2);
		target = saving_target(&p.s, names[0]);
		twin = saving_table_id(&p.s, names[1]);
		actions = random_actions(&p, target.table_id, pick(&p, 2));
		if (alter(&p, names[1], actions) == 0) {
			text = edited_text(&p, target.table_id, twin);
			if (saving_save(&p.s, &target, text))
				fail_msg("seed %" PRIu64 ": %s: %s", seed, actions, p.s.err.text);
			assert_same(&p, target.table_id, twin, seed);
			free(text);
			done++;
		}
		free(actions);
		drop_tables(&p, names, 2);
	}
	assert_true(done > ROUNDS / 2);
	saving_close(&p.s);
}

static void edits_of_two_sides_are_both_there_afterwards(void **state)
{
	const char *names[] = { "default.a", "default.b", "default.c" };
	unsigned done = 0;
	struct pair p;

	(void)state;
	open_pair(&p);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct document_target target;
		uint64_t seed = p.seed;
		char *mine, *theirs, *text = NULL;

		create_tables(&p, names, 3);
		target = saving_target(&p.s, names[0]);
		mine = random_actions(&p, target.table_id, true);
		theirs = random_actions(&p, target.table_id, false);
		/* b: mine alone, gives the text; a: theirs, then the text; c: both in turn. */
		if (alter(&p, names[1], mine) == 0 && alter(&p, names[0], theirs) == 0 &&
		    alter(&p, names[2], theirs) == 0 && alter(&p, names[2], mine) == 0) {
			text = edited_text(&p, target.table_id, saving_table_id(&p.s, names[1]));
			if (saving_save(&p.s, &target, text)) {
				/* What mine left as it was is an old version unchanged. */
				assert_int_equal(p.s.err.code, -EINVAL);
				assert_non_null(strstr(p.s.err.text, "unchanged; current is 2"));
			} else {
				assert_same(&p, target.table_id, saving_table_id(&p.s, names[2]),
					    seed);
				done++;
			}
		}
		free(text);
		free(mine);
		free(theirs);
		drop_tables(&p, names, 3);
	}
	assert_true(done > ROUNDS / 3);
	saving_close(&p.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_shown_is_no_change_of_any_table),
		cmocka_unit_test(a_new_table_from_a_text_is_the_same),
		cmocka_unit_test(edits_by_documents_are_those_of_statements),
		cmocka_unit_test(edits_of_two_sides_are_both_there_afterwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
