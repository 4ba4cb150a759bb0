/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/info_sums.h"

#include "catalog/info_row.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_BACK 64	/* entries of a list in which the same one is looked for */

/* Of one namespace, or of all (0). */
struct info_delta {
	uint32_t namespace_id;
	bool is_gone;
	int64_t bytes[INFO_VIEW_COUNT][INFO_FORM_COUNT];
	bool is_changed[INFO_VIEW_COUNT];
};

/* Tables of a namespace that came to a storage. */
struct info_use {
	uint32_t namespace_id;
	char storage_id[NAME_SIZE];
	int change;
};

/* Room for one more entry of a list; NULL when memory is out. */
static void *grow(struct info_tally *tally, void **list, size_t *count, size_t *size, size_t each)
{
	if (*count == *size) {
		size_t more = *size ? *size * 2 : 4;
		void *bigger = reallocarray(*list, more, each);

		if (!bigger) {
			tally->failed = true;
			return NULL;
		}
		*list = bigger;
		*size = more;
	}
	return (char *)*list + (*count)++ * each;
}

static struct info_delta *delta_of(struct info_tally *tally, uint32_t namespace_id)
{
	struct info_delta *delta;

	for (size_t i = tally->delta_count; i && i + LOOK_BACK > tally->delta_count; i--) {
		if (tally->deltas[i - 1].namespace_id == namespace_id)
			return &tally->deltas[i - 1];
	}
	delta = grow(tally, (void **)&tally->deltas, &tally->delta_count, &tally->delta_size,
		     sizeof(*delta));
	if (delta)
		*delta = (struct info_delta){ .namespace_id = namespace_id };
	return delta;
}

static void add_to(struct info_tally *tally, uint32_t namespace_id, enum info_view view,
		   const int64_t bytes[INFO_FORM_COUNT])
{
	struct info_delta *delta = delta_of(tally, namespace_id);

	if (!delta)
		return;
	for (unsigned form = 0; form < INFO_FORM_COUNT; form++)
		delta->bytes[view][form] += bytes[form];
	delta->is_changed[view] = true;
}

/* A change of one namespace is one of the catalog. */
static void add(struct info_tally *tally, uint32_t namespace_id, enum info_view view,
		const int64_t bytes[INFO_FORM_COUNT])
{
	add_to(tally, namespace_id, view, bytes);
	if (namespace_id)
		add_to(tally, 0, view, bytes);
}

/* Rows that are counted with a sign, all forms at once. */
static void count_table(struct info_tally *tally, const struct table *table, int sign,
			int64_t bytes[INFO_FORM_COUNT])
{
	for (unsigned form = 0; form < INFO_FORM_COUNT; form++) {
		struct info_sink sink = { 0 };

		tally->failed |= info_put_table(&sink, (enum info_form)form, table) != 0;
		bytes[form] += sign * (int64_t)sink.bytes;
	}
}

static void count_column(struct info_tally *tally, const struct table *table,
			 const struct column *column, int sign, int64_t bytes[INFO_FORM_COUNT])
{
	for (unsigned form = 0; form < INFO_FORM_COUNT; form++) {
		struct info_sink sink = { 0 };

		tally->failed |= info_put_column(&sink, (enum info_form)form, table, column) != 0;
		bytes[form] += sign * (int64_t)sink.bytes;
	}
}

static void count_columns(struct info_tally *tally, const struct table *table, int sign,
			  int64_t bytes[INFO_FORM_COUNT])
{
	for (uint32_t i = 0; i < table->column_count; i++)
		count_column(tally, table, &table->columns[i], sign, bytes);
}

/* Both lists stand in the order of ids; whether any row differs. */
static bool count_changed_columns(struct info_tally *tally, const struct table *before,
				  const struct table *now, int64_t bytes[INFO_FORM_COUNT])
{
	uint32_t i = 0, j = 0;
	bool is_changed = false;

	while (i < before->column_count || j < now->column_count) {
		const struct column *was = i < before->column_count ? &before->columns[i] : NULL;
		const struct column *is = j < now->column_count ? &now->columns[j] : NULL;

		if (was && is && was->id != is->id) {
			if (was->id < is->id)
				is = NULL;
			else
				was = NULL;
		}
		i += was != NULL;
		j += is != NULL;
		if (was && is && was->rev == is->rev)
			continue;
		is_changed = true;
		if (was && is)
			tally->failed |= info_count_column(now, was, is, bytes) != 0;
		else
			count_column(tally, was ? before : now, was ? was : is, was ? -1 : 1, bytes);
	}
	return is_changed;
}

static void add_whole_table(struct info_tally *tally, const struct table *table, int sign)
{
	int64_t rows[INFO_FORM_COUNT] = { 0 }, columns[INFO_FORM_COUNT] = { 0 };

	if (!table)
		return;
	count_table(tally, table, sign, rows);
	count_columns(tally, table, sign, columns);
	add(tally, table->namespace_id, INFO_TABLES, rows);
	add(tally, table->namespace_id, INFO_COLUMNS, columns);
}

/* The rows of columns name their table: under another name all of them differ. */
static bool same_name(const struct table *a, const struct table *b)
{
	return a->namespace_id == b->namespace_id && !strcmp(a->name, b->name);
}

static void add_changed_table(struct info_tally *tally, const struct table *before,
			      const struct table *now)
{
	int64_t rows[INFO_FORM_COUNT] = { 0 }, columns[INFO_FORM_COUNT] = { 0 };

	info_count_table(before, now, rows);
	add(tally, now->namespace_id, INFO_TABLES, rows);
	if (count_changed_columns(tally, before, now, columns))
		add(tally, now->namespace_id, INFO_COLUMNS, columns);
}

static void add_use(struct info_tally *tally, const struct table *table, int change)
{
	const char *storage_id = table->options.storage_id;
	struct info_use *use;

	if (table->type == TABLE_SYSTEM)
		return;
	for (size_t i = tally->use_count; i && i + LOOK_BACK > tally->use_count; i--) {
		use = &tally->uses[i - 1];
		if (use->namespace_id == table->namespace_id &&
		    !strcmp(use->storage_id, storage_id)) {
			use->change += change;
			return;
		}
	}
	use = grow(tally, (void **)&tally->uses, &tally->use_count, &tally->use_size, sizeof(*use));
	if (!use)
		return;
	*use = (struct info_use){ .namespace_id = table->namespace_id, .change = change };
	memcpy(use->storage_id, storage_id, sizeof(use->storage_id));
}

static bool same_use(const struct table *a, const struct table *b)
{
	return a->namespace_id == b->namespace_id &&
	       !strcmp(a->options.storage_id, b->options.storage_id);
}

void info_tally_table(struct info_tally *tally, const struct table *before, const struct table *now)
{
	if (before && now && same_name(before, now)) {
		add_changed_table(tally, before, now);
	} else {
		add_whole_table(tally, before, -1);
		add_whole_table(tally, now, 1);
	}
	if (before && now && same_use(before, now))
		return;
	if (before)
		add_use(tally, before, -1);
	if (now)
		add_use(tally, now, 1);
}

static void count_namespace(struct info_tally *tally, const struct namespace *ns, int sign,
			    int64_t bytes[INFO_FORM_COUNT])
{
	for (unsigned form = 0; ns && form < INFO_FORM_COUNT; form++) {
		struct info_sink sink = { 0 };

		tally->failed |= info_put_namespace(&sink, (enum info_form)form, ns) != 0;
		bytes[form] += sign * (int64_t)sink.bytes;
	}
}

void info_tally_namespace(struct info_tally *tally, const struct namespace *before,
			  const struct namespace *now)
{
	const struct namespace *known = now ? now : before;
	int64_t bytes[INFO_FORM_COUNT] = { 0 };
	struct info_delta *delta;
	uint32_t id;

	assert(known);
	id = known->id;
	count_namespace(tally, before, -1, bytes);
	count_namespace(tally, now, 1, bytes);
	add(tally, id, INFO_SCHEMATA, bytes);
	delta = now ? NULL : delta_of(tally, id);
	if (delta)
		delta->is_gone = true;
}

static void count_storage(struct info_tally *tally, const struct storage *storage, int sign,
			  int64_t bytes[INFO_FORM_COUNT])
{
	for (unsigned form = 0; storage && form < INFO_FORM_COUNT; form++) {
		struct info_sink sink = { 0 };

		tally->failed |= info_put_storage(&sink, (enum info_form)form, storage) != 0;
		bytes[form] += sign * (int64_t)sink.bytes;
	}
}

void info_tally_storage(struct info_tally *tally, const struct storage *before,
			const struct storage *now)
{
	int64_t bytes[INFO_FORM_COUNT] = { 0 };

	count_storage(tally, before, -1, bytes);
	count_storage(tally, now, 1, bytes);
	add(tally, 0, INFO_STORAGES, bytes);
}

/* 0, or -ERANGE where the sums cannot have been right. */
static int apply(const struct info_delta *delta, struct info_sums *sums, uint64_t sequence,
		 int64_t stamp)
{
	for (unsigned view = 0; view < INFO_VIEW_COUNT; view++) {
		struct info_sum *sum = &sums->of[view];

		for (unsigned form = 0; form < INFO_FORM_COUNT; form++) {
			int64_t bytes = (int64_t)sum->bytes[form] + delta->bytes[view][form];

			if (bytes < 0)
				return -ERANGE;
			sum->bytes[form] = (uint64_t)bytes;
		}
		if (delta->is_changed[view]) {
			sum->sequence = sequence;
			sum->changed_at = stamp;
		}
	}
	return 0;
}

/* -ERANGE: the sums must be counted anew. */
static int keep_delta(const struct info_delta *delta, struct txn *txn, uint64_t sequence,
		      int64_t stamp, struct err *err)
{
	struct info_sums sums;
	int rc = info_sums_get(txn, delta->namespace_id, &sums, NULL);

	/* What can be counted again must not keep anybody from writing. */
	if (rc || apply(delta, &sums, sequence, stamp))
		return -ERANGE;
	return info_sums_put(txn, delta->namespace_id, &sums, err);
}

static int keep_use(const struct info_use *use, struct txn *txn, uint64_t sequence, int64_t stamp,
		    struct err *err)
{
	struct info_delta delta = { .namespace_id = use->namespace_id };
	int rc;

	if (!use->change)
		return 0;
	delta.is_changed[INFO_STORAGES] = false;
	rc = storage_use_add(txn, use->namespace_id, use->storage_id, use->change,
			     &delta.is_changed[INFO_STORAGES], err);
	if (!rc && delta.is_changed[INFO_STORAGES])
		rc = keep_delta(&delta, txn, sequence, stamp, err);
	return rc;
}

/* A namespace's tables go with it, in any order: it is deleted last. */
static int keep_all(const struct info_tally *tally, struct txn *txn, uint64_t sequence,
		    int64_t stamp, struct err *err)
{
	int rc = tally->failed ? err_nomem(err) : 0;

	for (size_t i = 0; !rc && i < tally->delta_count; i++)
		rc = keep_delta(&tally->deltas[i], txn, sequence, stamp, err);
	for (size_t i = 0; !rc && i < tally->use_count; i++)
		rc = keep_use(&tally->uses[i], txn, sequence, stamp, err);
	for (size_t i = 0; !rc && i < tally->delta_count; i++)
		if (tally->deltas[i].is_gone)
			rc = info_rows_delete(txn, tally->deltas[i].namespace_id, err);
	return rc;
}

int info_tally_keep(struct info_tally *tally, struct txn *txn, uint64_t sequence, int64_t stamp,
		    struct err *err)
{
	int rc = -ERANGE;

	if (info_sums_are_current(txn))
		rc = keep_all(tally, txn, sequence, stamp, err);
	tally->delta_count = tally->use_count = 0;
	return rc == -ERANGE ? info_sums_rebuild(txn, sequence, stamp, err) : rc;
}

void info_tally_fini(struct info_tally *tally)
{
	free(tally->deltas);
	free(tally->uses);
	*tally = (struct info_tally){ 0 };
}

int info_tally_total(const struct info_tally *tally, struct info_sums *out)
{
	*out = (struct info_sums){ 0 };
	for (size_t i = 0; i < tally->delta_count; i++)
		if (!tally->deltas[i].namespace_id && apply(&tally->deltas[i], out, 0, 0))
			return -ENOMEM;
	return tally->failed ? -ENOMEM : 0;
}

bool info_sums_are_current(struct txn *txn)
{
	return meta_get(txn, META_INFO_RENDERER) == INFO_RENDERER;
}

struct rebuilding {
	struct txn *txn;
	struct info_tally tally;
	uint32_t namespace_id;	/* the one that was found last */
	struct err *err;
};

static int rebuild_table(void *arg, uint32_t id, const char *name, size_t len)
{
	struct rebuilding *r = arg;
	struct table *table;
	int rc = row_table(r->txn, id, &table, r->err);

	(void)name;
	(void)len;
	if (rc)
		return rc;
	info_tally_table(&r->tally, NULL, table);
	table_put(table);
	return 0;
}

static int rebuild_storage(void *arg, uint32_t id, const char *name, size_t len)
{
	struct rebuilding *r = arg;
	struct storage *storage;
	int rc = row_storage(r->txn, id, &storage, r->err);

	(void)name;
	(void)len;
	if (rc)
		return rc;
	info_tally_storage(&r->tally, NULL, storage);
	storage_put(storage);
	return 0;
}

static int rebuild_namespace(struct rebuilding *r)
{
	struct namespace *ns;
	int rc = row_namespace(r->txn, r->namespace_id, &ns, r->err);

	if (rc)
		return rc;
	info_tally_namespace(&r->tally, NULL, ns);
	namespace_put(ns);
	return children_list(r->txn, DIR_TABLES, r->namespace_id, 0, rebuild_table, r);
}

/* Returns 1: one at a time, so that what was found can be put between two of them. */
static int find_next(void *arg, uint32_t id, const char *name, size_t len)
{
	struct rebuilding *r = arg;

	(void)name;
	(void)len;
	r->namespace_id = id;
	return 1;
}

static int rebuild_all(struct rebuilding *r, uint64_t sequence, int64_t stamp)
{
	int rc = children_list(r->txn, DIR_STORAGES, 0, 0, rebuild_storage, r), found = 0;

	while (!rc) {
		found = children_list(r->txn, DIR_NAMESPACES, 0, r->namespace_id, find_next, r);
		if (found <= 0)
			break;
		rc = rebuild_namespace(r);
		if (!rc)
			rc = keep_all(&r->tally, r->txn, sequence, stamp, r->err);
		r->tally.delta_count = r->tally.use_count = 0;
	}
	return rc ? rc : found;
}

int info_sums_rebuild(struct txn *txn, uint64_t sequence, int64_t stamp, struct err *err)
{
	struct rebuilding r = { .txn = txn, .err = err };
	int rc = info_rows_delete_all(txn, err);

	if (!rc)
		rc = rebuild_all(&r, sequence, stamp);
	info_tally_fini(&r.tally);
	if (rc)
		return txn_told(txn, err, err_set(err, rc == -ENOENT ? -EIO : rc,
						  "The catalog cannot be counted for "
						  "information_schema"));
	return meta_set(txn, META_INFO_RENDERER, INFO_RENDERER, err);
}
