/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of a foreign dump: folded, and put into a namespace of ours.
 */
#include "catalog/load_impl.h"

#include <ctype.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Folded as far as it fits. */
static void fold(const char *text, char out[NAME_SIZE])
{
	size_t len = strnlen(text, NAME_MAX_BYTES);

	(void)!name_fold(text, len, -1, out, NULL);
}

static const char *default_namespace(const struct load *ld)
{
	return ld->options->into ? ld->options->into : "default";
}

/* What the databases call the place where names go that say none. */
static bool is_default_schema(const struct load *ld, const char *schema)
{
	switch (ld->dialect) {
	case LOAD_POSTGRESQL:
		return !strcasecmp(schema, "public");
	case LOAD_SQLITE:
		return !strcasecmp(schema, "main");
	case LOAD_ANY:
	case LOAD_MYSQL:
	case LOAD_DIALECT_COUNT:
	default:
		return false;
	}
}

const char *load_namespace(const struct load *ld, const char *schema)
{
	if (!schema && *ld->current)
		return ld->current;
	if (!schema || is_default_schema(ld, schema))
		return default_namespace(ld);
	return schema;
}

/* Whether a name can be one here. */
static void check(enum name_kind kind, const char *text, size_t pos, struct err *err)
{
	char folded[NAME_SIZE];

	if (kind == NAME_NAMESPACE && !strcasecmp(text, "default"))
		return;
	if (name_fold(text, strlen(text), (long)pos, folded, err) == 0)
		(void)!name_check(kind, folded, (long)pos, err);
}

#define PARTS_MAX 3	/* schema.table.column; a database in front of them is dropped */

static unsigned read_parts(struct load *ld, char *parts[PARTS_MAX], const char *what)
{
	unsigned n = 0;

	do {
		if (n == PARTS_MAX)
			memmove(parts, parts + 1, --n * sizeof(parts[0]));
		parts[n++] = load_name(ld, what);
	} while (load_accept_symbol(ld, '.'));
	return n;
}

/* Only PostgreSQL tells names apart by case, and folds what is not quoted (load_name). */
static void make_id(const struct load *ld, const char *ns, const char *name, char id[ID_SIZE])
{
	snprintf(id, ID_SIZE, "%.*s.%.*s", NAME_MAX_BYTES, ns, NAME_MAX_BYTES, name);
	for (char *c = id; *c && ld->dialect != LOAD_POSTGRESQL; c++)
		*c = (char)tolower((unsigned char)*c);
}

void load_make_ref(const struct load *ld, const char *schema, const char *name, struct load_ref *out)
{
	const char *ns = load_namespace(ld, schema);

	make_id(ld, ns, name, out->id);
	fold(ns, out->ns);
	fold(name, out->name);
	snprintf(out->shown, sizeof(out->shown), "%s.%s", out->ns, out->name);
	check(NAME_NAMESPACE, ns, out->pos, &out->bad);
	check(NAME_TABLE, name, out->pos, &out->bad);
}

void load_ref(struct load *ld, struct load_ref *out)
{
	char *parts[PARTS_MAX];
	unsigned n;

	*out = (struct load_ref){ .pos = load_pos(ld), .bad = ERR_INIT };
	n = read_parts(ld, parts, "the name of a table");
	if (!ld->rc)
		load_make_ref(ld, n > 1 ? parts[n - 2] : NULL, parts[n - 1], out);
}

char *load_column_ref(struct load *ld, struct load_ref *out)
{
	char *parts[PARTS_MAX];
	unsigned n;

	*out = (struct load_ref){ .pos = load_pos(ld), .bad = ERR_INIT };
	n = read_parts(ld, parts, "a table and its column");
	if (ld->rc)
		return NULL;
	if (n == 1) {
		load_refuse(ld, -EINVAL, out->pos, "Expected a table and its column, found '%s' alone",
			    parts[0]);
		return NULL;
	}
	load_make_ref(ld, n > 2 ? parts[n - 3] : NULL, parts[n - 2], out);
	return parts[n - 1];
}

static int compare_tables(const void *a, const void *b)
{
	const struct load_table *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

struct load_table *load_find(struct load *ld, const struct load_ref *ref)
{
	struct load_table key = { .is_left_out = false }, **found;

	memcpy(key.id, ref->id, sizeof(key.id));
	found = (struct load_table **)tfind(&key, &ld->tables, compare_tables);
	return found ? *found : NULL;
}

struct load_table *load_add(struct load *ld, const struct load_ref *ref)
{
	struct load_table *table = calloc(1, sizeof(*table));

	if (table) {
		memcpy(table->id, ref->id, sizeof(table->id));
		memcpy(table->ns, ref->ns, sizeof(table->ns));
		memcpy(table->name, ref->name, sizeof(table->name));
		table->origin = load_origin(ld, ref->pos);
	}
	if (table && tsearch(table, &ld->tables, compare_tables)) {
		table->next = ld->all;
		ld->all = table;
		return table;
	}
	free(table);
	load_refuse(ld, -ENOMEM, ref->pos, "Out of memory");
	return NULL;
}

/* Whether text was in the set before; it is afterwards. */
static bool add_text(struct load *ld, void **set, const char *text)
{
	char *copy = strdup(text);
	char **found = copy ? (char **)tsearch(copy, set, compare_texts) : NULL;

	if (!found) {
		free(copy);
		load_refuse(ld, -ENOMEM, 0, "Out of memory");
		return true;
	}
	if (*found == copy)
		return false;
	free(copy);
	return true;
}

static void remove_text(void **set, const char *text)
{
	char **found = (char **)tfind(text, set, compare_texts), *own;

	if (!found)
		return;
	own = *found;
	tdelete(text, set, compare_texts);
	free(own);
}

bool load_is_taken(struct load *ld, const struct load_ref *ref)
{
	return add_text(ld, &ld->taken, ref->shown);
}

void load_drop(struct load *ld, struct load_table *table)
{
	char shown[ID_SIZE];

	snprintf(shown, sizeof(shown), "%s.%s", table->ns, table->name);
	if (!table->is_left_out)
		remove_text(&ld->taken, shown);
	tdelete(table, &ld->tables, compare_tables);
	table->is_dropped = true;
}

bool load_is_view(struct load *ld, const struct load_ref *ref)
{
	return tfind(ref->id, &ld->views, compare_texts);
}

void load_add_view(struct load *ld, const struct load_ref *ref)
{
	(void)add_text(ld, &ld->views, ref->id);
}

void load_need_namespace(struct load *ld, const char *name, size_t pos)
{
	struct err bad = ERR_INIT;
	char folded[NAME_SIZE];

	fold(name, folded);
	if (!strcmp(folded, "default") || add_text(ld, &ld->namespaces, folded))
		return;
	check(NAME_NAMESPACE, name, pos, &bad);
	if (bad.code)
		load_lose(ld, LOSS_STATEMENT, pos, bad.text, "left out namespace \"%s\": %s", name,
			  bad.text);
	else
		load_run_printed(ld, pos, "CREATE NAMESPACE IF NOT EXISTS %s%s%s",
				 name_needs_quotes(folded) ? "\"" : "", folded,
				 name_needs_quotes(folded) ? "\"" : "");
}

void load_gone_namespace(struct load *ld, const char *folded)
{
	remove_text(&ld->namespaces, folded);
}

static void no_free(void *node)
{
	(void)node;
}

void load_names_free(struct load *ld)
{
	struct load_table *table;

	tdestroy(ld->tables, no_free);
	while ((table = ld->all)) {
		ld->all = table->next;
		arena_free(&table->arena);
		free(table);
	}
	tdestroy(ld->taken, free);
	tdestroy(ld->views, free);
	tdestroy(ld->namespaces, free);
	arena_free(&ld->names);
	ld->tables = ld->taken = ld->views = ld->namespaces = NULL;
	ld->types = NULL;
}
