/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/store.h"

#include "catalog/store_check.h"
#include "catalog/store_lock.h"
#include "catalog/store_open.h"
#include "catalog/store_state.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/*
 * The databases of a catalog; rows.h says what stands in them.  LMDB is used
 * in its plainest form: full sync, no writable map, no duplicate keys.
 */
static const char *const db_names[] = {
	[DB_META] = "meta",
	[DB_NAMES] = "names",
	[DB_OBJECTS] = "objects",
	[DB_VERSIONS] = "versions",
	[DB_CHILDREN] = "children",
	[DB_LOCATIONS] = "locations",
	[DB_TRASH] = "trash",
	[DB_LOG] = "log",
	[DB_CHANGES] = "changes",
};

_Static_assert(countof(db_names) == DB_COUNT, "every database has a name");

#define READERS_MAX 1024
#define DBS_MAX 16
#define MAP_MOST ((size_t)1 << 40)
#define MAP_LEAST ((size_t)1 << 30)
#define HEADROOM (1024 * 1024)		/* bytes reserved on disk behind the end of data.mdb */
#define DISK_FULL_BELOW (64 * 1024)	/* fewer free bytes make an EIO an ENOSPC */
#define CREATE_WAIT_MS 5000
#define REOPEN_WAIT_MS 1000		/* for the readers to leave: they stay for one request */
#define BEGIN_TRIES 4

struct txn {
	struct store *store;	/* borrowed */
	MDB_txn *mdb;		/* owned; a pooled reader's is reset */
	struct txn *parent;	/* borrowed; NULL unless nested */
	struct txn *next;	/* in the pool */
	bool write;
	bool keeps_state;	/* a writer: there is a sum of all rows to keep up */
	uint64_t state;		/* that sum */
	struct err failure;	/* of a writer: the first one, kept */
};

struct cursor {
	MDB_cursor *mdb;
	struct txn *txn;	/* borrowed */
};

/*
 * Everyone who uses env is inside the gate; env is replaced behind a shut one.
 * LMDB gives its environment up (MDB_PANIC, also for readers) when the last
 * write of a commit fails, and cannot follow a data.mdb that another process
 * made longer than our map: both end by opening it again.
 */
struct store {
	char *path;			/* owned, absolute */
	bool read_only;
	size_t map_size;		/* wished; 0 = as much as there is */
	void (*on_assert)(const char *text);
	pid_t pid;			/* who opened it: readers' slots are its */
	struct store_claim claim;
	struct write_lock write_lock;
	struct gate gate;
	MDB_env *env;			/* NULL after a reopening that failed */
	MDB_dbi dbi[DB_COUNT];
	bool has_dbs;			/* dbi is set */
	unsigned generation;		/* counts reopenings; changes only behind a shut gate */
	pthread_mutex_t pool_mutex;
	struct txn *pool;		/* owned: reset readers */
};

static bool disk_is_full(struct store *store)
{
	struct statvfs fs;
	int fd;

	return mdb_env_get_fd(store->env, &fd) == 0 && fstatvfs(fd, &fs) == 0 &&
	       (uint64_t)fs.f_bavail * fs.f_frsize < DISK_FULL_BELOW;
}

/* LMDB never does this by itself; inside the gate. */
static int free_dead_readers(struct store *store)
{
	int dead = 0;

	return mdb_reader_check(store->env, &dead) ? 0 : dead;
}

static int map_full(struct store *store, struct err *err)
{
	int dead = free_dead_readers(store);
	MDB_envinfo info;

	mdb_env_info(store->env, &info);
	return err_set(err, -ENOSPC, "Catalog limit reached: data.mdb fills its map of %zu MiB%s",
		       info.me_mapsize >> 20, dead > 0 ? "; room of dead readers was freed, "
		       "try again" : "; drop or purge something, or end readers that hang");
}

/* LMDB's or the system's code as -errno with a sentence; what: "Cannot read". */
static int lmdb_errno(struct store *store, int rc, const char *what, struct err *err)
{
	switch (rc) {
	case MDB_MAP_FULL:
		rc = map_full(store, err);
		break;
	case MDB_READERS_FULL:
		err_set(err, -EBUSY, "All %d places for readers of the catalog are taken; "
			"try again", READERS_MAX);
		err_kind_set(err, ERR_BUSY);
		return -EBUSY;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_CURSOR_FULL:
	case MDB_BAD_DBI:
	case MDB_INCOMPATIBLE:
		return store_damaged(err, "%s: %s", what, mdb_strerror(rc));
	case MDB_TXN_FULL:
		rc = err_set(err, -EFBIG, "%s: one transaction is too small for this change; make it in "
			     "several", what);
		break;
	case MDB_PANIC:
		rc = err_set(err, -EIO, "%s: after a failure of its disk the catalog must be "
			     "reopened", what);
		break;
	case ENOSPC:
	case EDQUOT:
		rc = err_set(err, -ENOSPC, "No space left on the catalog's disk");
		break;
	case EIO:
		if (store->env && disk_is_full(store))
			rc = err_set(err, -ENOSPC, "No space left on the catalog's disk");
		else
			rc = err_set(err, -EIO, "%s: input/output error on the catalog's disk",
				     what);
		break;
	case ENOMEM:
		return err_nomem(err);
	default:
		rc = err_set(err, rc > 0 ? -rc : -EIO, "%s: %s", what, mdb_strerror(rc));
	}
	err_kind_set(err, ERR_STORE);
	return rc;
}

static void assertion(MDB_env *env, const char *text)
{
	const struct store *store = mdb_env_get_userctx(env);

	if (store->on_assert)
		store->on_assert(text);
	abort();
}

static int try_env(struct store *store, const char *path, size_t map_size)
{
	unsigned flags = MDB_NOTLS | (store->read_only ? MDB_RDONLY : 0);
	int rc = mdb_env_create(&store->env);

	if (rc)
		return rc;
	rc = mdb_env_set_maxreaders(store->env, READERS_MAX);
	if (!rc)
		rc = mdb_env_set_maxdbs(store->env, DBS_MAX);
	if (!rc)
		rc = mdb_env_set_mapsize(store->env, map_size);
	if (!rc)
		rc = mdb_env_set_userctx(store->env, store);
	if (!rc)
		rc = mdb_env_set_assert(store->env, assertion);
	if (!rc)
		rc = mdb_env_open(store->env, path, flags, 0600);
	if (rc) {
		mdb_env_close(store->env);
		store->env = NULL;
	}
	return rc;
}

/* Limits and tools (RLIMIT_AS, valgrind) may leave less address space than we wish. */
static int open_env(struct store *store, const char *path, struct err *err)
{
	size_t size = store->map_size ? store->map_size : MAP_MOST;
	int rc = try_env(store, path, size);

	while ((rc == ENOMEM || rc == EINVAL) && !store->map_size && size > MAP_LEAST) {
		size /= 2;
		rc = try_env(store, path, size);
	}
	if (rc == ENOMEM)
		return err_set(err, -ENOMEM, "Cannot map the catalog: there is not enough memory "
			       "or address space (ulimit -v) for %zu MiB", size >> 20);
	return rc ? lmdb_errno(store, rc, "Cannot open the catalog", err) : 0;
}

static int open_dbs(struct store *store, MDB_txn *mdb, unsigned flags, struct err *err)
{
	for (unsigned i = 0; i < DB_COUNT; i++) {
		int rc = mdb_dbi_open(mdb, db_names[i], flags, &store->dbi[i]);

		if (rc == MDB_NOTFOUND)
			return store_damaged(err, "data.mdb has no database '%s'", db_names[i]);
		if (rc)
			return lmdb_errno(store, rc, "Cannot open the catalog's databases", err);
	}
	store->has_dbs = true;
	return 0;
}

static int read_format(struct store *store, MDB_txn *mdb, struct err *err)
{
	MDB_val key = { sizeof(STORE_FORMAT_KEY) - 1, (void *)(uintptr_t)STORE_FORMAT_KEY };
	MDB_val value;
	uint64_t format;
	int rc = mdb_get(mdb, store->dbi[DB_META], &key, &value);

	if (rc == MDB_NOTFOUND || (!rc && value.mv_size != sizeof(format)))
		return store_damaged(err, "data.mdb names no catalog format");
	if (rc)
		return lmdb_errno(store, rc, "Cannot read the catalog's format", err);
	memcpy(&format, value.mv_data, sizeof(format));
	format = le64toh(format);
	if (format == CATALOG_FORMAT)
		return 0;
	err_set(err, -EUCLEAN, "%s has format %llu; this kalamfs knows format %d", store->path,
		(unsigned long long)format, CATALOG_FORMAT);
	err_kind_set(err, ERR_STORE);
	return -EUCLEAN;
}

/* The handles are valid for every transaction after this one has committed. */
static int attach(struct store *store, struct err *err)
{
	MDB_txn *mdb;
	int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &mdb);

	if (rc)
		return lmdb_errno(store, rc, "Cannot read the catalog", err);
	rc = open_dbs(store, mdb, 0, err);
	if (!rc)
		rc = read_format(store, mdb, err);
	if (rc) {
		mdb_txn_abort(mdb);
		return rc;
	}
	rc = mdb_txn_commit(mdb);
	return rc ? lmdb_errno(store, rc, "Cannot read the catalog", err) : 0;
}

/* The read transaction keeps writers from reusing the pages that are looked at. */
static int check_snapshot(struct store *store, enum store_check how, struct err *err)
{
	MDB_txn *mdb;
	int fd, rc = -EAGAIN;

	for (int i = 0; rc == -EAGAIN && i < BEGIN_TRIES; i++) {
		rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &mdb);
		if (rc)
			return lmdb_errno(store, rc, "Cannot read the catalog", err);
		mdb_env_get_fd(store->env, &fd);
		rc = store_check_pages(fd, mdb_txn_id(mdb), how, err);
		mdb_txn_abort(mdb);
	}
	if (rc == -EAGAIN)
		return store_damaged(err, "the meta pages do not agree with lock.mdb");
	return rc;
}

static MDB_val to_val(struct bytes b)
{
	return (MDB_val){ .mv_size = b.len, .mv_data = (void *)(uintptr_t)b.at };
}

static struct bytes to_bytes(MDB_val v)
{
	return (struct bytes){ v.mv_data, v.mv_size };
}

static MDB_val state_key(void)
{
	static char key[] = STORE_STATE_KEY;

	return (MDB_val){ .mv_size = sizeof(key) - 1, .mv_data = key };
}

/* The sum of all rows, as far as one is kept; an error of LMDB's. */
static int read_state(struct store *store, MDB_txn *mdb, bool *there, uint64_t *state)
{
	MDB_val key = state_key(), value;
	uint64_t sum;
	int rc;

	*there = false;
	if (!store->has_dbs)	/* a catalog that is being made */
		return 0;
	rc = mdb_get(mdb, store->dbi[DB_META], &key, &value);
	if (rc || value.mv_size != sizeof(sum))
		return rc == MDB_NOTFOUND ? 0 : rc;
	memcpy(&sum, value.mv_data, sizeof(sum));
	*state = le64toh(sum);
	*there = true;
	return 0;
}

static int write_state(struct txn *txn)
{
	uint64_t sum = htole64(txn->state);
	MDB_val key = state_key(), value = { .mv_size = sizeof(sum), .mv_data = &sum };

	if (!txn->keeps_state)
		return 0;
	return mdb_put(txn->mdb, txn->store->dbi[DB_META], &key, &value, 0);
}

static int add_rows(struct store *store, MDB_txn *mdb, enum store_db db, uint64_t *sum)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	int rc = mdb_cursor_open(mdb, store->dbi[db], &cursor);

	if (rc)
		return rc;
	while (!(rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
		if (!store_state_is_own(db, to_bytes(key)))
			*sum += store_state_row(db, to_bytes(key), to_bytes(value));
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* All rows against their sum, in one snapshot. */
static int check_state(struct store *store, struct err *err)
{
	uint64_t kept = 0, sum = 0;
	MDB_txn *mdb;
	bool there;
	int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &mdb);

	if (rc)
		return lmdb_errno(store, rc, "Cannot read the catalog", err);
	rc = read_state(store, mdb, &there, &kept);
	for (unsigned db = 0; !rc && there && db < DB_COUNT; db++)
		rc = add_rows(store, mdb, db, &sum);
	mdb_txn_abort(mdb);
	if (rc)
		return lmdb_errno(store, rc, "Cannot read the catalog", err);
	if (there && sum != kept)
		return store_damaged(err, "its rows do not add up to what was committed: a page "
				     "that was written has been lost");
	return 0;
}

static uint64_t store_size(struct store *store)
{
	struct stat st;
	int fd;

	return mdb_env_get_fd(store->env, &fd) || fstat(fd, &st) ? 0 : (uint64_t)st.st_size;
}

static void empty_pool(struct store *store)
{
	struct txn *txn;

	while ((txn = store->pool)) {
		store->pool = txn->next;
		mdb_txn_abort(txn->mdb);
		free(txn);
	}
}

static void close_env(struct store *store)
{
	empty_pool(store);
	if (store->env)
		mdb_env_close(store->env);
	store->env = NULL;
}

/* Behind a shut gate. */
static int reopen_env(struct store *store, struct err *err)
{
	int rc;

	close_env(store);
	rc = open_env(store, store->path, err);
	if (!rc)
		rc = attach(store, err);
	if (rc)
		close_env(store);
	store->generation++;
	return rc;
}

/* Open the environment again unless somebody has since generation `seen`. */
static int renew_env(struct store *store, unsigned seen, int64_t deadline, struct err *err)
{
	int rc = 0;

	if (gate_shut(&store->gate, deadline)) {
		err_set(err, -EBUSY, "The catalog must be reopened and is in use; try again");
		err_kind_set(err, ERR_BUSY);
		return -EBUSY;
	}
	if (store->generation == seen)
		rc = reopen_env(store, err);
	gate_open(&store->gate);
	return rc;
}

/* A reader from the pool, or a new one; an LMDB code. */
static int begin_reader(struct store *store, struct txn **out)
{
	struct txn *txn;
	int rc;

	pthread_mutex_lock(&store->pool_mutex);
	txn = store->pool;
	if (txn)
		store->pool = txn->next;
	pthread_mutex_unlock(&store->pool_mutex);
	*out = txn;
	if (txn) {
		rc = mdb_txn_renew(txn->mdb);
		if (rc)
			mdb_txn_abort(txn->mdb);
	} else {
		if (getpid() != store->pid)
			return MDB_BAD_RSLOT;
		*out = txn = calloc(1, sizeof(*txn));
		if (!txn)
			return ENOMEM;
		txn->store = store;
		rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn->mdb);
		if (rc == MDB_READERS_FULL && free_dead_readers(store) > 0)
			rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn->mdb);
	}
	if (rc)
		free(txn);
	return rc;
}

static int begin_writer(struct store *store, struct txn **out)
{
	struct txn *txn;
	int rc;

	if (getpid() != store->pid)
		return MDB_BAD_RSLOT;
	txn = calloc(1, sizeof(*txn));
	if (!txn)
		return ENOMEM;
	txn->store = store;
	txn->write = true;
	rc = mdb_txn_begin(store->env, NULL, 0, &txn->mdb);
	if (!rc) {
		rc = read_state(store, txn->mdb, &txn->keeps_state, &txn->state);
		if (rc)
			mdb_txn_abort(txn->mdb);
	}
	if (rc)
		free(txn);
	else
		*out = txn;
	return rc;
}

static int begin(struct store *store, int (*begin_one)(struct store *, struct txn **),
		 int64_t deadline, struct txn **out, struct err *err)
{
	for (unsigned tries = 1;; tries++) {
		unsigned seen;
		int rc;

		gate_enter(&store->gate);
		seen = store->generation;
		rc = store->env ? begin_one(store, out) : MDB_PANIC;
		if (!rc)
			return 0;
		if (tries == BEGIN_TRIES || (rc != MDB_PANIC && rc != MDB_MAP_RESIZED)) {
			rc = lmdb_errno(store, rc, "Cannot begin a transaction", err);
			gate_leave(&store->gate);
			return rc;
		}
		gate_leave(&store->gate);
		rc = renew_env(store, seen, deadline, err);
		if (rc)
			return rc;
	}
}

int txn_begin_read(struct store *store, struct txn **out, struct err *err)
{
	return begin(store, begin_reader, deadline_in(REOPEN_WAIT_MS), out, err);
}

int txn_begin_write(struct store *store, unsigned timeout_ms, struct txn **out, struct err *err)
{
	int64_t deadline = deadline_in(timeout_ms);
	int rc;

	if (store->read_only)
		return err_set(err, -EROFS, "The catalog is open for reading only");
	rc = write_lock_take(&store->write_lock, deadline, err);
	if (rc)
		return rc;
	rc = begin(store, begin_writer, deadline, out, err);
	if (rc)
		write_lock_give(&store->write_lock);
	return rc;
}

/* Keep the first failure of a writer, and tell it again later. */
static int failed(struct txn *txn, struct err *err)
{
	if (err && !err->code)
		*err = txn->failure;
	return txn->failure.code;
}

static int fail(struct txn *txn, int rc, const char *what, struct err *err)
{
	lmdb_errno(txn->store, rc, what, &txn->failure);
	return failed(txn, err);
}

int txn_begin_nested(struct txn *parent, struct txn **out, struct err *err)
{
	struct txn *txn;
	int rc;

	if (parent->failure.code)
		return failed(parent, err);
	txn = calloc(1, sizeof(*txn));
	if (!txn)
		return err_nomem(err);
	txn->store = parent->store;
	txn->parent = parent;
	txn->write = true;
	txn->keeps_state = parent->keeps_state;
	txn->state = parent->state;
	rc = mdb_txn_begin(txn->store->env, parent->mdb, 0, &txn->mdb);
	if (rc) {
		free(txn);
		return lmdb_errno(parent->store, rc, "Cannot begin a nested transaction", err);
	}
	*out = txn;
	return 0;
}

static void return_reader(struct txn *txn)
{
	struct store *store = txn->store;

	mdb_txn_reset(txn->mdb);
	pthread_mutex_lock(&store->pool_mutex);
	txn->next = store->pool;
	store->pool = txn;
	pthread_mutex_unlock(&store->pool_mutex);
	gate_leave(&store->gate);
}

/* After its LMDB transaction has ended. */
static void release_writer(struct txn *txn)
{
	struct store *store = txn->store;

	if (!txn->parent) {
		gate_leave(&store->gate);
		write_lock_give(&store->write_lock);
	}
	free(txn);
}

void txn_end(struct txn *txn)
{
	if (!txn)
		return;
	if (!txn->write) {
		return_reader(txn);
		return;
	}
	mdb_txn_abort(txn->mdb);
	release_writer(txn);
}

/*
 * A commit that failed with EIO may have failed in its last write.  Then
 * readers are refused until the environment is open again, and what the file
 * says now tells whether the change shows.
 */
static int commit_failed(struct store *store, uint64_t id, struct err *err)
{
	struct txn *probe;
	int rc = begin(store, begin_reader, deadline_in(REOPEN_WAIT_MS), &probe, NULL);

	if (rc)
		err_set(err, -EIO, "The catalog's disk failed at the end of a change; whether "
			"it shows is decided when the catalog is reopened");
	else if (txn_id(probe) >= id)
		err_set(err, -EIO, "The catalog's disk failed at the end of a change: it shows "
			"now, but a power failure may undo it");
	else
		err_set(err, -EIO, "The catalog's disk failed while a change was written; it "
			"was not made");
	err_kind_set(err, ERR_STORE);
	if (!rc)
		txn_end(probe);
	return -EIO;
}

/* The write lock is kept until the outcome is known; the gate cannot be. */
static int commit_outermost(struct txn *txn, struct err *err)
{
	struct store *store = txn->store;
	uint64_t id = txn_id(txn);
	int rc, code = 0;

	if (write_state(txn)) {
		code = fail(txn, MDB_BAD_TXN, "Cannot commit a change", err);
		txn_end(txn);
		return code;
	}
	rc = mdb_txn_commit(txn->mdb);

	if (rc && (rc != EIO || disk_is_full(store)))
		code = lmdb_errno(store, rc, "Cannot commit a change", err);
	gate_leave(&store->gate);
	if (rc && !code)
		code = commit_failed(store, id, err);
	write_lock_give(&store->write_lock);
	free(txn);
	return code;
}

int txn_commit(struct txn *txn, struct err *err)
{
	int rc;

	if (!txn->write) {
		return_reader(txn);
		return 0;
	}
	if (txn->failure.code) {
		rc = failed(txn, err);
		txn_end(txn);
		return rc;
	}
	if (!txn->parent)
		return commit_outermost(txn, err);
	rc = mdb_txn_commit(txn->mdb);
	if (rc)
		rc = lmdb_errno(txn->store, rc, "Cannot commit a nested transaction", err);
	else
		txn->parent->state = txn->state;
	release_writer(txn);
	return rc;
}

uint64_t txn_id(const struct txn *txn)
{
	return mdb_txn_id(txn->mdb);
}

struct store *txn_store(const struct txn *txn)
{
	return txn->store;
}

/* Reading has no err to fill; but a writer that could not read must not commit. */
static int read_errno(struct txn *txn, int rc)
{
	if (rc == MDB_NOTFOUND)
		return -ENOENT;
	return txn->write ? fail(txn, rc, "Cannot read the catalog", NULL)
			  : lmdb_errno(txn->store, rc, "Cannot read the catalog", NULL);
}

int store_get(struct txn *txn, enum store_db db, struct bytes key, struct bytes *value)
{
	MDB_val k = to_val(key), v;
	int rc;

	if (txn->failure.code)
		return txn->failure.code;
	rc = mdb_get(txn->mdb, txn->store->dbi[db], &k, &v);
	if (rc)
		return read_errno(txn, rc);
	*value = to_bytes(v);
	return 0;
}

/* Take what stands at a key out of the sum of all rows. */
static int leave_state(struct txn *txn, enum store_db db, struct bytes key)
{
	MDB_val k = to_val(key), v;
	int rc;

	if (!txn->keeps_state || store_state_is_own(db, key))
		return 0;
	rc = mdb_get(txn->mdb, txn->store->dbi[db], &k, &v);
	if (!rc)
		txn->state -= store_state_row(db, key, to_bytes(v));
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int store_put(struct txn *txn, enum store_db db, struct bytes key, struct bytes value,
	      struct err *err)
{
	MDB_val k = to_val(key), v = to_val(value);
	int rc;

	if (txn->failure.code)
		return failed(txn, err);
	rc = leave_state(txn, db, key);
	if (rc)
		return fail(txn, rc, "Cannot write to the catalog", err);
	if (!store_state_is_own(db, key))
		txn->state += store_state_row(db, key, value);
	rc = mdb_put(txn->mdb, txn->store->dbi[db], &k, &v, 0);
	return rc ? fail(txn, rc, "Cannot write to the catalog", err) : 0;
}

int store_append(struct txn *txn, enum store_db db, struct bytes key, struct bytes value,
		 struct err *err)
{
	MDB_val k = to_val(key), v = to_val(value);
	int rc;

	if (txn->failure.code)
		return failed(txn, err);
	rc = mdb_put(txn->mdb, txn->store->dbi[db], &k, &v, MDB_APPEND);
	if (rc == MDB_KEYEXIST)		/* it is not the last one */
		return store_put(txn, db, key, value, err);
	txn->state += store_state_row(db, key, value);
	return rc ? fail(txn, rc, "Cannot write to the catalog", err) : 0;
}

int store_del(struct txn *txn, enum store_db db, struct bytes key, struct err *err)
{
	MDB_val k = to_val(key);
	int rc;

	if (txn->failure.code)
		return failed(txn, err);
	rc = leave_state(txn, db, key);
	if (rc)
		return fail(txn, rc, "Cannot delete from the catalog", err);
	rc = mdb_del(txn->mdb, txn->store->dbi[db], &k, NULL);
	return rc && rc != MDB_NOTFOUND ? fail(txn, rc, "Cannot delete from the catalog", err) : 0;
}

int cursor_open(struct txn *txn, enum store_db db, struct cursor **out, struct err *err)
{
	struct cursor *c;
	int rc;

	if (txn->failure.code)
		return failed(txn, err);
	c = malloc(sizeof(*c));
	if (!c)
		return err_nomem(err);
	c->txn = txn;
	rc = mdb_cursor_open(txn->mdb, txn->store->dbi[db], &c->mdb);
	if (rc) {
		free(c);
		return lmdb_errno(txn->store, rc, "Cannot read", err);
	}
	*out = c;
	return 0;
}

static int move(struct cursor *c, MDB_val *key, MDB_cursor_op op, struct bytes *k, struct bytes *v)
{
	MDB_val value;
	int rc = mdb_cursor_get(c->mdb, key, &value, op);

	if (rc)
		return read_errno(c->txn, rc);
	*k = to_bytes(*key);
	*v = to_bytes(value);
	return 0;
}

int cursor_seek(struct cursor *c, struct bytes key, struct bytes *k, struct bytes *v)
{
	MDB_val at = to_val(key);

	return move(c, &at, key.len ? MDB_SET_RANGE : MDB_FIRST, k, v);
}

int cursor_seek_before(struct cursor *c, struct bytes key, struct bytes *k, struct bytes *v)
{
	int rc = cursor_seek(c, key, k, v);
	MDB_val at;

	if (rc && rc != -ENOENT)
		return rc;
	return move(c, &at, rc ? MDB_LAST : MDB_PREV, k, v);
}

int cursor_next(struct cursor *c, struct bytes *k, struct bytes *v)
{
	MDB_val at;

	return move(c, &at, MDB_NEXT, k, v);
}

void cursor_close(struct cursor *c)
{
	if (!c)
		return;
	mdb_cursor_close(c->mdb);
	free(c);
}

uint64_t store_last_txn_id(struct store *store)
{
	MDB_envinfo info = { .me_last_txnid = 0 };

	gate_enter(&store->gate);
	if (store->env)
		mdb_env_info(store->env, &info);
	gate_leave(&store->gate);
	return info.me_last_txnid;
}

static int statistics(struct store *store, struct store_stat *out)
{
	MDB_envinfo info;
	struct statvfs fs;
	struct stat st;
	MDB_stat tree;
	int fd;

	mdb_env_info(store->env, &info);
	mdb_env_stat(store->env, &tree);
	mdb_env_get_fd(store->env, &fd);
	if (fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0)
		return -errno;
	*out = (struct store_stat){
		.file_bytes = (uint64_t)st.st_size,
		.map_bytes = info.me_mapsize,
		.used_bytes = (info.me_last_pgno + 1) * tree.ms_psize,
		.disk_free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize,
		.disk_total_bytes = (uint64_t)fs.f_blocks * fs.f_frsize,
		.readers = info.me_numreaders,
		.readers_max = info.me_maxreaders,
	};
	return 0;
}

int store_statistics(struct store *store, struct store_stat *out)
{
	int rc;

	gate_enter(&store->gate);
	rc = store->env ? statistics(store, out) : -EIO;
	gate_leave(&store->gate);
	return rc;
}

/* A line of LMDB's list: "pid thread txnid", with "-" for the last where nothing is read. */
static int count_reader(const char *line, void *arg)
{
	struct store_readers *out = arg;
	unsigned long long thread, id;
	int pid;

	switch (sscanf(line, "%d %llx %llu", &pid, &thread, &id)) {
	case 3:
		out->snapshots++;
		if (id < out->lag)
			out->lag = id;
		out->places++;
		break;
	case 2:
		out->places++;
		break;
	default:
		break;
	}
	return 0;
}

/* The last transaction is asked for behind the list, so that no snapshot is newer. */
int store_readers(struct store *store, struct store_readers *out)
{
	MDB_envinfo info;
	int rc = -EIO;

	*out = (struct store_readers){ .lag = UINT64_MAX };
	gate_enter(&store->gate);
	if (store->env && mdb_reader_list(store->env, count_reader, out) >= 0) {
		mdb_env_info(store->env, &info);
		out->lag = out->snapshots && out->lag < info.me_last_txnid ?
			info.me_last_txnid - out->lag : 0;
		rc = 0;
	}
	gate_leave(&store->gate);
	return rc;
}

int store_reader_check(struct store *store)
{
	int dead;

	gate_enter(&store->gate);
	dead = store->env ? free_dead_readers(store) : 0;
	gate_leave(&store->gate);
	return dead;
}

int store_check(struct store *store, struct err *err)
{
	int rc;

	gate_enter(&store->gate);
	rc = store->env ? check_snapshot(store, STORE_CHECK_FULL, err)
			: lmdb_errno(store, MDB_PANIC, "Cannot read", err);
	gate_leave(&store->gate);
	return rc;
}

int store_check_rows(struct store *store, struct err *err)
{
	int rc;

	gate_enter(&store->gate);
	rc = store->env ? check_state(store, err) : lmdb_errno(store, MDB_PANIC, "Cannot read", err);
	gate_leave(&store->gate);
	return rc;
}

int store_copy(struct store *store, int fd, struct err *err)
{
	int rc;

	gate_enter(&store->gate);
	rc = store->env ? mdb_env_copyfd2(store->env, fd, MDB_CP_COMPACT) : MDB_PANIC;
	/* LMDB does not compact a file in which it has lost count of a page: harmless, and copied as it is. */
	if (rc == MDB_INCOMPATIBLE && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0)
		rc = mdb_env_copyfd2(store->env, fd, 0);
	/* What the system refuses concerns the copy's disk, not the catalog's. */
	if (rc > 0)
		rc = store_errno(err, -rc, "Cannot write the copy of the catalog");
	else if (rc)
		rc = lmdb_errno(store, rc, "Cannot copy the catalog", err);
	gate_leave(&store->gate);
	return rc;
}

static struct store *store_new(const struct store_options *options)
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->read_only = options->read_only;
	store->map_size = options->map_size;
	store->on_assert = options->on_assert;
	store->pid = getpid();
	write_lock_init(&store->write_lock);
	gate_init(&store->gate);
	pthread_mutex_init(&store->pool_mutex, NULL);
	return store;
}

static void store_free(struct store *store)
{
	close_env(store);
	store_unclaim(&store->claim);
	pthread_mutex_destroy(&store->pool_mutex);
	gate_fini(&store->gate);
	write_lock_fini(&store->write_lock);
	free(store->path);
	free(store);
}

/* The databases, the format and what the caller wants in a new catalog, in one transaction. */
static int fill_catalog(struct store *store, const struct store_options *options, struct err *err)
{
	uint64_t format = htole64(CATALOG_FORMAT);
	struct txn *txn;
	int rc = txn_begin_write(store, 0, &txn, err);

	if (rc)
		return rc;
	rc = open_dbs(store, txn->mdb, MDB_CREATE, err);
	txn->keeps_state = true;
	if (!rc)
		rc = store_put(txn, DB_META,
			       (struct bytes){ STORE_FORMAT_KEY, sizeof(STORE_FORMAT_KEY) - 1 },
			       (struct bytes){ &format, sizeof(format) }, err);
	if (!rc && options->fill)
		rc = options->fill(txn, options->fill_arg, err);
	if (rc) {
		txn_end(txn);
		return rc;
	}
	rc = txn_commit(txn, err);
	if (rc)
		return rc;
	rc = mdb_env_sync(store->env, 1);
	return rc ? lmdb_errno(store, rc, "Cannot sync a new catalog", err) : 0;
}

/* An environment of its own in a directory that no other process uses. */
static int build_aside(const char *path, const void *arg, struct err *err)
{
	const struct store_options *options = arg;
	struct store *aside = store_new(options);
	int rc;

	if (!aside)
		return err_nomem(err);
	aside->path = strdup(path);
	rc = aside->path ? open_env(aside, path, err) : err_nomem(err);
	if (!rc)
		rc = fill_catalog(aside, options, err);
	store_free(aside);
	return rc;
}

/* So that small changes, deletions above all, succeed on a full disk; nothing depends on it. */
static void reserve_headroom(struct store *store)
{
	struct stat st;
	int fd;

	if (!store->read_only && !mdb_env_get_fd(store->env, &fd) && !fstat(fd, &st))
		(void)!fallocate(fd, FALLOC_FL_KEEP_SIZE, st.st_size, HEADROOM);
}

/* See to it that there is a data.mdb. */
static int settle(struct store *store, int dirfd, const struct store_options *options,
		  struct err *err)
{
	int rc;

	if (store->read_only || (!options->create && !store_has(dirfd, "data.mdb")))
		return store_exists(dirfd, store->path, err);
	rc = write_lock_open(&store->write_lock, dirfd, err);
	if (!rc && !store_is_settled(dirfd)) {
		rc = write_lock_take(&store->write_lock, deadline_in(CREATE_WAIT_MS), err);
		if (rc)
			return rc;
		rc = store_create(dirfd, store->path, build_aside, options, err);
		write_lock_give(&store->write_lock);
	}
	return rc;
}

static int open_store(struct store *store, const char *dir, int dirfd,
		      const struct store_options *options, struct err *err)
{
	int rc;

	store->path = realpath(dir, NULL);
	if (!store->path)
		return store_errno(err, -errno, "Cannot resolve catalog directory '%s'", dir);
	rc = store_claim_dir(&store->claim, dirfd, err);
	if (!rc)
		rc = settle(store, dirfd, options, err);
	if (!rc)
		rc = store_data_check(dirfd, err);
	if (!rc)
		rc = store_lock_file_prepare(dirfd, store->read_only, err);
	if (!rc)
		rc = open_env(store, store->path, err);
	if (!rc)
		rc = check_snapshot(store, options->check, err);
	if (!rc)
		rc = attach(store, err);
	if (!rc && options->check != STORE_CHECK_PAGES &&
	    store_check_is_full(options->check, store_size(store)))
		rc = check_state(store, err);
	if (!rc)
		reserve_headroom(store);
	return rc;
}

int store_open(const char *dir, const struct store_options *options, struct store **out,
	       struct err *err)
{
	int dirfd = store_dir_open(dir, options->create && !options->read_only, err);
	struct store *store;
	int rc;

	if (dirfd < 0)
		return dirfd;
	store = store_new(options);
	rc = store ? open_store(store, dir, dirfd, options, err) : err_nomem(err);
	close(dirfd);
	if (rc) {
		if (store)
			store_free(store);
		return rc;
	}
	*out = store;
	return 0;
}

void store_close(struct store *store)
{
	if (store)
		store_free(store);
}
