/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store - the LMDB environment of a catalog: named databases of byte strings,
 * read transactions, nested write transactions, safe creation.
 *
 * LMDB itself is behind catalog/store_env.h.  Typed rows are in catalog/rows.h.
 */
#ifndef KALAM_CATALOG_STORE_H
#define KALAM_CATALOG_STORE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CATALOG_FORMAT 1

enum store_db {
	DB_META,
	DB_NAMES,
	DB_OBJECTS,
	DB_VERSIONS,
	DB_CHILDREN,
	DB_LOCATIONS,
	DB_TRASH,
	DB_LOG,
	DB_CHANGES,
	DB_COUNT
};

struct store;
struct txn;

/* Where the format number stands in DB_META, as le64; store_open writes and reads it. */
#define STORE_FORMAT_KEY "format"

/* Borrowed bytes; from store_get valid until the next write or the transaction's end. */
struct bytes {
	const void *at;
	size_t len;
};

/* "catalog damaged: <fmt>; restore a backup": -EUCLEAN, kind ERR_STORE. */
int store_damaged(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* How much of data.mdb is read and validated by store_open. */
enum store_check {
	STORE_CHECK_AUTO,	/* full up to 256 MiB, quick above */
	STORE_CHECK_FULL,	/* every reachable page and row */
	STORE_CHECK_QUICK,	/* meta and branch pages */
	STORE_CHECK_PAGES	/* every reachable page, but not what its rows add up to */
};

struct store_options {
	bool create;		/* make an empty catalog if there is none */
	bool read_only;		/* open the environment without write access to data.mdb */
	size_t map_size;	/* bytes; 0 = 1 TiB or what the address space allows */
	enum store_check check;
	/*
	 * Told once, by whichever thread finds it, that something in the catalog is damaged.
	 * From then on nothing is written any more (-EROFS), and new transactions read what
	 * can still be proved right (catalog/store_salvage.h).  With NULL a transaction
	 * that meets damage fails, and others go on.
	 */
	void (*on_damage)(void *arg, const char *text);
	void *damage_arg;
	/* Called once inside the first write transaction of a new catalog, to fill it. */
	int (*fill)(struct txn *txn, void *arg, struct err *err);
	void *fill_arg;
};

/*
 * Open the catalog in directory dir (made with mode 0700 if create is set and
 * it is missing).  Creation is crash-safe: built in dir/data.new, committed,
 * synced, renamed into place, the directory synced; a left-over data.new is
 * removed.  Checks before opening: dir and its files are owned by the
 * effective uid, not links, not writable by others; lock.mdb is pre-allocated
 * so that a full disk is ENOSPC and not SIGBUS; both meta pages and the page
 * structure are sane (LMDB itself would crash on them or serve wrong data).
 * Must be called after the process has daemonised (LMDB keys readers by pid),
 * and once per catalog and process (closing a second descriptor of lock.mdb
 * would drop the first one's locks: -EBUSY).  Nothing else in the process may
 * open and close data.mdb or lock.mdb while the store is open.
 *
 * Returns 0; -ENOENT if there is no catalog and create is not set; -EUCLEAN
 * (internal) for a damaged or foreign file or a format that is not
 * CATALOG_FORMAT, with a sentence; -EACCES, -ENOTSUP (network file system),
 * -ENOSPC, -EIO, -ENOMEM...
 */
int store_open(const char *dir, const struct store_options *options, struct store **out,
	       struct err *err) MUST_CHECK;

/* All transactions must have ended.  NULL is fine. */
void store_close(struct store *store);

/*
 * Begin a read transaction: a snapshot.  Any thread may use it, one at a time.
 * Cheap (renewed from a pool).  Held inside one request only.
 */
int txn_begin_read(struct store *store, struct txn **out, struct err *err) MUST_CHECK;

/*
 * Begin the write transaction.  Waits for other threads and processes at most
 * timeout_ms (in front of LMDB's own lock, which has no deadline): -EBUSY, kind
 * ERR_BUSY, "The catalog's write lock is held by process P (NAME)...".  -EROFS
 * for a read-only store.  Must be ended by the thread that began it, which
 * must hold no read transaction while it begins.
 */
int txn_begin_write(struct store *store, unsigned timeout_ms, struct txn **out,
		    struct err *err) MUST_CHECK;

/*
 * A nested write transaction; its commit only hands over to the parent.  Until
 * it ends the parent must not be used.  Its failure is its own: afterwards the
 * parent goes on.
 */
int txn_begin_nested(struct txn *parent, struct txn **out, struct err *err) MUST_CHECK;

/*
 * Let this write transaction have the room that is reserved for removing things
 * on a full disk; false if there is none (left).  Taken back after its commit,
 * as far as there is room again.
 */
bool txn_spend_reserve(struct txn *txn);

/*
 * End a transaction.  txn_commit of a transaction with a recorded failure
 * aborts it and returns the failure (full sync to disk otherwise; -ENOSPC also
 * where the disk is full but the system said EIO).  Both free it; NULL is fine
 * for txn_end, which aborts writers and returns readers to the pool.
 *
 * Where the disk fails in the very last step of a commit LMDB gives up its
 * environment; it is then reopened here (as soon as no reader is out, or by
 * the next transaction) and the sentence of -EIO says whether the change shows.
 */
int txn_commit(struct txn *txn, struct err *err) MUST_CHECK;
void txn_end(struct txn *txn);

/* LMDB's id of the snapshot (readers) or of the commit to be (writers). */
uint64_t txn_id(const struct txn *txn);

struct store *txn_store(const struct txn *txn);

/* Id of the last transaction committed by anyone, for the race of rule R18. */
uint64_t store_last_txn_id(struct store *store);

/*
 * Sticky: the first failure of a write transaction is kept, later puts and
 * deletes do nothing and return it.  Not found is -ENOENT, is not a failure,
 * and sets no message.  Damage is -EUCLEAN: what LMDB notices, what leads it astray
 * and pages that cannot be read (catalog/store_guard.h).
 */
int store_get(struct txn *txn, enum store_db db, struct bytes key, struct bytes *value) MUST_CHECK;
int store_put(struct txn *txn, enum store_db db, struct bytes key, struct bytes value,
	      struct err *err) MUST_CHECK;
/* The same for a key that is likely to be the last one: pages then fill up to their ends. */
int store_append(struct txn *txn, enum store_db db, struct bytes key, struct bytes value,
		 struct err *err) MUST_CHECK;
/* Deleting what is not there is 0. */
int store_del(struct txn *txn, enum store_db db, struct bytes key, struct err *err) MUST_CHECK;

/*
 * Cursor: position on the first key >= key (or, with last, on the last key <
 * key), then go on.  -ENOENT at the end.  Key and value are borrowed like
 * store_get's.  A cursor must be closed before its transaction ends.  After a
 * put or delete in the same database it must be positioned anew.
 */
struct cursor;
int cursor_open(struct txn *txn, enum store_db db, struct cursor **out, struct err *err) MUST_CHECK;
int cursor_seek(struct cursor *c, struct bytes key, struct bytes *k, struct bytes *v) MUST_CHECK;
int cursor_seek_before(struct cursor *c, struct bytes key, struct bytes *k,
		       struct bytes *v) MUST_CHECK;
int cursor_next(struct cursor *c, struct bytes *k, struct bytes *v) MUST_CHECK;
void cursor_close(struct cursor *c);

struct store_stat {
	uint64_t file_bytes, map_bytes, used_bytes;
	uint64_t disk_free_bytes, disk_total_bytes;
	unsigned readers, readers_max;
};

int store_statistics(struct store *store, struct store_stat *out) MUST_CHECK;

/* Who reads, of all processes. */
struct store_readers {
	unsigned places;	/* held in lock.mdb, by pooled readers, too */
	unsigned snapshots;	/* of them reading now */
	uint64_t lag;		/* transactions since the oldest snapshot */
	pid_t oldest;		/* whose that is; 0 = there is none */
};
int store_readers(struct store *store, struct store_readers *out) MUST_CHECK;

/*
 * How full the map is: pages that a snapshot needs are in use, those that can be
 * written anew are not.  From half of the map on this reads the list of free pages;
 * below it they count as in use.  0 or -EIO.
 */
struct store_room {
	uint64_t map_bytes, in_use_bytes;
};
int store_room(struct store *store, struct store_room *out) MUST_CHECK;

/* Free reader slots of dead processes; returns how many. */
int store_reader_check(struct store *store);

/* Whether somebody, here or in another process, holds the write lock at this moment. */
bool store_is_being_written(struct store *store);

/*
 * Walk every page of the newest snapshot, reading through the file: 0, or
 * -EUCLEAN "catalog damaged: ...".  What a record says is not looked at.
 */
int store_check(struct store *store, struct err *err) MUST_CHECK;

/*
 * Go through all rows: -EUCLEAN where they do not add up to what was committed
 * (a page that was written has been lost).  Part of a full check when opening.
 */
int store_check_rows(struct store *store, struct err *err) MUST_CHECK;

/* What a row says cannot be (err tells why: -EIO): the catalog is damaged.  Returns err's code. */
int store_distrust(struct txn *txn, const struct err *err);

/*
 * Whether something that was read in this transaction of a reader could not be: what
 * was made of its rows, of which some may have been taken for absent, is not to be
 * shown.
 */
bool txn_met_damage(const struct txn *txn);

/*
 * What came of reading in a transaction: rc, as err_told has it, unless the store
 * failed meanwhile.  Then that and its sentence, whatever else was made of it.
 */
int txn_told(const struct txn *txn, struct err *err, int rc);

/*
 * The catalog is damaged, found by other means; see store_options.on_damage.  With nothing_is_sure it is not known
 * where: all that is read from now on is -EUCLEAN.
 */
void store_freeze(struct store *store, const char *text, bool nothing_is_sure);

/* Whether the catalog was found damaged, and why: the text is cut to size. */
bool store_is_frozen(struct store *store, char *why, size_t size);

/* Consistent copy of a live catalog's data.mdb into an open, empty file, compacted. */
int store_copy(struct store *store, int fd, struct err *err) MUST_CHECK;

#endif
