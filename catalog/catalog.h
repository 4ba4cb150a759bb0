/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * catalog - an open catalog: reading snapshots, committing change requests.
 *
 * Reading: begin a transaction with catalog_begin, look things up, end it with
 * txn_end before the request is answered.  Built-in objects (namespace
 * `system` and its tables) are answered like stored ones.
 *
 * Changing: fill struct request and hand one or more to catalog_commit, which
 * runs each in its own nested transaction (a refused one leaves the others
 * whole), commits all with one sync and publishes to the schema cache.
 */
#ifndef KALAM_CATALOG_CATALOG_H
#define KALAM_CATALOG_CATALOG_H

#include "base/err.h"
#include "catalog/ddl.h"
#include "catalog/model.h"
#include "catalog/rows.h"
#include "catalog/store.h"
#include "paths/location.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct catalog;

struct catalog_options {
	bool create, read_only;
	size_t map_size;		/* bytes, 0 = the store's default */
	enum store_check check;		/* of the database, before it is used */
	unsigned cache_tables;		/* bound of the schema cache, 0 = 1000 */
	unsigned lock_wait;		/* seconds a change waits for the write lock, 0 = 5 */
	int64_t (*now)(void *arg);	/* stamp of the present; NULL = the real clock */
	void *now_arg;
	/* A descriptor of a directory outside of the catalog, or -errno; NULL = open. */
	int (*open_dir)(void *arg, const char *path);
	void *open_dir_arg;
	int (*random)(void *at, size_t len);	/* 0 or -errno; NULL = getrandom */
	/* See struct store_options. */
	void (*on_damage)(void *arg, const char *text);
	void *damage_arg;
};

/* Open or create; see store_open for what is checked.  Call after daemonising. */
int catalog_open(const char *dir, const struct catalog_options *options, struct catalog **out,
		 struct err *err) MUST_CHECK;
void catalog_close(struct catalog *catalog);

const char *catalog_dir(const struct catalog *catalog);	/* absolute, borrowed */
struct store *catalog_store(const struct catalog *catalog);
int64_t catalog_now(const struct catalog *catalog);
int catalog_open_dir(const struct catalog *catalog, const char *path);	/* see struct catalog_options */
void catalog_uuid(const struct catalog *catalog, char out[37]);
int64_t catalog_created_at(const struct catalog *catalog);

/*
 * Go through the newest snapshot, pages and rows, as opening does: after somebody
 * else has written to data.mdb.  What is found goes to on_damage.  The cache forgets
 * all then, since part of it may be of what was not found in time.
 */
void catalog_examine(struct catalog *catalog);

/* A snapshot for reading; end it with txn_end. */
int catalog_begin(struct catalog *catalog, struct txn **out, struct err *err) MUST_CHECK;

/* Name to id.  -ENOENT without message if there is none. */
int catalog_find(struct catalog *catalog, struct txn *txn, enum dir_kind dir, uint32_t parent,
		 const char *name, uint32_t *id) MUST_CHECK;

/* Entries of a directory in id order after an id, built-in ones included (rows.h). */
int catalog_list(struct catalog *catalog, struct txn *txn, enum dir_kind dir, uint32_t parent,
		 uint32_t after, children_fn *fn, void *arg);
void catalog_dir_state(struct catalog *catalog, struct txn *txn, enum dir_kind dir, uint32_t parent,
		       struct dir_state *out);

/* Definitions; *out is a reference the caller puts back.  -ENOENT without message. */
int catalog_namespace(struct catalog *catalog, struct txn *txn, uint32_t id, struct namespace **out, struct err *err) MUST_CHECK;
int catalog_storage(struct catalog *catalog, struct txn *txn, uint32_t id, struct storage **out, struct err *err) MUST_CHECK;
int catalog_table(struct catalog *catalog, struct txn *txn, uint32_t id, struct table **out, struct err *err) MUST_CHECK;
int catalog_version(struct catalog *catalog, struct txn *txn, uint32_t id, uint32_t version, struct table **out, struct err *err) MUST_CHECK;
int catalog_version_at(struct catalog *catalog, struct txn *txn, uint32_t id, int64_t stamp, uint32_t *version, struct err *err) MUST_CHECK;

/* The version of a table in which the column with this change counter was made. */
int catalog_column_rev(struct catalog *catalog, struct txn *txn, uint32_t id, uint32_t rev,
		       struct table **table, struct column **column, struct err *err) MUST_CHECK;

/*
 * A table's place: what storage.json tells.  partial keeps {shard} and
 * {userId}; both texts are absolute paths or URIs.
 */
struct place {
	struct storage *storage;	/* a reference: storage_put; current is only what places tables */
	bool per_user;			/* partial has {userId} */
	char base[LOCATION_SIZE];	/* as shown: absolute */
	char partial[LOCATION_SIZE];
	uint64_t epoch;			/* changes whenever any location may have moved */
	int64_t changed_at;		/* mtime of what shows it */
};
int catalog_place(struct catalog *catalog, struct txn *txn, const struct table *table, struct place *out, struct err *err) MUST_CHECK;

/* Text of tables/<t>/storage.json. */
int catalog_print_place(struct catalog *catalog, struct txn *txn, const struct table *table, FILE *out, struct err *err) MUST_CHECK;

/* One object that a request changed. */
struct outcome {
	enum object_kind object;
	enum change_event event;		/* 0: named by a statement, but not changed */
	uint32_t id;
	uint32_t before_version, after_version;	/* 0 = there was none; equal = no new version */
	char name[2 * NAME_SIZE];		/* "app.messages", "app", "local" */
	char *log_line;				/* with newline; owned; NULL without event */
	struct outcome *next;
};

struct request {
	/* in: */
	const struct script *script;	/* borrowed */
	size_t commit_count;		/* statements to commit; the rest is run as a check and undone */
	const char *text;		/* what script was parsed from */
	size_t len;
	uint32_t namespace_id;		/* unqualified names; 0 = default */
	uint32_t table_id;		/* "this table" of a table's ctl; 0 = none */
	struct author author;
	enum change_source source;
	bool plan;			/* run everything, commit nothing, print plan_text */
	bool is_brief;			/* what is committed is not printed: no plan_text, no heads */
	void (*progress)(void *arg, size_t done, size_t total);	/* NULL = nobody wants to know */
	void *progress_arg;
	int64_t deadline;		/* until when it waits for the write lock: catalog_deadline */
	/* out: request_fini frees */
	uint64_t sequence;		/* of its transaction; 0 = nothing changed */
	int64_t committed_at;
	struct outcome *outcomes;	/* in the order of the log */
	char *plan_text;		/* plan form: one block per object; also when committing */
	char *heads;			/* only the first line of each block */
	char *notes;			/* lines such as "location ... is not empty"; NULL = none */
	struct err err;			/* code 0 = committed.  Last, since it is long */
};

/* Zeroed, and err as ERR_INIT, without zeroing its texts. */
void request_init(struct request *request);

/*
 * Until when a change that comes now waits for the write lock, in nanoseconds of
 * CLOCK_MONOTONIC.  0 in a request means the same, from the call that commits it.
 */
int64_t catalog_deadline(const struct catalog *catalog);

/*
 * Run count requests as one group: one sync.  Every request gets its err; a
 * failure of the commit itself is every request's failure.  Returns 1 if
 * something was committed, 0 if there was nothing to commit, or the -errno of
 * that failure.
 *
 * The group waits for the write lock until the first deadline in it.  Then those
 * whose deadline it is have -EBUSY, and all others -EAGAIN: they were not run,
 * and are to be handed in again, with a cleared err.
 */
int catalog_commit(struct catalog *catalog, struct request **requests, size_t count);

/* Free what a request's outputs own. */
void request_fini(struct request *request);

/* Purge what has expired (at most a few hundred tables a call); 0 or -errno; *more: call again. */
int catalog_expire(struct catalog *catalog, const struct author *author, enum change_source source, bool *more, struct err *err) MUST_CHECK;

/* When the next entry of the trash index is due; INT64_MAX = never. */
int64_t catalog_next_expiry(struct catalog *catalog);

/* Forget cached definitions after changes by another process up to this change. */
void catalog_forget(struct catalog *catalog, const struct change_row *row);
void catalog_forget_all(struct catalog *catalog);

struct cache_stats {
	uint64_t size, bound, hits, misses, evictions;
};
void catalog_cache_stats(const struct catalog *catalog, struct cache_stats *out);

/* DDL that rebuilds the catalog, a namespace or a table (names NULL = all), in creation order. */
int catalog_dump(struct catalog *catalog, struct txn *txn, const char *namespace_name,
		 const char *table_name, bool secrets, FILE *out, struct err *err) MUST_CHECK;

#endif
