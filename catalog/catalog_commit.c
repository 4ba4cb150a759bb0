/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/catalog_impl.h"

#include "catalog/cache.h"
#include "catalog/exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_LOCK_TIMEOUT_MS 5000
#define EXPIRE_BATCH 256
#define VERSIONS_PER_EXPIRY 20000

static void fail_request(struct request *request, const struct err *err)
{
	struct err own = *err;

	if (request->err.code)
		return;
	request_fini(request);
	request->err = own;
}

static void free_outcomes(struct request *request)
{
	while (request->outcomes) {
		struct outcome *next = request->outcomes->next;

		free(request->outcomes->log_line);
		free(request->outcomes);
		request->outcomes = next;
	}
}

void request_fini(struct request *request)
{
	free_outcomes(request);
	free(request->plan_text);
	free(request->heads);
	free(request->notes);
	request->plan_text = request->heads = request->notes = NULL;
	request->sequence = 0;
}

/* Run a request's first count statements in a nested transaction; keep or undo. */
static int run_nested(struct catalog *catalog, struct txn *parent, struct request *request,
		      size_t count, bool undo)
{
	struct txn *txn;
	int rc = txn_begin_nested(parent, &txn, &request->err);

	if (rc)
		return rc;
	rc = exec_request(catalog, txn, request, count);
	if (rc || undo || !request->sequence) {
		txn_end(txn);
		return rc;
	}
	return txn_commit(txn, &request->err);
}

/*
 * An open BEGIN block's statements are run after the others and undone, so that
 * a mistake in them refuses the write that brings it.
 */
static int run_request(struct catalog *catalog, struct txn *txn, struct request *request)
{
	size_t count = request->script->count;
	int rc;

	if (request->plan || request->commit_count == count)
		return run_nested(catalog, txn, request, count, request->plan);
	rc = run_nested(catalog, txn, request, count, true);
	if (rc)
		return rc;
	request_fini(request);
	if (!request->commit_count)
		return 0;
	return run_nested(catalog, txn, request, request->commit_count, false);
}

/*
 * Before the commit: from now on the cache refuses what was read before this
 * transaction, so no reader can find the past there once the commit is seen.
 */
static void forget_changed(struct catalog *catalog, const struct request *request, uint64_t txn)
{
	for (const struct outcome *o = request->outcomes; o; o = o->next) {
		if (o->object == OBJECT_TABLE && o->event)
			cache_remove(catalog->cache, o->id, txn);
	}
}

int catalog_commit(struct catalog *catalog, struct request **requests, size_t count)
{
	struct err err = ERR_INIT;
	bool changed = false;
	struct txn *txn;
	int rc;

	rc = txn_begin_write(catalog->store, WRITE_LOCK_TIMEOUT_MS, &txn, &err);
	for (size_t i = 0; !rc && i < count; i++) {
		struct request *request = requests[i];

		err_clear(&request->err);
		if (run_request(catalog, txn, request)) {
			struct err own = request->err;

			request_fini(request);
			request->err = own;
		} else if (request->sequence && !request->plan) {
			forget_changed(catalog, request, txn_id(txn));
			changed = true;
		}
	}
	if (!rc && changed)
		rc = txn_commit(txn, &err);
	else if (!rc)
		txn_end(txn);
	for (size_t i = 0; rc && i < count; i++)
		fail_request(requests[i], &err);
	return rc ? rc : changed;
}

/* One table that cannot be purged must not keep all others: it is tried again later. */
static int expire_table(struct catalog *catalog, struct txn *txn, struct request *request, int64_t when,
			uint32_t table, struct err *err)
{
	struct txn *nested;
	bool is_gone;
	int rc = txn_begin_nested(txn, &nested, err);

	if (rc)
		return rc;
	rc = exec_purge_expired(catalog, nested, request, table);
	if (rc)
		txn_end(nested);
	else
		rc = txn_commit(nested, err);
	if (!rc) {
		forget_changed(catalog, request, txn_id(txn));
		request_fini(request);
		return 0;
	}
	is_gone = rc == -ENOENT;
	request_fini(request);
	err_clear(&request->err);
	rc = trash_remove(txn, when, table, err);
	if (!rc && !is_gone)
		rc = trash_add(txn, catalog_now(catalog) + PURGE_RETRY_US, table, TRASH_TABLE, err);
	return rc;
}

/* Handle the entry of the trash index that is due first; *done when there is none. */
static int expire_one(struct catalog *catalog, struct txn *txn, struct request *request, int64_t now,
		      bool *done, struct err *err)
{
	enum trash_kind kind;
	uint32_t table;
	int64_t when;
	bool left = false;
	int rc = trash_first(txn, &when, &table, &kind);

	*done = rc == -ENOENT || (!rc && when > now);
	if (*done)
		return 0;
	if (!rc && kind == TRASH_TABLE)
		return expire_table(catalog, txn, request, when, table, err);
	if (!rc)
		rc = row_versions_delete(txn, table, VERSIONS_PER_EXPIRY, &left, err);
	if (!rc && !left)
		rc = trash_remove(txn, when, table, err);
	return rc;
}

int catalog_expire(struct catalog *catalog, const struct author *author, enum change_source source,
		   bool *more, struct err *err)
{
	struct request request = { .author = *author, .source = source, .err = ERR_INIT };
	bool done = false;
	struct txn *txn;
	unsigned count;
	int rc;

	*more = false;
	if (catalog_next_expiry(catalog) > catalog_now(catalog))
		return 0;
	rc = txn_begin_write(catalog->store, WRITE_LOCK_TIMEOUT_MS, &txn, err);
	if (rc)
		return rc;
	for (count = 0; !rc && count < EXPIRE_BATCH; count++) {
		rc = expire_one(catalog, txn, &request, catalog_now(catalog), &done, err);
		if (done)
			break;
	}
	*more = !rc && !done;
	if (rc) {
		txn_end(txn);
		return rc;
	}
	return txn_commit(txn, err);
}

int64_t catalog_next_expiry(struct catalog *catalog)
{
	enum trash_kind kind;
	int64_t when = INT64_MAX;
	uint32_t table;
	struct txn *txn;

	if (txn_begin_read(catalog->store, &txn, NULL))
		return INT64_MAX;
	if (trash_first(txn, &when, &table, &kind))
		when = INT64_MAX;
	txn_end(txn);
	return when;
}

void catalog_forget(struct catalog *catalog, const struct change_row *row)
{
	if (row->object == OBJECT_TABLE)
		cache_remove(catalog->cache, row->id, store_last_txn_id(catalog->store));
}

void catalog_forget_all(struct catalog *catalog)
{
	cache_clear(catalog->cache, store_last_txn_id(catalog->store));
}

void catalog_cache_stats(const struct catalog *catalog, struct cache_stats *out)
{
	struct cache_counts counts;

	cache_counts(catalog->cache, &counts);
	*out = (struct cache_stats){ .size = counts.size, .bound = counts.bound, .hits = counts.hits,
				     .misses = counts.misses, .evictions = counts.evictions };
}
