/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index of what goes when: each dropped table with the end of its retention,
 * each purged one with the time when its history goes.
 */
#include "catalog/catalog_check_impl.h"

#include "base/stamp.h"
#include "catalog/exec.h"

#include <errno.h>

/*
 * A purge that failed is put off, at most for PURGE_RETRY_US; its entry may by then
 * be of a table that was purged by hand or came back, which expiry finds out.
 */
static int64_t put_off_end(struct check *c)
{
	int64_t now = catalog_now(c->catalog), last = (int64_t)meta_get(c->txn, META_LAST_STAMP);

	return (now > last ? now : last) + PURGE_RETRY_US;
}

static int check_expiry(struct check *c, int64_t when, uint32_t id, const struct table *table)
{
	char stamp[STAMP_SIZE], expected[STAMP_SIZE];

	if (table && table->dropped_at && when == table->expires_at)
		return 0;
	if (when <= put_off_end(c))
		return table && table->dropped_at && when >= table->expires_at
			       ? id_set_add(c, &c->put_off, id)
			       : 0;
	check_about_id(c, OBJECT_TABLE, id);
	stamp_format(when, stamp);
	if (!table)
		check_found(c, RULE_TRASH,
			    "is to be purged at %s, but there is no such table" REBUILD, stamp);
	else if (!table->dropped_at)
		check_found(c, RULE_TRASH, "is to be purged at %s, but is not dropped" REBUILD,
			    stamp);
	else
		check_found(c, RULE_TRASH, "is to be purged at %s, but its record says %s" REBUILD,
			    stamp, stamp_format(table->expires_at, expected));
	return 0;
}

static int check_history_end(struct check *c, int64_t when, uint32_t id)
{
	char stamp[STAMP_SIZE];
	int rc = row_exists(c->txn, OBJECT_TABLE, id);

	if (rc == -ENOENT)
		return id_set_add(c, &c->purged, id);
	if (rc)
		return check_lookup(c, rc);
	check_about_id(c, OBJECT_TABLE, id);
	check_found(
		c, RULE_TRASH,
		"its history is to be deleted at %s, as if it was purged, but it is there" REBUILD,
		stamp_format(when, stamp));
	return 0;
}

static int check_entry(void *arg, struct bytes key, struct bytes value)
{
	struct check *c = arg;
	enum trash_kind kind;
	struct table *table;
	uint32_t id;
	int64_t when;
	int rc;

	if (trash_read(key, value, &when, &id, &kind)) {
		check_about_catalog(c);
		check_found(c, RULE_TRASH,
			    "the trash index has an entry that is none (key of %zu bytes)" REBUILD,
			    key.len);
		return 0;
	}
	check_number(c, OBJECT_TABLE, id);
	if (kind == TRASH_HISTORY)
		return check_history_end(c, when, id);
	rc = check_peek_table(c, id, &table);
	if (rc)
		return rc;
	/* Of a damaged record nothing can be said. */
	if (table || row_exists(c->txn, OBJECT_TABLE, id))
		rc = check_expiry(c, when, id, table);
	table_put(table);
	return rc;
}

int check_trash(struct check *c)
{
	int rc = check_entries(c, DB_TRASH, NULL, NULL, check_entry);

	id_set_sort(&c->put_off);
	id_set_sort(&c->purged);
	return rc;
}

int check_in_trash(struct check *c, const struct table *table)
{
	enum trash_kind kind = TRASH_HISTORY;
	char stamp[STAMP_SIZE];
	int rc = trash_find(c->txn, table->expires_at, table->id, &kind);

	if (rc && rc != -ENOENT)
		return rc == -EIO ? 0 : check_lookup(c, rc); /* check_entry tells of that */
	if ((!rc && kind == TRASH_TABLE) || id_set_has(&c->put_off, table->id))
		return 0;
	check_found(c, RULE_TRASH,
		    "is in trash until %s, but the trash index does not say so: it would stay for "
		    "ever; UNDROP TABLE and drop it again, or PURGE TABLE it",
		    stamp_format(table->expires_at, stamp));
	return 0;
}
