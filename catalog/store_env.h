/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_env - LMDB: an environment, its transactions, databases and cursors.
 *
 * Part of the store; the only file that knows LMDB.  Transactions, rows, cursors and
 * figures come back, whatever stands in data.mdb (catalog/store_guard.h); env_open,
 * env_guard and env_copy believe what has been checked.  An "env code" is 0, an errno
 * (positive) or a code of LMDB's or ours (negative); env_tell makes a sentence of it.
 */
#ifndef KALAM_CATALOG_STORE_ENV_H
#define KALAM_CATALOG_STORE_ENV_H

#include "base/err.h"
#include "catalog/store.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Codes that somebody asks for; all but the last two are LMDB's. */
enum env_code {
	ENV_EXISTS = -30799,	/* a row to append is not the last one */
	ENV_NOT_FOUND = -30798,
	ENV_PANIC = -30795,	/* after a failed write: open it anew */
	ENV_RESIZED = -30785,	/* another process has made data.mdb longer than our map: the same */
	ENV_BAD_READER = -30783,	/* a transaction of another process */
	ENV_FAULT = -40000,	/* a call came to grief in what stands in data.mdb */
	ENV_HALF_MADE = -40001	/* lock.mdb knows less than data.mdb */
};

struct env;
struct MDB_txn;
struct MDB_cursor;

struct env_options {
	bool read_only;
	size_t map_size;		/* bytes; 0 = 1 TiB or what the address space allows */
	atomic_bool *has_zeroes;	/* borrowed until env_close: see guard_map */
};

/*
 * The environment in directory path, with the store's lock (write_lock_enter).  What
 * another process left half made is tried again until the deadline (deadline_in).  An
 * env code; err has a sentence if it is known why there is no memory.  *out is owned:
 * env_close.
 */
int env_open(const char *path, const struct env_options *options, int64_t deadline,
	     struct env **out, struct err *err) MUST_CHECK;
void env_close(struct env *env);	/* NULL is fine; all transactions have ended */

/* Of data.mdb; borrowed. */
int env_fd(const struct env *env);

/* What is wrong with data.mdb if the code says that something is, else NULL.  Static. */
const char *env_damage(int code);

/*
 * A code that is no damage as -errno, with a sentence.  what says what it was about ("Cannot
 * read") where the sentence does not.  env tells why there was no room; NULL if it is not open.
 */
int env_tell(struct env *env, int code, const char *what, struct err *err);

/*
 * A reader, or a writer, which waits for others without a deadline, nested if there is a
 * parent.  An env code.  *out is owned: both env_commit, whatever it returns, and env_abort
 * end it.
 */
int env_begin(struct env *env, struct MDB_txn *parent, bool write, struct MDB_txn **out) MUST_CHECK;
int env_commit(struct MDB_txn *txn) MUST_CHECK;
void env_abort(struct MDB_txn *txn);

/* Give a reader's snapshot up, and take the newest one.  After a failure it must be aborted. */
void env_reset(struct MDB_txn *txn);
int env_renew(struct MDB_txn *txn) MUST_CHECK;

/* Id of its snapshot, or of the commit to be. */
uint64_t env_txn_id(struct MDB_txn *txn);

/*
 * Open a database, or make it; known to every later transaction once this one has
 * committed.  An env code: ENV_NOT_FOUND if it is to be there and is not.
 */
int env_open_db(struct env *env, struct MDB_txn *txn, enum store_db db, const char *name,
		bool make) MUST_CHECK;

/*
 * Guard the map from now on, once: it is where the reader finds this row.  Where that cannot
 * be told nothing is guarded, and all else is as before.
 */
void env_guard(struct env *env, struct MDB_txn *txn, enum store_db db, struct bytes key);

/*
 * Rows.  What a reader gets can be read to its end.  write: whether the transaction is a
 * writer's, whose pages are not in the file yet.  Env codes, ENV_NOT_FOUND also of what is
 * to be deleted; values are borrowed until the next write or the transaction's end.
 */
int env_get(struct env *env, struct MDB_txn *txn, bool write, enum store_db db, struct bytes key,
	    struct bytes *value) MUST_CHECK;
int env_put(struct env *env, struct MDB_txn *txn, enum store_db db, struct bytes key,
	    struct bytes value) MUST_CHECK;
/* ENV_EXISTS unless the key is behind all others. */
int env_append(struct env *env, struct MDB_txn *txn, enum store_db db, struct bytes key,
	       struct bytes value) MUST_CHECK;
int env_del(struct env *env, struct MDB_txn *txn, enum store_db db, struct bytes key) MUST_CHECK;

struct env_cursor {
	struct env *env;	/* borrowed */
	struct MDB_cursor *mdb;	/* owned; NULL before env_cursor_open */
	bool write;		/* as in env_get */
	struct bytes last;	/* key that a reader's stands on, borrowed; at NULL = none */
};

enum env_move {
	ENV_FROM,	/* the first key that is not below *key */
	ENV_LAST,
	ENV_PREVIOUS,
	ENV_NEXT	/* at first, the first one */
};

int env_cursor_open(struct env_cursor *c, struct env *env, struct MDB_txn *txn, bool write,
		    enum store_db db) MUST_CHECK;
/* *key is looked at by ENV_FROM only; after a failure both are as they were. */
int env_cursor_move(struct env_cursor *c, enum env_move how, struct bytes *key,
		    struct bytes *value) MUST_CHECK;
void env_cursor_close(struct env_cursor *c);	/* one of zeroes is fine */

struct env_info {
	uint64_t map_bytes, last_page, last_txn;
	uint32_t page_size;
	unsigned readers, readers_max;	/* places in lock.mdb */
};

int env_info(struct env *env, struct env_info *out) MUST_CHECK;

/* Who reads: out->lag becomes the id of the oldest snapshot, UINT64_MAX if there is none. */
int env_readers(struct env *env, struct store_readers *out) MUST_CHECK;

/* Free the places of readers that are dead, which LMDB never does by itself: how many. */
int env_free_dead_readers(struct env *env);

/* Pages that the next writer may use. */
int env_free_pages(struct env *env, uint64_t *pages) MUST_CHECK;

int env_sync(struct env *env) MUST_CHECK;

/* The newest snapshot into an open, empty file, compacted if that can be. */
int env_copy(struct env *env, int fd) MUST_CHECK;

#endif
