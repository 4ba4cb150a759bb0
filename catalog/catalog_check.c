/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/catalog_check.h"

#include "catalog/catalog_check_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_TRIES 16 /* versions that are looked into for a name */

static const char *const rule_names[] = {
	[RULE_COUNTERS] = "counters", [RULE_NAMES] = "names",       [RULE_RECORD] = "record",
	[RULE_HISTORY] = "history",   [RULE_COLUMNS] = "columns",   [RULE_SIZES] = "sizes",
	[RULE_STORAGE] = "storage",   [RULE_LOCATION] = "location", [RULE_TRASH] = "trash",
	[RULE_LOG] = "log",           [RULE_CHANGES] = "changes",   [RULE_ROWS] = "rows",
};

_Static_assert(countof(rule_names) == RULE_COUNT, "every rule has a name");

const char *check_rule_name(enum check_rule rule)
{
	return rule_names[rule];
}

void check_found(struct check *c, enum check_rule rule, const char *fmt, ...)
{
	struct err printable = ERR_INIT;
	char text[ERR_TEXT_SIZE];
	struct finding finding = {
		.rule = rule, .object = c->about.kind, .id = c->about.id, .name = c->about.name
	};
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	err_set(&printable, -EUCLEAN, "%s", text);
	finding.text = printable.text;
	c->totals->findings++;
	c->fn(c->arg, &finding);
}

int check_shown(size_t len)
{
	return len < NAME_SIZE ? (int)len : NAME_MAX_BYTES;
}

void check_about_catalog(struct check *c)
{
	c->about = (struct subject){ .kind = OBJECT_NONE };
}

/* Names of damaged catalogs may hold anything. */
static void set_name(struct subject *subject, const char *name)
{
	size_t n = 0;

	for (; n < sizeof(subject->name) - 1 && name[n]; n++)
		subject->name[n] = name[n] > ' ' && name[n] < 0x7f ? name[n] : '?';
	subject->name[n] = '\0';
}

void check_about(struct check *c, enum object_kind kind, uint32_t id, const char *name)
{
	c->about = (struct subject){ .kind = kind, .id = id };
	set_name(&c->about, name);
}

static void name_table(struct subject *subject, const struct table *table)
{
	char name[2 * NAME_SIZE];

	snprintf(name, sizeof(name), "%s.%s", table->namespace_name, table->name);
	set_name(subject, name);
}

void check_about_table(struct check *c, const struct table *table)
{
	c->about = (struct subject){ .kind = OBJECT_TABLE, .id = table->id };
	name_table(&c->about, table);
}

/* A name found in an older version is better than none. */
static void name_by_table(struct check *c, struct subject *subject)
{
	struct table *table;
	uint32_t version, tries = NAME_TRIES;
	int rc = row_table(c->txn, subject->id, &table, NULL);

	if (rc && row_version_at(c->txn, subject->id, INT64_MAX, &version, NULL))
		return;
	for (; rc && version && tries; version--, tries--)
		rc = row_version(c->txn, subject->id, version, &table, NULL);
	if (rc)
		return;
	name_table(subject, table);
	table_put(table);
}

static void name_by_listing(struct check *c, struct subject *subject)
{
	enum dir_kind dir = subject->kind == OBJECT_STORAGE ? DIR_STORAGES : DIR_NAMESPACES;
	char name[NAME_SIZE];
	struct bytes listed;

	if (child_find(c->txn, dir, 0, subject->id, &listed))
		return;
	snprintf(name, sizeof(name), "%.*s", check_shown(listed.len), (const char *)listed.at);
	set_name(subject, name);
}

static void find_name(struct check *c, struct subject *subject)
{
	switch (subject->kind) {
	case OBJECT_TABLE:
		name_by_table(c, subject);
		break;
	case OBJECT_NAMESPACE:
	case OBJECT_STORAGE:
	case OBJECT_NONE:
	default:
		name_by_listing(c, subject);
		break;
	}
}

void check_about_id(struct check *c, enum object_kind kind, uint32_t id)
{
	c->about = (struct subject){ .kind = kind, .id = id };
	find_name(c, &c->about);
}

const char *check_subject(const struct subject *subject, char out[SUBJECT_SIZE])
{
	static const char *const kinds[] = {
		[OBJECT_NONE] = "catalog",
		[OBJECT_NAMESPACE] = "namespace",
		[OBJECT_TABLE] = "table",
		[OBJECT_STORAGE] = "storage",
	};

	snprintf(out, SUBJECT_SIZE, "%s %u%s%s", kinds[subject->kind], subject->id,
		 *subject->name ? " " : "", subject->name);
	return out;
}

const char *check_subject_of(struct check *c, enum object_kind kind, uint32_t id,
			     char out[SUBJECT_SIZE])
{
	struct subject subject = { .kind = kind, .id = id };

	find_name(c, &subject);
	return check_subject(&subject, out);
}

const char *check_dir(struct check *c, enum dir_kind dir, uint32_t parent, char out[DIR_PATH_SIZE])
{
	struct subject ns = { .kind = OBJECT_NAMESPACE, .id = parent };

	if (dir == DIR_NAMESPACES || dir == DIR_STORAGES) {
		snprintf(out, DIR_PATH_SIZE, "%s",
			 dir == DIR_NAMESPACES ? "namespaces/" : "storages/");
		return out;
	}
	find_name(c, &ns);
	if (*ns.name)
		snprintf(out, DIR_PATH_SIZE, "namespaces/%.*s/%s/", NAME_MAX_BYTES, ns.name,
			 dir == DIR_TABLES ? "tables" : "trash");
	else
		snprintf(out, DIR_PATH_SIZE, "%s/ of namespace %u",
			 dir == DIR_TABLES ? "tables" : "trash", parent);
	return out;
}

int check_entries(struct check *c, enum store_db db, const struct key *from,
		  const struct key *prefix, entry_fn *fn)
{
	struct key first = { .len = 0 };
	int rc = entries_list(c->txn, db, from ? from : &first, prefix, fn, c);

	if (rc && !c->err->code)
		read_failed(c->err, rc, "an entry");
	return rc;
}

int check_lookup(struct check *c, int rc)
{
	if (!rc || rc == -ENOENT)
		return 0;
	if (!c->err->code)
		read_failed(c->err, rc, "an entry");
	return rc;
}

int check_damage(struct check *c, int rc, const struct err *cause)
{
	if (rc == -EIO) {
		check_found(c, RULE_RECORD, "%s" RESTORE, cause->text);
		return 0;
	}
	if (rc && !c->err->code)
		*c->err = *cause;
	return rc;
}

int check_peek_table(struct check *c, uint32_t id, struct table **out)
{
	struct err cause = ERR_INIT;
	int rc = row_table(c->txn, id, out, &cause);

	if (rc)
		*out = NULL;
	if (rc == -ENOENT || rc == -EIO)
		return 0;
	if (rc)
		*c->err = cause;
	return rc;
}

int check_peek_storage(struct check *c, const char *storage_id, struct storage **out)
{
	struct err cause = ERR_INIT;
	uint32_t id;
	int rc;

	*out = c->storage;
	if (c->storage && strcmp(c->storage->storage_id, storage_id) == 0)
		return 0;
	storage_put(c->storage);
	*out = c->storage = NULL;
	rc = name_find(c->txn, DIR_STORAGES, 0, storage_id, &id);
	if (!rc)
		rc = row_storage(c->txn, id, &c->storage, &cause);
	if (rc == -ENOENT || rc == -EIO)
		return 0;
	if (rc)
		*c->err = cause;
	else
		*out = c->storage;
	return rc;
}

void check_stamp(struct check *c, int64_t stamp)
{
	if (stamp <= c->latest)
		return;
	c->latest = stamp;
	check_subject(&c->about, c->latest_in);
}

void check_number(struct check *c, enum object_kind kind, uint32_t id)
{
	if (id > c->highest[kind])
		c->highest[kind] = id;
}

int id_set_add(struct check *c, struct id_set *set, uint32_t id)
{
	if (set->count == set->size) {
		size_t size = set->size ? 2 * set->size : 64;
		uint32_t *ids = realloc(set->ids, size * sizeof(*ids));

		if (!ids)
			return err_nomem(c->err);
		set->ids = ids;
		set->size = size;
	}
	set->ids[set->count++] = id;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void id_set_sort(struct id_set *set)
{
	if (set->count)
		qsort(set->ids, set->count, sizeof(*set->ids), compare_ids);
}

bool id_set_has(const struct id_set *set, uint32_t id)
{
	return set->count && bsearch(&id, set->ids, set->count, sizeof(*set->ids), compare_ids);
}

static int run_parts(struct check *c)
{
	static int (*const parts[])(struct check * c) = {
		check_last_transaction, check_trash, check_objects,
		check_storages,         check_names, check_histories,
		check_locations,        check_log,   check_changes,
		check_counters,         check_info,
	};
	int rc = 0;

	for (size_t i = 0; !rc && i < countof(parts); i++) {
		check_about_catalog(c);
		rc = parts[i](c);
	}
	return rc;
}

/* What all that was found, or not found, has done to the sum of everything. */
static int check_rows(struct check *c)
{
	struct err err = ERR_INIT;
	int rc = store_check_rows(catalog_store(c->catalog), &err);

	if (rc != -EUCLEAN) {
		if (rc)
			*c->err = err;
		return rc;
	}
	check_about_catalog(c);
	check_found(c, RULE_ROWS, "all rows together are not what was committed: some were changed or "
		    "lost behind the back of kalamfs" RESTORE);
	return 0;
}

int catalog_check(struct catalog *catalog, finding_fn *fn, void *arg, struct check_totals *totals,
		  struct err *err)
{
	struct check c = { .catalog = catalog, .fn = fn, .arg = arg, .totals = totals };
	struct err own = ERR_INIT;
	int rc;

	*totals = (struct check_totals){ .namespaces = 1 };
	c.err = err ? err : &own;
	rc = store_check(catalog_store(catalog), c.err);
	if (!rc)
		rc = catalog_begin(catalog, &c.txn, c.err);
	if (rc)
		return rc;
	rc = run_parts(&c);
	if (!rc)
		rc = check_rows(&c);
	if (rc)
		rc = txn_told(c.txn, c.err, rc);
	else if (c.is_starved)
		rc = err_nomem(c.err);
	storage_put(c.storage);
	free(c.put_off.ids);
	free(c.purged.ids);
	txn_end(c.txn);
	return rc;
}
