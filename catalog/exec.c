/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/exec.h"

#include "base/stream.h"
#include "catalog/document.h"
#include "catalog/secret.h"
#include "catalog/system.h"

#include <errno.h>
#include <search.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int compare_touched(const void *a, const void *b)
{
	const struct touched *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static struct touched *find_touched(const struct exec *ex, enum object_kind kind, uint32_t id)
{
	struct touched key = { .kind = kind, .id = id };
	struct touched **found = (struct touched **)tfind(&key, &ex->index, compare_touched);

	return found ? *found : NULL;
}

struct touched *exec_add(struct exec *ex, enum object_kind kind, uint32_t id)
{
	struct touched *t;

	if (ex->count == ex->size) {
		size_t size = ex->size ? 2 * ex->size : 16;
		struct touched **list = realloc(ex->list, size * sizeof(struct touched *));

		if (!list)
			return NULL;
		ex->list = list;
		ex->size = size;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->kind = kind;
	t->id = id;
	if (!tsearch(t, &ex->index, compare_touched)) {
		free(t);
		return NULL;
	}
	ex->list[ex->count++] = t;
	return t;
}

static void free_touched(struct touched *t)
{
	table_put(t->table_before);
	table_put(t->table);
	namespace_put(t->ns_before);
	namespace_put(t->ns);
	storage_put(t->storage_before);
	storage_put(t->storage);
	free(t->statement);
	free(t);
}

static void no_free(void *node)
{
	(void)node;
}

int exec_table(struct exec *ex, uint32_t id, struct touched **out)
{
	struct touched *t = find_touched(ex, OBJECT_TABLE, id);
	struct table *table;
	int rc;

	if (!t) {
		rc = row_table(ex->txn, id, &table, ex->err);
		if (rc)
			return rc == -ENOENT ? err_set(ex->err, rc, "The table is not there any more") : rc;
		t = exec_add(ex, OBJECT_TABLE, id);
		if (!t) {
			table_put(table);
			return err_nomem(ex->err);
		}
		t->table_before = table;
		t->table = table_get(table);
	}
	*out = t;
	return 0;
}

int exec_namespace(struct exec *ex, uint32_t id, struct touched **out)
{
	struct touched *t = find_touched(ex, OBJECT_NAMESPACE, id);
	struct namespace *ns;
	int rc;

	if (!t) {
		rc = row_namespace(ex->txn, id, &ns, ex->err);
		if (rc)
			return rc == -ENOENT ? err_set(ex->err, rc, "The namespace is not there any more") : rc;
		t = exec_add(ex, OBJECT_NAMESPACE, id);
		if (!t) {
			namespace_put(ns);
			return err_nomem(ex->err);
		}
		t->ns_before = ns;
		t->ns = namespace_get(ns);
	}
	*out = t;
	return 0;
}

int exec_storage(struct exec *ex, uint32_t id, struct touched **out)
{
	struct touched *t = find_touched(ex, OBJECT_STORAGE, id);
	struct storage *storage;
	int rc;

	if (!t) {
		rc = row_storage(ex->txn, id, &storage, ex->err);
		if (rc)
			return rc == -ENOENT ? err_set(ex->err, rc, "The storage is not there any more") : rc;
		t = exec_add(ex, OBJECT_STORAGE, id);
		if (!t) {
			storage_put(storage);
			return err_nomem(ex->err);
		}
		t->storage_before = storage;
		t->storage = storage_get(storage);
	}
	*out = t;
	return 0;
}

int exec_peek_table(struct exec *ex, uint32_t id, struct table **out)
{
	const struct touched *t = find_touched(ex, OBJECT_TABLE, id);

	if (!t)
		return row_table(ex->txn, id, out, ex->err);
	*out = table_get(t->table);
	return 0;
}

static char *masked_statement(const struct exec *ex, size_t *len)
{
	const struct stmt *stmt = ex->stmt;
	char *text = NULL;
	FILE *out = text_stream(&text, len);

	if (!out)
		return NULL;
	ddl_print_masked(ex->request->text + stmt->start, stmt->len, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* Room grows by halves: one table may be touched by every statement of a long text. */
static bool join_statement(struct touched *t, const char *text, size_t len)
{
	static const char between[] = "; ";
	size_t lead = t->statement ? strlen(between) : 0;
	size_t wanted = t->statement_len + lead + len + 1;

	if (!t->statement || wanted > t->statement_size) {
		size_t size = wanted + wanted / 2;
		char *larger = realloc(t->statement, size);

		if (!larger)
			return false;
		t->statement = larger;
		t->statement_size = size;
	}
	memcpy(t->statement + t->statement_len, between, lead);
	memcpy(t->statement + t->statement_len + lead, text, len);
	t->statement_len = wanted - 1;
	t->statement[t->statement_len] = '\0';
	return true;
}

static bool join_masked(struct exec *ex, struct touched *t)
{
	size_t len;
	char *text = masked_statement(ex, &len);
	bool joined = text && join_statement(t, text, len);

	free(text);
	return joined;
}

int exec_mark(struct exec *ex, struct touched *t)
{
	const struct stmt *stmt = ex->stmt;
	struct secret_scan scan;
	size_t from, to;
	bool joined;

	if (stmt->document)
		return 0;
	scan = (struct secret_scan){ .text = ex->request->text + stmt->start, .len = stmt->len };
	if (secret_next(&scan, &from, &to))
		joined = join_masked(ex, t);
	else
		joined = join_statement(t, scan.text, scan.len);
	return joined ? 0 : err_nomem(ex->err);
}

struct table *exec_edit_table(struct touched *t, unsigned spare)
{
	struct table *copy = table_copy(t->table, spare);

	if (!copy)
		return NULL;
	table_put(t->table);
	t->table = copy;
	return copy;
}

struct near_name {
	const char *names[64];
	char *owned[64];
	size_t count;
};

static int collect_name(void *arg, uint32_t id, const char *name, size_t len)
{
	struct near_name *near = arg;

	(void)id;
	if (near->count == countof(near->names))
		return 1;
	near->owned[near->count] = strndup(name, len);
	near->names[near->count] = near->owned[near->count];
	near->count += near->owned[near->count] != NULL;
	return 0;
}

#define HINT_SIZE (NAME_SIZE + 32)

/* ". Did you mean 'x'?" with the nearest name in a directory, or nothing. */
static const char *hint(struct exec *ex, enum dir_kind dir, uint32_t parent, const char *name,
			char out[HINT_SIZE])
{
	struct near_name near = { .count = 0 };
	const char *hit;

	names_list(ex->txn, dir, parent, collect_name, &near);
	hit = name_nearest(name, strlen(name), near.names, near.count);
	*out = '\0';
	if (hit)
		snprintf(out, HINT_SIZE, ". Did you mean '%s'?", hit);
	for (size_t i = 0; i < near.count; i++)
		free(near.owned[i]);
	return out;
}

/* Who wants to put a table there is told how to make it; others meant another one. */
static int no_namespace(struct exec *ex, const struct object_ref *ref, bool for_change)
{
	enum stmt_verb verb = ex->stmt->verb;
	const char *name = ref->namespace_name;
	char near[HINT_SIZE];

	if (verb == STMT_CREATE_TABLE || (verb == STMT_ALTER_TABLE && for_change))
		return err_at(ex->err, -ENOENT, ref->pos,
			      "Namespace '%s' does not exist. Create it first with CREATE NAMESPACE %s",
			      name, name);
	return err_at(ex->err, -ENOENT, ref->pos, "Namespace '%s' does not exist%s", name,
		      hint(ex, DIR_NAMESPACES, 0, name, near));
}

int exec_find_namespace(struct exec *ex, const struct object_ref *ref, bool for_change, uint32_t *id)
{
	const char *name = ref->namespace_name;
	const struct touched *t;

	if (strcmp(name, "system") == 0 && !for_change) {
		*id = NAMESPACE_SYSTEM;
		return 0;
	}
	if (!*name) {
		*id = ex->request->namespace_id ? ex->request->namespace_id : NAMESPACE_DEFAULT;
		t = find_touched(ex, OBJECT_NAMESPACE, *id);
		if (t && t->purged)
			return err_at(ex->err, -ENOENT, ref->pos, "Namespace '%s' was dropped by this transaction",
				      t->ns->name);
	} else if (strcmp(name, "system") == 0) {
		*id = NAMESPACE_SYSTEM;
	} else if (name_find(ex->txn, DIR_NAMESPACES, 0, name, id)) {
		return no_namespace(ex, ref, for_change);
	}
	if (for_change && *id == NAMESPACE_SYSTEM)
		return err_at(ex->err, -EPERM, ref->pos, "Namespace 'system' is built in and read-only");
	return 0;
}

/* "Table 't' not found in namespace 'ns'", with the nearest name that is there. */
static int no_table(struct exec *ex, const struct object_ref *ref, uint32_t ns_id, bool trash)
{
	enum dir_kind dir = trash ? DIR_TRASH : DIR_TABLES;
	struct namespace *ns;
	char near[HINT_SIZE];
	uint32_t id;
	int rc = row_namespace(ex->txn, ns_id, &ns, ex->err);

	if (rc)
		return rc;
	if (!trash && name_find(ex->txn, DIR_TRASH, ns_id, ref->name, &id) == 0)
		rc = err_at(ex->err, -ENOENT, ref->pos,
			    "Table '%s' not found in namespace '%s': it was dropped, UNDROP TABLE %s.%s brings it back",
			    ref->name, ns->name, ns->name, ref->name);
	else
		rc = err_at(ex->err, -ENOENT, ref->pos, "Table '%s' not found in %s '%s'%s", ref->name,
			    trash ? "trash of namespace" : "namespace", ns->name,
			    hint(ex, dir, ns_id, ref->name, near));
	namespace_put(ns);
	return rc;
}

static int system_table_error(struct exec *ex, const struct object_ref *ref)
{
	char name[NAME_SIZE];
	struct table *table;

	memcpy(name, ref->name, sizeof(name));
	if (!*name && catalog_table(ex->catalog, ex->txn, ex->request->table_id, &table, NULL) == 0) {
		memcpy(name, table->name, sizeof(name));
		table_put(table);
	}
	return err_at(ex->err, -EPERM, ref->pos,
		      "Cannot %s system table 'system.%s'. System tables are managed internally.",
		      ex->stmt->verb == STMT_DROP_TABLE ? "drop" : "alter", name);
}

int exec_find_table(struct exec *ex, const struct object_ref *ref, bool trash, bool if_exists,
		    struct touched **out)
{
	uint32_t ns_id, id;
	int rc;

	*out = NULL;
	if (!*ref->name) {
		if (ex->request->table_id && ex->request->table_id < TABLE_USER_FIRST)
			return system_table_error(ex, ref);
		if (!ex->request->table_id)
			return err_at(ex->err, -EINVAL, ref->pos, "Statement must name a table");
		rc = exec_table(ex, ex->request->table_id, out);
		if (rc)
			return rc;
		if ((*out)->purged)
			return err_at(ex->err, -ENOENT, ref->pos, "The table is not there any more");
		if (!trash && (*out)->table->dropped_at)
			return err_at(ex->err, -ENOENT, ref->pos, "Table %s.%s was dropped: UNDROP TABLE first",
				      (*out)->table->namespace_name, (*out)->table->name);
		(*out)->target = true;
		return 0;
	}
	rc = exec_find_namespace(ex, ref, false, &ns_id);
	if (rc) {
		if (!if_exists || rc != -ENOENT)
			return rc;
		err_clear(ex->err);
		return 0;
	}
	if (ns_id == NAMESPACE_SYSTEM)
		return system_table_error(ex, ref);
	rc = name_find(ex->txn, trash ? DIR_TRASH : DIR_TABLES, ns_id, ref->name, &id);
	if (rc)
		return if_exists ? 0 : no_table(ex, ref, ns_id, trash);
	rc = exec_table(ex, id, out);
	if (!rc)
		(*out)->target = true;
	return rc;
}

int exec_find_storage(struct exec *ex, const char *storage_id, long pos, uint32_t *id)
{
	char near[HINT_SIZE];

	if (name_find(ex->txn, DIR_STORAGES, 0, storage_id, id) == 0)
		return 0;
	return err_at(ex->err, -ENOENT, pos, "Storage '%s' does not exist%s", storage_id,
		      hint(ex, DIR_STORAGES, 0, storage_id, near));
}

struct id_list {
	uint32_t *ids;
	size_t count, size;
};

static int collect_id(void *arg, uint32_t id, const char *name, size_t len)
{
	struct id_list *list = arg;

	(void)name;
	(void)len;
	if (list->count == list->size) {
		size_t size = list->size ? 2 * list->size : 64;
		uint32_t *ids = realloc(list->ids, size * sizeof(*ids));

		if (!ids)
			return -ENOMEM;
		list->ids = ids;
		list->size = size;
	}
	list->ids[list->count++] = id;
	return 0;
}

int exec_list_ids(struct exec *ex, enum dir_kind dir, uint32_t parent, uint32_t **ids, size_t *count)
{
	struct id_list list = { 0 };
	int rc = children_list(ex->txn, dir, parent, 0, collect_id, &list);

	if (rc) {
		free(list.ids);
		return rc == -ENOMEM ? err_nomem(ex->err) : err_set(ex->err, rc, UNREADABLE);
	}
	*ids = list.ids;
	*count = list.count;
	return 0;
}

void name_list_add(struct name_list *list, const char *name)
{
	size_t used = strlen(list->text);

	if (list->count++ < 10)
		snprintf(list->text + used, sizeof(list->text) - used, "%s%s", used ? ", " : "", name);
}

void name_list_end(struct name_list *list)
{
	size_t used = strlen(list->text);

	if (list->count > 10)
		snprintf(list->text + used, sizeof(list->text) - used, " and %u more", list->count - 10);
}

typedef int stmt_fn(struct exec *ex);

/* BEGIN, COMMIT and ROLLBACK are the session's; here they do nothing. */
static int no_effect(struct exec *ex)
{
	(void)ex;
	return 0;
}

static stmt_fn *const statements[] = {
	[STMT_CREATE_NAMESPACE] = exec_create_namespace,
	[STMT_ALTER_NAMESPACE] = exec_alter_namespace,
	[STMT_DROP_NAMESPACE] = exec_drop_namespace,
	[STMT_CREATE_TABLE] = exec_create_table,
	[STMT_ALTER_TABLE] = exec_alter_table,
	[STMT_DROP_TABLE] = exec_drop_table,
	[STMT_UNDROP_TABLE] = exec_undrop_table,
	[STMT_PURGE_TABLE] = exec_purge_table,
	[STMT_CREATE_STORAGE] = exec_create_storage,
	[STMT_ALTER_STORAGE] = exec_alter_storage,
	[STMT_DROP_STORAGE] = exec_drop_storage,
	[STMT_BEGIN] = no_effect,
	[STMT_COMMIT] = no_effect,
	[STMT_ROLLBACK] = no_effect,
};

_Static_assert(countof(statements) == STMT_VERB_COUNT, "every statement has a function");

#define PROGRESS_EVERY 256

void exec_progress(struct exec *ex, bool sealing, size_t part, size_t parts)
{
	if (ex->request->progress && part % PROGRESS_EVERY == 0)
		ex->request->progress(ex->request->progress_arg, part + (sealing ? parts : 0), 2 * parts);
}

/* The failure's place, if nothing more exact is known, is its statement. */
static int run_statement(struct exec *ex, const struct stmt *stmt)
{
	int rc;

	ex->stmt = stmt;
	rc = stmt->document ? exec_document(ex) : statements[stmt->verb](ex);
	if (rc && !ex->err->code)
		err_set(ex->err, rc, "What the statement is about is not there any more");
	if (rc && stmt->document)
		document_locate(stmt->document, ex->err);
	else if (rc && ex->err->pos < 0 && ex->err->kind == ERR_RULE)
		ex->err->pos = (long)stmt->start;
	return rc;
}

static void begin_exec(struct exec *ex)
{
	int64_t last = (int64_t)meta_get(ex->txn, META_LAST_STAMP);

	ex->err = &ex->request->err;
	ex->now = catalog_now(ex->catalog);
	if (ex->now <= last)
		ex->now = last + 1;
	ex->sequence = meta_get(ex->txn, META_SEQUENCE) + 1;
}

void exec_note(struct exec *ex, const char *fmt, ...)
{
	va_list args;

	if (!ex->notes)
		ex->notes = text_stream(&ex->request->notes, &ex->notes_len);
	if (!ex->notes)
		return;
	va_start(args, fmt);
	vfprintf(ex->notes, fmt, args);
	va_end(args);
}

static void end_exec(struct exec *ex)
{
	if (ex->notes && fclose(ex->notes)) {
		free(ex->request->notes);
		ex->request->notes = NULL;
	}
	for (size_t i = 0; i < ex->count; i++)
		free_touched(ex->list[i]);
	free(ex->list);
	tdestroy(ex->index, no_free);
}

int exec_request(struct catalog *catalog, struct txn *txn, struct request *request, size_t count)
{
	struct exec ex = { .catalog = catalog, .txn = txn, .request = request };
	int rc = 0;

	begin_exec(&ex);
	for (size_t i = 0; !rc && i < count; i++) {
		rc = run_statement(&ex, &request->script->stmts[i]);
		exec_progress(&ex, false, i, count);
	}
	ex.stmt = NULL;
	if (!rc) {
		rc = exec_seal(&ex);
		if (rc && ex.err->pos < 0 && ex.err->kind == ERR_RULE && count == 1)
			ex.err->pos = (long)request->script->stmts[0].start;
	}
	rc = rc ? txn_told(txn, ex.err, rc) : 0;
	end_exec(&ex);
	return rc;
}

int exec_purge_expired(struct catalog *catalog, struct txn *txn, struct request *request,
		       uint32_t table_id)
{
	struct exec ex = { .catalog = catalog, .txn = txn, .request = request };
	struct touched *t;
	int rc;

	begin_exec(&ex);
	rc = exec_table(&ex, table_id, &t);
	/* The entry of a purge that was put off may outlive an UNDROP. */
	if (!rc && (!t->table->dropped_at || t->table->expires_at > ex.now))
		rc = -ENOENT;
	if (!rc && asprintf(&t->statement, "PURGE TABLE %s.%s", t->table->namespace_name,
			    t->table->name) < 0) {
		t->statement = NULL;
		rc = err_nomem(ex.err);
	}
	if (!rc)
		rc = exec_purge(&ex, t);
	if (!rc)
		rc = exec_seal(&ex);
	rc = rc ? txn_told(txn, ex.err, rc) : 0;
	end_exec(&ex);
	return rc;
}
