/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * History: versions 1 to n without a gap, each the child of the one before, the
 * last of them the current definition.
 */
#include "catalog/catalog_check_impl.h"

#include "base/stamp.h"
#include "base/stream.h"
#include "catalog/diff.h"
#include "catalog/record.h"
#include "catalog/version.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LL unsigned long long

struct history {
	struct check *check;
	uint32_t id;
	uint32_t last;        /* the version read before; 0 at first */
	struct table *before; /* it; NULL where it cannot be read */
	bool is_whole;        /* it passed table_check, so it can be rendered */
};

static const char *const file_names[] = {
	[FORM_SCHEMA_JSON] = "schema.json",   [FORM_SCHEMA_SQL] = "schema.sql",
	[FORM_SCHEMA_ARROW] = "schema.arrow", [FORM_DESCRIBE] = "describe",
	[FORM_CHANGE_JSON] = "change.json",
};

_Static_assert(countof(file_names) == FORM_COUNT, "every form has a file");

/* Render what is stored as sizes only: readers are told these before they read. */
static int check_sizes(struct history *h, struct table *table)
{
	bool has_before = table->version == 1 || (h->before && h->is_whole);
	uint32_t stored[FORM_COUNT];
	int rc;

	memcpy(stored, table->sizes, sizeof(stored));
	rc = version_measure(has_before ? h->before : NULL, table, h->check->err);
	for (unsigned i = 0; !rc && i < FORM_COUNT; i++) {
		if (stored[i] == table->sizes[i] || (i == FORM_CHANGE_JSON && !has_before))
			continue;
		check_found(h->check, RULE_SIZES,
			    "version %u: %s is stored as %u bytes long, but is rendered with "
			    "%u" RESTORE,
			    table->version, file_names[i], stored[i], table->sizes[i]);
	}
	memcpy(table->sizes, stored, sizeof(stored));
	return rc;
}

/* The version that a RESTORE went back to; NULL where it was none, or cannot be read. */
static int read_source(struct history *h, const struct table *table, struct table **out)
{
	int rc = -ENOENT;

	if (table->info.restored_from)
		rc = row_version(h->check->txn, h->id, table->info.restored_from, out, NULL);
	if (rc)
		*out = NULL;
	return rc == -EIO ? 0 : check_lookup(h->check, rc);
}

/* Only a RESTORE brings back a number that was used before, and with it its column. */
static void check_origin(struct history *h, const struct table *table, const struct column *column,
			 const struct table *source)
{
	if (column->id < h->before->next_column_id &&
	    (!source || !table_find_column_id(source, column->id)))
		check_found(h->check, RULE_COLUMNS,
			    "version %u: the new column '%s' has the id %u, but ids below %u were "
			    "used before" RESTORE,
			    table->version, column->name, column->id, h->before->next_column_id);
}

/* A column that changed gets the next counter; one that did not keeps what it has. */
static void check_rev(struct history *h, const struct table *table, const struct column *column,
		      const struct column *was, uint32_t *next_rev)
{
	bool changed = !was || !column_equal(was, column);
	const char *state = !was ? "new" : changed ? "changed" : "as before";
	uint32_t version = changed ? table->version : was->version;
	uint32_t rev = changed ? (*next_rev)++ : was->rev;
	int64_t stamp = changed ? table->info.committed_at : was->changed_at;
	char is[STAMP_SIZE], expected[STAMP_SIZE];

	if (column->rev != rev)
		check_found(h->check, RULE_COLUMNS,
			    "version %u: column '%s' is %s, so its change counter must be %u, but "
			    "is %u" RESTORE,
			    table->version, column->name, state, rev, column->rev);
	if (column->version != version)
		check_found(h->check, RULE_COLUMNS,
			    "version %u: column '%s' is %s, so it must be of version %u, but is of "
			    "%u" RESTORE,
			    table->version, column->name, state, version, column->version);
	if (column->changed_at != stamp)
		check_found(
			h->check, RULE_COLUMNS,
			"version %u: column '%s' is %s, so its time must be %s, but is %s" RESTORE,
			table->version, column->name, state, stamp_format(stamp, expected),
			stamp_format(column->changed_at, is));
}

/* The column of the version before, from *at on: both are in the order of ids. */
static const struct column *find_before(const struct table *before, uint32_t *at, uint32_t id)
{
	if (!before)
		return NULL;
	while (*at < before->column_count && before->columns[*at].id < id)
		++*at;
	return *at < before->column_count && before->columns[*at].id == id ? &before->columns[*at] :
									     NULL;
}

static int check_columns(struct history *h, const struct table *table)
{
	const struct table *before = h->before;
	uint32_t next_rev = before ? before->next_rev : 1, at = 0;
	struct table *source;
	int rc = read_source(h, table, &source);

	if (rc)
		return rc;
	if (before && table->next_column_id < before->next_column_id)
		check_found(h->check, RULE_COLUMNS,
			    "version %u: the next column id is %u, but was %u before; ids are "
			    "never used again" RESTORE,
			    table->version, table->next_column_id, before->next_column_id);
	for (uint32_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];
		const struct column *was = find_before(before, &at, column->id);

		if (before && !was)
			check_origin(h, table, column, source);
		check_rev(h, table, column, was, &next_rev);
	}
	if (table->next_rev != next_rev)
		check_found(h->check, RULE_COLUMNS,
			    "version %u: the next counter of changed columns is %u, expected "
			    "%u" RESTORE,
			    table->version, table->next_rev, next_rev);
	table_put(source);
	return 0;
}

static bool names_changed(const struct table *before, const struct table *table)
{
	if (!before || before->column_count != table->column_count)
		return true;
	for (uint32_t i = 0; i < table->column_count; i++) {
		if (before->columns[i].id != table->columns[i].id ||
		    strcmp(before->columns[i].name, table->columns[i].name) != 0)
			return true;
	}
	return false;
}

static void check_times(struct history *h, const struct table *table)
{
	const struct table *before = h->before;
	int64_t committed = table->info.committed_at;
	int64_t created = before ? before->created_at : committed;
	int64_t columns = names_changed(before, table) ? committed : before->columns_changed_at;
	char is[STAMP_SIZE], expected[STAMP_SIZE];

	if (table->created_at != created)
		check_found(h->check, RULE_HISTORY,
			    "version %u: created_at is %s, expected %s" RESTORE, table->version,
			    stamp_format(table->created_at, is), stamp_format(created, expected));
	if (table->updated_at != committed)
		check_found(h->check, RULE_HISTORY,
			    "version %u: updated_at is %s, but it was committed at %s" RESTORE,
			    table->version, stamp_format(table->updated_at, is),
			    stamp_format(committed, expected));
	if (table->columns_changed_at != columns)
		check_found(
			h->check, RULE_HISTORY,
			"version %u: names of columns changed last at %s, but it says %s" RESTORE,
			table->version, stamp_format(columns, expected),
			stamp_format(table->columns_changed_at, is));
	if (table->placed_at > committed || table->placed_at < table->created_at)
		check_found(h->check, RULE_HISTORY,
			    "version %u: its location changed at %s, not between its creation and "
			    "%s" RESTORE,
			    table->version, stamp_format(table->placed_at, is),
			    stamp_format(committed, expected));
	check_stamp(h->check, committed);
}

static void check_step(struct history *h, const struct table *table)
{
	const struct table *before = h->before;
	const struct version_info *info = &table->info;
	char is[STAMP_SIZE], was[STAMP_SIZE];

	if (before && info->committed_at <= before->info.committed_at)
		check_found(h->check, RULE_HISTORY,
			    "version %u was committed at %s, which is not after version %u, at "
			    "%s" RESTORE,
			    table->version, stamp_format(info->committed_at, is), before->version,
			    stamp_format(before->info.committed_at, was));
	if (before && info->sequence <= before->info.sequence)
		check_found(h->check, RULE_HISTORY,
			    "version %u is of transaction %llu, which is not after version %u, of "
			    "%llu" RESTORE,
			    table->version, (LL)info->sequence, before->version,
			    (LL)before->info.sequence);
	if (info->sequence > h->check->sequence)
		check_found(h->check, RULE_HISTORY,
			    "version %u is of transaction %llu, but the last transaction is "
			    "%llu" RESTORE,
			    table->version, (LL)info->sequence, (LL)h->check->sequence);
	if (before && table->type != before->type)
		check_found(h->check, RULE_HISTORY,
			    "version %u is a %s table, version %u a %s table" RESTORE,
			    table->version, table_type_name(table->type), before->version,
			    table_type_name(before->type));
	if (before && !diff_is_change(before, table))
		check_found(h->check, RULE_HISTORY, "version %u is the same as version %u" RESTORE,
			    table->version, before->version);
	if (info->restored_from && info->restored_from >= table->version)
		check_found(h->check, RULE_HISTORY,
			    "version %u is restored from version %u, which came later" RESTORE,
			    table->version, info->restored_from);
	check_times(h, table);
}

/* One version that could be read, beside the one before it. */
static int check_version(struct history *h, struct table *table, bool *is_whole)
{
	bool has_before = table->version == 1 || h->before;
	struct err cause = ERR_INIT;
	int rc = table_check(table, &cause);

	if (rc == -ENOMEM)
		return err_nomem(h->check->err);
	*is_whole = !rc;
	if (rc)
		check_found(h->check, RULE_RECORD, "version %u: %s" RESTORE, table->version,
			    cause.text);
	rc = 0;
	if (has_before) {
		check_step(h, table);
		rc = check_columns(h, table);
	}
	return !rc && *is_whole ? check_sizes(h, table) : rc;
}

static int check_record(struct history *h, uint32_t version, struct bytes value)
{
	int64_t committed_at = (int64_t)bytes_head_be64(value);
	char head[STAMP_SIZE], is[STAMP_SIZE];
	struct err cause = ERR_INIT;
	struct table *table;
	bool is_whole = false;
	int rc = row_version(h->check->txn, h->id, version, &table, &cause);

	if (rc) {
		table = NULL;
		if (rc != -EIO)
			return check_damage(h->check, rc, &cause);
		check_found(h->check, RULE_RECORD, "version %u: %s" RESTORE, version, cause.text);
		rc = 0;
	} else {
		rc = check_version(h, table, &is_whole);
		if (committed_at != table->info.committed_at)
			check_found(h->check, RULE_HISTORY,
				    "version %u is found by the time %s, but was committed at "
				    "%s" RESTORE,
				    version, stamp_format(committed_at, head),
				    stamp_format(table->info.committed_at, is));
	}
	table_put(h->before);
	h->before = table;
	h->is_whole = is_whole;
	return rc;
}

static int check_entry(void *arg, struct bytes rest, struct bytes value)
{
	struct history *h = arg;
	struct check *c = h->check;
	uint32_t version;

	if (bytes_be32(rest, &version)) {
		check_found(c, RULE_HISTORY,
			    "its history has an entry that is none (key of %zu bytes)" RESTORE,
			    rest.len + sizeof(uint32_t));
		return 0;
	}
	if (version != h->last + 1) {
		if (version == h->last + 2)
			check_found(c, RULE_HISTORY, "version %u is missing" RESTORE, h->last + 1);
		else
			check_found(c, RULE_HISTORY, "versions %u to %u are missing" RESTORE,
				    h->last + 1, version - 1);
		table_put(h->before);
		h->before = NULL;
	}
	c->totals->versions++;
	h->last = version;
	return check_record(h, version, value);
}

/* The record without what a DROP puts into it. */
static void encode_live(const struct table *table, struct buf *out)
{
	struct table *copy = table_copy(table, 0);

	out->failed |= !copy;
	if (!copy)
		return;
	copy->dropped_at = copy->expires_at = 0;
	record_encode_table(copy, out);
	table_put(copy);
}

static void tell_difference(struct check *c, const struct table *version,
			    const struct table *current)
{
	const char *what = version->type != current->type
				   ? "its type is another"
				   : "its counters, times or sizes are others";
	char *summary = NULL;
	size_t len;
	FILE *out = NULL;

	if (version->type == current->type && diff_is_change(version, current))
		out = text_stream(&summary, &len);
	if (out) {
		diff_print_summary(version, current, out);
		fclose(out);
	}
	check_found(c, RULE_HISTORY,
		    "the current definition is not that of version %u (%s)" RESTORE,
		    version->version, summary ? summary : what);
	free(summary);
}

static int compare_current(struct check *c, const struct table *version,
			   const struct table *current, bool *same)
{
	struct buf a = { .at = NULL }, b = { .at = NULL };
	bool failed;

	encode_live(version, &a);
	encode_live(current, &b);
	failed = a.failed || b.failed;
	*same = !failed && a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
	if (!failed && !*same)
		tell_difference(c, version, current);
	buf_free(&a);
	buf_free(&b);
	return failed ? err_nomem(c->err) : 0;
}

static int check_end(struct history *h, const struct table *table, bool *same)
{
	struct check *c = h->check;

	if (!h->last)
		check_found(c, RULE_HISTORY, "has no versions, but is at version %u" RESTORE,
			    table->version);
	else if (h->last != table->version)
		check_found(c, RULE_HISTORY,
			    "the current definition is version %u, the last one kept is %u" RESTORE,
			    table->version, h->last);
	else if (h->before)
		return compare_current(c, h->before, table, same);
	return 0;
}

int check_history(struct check *c, uint32_t id, const struct table *table, bool *same)
{
	struct history h = { .check = c, .id = id };
	struct key prefix = { .len = 0 };
	int rc;

	*same = false;
	key_be32(&prefix, id);
	rc = check_lookup(c, entries_list(c->txn, DB_VERSIONS, &prefix, &prefix, check_entry, &h));
	if (!rc && table)
		rc = check_end(&h, table, same);
	table_put(h.before);
	return rc;
}

/* History of a table that is no more: it stays for a minute after a purge. */
static int check_rest(struct check *c, uint32_t id)
{
	int rc = row_exists(c->txn, OBJECT_TABLE, id);

	check_number(c, OBJECT_TABLE, id);
	if (rc == -ENOENT && !id_set_has(&c->purged, id)) {
		check_about_id(c, OBJECT_TABLE, id);
		check_found(c, RULE_HISTORY,
			    "has versions but no record, and the trash index does not know it as "
			    "purged" RESTORE);
	}
	return check_lookup(c, rc);
}

int check_histories(struct check *c)
{
	struct key from = { .len = 0 };
	uint32_t id = 0;
	int rc = 0;

	while (!rc) {
		struct bytes key, value;

		rc = entry_first(c->txn, DB_VERSIONS, &from, NULL, &key, &value);
		if (rc)
			break;
		if (bytes_be32(
			    (struct bytes){ key.at, key.len < sizeof(id) ? key.len : sizeof(id) },
			    &id)) {
			check_about_catalog(c);
			check_found(c, RULE_HISTORY,
				    "there is a version with a key of %zu bytes" RESTORE, key.len);
			return 0;
		}
		rc = check_rest(c, id);
		if (id == UINT32_MAX)
			break;
		from.len = 0;
		key_be32(&from, id + 1);
	}
	return check_lookup(c, rc);
}
