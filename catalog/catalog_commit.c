/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/catalog_impl.h"

#include "catalog/cache.h"
#include "catalog/exec.h"
#include "catalog/rows_key.h"
#include "catalog/store_lock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EXPIRE_BATCH 256
#define VERSIONS_PER_EXPIRY 20000
#define CAREFUL_GROUPS 16

static void fail_request(struct request *request, const struct err *err)
{
	struct err own = *err;

	if (request->err.code)
		return;
	request_fini(request);
	request->err = own;
}

int64_t catalog_deadline(const struct catalog *catalog)
{
	return deadline_in(catalog->lock_wait);
}

static int64_t first_deadline(struct request **requests, size_t count)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < count; i++)
		if (requests[i]->deadline < first)
			first = requests[i]->deadline;
	return first;
}

static int begin_group(struct catalog *catalog, struct request **requests, size_t count,
		       struct txn **txn, struct err *err)
{
	return txn_begin_write(catalog->store, deadline_left(first_deadline(requests, count)),
			       txn, err);
}

/* The write lock was not to be had: whose time is not over yet may try again. */
static void spare_patient(struct request **requests, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!requests[i]->err.code && deadline_left(requests[i]->deadline))
			requests[i]->err.code = -EAGAIN;
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

void request_init(struct request *request)
{
	memset(request, 0, offsetof(struct request, err));
	err_clear(&request->err);
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

/* A failed request has nothing but its err. */
static void undo_request(struct request *request)
{
	struct err own = request->err;

	request_fini(request);
	request->err = own;
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

/* One request after the other, each in a transaction of its own; whether any changed something. */
static bool run_each(struct catalog *catalog, struct txn *txn, struct request **requests,
		     size_t count)
{
	bool changed = false;

	for (size_t i = 0; i < count; i++) {
		struct request *request = requests[i];

		err_clear(&request->err);
		if (run_request(catalog, txn, request)) {
			undo_request(request);
		} else if (request->sequence && !request->plan) {
			forget_changed(catalog, request, txn_id(txn));
			changed = true;
		}
	}
	return changed;
}

/* Whether nothing of them is to be undone if all goes well. */
static bool keeps_all(struct request **requests, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (requests[i]->plan || requests[i]->commit_count < requests[i]->script->count)
			return false;
	return true;
}

/*
 * All requests straight in one transaction, up to the first one that fails or
 * changes nothing: what that did in vain cannot be told from the rest, so the
 * transaction must end then.  How many were run well.
 */
static size_t run_together(struct catalog *catalog, struct txn *txn, struct request **requests,
			   size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct request *request = requests[i];

		err_clear(&request->err);
		if (exec_request(catalog, txn, request, request->commit_count) ||
		    !request->sequence)
			break;
		forget_changed(catalog, request, txn_id(txn));
	}
	return i;
}

/* Begin anew, as if none of them had been run. */
static int start_again(struct catalog *catalog, struct txn **txn, struct request **requests,
		       size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++)
		request_fini(requests[i]);
	txn_end(*txn);
	return begin_group(catalog, requests, count, txn, err);
}

/*
 * Nested transactions copy every page that a request writes to, so the group
 * is tried without them first; not soon again where somebody's request failed.
 * What is alone needs none: if it fails nothing is committed.
 */
static int run_group(struct catalog *catalog, struct txn **txn, struct request **requests,
		     size_t count, bool *changed, struct err *err)
{
	int rc;

	if (!keeps_all(requests, count) || (count > 1 && catalog->careful)) {
		catalog->careful -= catalog->careful > 0;
		*changed = run_each(catalog, *txn, requests, count);
		return 0;
	}
	*changed = run_together(catalog, *txn, requests, count) == count;
	if (*changed)
		return 0;
	if (count == 1) {
		if (requests[0]->err.code)
			undo_request(requests[0]);
		return 0;
	}
	catalog->careful = CAREFUL_GROUPS;
	rc = start_again(catalog, txn, requests, count, err);
	if (!rc)
		*changed = run_each(catalog, *txn, requests, count);
	return rc;
}

/* As catalog_commit; spend: with the room reserved for removals. */
static int commit_group(struct catalog *catalog, struct request **requests, size_t count,
			bool spend)
{
	struct err err = ERR_INIT;
	bool changed = false;
	struct txn *txn;
	int rc;

	rc = begin_group(catalog, requests, count, &txn, &err);
	if (!rc && spend)
		(void)txn_spend_reserve(txn);
	if (!rc)
		rc = run_group(catalog, &txn, requests, count, &changed, &err);
	if (!rc && changed)
		rc = txn_commit(txn, &err);
	else if (!rc)
		txn_end(txn);
	if (err.kind == ERR_BUSY)
		spare_patient(requests, count);
	for (size_t i = 0; rc && i < count; i++)
		fail_request(requests[i], &err);
	return rc ? rc : changed;
}

static bool is_removal(enum stmt_verb verb)
{
	return verb == STMT_DROP_NAMESPACE || verb == STMT_DROP_TABLE || verb == STMT_PURGE_TABLE ||
	       verb == STMT_DROP_STORAGE;
}

static bool only_removes(const struct request *request)
{
	const struct script *script = request->script;

	for (size_t i = 0; i < script->count; i++)
		if (!is_removal(script->stmts[i].verb))
			return false;
	return !request->plan && script->count;
}

/*
 * A full disk: what removes something is tried again, one by one, with the room
 * reserved for it.  Returns 1 if that helped one of them, else -ENOSPC.
 */
static int commit_removals(struct catalog *catalog, struct request **requests, size_t count)
{
	int rc = -ENOSPC;

	for (size_t i = 0; i < count; i++) {
		if (requests[i]->err.code == -ENOSPC && only_removes(requests[i]) &&
		    commit_group(catalog, &requests[i], 1, true) == 1)
			rc = 1;
	}
	return rc;
}

int catalog_commit(struct catalog *catalog, struct request **requests, size_t count)
{
	int rc;

	for (size_t i = 0; i < count; i++)
		if (!requests[i]->deadline)
			requests[i]->deadline = catalog_deadline(catalog);
	rc = commit_group(catalog, requests, count, false);
	return rc == -ENOSPC ? commit_removals(catalog, requests, count) : rc;
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
	if (rc)
		return read_failed(err, rc, "the index of what goes when");
	if (kind == TRASH_TABLE)
		return expire_table(catalog, txn, request, when, table, err);
	rc = row_versions_delete(txn, table, VERSIONS_PER_EXPIRY, &left, err);
	if (!rc && !left)
		rc = trash_remove(txn, when, table, err);
	return rc;
}

static int expire(struct catalog *catalog, struct request *request, bool spend, bool *more,
		  struct err *err)
{
	bool done = false;
	struct txn *txn;
	unsigned count;
	int rc;

	rc = txn_begin_write(catalog->store, catalog->lock_wait, &txn, err);
	if (rc)
		return rc;
	if (spend)
		(void)txn_spend_reserve(txn);
	for (count = 0; !rc && count < EXPIRE_BATCH; count++) {
		rc = expire_one(catalog, txn, request, catalog_now(catalog), &done, err);
		if (done)
			break;
	}
	*more = !rc && !done;
	if (rc) {
		rc = txn_told(txn, err, rc);
		txn_end(txn);
		return rc;
	}
	return txn_commit(txn, err);
}

int catalog_expire(struct catalog *catalog, const struct author *author, enum change_source source,
		   bool *more, struct err *err)
{
	struct request request = { .author = *author, .source = source, .err = ERR_INIT };
	int rc;

	*more = false;
	if (catalog_next_expiry(catalog) > catalog_now(catalog))
		return 0;
	rc = expire(catalog, &request, false, more, err);
	if (rc == -ENOSPC) {
		err_clear(err);
		rc = expire(catalog, &request, true, more, err);
	}
	return err_told(err, rc);
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
