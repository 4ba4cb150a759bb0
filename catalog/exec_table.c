/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/exec.h"

#include "base/stamp.h"
#include "catalog/apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_US (3600 * 1000000LL)

static int count_tables(struct exec *ex, enum meta_key key, int change)
{
	return meta_set(ex->txn, key, meta_get(ex->txn, key) + (uint64_t)(int64_t)change, ex->err);
}

/* Move a table's name in or out of one directory of its namespace. */
static int link_table(struct exec *ex, const struct table *table, enum dir_kind dir, bool in)
{
	int rc;

	if (in)
		rc = name_add(ex->txn, dir, table->namespace_id, table->name, table->id, ex->err);
	else
		rc = name_remove(ex->txn, dir, table->namespace_id, table->name, table->id, ex->err);
	if (!rc)
		rc = dir_state_touch(ex->txn, dir, table->namespace_id, ex->sequence, ex->now,
				     in ? 1 : -1, ex->err);
	if (!rc)
		rc = count_tables(ex, dir == DIR_TRASH ? META_TRASH : META_TABLES, in ? 1 : -1);
	return rc;
}

static int held_name_error(struct exec *ex, uint32_t id, long pos)
{
	char dropped[STAMP_SIZE], until[STAMP_SIZE];
	const struct table *table;
	struct touched *t;
	int rc = exec_table(ex, id, &t);

	if (rc)
		return rc;
	table = t->table;
	return err_at(ex->err, -EEXIST, pos,
		      "Table %s.%s was dropped at %s and its name is held until %s: UNDROP TABLE %s.%s or PURGE TABLE %s.%s",
		      table->namespace_name, table->name, stamp_format(table->dropped_at, dropped),
		      stamp_format(table->expires_at, until), table->namespace_name, table->name,
		      table->namespace_name, table->name);
}

static int check_name_free(struct exec *ex, uint32_t ns_id, const char *ns_name, const char *name,
			   long pos)
{
	uint32_t id;

	if (name_find(ex->txn, DIR_TABLES, ns_id, name, &id) == 0)
		return err_at(ex->err, -EEXIST, pos, "Table %s.%s already exists", ns_name, name);
	if (name_find(ex->txn, DIR_TRASH, ns_id, name, &id) == 0)
		return held_name_error(ex, id, pos);
	return 0;
}

static int storage_of(struct exec *ex, const struct table *table, long pos, struct storage **out)
{
	struct touched *t;
	uint32_t id;
	int rc;

	rc = exec_find_storage(ex, table->options.storage_id, pos, &id);
	if (!rc)
		rc = exec_storage(ex, id, &t);
	if (rc)
		return rc;
	*out = t->storage;
	return 0;
}

static long setting_pos(const struct setting *settings, unsigned count, const char *name, long or_else)
{
	for (unsigned i = 0; i < count; i++) {
		if (name_is_word(settings[i].name, strlen(settings[i].name), name))
			return settings[i].value_pos;
	}
	return or_else;
}

/* A draft's number was taken from the counter when its directory was made. */
static int reserved_id(struct exec *ex, uint32_t id)
{
	struct table *there;
	int rc = exec_peek_table(ex, id, &there);

	if (rc == -ENOENT)
		return 0;
	if (!rc) {
		table_put(there);
		err_set(ex->err, -EBUSY, "The draft was saved as a table meanwhile");
		rc = err_kind_set(ex->err, ERR_CONFLICT);
	}
	return rc;
}

static int create(struct exec *ex, uint32_t ns_id, const char *ns_name)
{
	const struct stmt *stmt = ex->stmt;
	const char *location_name;
	struct storage *storage;
	struct touched *t;
	struct table *table;
	uint32_t id = stmt->table_id;
	int rc;

	rc = id ? reserved_id(ex, id) : object_id_take(ex->txn, OBJECT_TABLE, &id, ex->err);
	if (rc)
		return rc;
	t = exec_add(ex, OBJECT_TABLE, id);
	table = t ? table_new() : NULL;
	if (!table)
		return err_nomem(ex->err);
	t->table = table;
	t->created = true;
	table->id = id;
	table->namespace_id = ns_id;
	snprintf(table->namespace_name, sizeof(table->namespace_name), "%s", ns_name);
	memcpy(table->name, stmt->object.name, sizeof(table->name));
	table->created_at = table->updated_at = table->placed_at = ex->now;
	rc = apply_create(table, stmt, &location_name, ex->err);
	if (!rc)
		rc = storage_of(ex, table,
				setting_pos(stmt->settings, stmt->setting_count, "STORAGE_ID", stmt->object.pos),
				&storage);
	if (!rc)
		rc = exec_choose_location(ex, table, storage, location_name,
					  setting_pos(stmt->settings, stmt->setting_count,
						      "LOCATION_NAME", stmt->object.pos));
	if (!rc)
		rc = link_table(ex, table, DIR_TABLES, true);
	return rc ? rc : exec_mark(ex, t);
}

int exec_create_table(struct exec *ex)
{
	const struct stmt *stmt = ex->stmt;
	struct touched *ns, *there;
	uint32_t ns_id, id;
	int rc;

	rc = exec_find_namespace(ex, &stmt->object, true, &ns_id);
	if (!rc)
		rc = exec_namespace(ex, ns_id, &ns);
	if (rc)
		return rc;
	if (stmt->if_clause && name_find(ex->txn, DIR_TABLES, ns_id, stmt->object.name, &id) == 0) {
		rc = exec_table(ex, id, &there);
		if (!rc)
			there->target = true;
		return rc;
	}
	rc = check_name_free(ex, ns_id, ns->ns->name, stmt->object.name, stmt->object.pos);
	return rc ? rc : create(ex, ns_id, ns->ns->name);
}

static int rename_table(struct exec *ex, struct touched *t, const struct object_ref *to)
{
	struct table *table = t->table;
	struct object_ref target = *to;
	struct touched *ns;
	uint32_t ns_id;
	int rc;

	if (!*target.namespace_name)
		memcpy(target.namespace_name, table->namespace_name, sizeof(target.namespace_name));
	rc = exec_find_namespace(ex, &target, true, &ns_id);
	if (!rc)
		rc = exec_namespace(ex, ns_id, &ns);
	if (rc)
		return rc;
	if (ns_id == table->namespace_id && strcmp(target.name, table->name) == 0)
		return 0;
	rc = check_name_free(ex, ns_id, ns->ns->name, target.name, target.pos);
	if (!rc)
		rc = link_table(ex, table, DIR_TABLES, false);
	if (rc)
		return rc;
	table->namespace_id = ns_id;
	memcpy(table->namespace_name, ns->ns->name, sizeof(table->namespace_name));
	memcpy(table->name, target.name, sizeof(table->name));
	return link_table(ex, table, DIR_TABLES, true);
}

/* Columns of an old version whose last type is not known yet. */
struct returning {
	const struct table *old;
	bool *known;		/* one per column of old */
	unsigned missing;
};

static int check_last_types(struct returning *r, const struct table *then, long pos, struct err *err)
{
	for (unsigned i = 0; i < r->old->column_count; i++) {
		const struct column *was = &r->old->columns[i];
		const struct column *last = r->known[i] ? NULL : table_find_column_id(then, was->id);

		if (!last)
			continue;
		r->known[i] = true;
		r->missing--;
		if (!type_widens(&last->type, &was->type))
			return apply_narrows(r->old->version, last, &was->type, pos, err);
	}
	return 0;
}

/*
 * A dropped column comes back with the values that it had when it was dropped:
 * its last type counts, which may be wider than the one in the old version.
 */
static int check_returning(struct exec *ex, struct touched *t, const struct table *old, long pos)
{
	struct returning r = { .old = old, .missing = old->column_count };
	uint32_t version = t->table_before->version;
	int rc;

	r.known = calloc(old->column_count, sizeof(*r.known));
	rc = r.known ? check_last_types(&r, t->table, pos, ex->err) : err_nomem(ex->err);
	for (; !rc && r.missing && version > old->version; version--) {
		struct table *then;

		rc = row_version(ex->txn, t->id, version, &then, ex->err);
		if (rc)
			break;
		rc = check_last_types(&r, then, pos, ex->err);
		table_put(then);
	}
	free(r.known);
	return rc;
}

static int restore_version(struct exec *ex, struct touched *t, const struct action *action)
{
	struct table *old;
	int rc;

	if (t->created)
		return err_at(ex->err, -ENOENT, action->pos,
			      "Version %u does not exist: the table is created in this transaction",
			      action->version);
	rc = row_version(ex->txn, t->id, action->version, &old, ex->err);
	if (rc == -ENOENT)
		return err_at(ex->err, rc, action->pos,
			      "Version %u of %s.%s does not exist; it has versions 1 to %u",
			      action->version, t->table->namespace_name, t->table->name,
			      t->table_before->version);
	if (rc)
		return rc;
	rc = check_returning(ex, t, old, action->pos);
	if (!rc)
		rc = apply_restore(t->table, old, action->pos, ex->err);
	t->restored = !rc;
	table_put(old);
	return rc;
}

static int run_action(struct exec *ex, struct touched *t, const struct action *action)
{
	if (action->kind == ACTION_RENAME_TABLE)
		return rename_table(ex, t, &action->new_table);
	if (action->kind == ACTION_RESTORE_VERSION)
		return restore_version(ex, t, action);
	return apply_action(t->table, action, ex->err);
}

/* A table that changed its storage moves to another place. */
static int move_location(struct exec *ex, struct touched *t, const struct table *was)
{
	const struct stmt *stmt = ex->stmt;
	struct storage *from, *to;
	long pos = -1;
	int rc;

	if (strcmp(was->options.storage_id, t->table->options.storage_id) == 0)
		return 0;
	for (unsigned i = 0; i < stmt->action_count; i++)
		pos = setting_pos(stmt->actions[i].settings, stmt->actions[i].setting_count,
				  "STORAGE_ID", pos);
	rc = storage_of(ex, was, pos, &from);
	if (!rc)
		rc = storage_of(ex, t->table, pos, &to);
	if (!rc)
		rc = exec_release(ex, was, from);
	if (!rc)
		rc = exec_claim(ex, t->table, to, pos);
	t->rekeyed |= !rc;
	t->table->placed_at = ex->now;
	return rc;
}

int exec_alter_table(struct exec *ex)
{
	const struct stmt *stmt = ex->stmt;
	struct touched *t;
	struct table *was;
	int rc;

	rc = exec_find_table(ex, &stmt->object, false, stmt->if_clause, &t);
	if (rc || !t)
		return rc;
	if (t->table->dropped_at)
		return err_at(ex->err, -ENOENT, stmt->object.pos, "Table %s.%s was dropped: UNDROP TABLE first",
			      t->table->namespace_name, t->table->name);
	was = table_get(t->table);
	rc = exec_edit_table(t, stmt->action_count) ? 0 : err_nomem(ex->err);
	for (unsigned i = 0; !rc && i < stmt->action_count; i++)
		rc = run_action(ex, t, &stmt->actions[i]);
	if (!rc)
		rc = move_location(ex, t, was);
	if (!rc && !table_equal(was, t->table))
		rc = exec_mark(ex, t);
	table_put(was);
	return rc;
}

int exec_purge(struct exec *ex, struct touched *t)
{
	const struct table *table = t->table;
	struct storage *storage;
	int rc;

	rc = storage_of(ex, table, -1, &storage);
	if (!rc)
		rc = link_table(ex, table, table->dropped_at ? DIR_TRASH : DIR_TABLES, false);
	if (!rc && table->dropped_at)
		rc = trash_remove(ex->txn, table->expires_at, table->id, ex->err);
	if (!rc)
		rc = exec_leave(ex, table, storage, !t->created);
	if (!rc && !t->created)
		rc = trash_add(ex->txn, ex->now + PURGE_GRACE_US, table->id, TRASH_HISTORY, ex->err);
	if (rc)
		return rc;
	t->purged = true;
	return 0;
}

#define YEAR_9999_US 253402300799999999LL	/* RFC 3339 ends there */

static int64_t expiry(int64_t now, uint32_t hours)
{
	return hours > (YEAR_9999_US - now) / HOUR_US ? YEAR_9999_US : now + hours * HOUR_US;
}

int exec_drop_table(struct exec *ex)
{
	const struct stmt *stmt = ex->stmt;
	struct touched *t;
	struct table *table;
	int rc;

	rc = exec_find_table(ex, &stmt->object, false, stmt->if_clause, &t);
	if (!rc && t)
		rc = exec_mark(ex, t);
	if (rc || !t)
		return rc;
	if (stmt->purge || t->table->options.deleted_retention_hours == 0)
		return exec_purge(ex, t);
	table = exec_edit_table(t, 0);
	if (!table)
		return err_nomem(ex->err);
	rc = link_table(ex, table, DIR_TABLES, false);
	table->dropped_at = ex->now;
	table->expires_at = expiry(ex->now, table->options.deleted_retention_hours);
	if (!rc)
		rc = link_table(ex, table, DIR_TRASH, true);
	if (!rc)
		rc = trash_add(ex->txn, table->expires_at, table->id, TRASH_TABLE, ex->err);
	return rc;
}

static int find_trashed(struct exec *ex, const char *advice, struct touched **out)
{
	const struct stmt *stmt = ex->stmt;
	uint32_t ns_id, id;
	int rc;

	rc = exec_find_namespace(ex, &stmt->object, true, &ns_id);
	if (rc)
		return rc;
	if (name_find(ex->txn, DIR_TRASH, ns_id, stmt->object.name, &id) &&
	    name_find(ex->txn, DIR_TABLES, ns_id, stmt->object.name, &id) == 0) {
		rc = exec_table(ex, id, out);
		if (rc)
			return rc;
		return err_at(ex->err, -EEXIST, stmt->object.pos, "Table %s.%s is not in trash: %s",
			      (*out)->table->namespace_name, stmt->object.name, advice);
	}
	return exec_find_table(ex, &stmt->object, true, false, out);
}

int exec_undrop_table(struct exec *ex)
{
	const struct stmt *stmt = ex->stmt;
	struct touched *t;
	struct table *table;
	int rc = find_trashed(ex, "it is not dropped", &t);

	if (rc)
		return rc;
	if (stmt->version && stmt->version != t->table->version)
		return err_at(ex->err, -EINVAL, stmt->object.pos,
			      "Table %s.%s in trash is version %u, not %u", t->table->namespace_name,
			      t->table->name, t->table->version, stmt->version);
	table = exec_edit_table(t, 0);
	if (!table)
		return err_nomem(ex->err);
	rc = link_table(ex, table, DIR_TRASH, false);
	if (!rc)
		rc = trash_remove(ex->txn, table->expires_at, table->id, ex->err);
	table->dropped_at = table->expires_at = 0;
	if (!rc)
		rc = link_table(ex, table, DIR_TABLES, true);
	return rc ? rc : exec_mark(ex, t);
}

int exec_purge_table(struct exec *ex)
{
	struct touched *t;
	int rc = find_trashed(ex, "DROP TABLE ... PURGE drops and purges it", &t);

	if (!rc)
		rc = exec_mark(ex, t);
	return rc ? rc : exec_purge(ex, t);
}
