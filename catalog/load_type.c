/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types of other databases.  What we write the same way means the same as in
 * exec, unless it is wider there and values would not fit: INTEGER and REAL of
 * SQLite have 64 bits.
 */
#include "catalog/load_impl.h"

#include "catalog/lex.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORDS_SIZE 96
#define PARAMS_MAX 2
#define NUMBER_MAX 1000000000
#define DOMAINS_WITHIN 8	/* of domains */

/* A type as it is written. */
struct foreign {
	char words[WORDS_SIZE];	/* upper case, one blank between, schema left out */
	char last[NAME_SIZE];	/* the name behind the schema, folded */
	bool has_params, has_numbers;
	unsigned count;
	long params[PARAMS_MAX];
	bool is_array, is_unsigned;
	size_t pos;
};

/* What it becomes. */
struct mapped {
	struct type type;
	bool is_other;		/* values, order or rules are not the same: to be told about */
	bool is_serial;
};

/* Words that end a type and begin what follows it. */
static const char *const option_words[] = {
	"NOT", "NULL", "DEFAULT", "PRIMARY", "KEY", "UNIQUE", "CHECK", "REFERENCES", "CONSTRAINT",
	"COLLATE", "GENERATED", "AS", "COMMENT", "AUTO_INCREMENT", "AUTOINCREMENT", "ON", "CHARSET",
	"CHARACTER", "VIRTUAL", "STORED", "INVISIBLE", "VISIBLE", "IDENTITY", "DEFERRABLE", "STORAGE",
	"INITIALLY", "COLUMN_FORMAT", "COMPRESSED", "COMPRESSION", "USING", "ASCII", "UNICODE", "ID",
	"SRID", "WITH", "WITHOUT", "UNSIGNED", "SIGNED", "ZEROFILL", "BINARY", "SPARSE", "ENCODE",
	"FIRST", "AFTER", "OPTIONS", "ENUM", "SET", "ARRAY",
};

static bool is_option_word(const struct load *ld)
{
	/* VARYING CHARACTER(20); SQLite has no CHARACTER SET. */
	if (ld->dialect == LOAD_SQLITE && load_is(ld, "CHARACTER"))
		return false;
	for (size_t i = 0; i < countof(option_words); i++) {
		if (load_is(ld, option_words[i]))
			return true;
	}
	return false;
}

static void add_word(struct foreign *f, const char *word)
{
	size_t used = strlen(f->words);

	if (!word)
		return;
	snprintf(f->words + used, sizeof(f->words) - used, "%s%s", used ? " " : "", word);
	for (char *c = f->words + used; *c; c++)
		*c = (char)toupper((unsigned char)*c);
}

/* The first word, perhaps schema.word; a second one may go with it. */
static void read_words(struct load *ld, struct foreign *f)
{
	char *word = NULL;

	do {
		if (ld->lx.token.kind != FOREIGN_WORD && ld->lx.token.kind != FOREIGN_NAME)
			break;
		word = load_name(ld, "a type");
	} while (load_accept_symbol(ld, '.'));
	if (!word)
		return;
	add_word(f, word);
	(void)!name_fold(word, strnlen(word, NAME_MAX_BYTES), -1, f->last, NULL);
	while (!ld->rc && ld->lx.token.kind == FOREIGN_WORD && !is_option_word(ld)) {
		add_word(f, load_name(ld, "a type"));
	}
}

/* As much of a number as any parameter may be. */
static long small_number(const char *text)
{
	long n = strtol(text, NULL, 10);

	return n < NUMBER_MAX ? n : NUMBER_MAX;
}

static void read_params(struct load *ld, struct foreign *f)
{
	if (!load_is_symbol(ld, '('))
		return;
	f->has_params = f->has_numbers = true;
	do {
		bool negative;

		load_next(ld);
		negative = load_accept_symbol(ld, '-');
		if (ld->lx.token.kind != FOREIGN_NUMBER)
			f->has_numbers = false;
		else if (f->count < PARAMS_MAX)
			f->params[f->count] = small_number(ld->lx.token.text) * (negative ? -1 : 1);
		f->count++;
		while (!load_is_end(ld) && !load_is_symbol(ld, ',') && !load_is_symbol(ld, ')'))
			load_next(ld);
	} while (load_is_symbol(ld, ','));
	load_expect_symbol(ld, ')');
}

static void read_zone(struct load *ld, struct foreign *f)
{
	bool with = load_is(ld, "WITH");

	if (!with && !load_is(ld, "WITHOUT"))
		return;
	if (!load_peek_is(ld, "TIME") && !load_peek_is(ld, "LOCAL"))
		return;
	load_next(ld);
	load_accept(ld, "LOCAL");
	load_expect(ld, "TIME");
	load_expect(ld, "ZONE");
	add_word(f, with ? "WITH TIME ZONE" : "WITHOUT TIME ZONE");
}

static void read_suffixes(struct load *ld, struct foreign *f)
{
	for (;;) {
		if (load_accept_symbol(ld, '[')) {
			f->is_array = true;
			while (!load_is_end(ld) && !load_accept_symbol(ld, ']'))
				load_next(ld);
		} else if (load_accept(ld, "UNSIGNED") || load_accept(ld, "ZEROFILL")) {
			f->is_unsigned = true;
		} else if (load_accept(ld, "ARRAY")) {
			f->is_array = true;
		} else if (!load_accept(ld, "SIGNED")) {
			return;
		}
	}
}

static void read_type(struct load *ld, struct foreign *f)
{
	*f = (struct foreign){ .pos = load_pos(ld) };
	if (load_is(ld, "ENUM") || load_is(ld, "SET") || load_is(ld, "CHARACTER") ||
	    load_is(ld, "BINARY") || load_is(ld, "UNSIGNED")) {
		add_word(f, load_name(ld, "a type"));
		if (load_is(ld, "VARYING") || load_is(ld, "LARGE") || load_is(ld, "BIG"))
			add_word(f, load_name(ld, "a type"));
		if (ld->dialect == LOAD_SQLITE && !is_option_word(ld) && ld->lx.token.kind == FOREIGN_WORD)
			add_word(f, load_name(ld, "a type"));
	} else if (!is_option_word(ld)) {
		read_words(ld, f);
	}
	read_params(ld, f);
	read_zone(ld, f);
	read_suffixes(ld, f);
}

enum { PG = 1 << LOAD_POSTGRESQL, MY = 1 << LOAD_MYSQL, LITE = 1 << LOAD_SQLITE };

enum params { IGNORED, DECIMAL, DIMENSION };

static const struct row {
	const char *words;
	unsigned dialects;
	enum type_id id;
	enum params params;
	bool is_other;
} rows[] = {
	/* The words are ours, but not what they mean. */
	{ "INTEGER", LITE, TYPE_BIGINT, IGNORED, false },
	{ "INT", LITE, TYPE_BIGINT, IGNORED, false },
	{ "REAL", LITE | MY, TYPE_DOUBLE, IGNORED, false },
	{ "FLOAT", LITE, TYPE_DOUBLE, IGNORED, false },
	/* Parameters that are no part of the type. */
	{ "INT", MY, TYPE_INT, IGNORED, false },
	{ "INTEGER", MY, TYPE_INT, IGNORED, false },
	{ "SMALLINT", MY, TYPE_SMALLINT, IGNORED, false },
	{ "MEDIUMINT", MY, TYPE_INT, IGNORED, false },
	{ "BIGINT", MY | LITE, TYPE_BIGINT, IGNORED, false },
	{ "DOUBLE", MY | LITE, TYPE_DOUBLE, IGNORED, false },
	{ "DOUBLE PRECISION", MY | LITE, TYPE_DOUBLE, IGNORED, false },
	{ "NUMERIC", PG | MY | LITE, TYPE_DECIMAL, DECIMAL, false },
	{ "DECIMAL", PG | MY | LITE, TYPE_DECIMAL, DECIMAL, false },
	{ "DEC", PG | MY | LITE, TYPE_DECIMAL, DECIMAL, false },
	{ "FIXED", MY, TYPE_DECIMAL, DECIMAL, false },
	/* The same by another name. */
	{ "TINYINT", MY | LITE, TYPE_SMALLINT, IGNORED, false },
	{ "YEAR", MY, TYPE_SMALLINT, IGNORED, false },
	{ "TINYBLOB", MY, TYPE_BYTES, IGNORED, false },
	{ "MEDIUMBLOB", MY, TYPE_BYTES, IGNORED, false },
	{ "LONGBLOB", MY, TYPE_BYTES, IGNORED, false },
	{ "NCHAR", MY | LITE, TYPE_TEXT, IGNORED, false },
	{ "NATIONAL VARCHAR", MY, TYPE_TEXT, IGNORED, false },
	{ "NATIVE CHARACTER", LITE, TYPE_TEXT, IGNORED, false },
	{ "VARYING CHARACTER", LITE, TYPE_TEXT, IGNORED, false },
	{ "BPCHAR", PG, TYPE_TEXT, IGNORED, false },
	{ "NAME", PG, TYPE_TEXT, IGNORED, false },
	{ "OID", PG, TYPE_BIGINT, IGNORED, false },
	{ "VECTOR", PG | MY, TYPE_EMBEDDING, DIMENSION, false },
	/* Something else that holds the values. */
	{ "HALFVEC", PG, TYPE_EMBEDDING, DIMENSION, true },
	{ "MONEY", PG, TYPE_DECIMAL, DECIMAL, true },
	{ "TIME WITH TIME ZONE", PG, TYPE_TIME, IGNORED, true },
	{ "TIMETZ", PG, TYPE_TIME, IGNORED, true },
	{ "HSTORE", PG, TYPE_JSON, IGNORED, true },
	{ "GEOMETRY", PG | MY, TYPE_BYTES, IGNORED, true },
	{ "GEOGRAPHY", PG, TYPE_BYTES, IGNORED, true },
	{ "POINT", MY, TYPE_BYTES, IGNORED, true },
	{ "LINESTRING", MY, TYPE_BYTES, IGNORED, true },
	{ "POLYGON", MY, TYPE_BYTES, IGNORED, true },
	{ "MULTIPOINT", MY, TYPE_BYTES, IGNORED, true },
	{ "MULTILINESTRING", MY, TYPE_BYTES, IGNORED, true },
	{ "MULTIPOLYGON", MY, TYPE_BYTES, IGNORED, true },
	{ "GEOMETRYCOLLECTION", MY, TYPE_BYTES, IGNORED, true },
	{ "BIT", MY, TYPE_BYTES, IGNORED, true },
};

static const struct row *find_row(unsigned dialects, const char *words)
{
	for (size_t i = 0; i < countof(rows); i++) {
		if (rows[i].dialects & dialects && !strcmp(rows[i].words, words))
			return &rows[i];
	}
	return NULL;
}

/* Precision and scale within our limits; whether they had to be changed. */
static bool fit_decimal(const struct foreign *f, struct type *type)
{
	long p = f->count ? f->params[0] : DECIMAL_PRECISION_MAX;
	long s = f->count > 1 ? f->params[1] : f->count ? 0 : 10, was_p = p, was_s = s;

	if (s < 0) { /* rounded in front of the point */
		p -= s;
		s = 0;
	}
	if (p < s)
		p = s;
	if (p > DECIMAL_PRECISION_MAX)
		p = DECIMAL_PRECISION_MAX;
	if (p < 1)
		p = 1;
	if (s > p)
		s = p;
	type->precision = (uint8_t)p;
	type->scale = (uint8_t)s;
	return p != was_p || s != was_s;
}

static bool by_row(const struct foreign *f, const struct row *row, struct mapped *out)
{
	*out = (struct mapped){ .type = { .id = row->id }, .is_other = row->is_other };
	switch (row->params) {
	case IGNORED:
		return true;
	case DECIMAL:
		out->is_other |= fit_decimal(f, &out->type) || f->count > PARAMS_MAX;
		return true;
	case DIMENSION:
	default:
		out->type.dimension = (uint16_t)f->params[0];
		return f->count == 1 && f->params[0] >= 1 && f->params[0] <= EMBEDDING_MAX;
	}
}

/* As exec takes it. */
static bool by_our_words(const struct foreign *f, struct mapped *out, struct err *err)
{
	const char *zone = strstr(f->words, " WITH");
	int head = (int)(zone ? (size_t)(zone - f->words) : strlen(f->words));
	char params[48] = "", text[WORDS_SIZE + sizeof(params)];
	struct lexer lx;

	*out = (struct mapped){ .is_other = false };
	if (f->has_params && (!f->has_numbers || f->count > PARAMS_MAX))
		return false;
	if (f->count == 1)
		snprintf(params, sizeof(params), "(%ld)", f->params[0]);
	else if (f->count == 2)
		snprintf(params, sizeof(params), "(%ld, %ld)", f->params[0], f->params[1]);
	snprintf(text, sizeof(text), "%.*s%s%s", head, f->words, params, zone ? zone : "");
	if (lex_start(&lx, text, strlen(text), err))
		return false;
	return !type_parse(&lx, &out->type, &out->is_serial, err) && lx.token.kind == TOKEN_END;
}

/* SQLite takes any words, and looks for parts of them. */
static bool by_affinity(const char *words, struct mapped *out)
{
	static const struct {
		const char *part;
		enum type_id id;
	} parts[] = {
		{ "INT", TYPE_BIGINT }, { "CHAR", TYPE_TEXT },	 { "CLOB", TYPE_TEXT },
		{ "TEXT", TYPE_TEXT },	{ "BLOB", TYPE_BYTES },	 { "REAL", TYPE_DOUBLE },
		{ "FLOA", TYPE_DOUBLE }, { "DOUB", TYPE_DOUBLE },
	};

	for (size_t i = 0; i < countof(parts); i++) {
		if (strstr(words, parts[i].part)) {
			*out = (struct mapped){ .type = { .id = parts[i].id } };
			return true;
		}
	}
	return false;
}

static bool is_number(const struct foreign *f, unsigned count, long first)
{
	return f->has_numbers && f->count == count && f->params[0] == first;
}

/* FLOAT(p): the precision decides how many bits it has. */
static bool is_wide_float(const struct foreign *f)
{
	return f->count == 1 && f->has_numbers && f->params[0] > 24;
}

static bool by_params(enum load_dialect dialect, const struct foreign *f, struct mapped *out)
{
	bool is_float = !strcmp(f->words, "FLOAT") && f->has_params;
	bool may_be_mysql = dialect == LOAD_MYSQL || dialect == LOAD_ANY;

	*out = (struct mapped){ .is_other = false };
	if (is_float && dialect != LOAD_SQLITE)
		out->type.id = is_wide_float(f) ? TYPE_DOUBLE : TYPE_FLOAT;
	else if (may_be_mysql && !strcmp(f->words, "TINYINT") && is_number(f, 1, 1))
		out->type.id = TYPE_BOOLEAN;
	else if (dialect == LOAD_MYSQL && !strcmp(f->words, "BIT") && (!f->count || is_number(f, 1, 1)))
		out->type.id = TYPE_BOOLEAN;
	else
		return false;
	return true;
}

static const struct load_type *find_defined(const struct load *ld, const char *name)
{
	const struct load_type *type = ld->types;

	while (type && strcmp(type->name, name) != 0)
		type = type->next;
	return type;
}

static bool map_type(struct load *ld, const struct foreign *f, struct mapped *out, unsigned depth,
		     struct err *err);

static bool by_domain(struct load *ld, const struct load_type *type, struct mapped *out,
		      unsigned depth, struct err *err)
{
	struct load_lexer outer = ld->lx;
	size_t last_end = ld->last_end;
	struct foreign base;
	bool ok;

	load_lex_start(&ld->lx, type->base, strlen(type->base), ld->dialect);
	read_type(ld, &base);
	ld->lx = outer;
	ld->last_end = last_end;
	ok = !ld->rc && depth < DOMAINS_WITHIN && map_type(ld, &base, out, depth + 1, err);
	out->is_other = true;
	return ok;
}

static bool by_definition(struct load *ld, const struct foreign *f, struct mapped *out,
			  unsigned depth, struct err *err)
{
	const struct load_type *type = find_defined(ld, f->last);

	if (!type)
		return false;
	*out = (struct mapped){ .is_other = true };
	switch (type->kind) {
	case TYPE_OF_ENUM:
		out->type.id = TYPE_TEXT;
		return true;
	case TYPE_OF_ROW:
		out->type.id = TYPE_JSON;
		return true;
	case TYPE_OF_DOMAIN:
	default:
		return by_domain(ld, type, out, depth, err);
	}
}

static bool map_type(struct load *ld, const struct foreign *f, struct mapped *out, unsigned depth,
		     struct err *err)
{
	const struct row *row = find_row(1u << ld->dialect, f->words);

	if (f->is_array) {
		*out = (struct mapped){ .type = { .id = TYPE_JSON }, .is_other = true };
		return true;
	}
	if (by_params(ld->dialect, f, out) || (row && by_row(f, row, out)))
		return true;
	if (by_definition(ld, f, out, depth, err))
		return true;
	if (*f->words && by_our_words(f, out, err))
		return true;
	if (ld->dialect == LOAD_SQLITE)
		return by_affinity(f->words, out);
	row = ld->dialect == LOAD_ANY ? find_row(PG | MY, f->words) : NULL;
	return row && by_row(f, row, out);
}

/* Twice as many positive numbers need the next type. */
static void widen(struct type *type, const char *words)
{
	if (type->id == TYPE_INT && strcmp(words, "MEDIUMINT") != 0)
		type->id = TYPE_BIGINT;
	else if (type->id == TYPE_SMALLINT && strcmp(words, "TINYINT") != 0)
		type->id = TYPE_INT;
}

static void replaced(struct load *ld, const struct load_table *table, const struct load_column *column,
		     const struct foreign *f, const struct mapped *m, const struct err *err)
{
	const char *written = load_excerpt(ld, f->pos);
	char sql[TYPE_SQL_SIZE], why[ERR_TEXT_SIZE];

	if (err->code)
		snprintf(why, sizeof(why), "%s", err->text);
	else if (!*f->words)
		snprintf(why, sizeof(why), "Column '%s' has no type", column->column.name);
	else
		snprintf(why, sizeof(why), "The catalog has no type %s: %s would stand for it", written,
			 type_sql(&m->type, sql));
	load_lose(ld, LOSS_TYPE, f->pos, why, "took %s instead of %s for column %s of %s.%s",
		  type_sql(&m->type, sql), *f->words ? written : "no type", column->column.name, table->ns,
		  table->name);
}

void load_column_type(struct load *ld, struct load_table *table, struct load_column *column)
{
	struct err err = ERR_INIT;
	struct foreign f;
	struct mapped m;
	bool ok;

	read_type(ld, &f);
	if (ld->rc)
		return;
	ok = map_type(ld, &f, &m, 0, &err);
	if (!ok)
		m = (struct mapped){ .type = { .id = TYPE_TEXT }, .is_other = true };
	else
		err_clear(&err);
	if (f.is_unsigned) {
		widen(&m.type, f.words);
		load_lose(ld, LOSS_CLAUSE, f.pos, "The catalog does not model UNSIGNED",
			  "left out UNSIGNED of column %s on %s.%s", column->column.name, table->ns,
			  table->name);
	}
	if (m.is_other)
		replaced(ld, table, column, &f, &m, &err);
	column->column.type = m.type;
	column->is_array = f.is_array;
	if (m.is_serial)
		load_default_serial(ld, table, column, f.pos);
}

static struct load_type *add_type(struct load *ld)
{
	struct load_type *type = load_alloc(ld, &ld->names, sizeof(*type));
	char *name;

	do
		name = load_name(ld, "the name of a type");
	while (load_accept_symbol(ld, '.'));
	if (ld->rc)
		return NULL;
	(void)!name_fold(name, strnlen(name, NAME_MAX_BYTES), -1, type->name, NULL);
	type->next = ld->types;
	ld->types = type;
	return type;
}

/* name AS ENUM (...) | AS (...) | AS RANGE (...) */
void load_define_type(struct load *ld)
{
	struct load_type *type = add_type(ld);

	if (!type)
		return;
	type->kind = TYPE_OF_ENUM;
	if (load_accept(ld, "AS") && load_is_symbol(ld, '('))
		type->kind = TYPE_OF_ROW;
}

/* name [AS] type [COLLATE x] [DEFAULT x] [constraint] */
void load_define_domain(struct load *ld)
{
	struct load_type *type = add_type(ld);
	size_t from;

	if (!type)
		return;
	type->kind = TYPE_OF_DOMAIN;
	load_accept(ld, "AS");
	from = load_pos(ld);
	while (!load_is_end(ld) && (!is_option_word(ld) || load_is(ld, "CHARACTER") ||
				    load_is(ld, "WITH") || load_is(ld, "WITHOUT")))
		load_next(ld);
	type->base = arena_strndup(&ld->names, ld->stmt.text + from,
				   ld->last_end > from ? ld->last_end - from : 0);
	if (!type->base)
		load_refuse(ld, -ENOMEM, from, "Out of memory");
}
