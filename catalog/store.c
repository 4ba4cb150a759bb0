/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/store.h"

#include "catalog/store_check.h"
#include "catalog/store_guard.h"
#include "catalog/store_lock.h"
#include "catalog/store_open.h"
#include "catalog/store_page.h"
#include "catalog/store_salvage.h"
#include "catalog/store_state.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
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
/* Fewer free bytes make an EIO an ENOSPC: LMDB's longest write, a record, is over 1 MiB. */
#define DISK_FULL_BELOW (2 * 1024 * 1024)
#define CREATE_WAIT_MS 5000
#define OPEN_WAIT_MS 5000
#define OPEN_PAUSE_NS 10000000L
#define REOPEN_WAIT_MS 1000		/* for the readers to leave: they stay for one request */
#define BEGIN_TRIES 4
#define TOUCH_STEP 512			/* bytes: no page is smaller */

/* Codes beside LMDB's: a call of it came to grief; lock.mdb is not what data.mdb is. */
#define FAULT (-40000)
#define HALF_MADE (-40001)

enum trust {
	TRUST_ALL,
	TRUST_PROVED,	/* damaged: what store_salvage.h finds */
	TRUST_NOTHING
};

/*
 * A writer reads and writes the same few counters for each change of its group, and once more
 * to take a row out of the sum of all.
 */
#define KEPT_ROWS 12
struct kept_row {
	uint8_t key_len, value_len;
	uint8_t key[22], value[128];
};

struct txn {
	struct store *store;	/* borrowed */
	MDB_txn *mdb;		/* owned; a pooled reader's is reset */
	struct txn *parent;	/* borrowed; NULL unless nested */
	struct txn *next;	/* in the pool */
	bool write;
	bool keeps_state;	/* a writer: there is a sum of all rows to keep up */
	uint64_t state;		/* that sum */
	bool salvages;		/* a reader of a damaged catalog: mdb is NULL */
	bool met_damage;	/* a reader's */
	struct row *rows;	/* owned: what it has read */
	unsigned kept_count;	/* of kept */
	struct kept_row kept[KEPT_ROWS];	/* a writer's: small rows of DB_META as they are now */
	struct err failure;	/* the first one, kept; of a reader only damage.  Last: it is long */
};

/* A row that was copied out of a damaged catalog. */
struct row {
	struct buf key, value;
	struct row *next;
};

struct cursor {
	MDB_cursor *mdb;	/* NULL in a damaged catalog */
	struct txn *txn;	/* borrowed */
	enum store_db db;
	struct bytes last;	/* key that it stands on; at NULL = none */
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
	void (*on_damage)(void *arg, const char *text);
	void *damage_arg;
	bool is_open;			/* what was found before is store_open's to tell */
	atomic_int trust;		/* enum trust; only ever grows */
	atomic_bool has_zeroes;		/* see store_guard.h */
	pthread_mutex_t damage_mutex;	/* why, salvage, pin, pin_id */
	char why[512];
	struct salvage *salvage;	/* owned; NULL until somebody reads */
	MDB_txn *pin;			/* owned: keeps that snapshot's pages */
	uint64_t pin_id;
	const uint8_t *map, *map_end;	/* of env; NULL while it is not guarded */
	pid_t pid;			/* who opened it: readers' slots are its */
	struct store_claim claim;
	struct write_lock write_lock;
	struct gate gate;
	MDB_env *env;			/* NULL after a reopening that failed */
	MDB_dbi dbi[DB_COUNT];
	bool has_dbs;			/* dbi is set */
	atomic_bool had_state;		/* there was a sum of all rows when it was looked for */
	unsigned generation;		/* counts reopenings; changes only behind a shut gate */
	pthread_mutex_t pool_mutex;
	struct txn *pool;		/* owned: reset readers */
};

/* Borrowed; LMDB always has it. */
static int env_fd(MDB_env *env)
{
	int fd = -1;

	(void)mdb_env_get_fd(env, &fd);
	return fd;
}

static bool disk_is_full(struct store *store)
{
	struct statvfs fs;

	return fstatvfs(env_fd(store->env), &fs) == 0 &&
	       (uint64_t)fs.f_bavail * fs.f_frsize < DISK_FULL_BELOW;
}

/* Whether data.mdb has come to RLIMIT_FSIZE. */
static bool is_at_size_limit(struct store *store)
{
	struct rlimit limit;
	struct stat st;

	return !fstat(env_fd(store->env), &st) && !getrlimit(RLIMIT_FSIZE, &limit) &&
	       limit.rlim_cur != RLIM_INFINITY &&
	       (uint64_t)st.st_size >= limit.rlim_cur;
}

static int size_limit(struct err *err)
{
	return err_set(err, -ENOSPC, "data.mdb may not become larger: the process has a limit on "
		       "the size of files (ulimit -f)");
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

void store_freeze(struct store *store, const char *text, bool nothing_is_sure)
{
	int trust = nothing_is_sure ? TRUST_NOTHING : TRUST_PROVED;
	bool is_news;

	if (!store->on_damage || !store->is_open)
		return;
	pthread_mutex_lock(&store->damage_mutex);
	is_news = store->trust == TRUST_ALL;
	if (is_news)
		snprintf(store->why, sizeof(store->why), "%s", text);
	if (trust > store->trust)
		store->trust = trust;
	pthread_mutex_unlock(&store->damage_mutex);
	if (is_news)
		store->on_damage(store->damage_arg, store->why);
}

bool store_is_frozen(struct store *store, char *why, size_t size)
{
	bool is_frozen = store->trust != TRUST_ALL;

	if (is_frozen && size) {
		pthread_mutex_lock(&store->damage_mutex);
		snprintf(why, size, "%s", store->why);
		pthread_mutex_unlock(&store->damage_mutex);
	}
	return is_frozen;
}

int store_distrust(struct txn *txn, const struct err *err)
{
	if (err->code == -EIO || err->code == -EUCLEAN) {
		txn->met_damage = true;
		store_freeze(txn->store, err->text, false);
	}
	return err->code;
}

static int frozen_errno(struct store *store, struct err *err)
{
	char why[sizeof(store->why)] = "";

	store_is_frozen(store, why, sizeof(why));
	err_set(err, -EROFS, "Nothing is written any more, since the catalog was found damaged: %s",
		why);
	return err_kind_set(err, ERR_STORE);
}

static int PRINTF_LIKE(3, 4) damaged(struct store *store, struct err *err, const char *fmt, ...)
{
	struct err found = ERR_INIT;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	store_damaged(&found, "%s", text);
	store_freeze(store, found.text, false);
	if (err && !err->code)
		*err = found;
	return found.code;
}

/* LMDB's words without its name for them: "MDB_CORRUPTED: Located page was wrong type". */
static const char *reason(int rc)
{
	const char *text = mdb_strerror(rc), *end = strstr(text, ": ");

	return end && !strncmp(text, "MDB_", 4) ? end + 2 : text;
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
	case HALF_MADE:
		err_set(err, -EBUSY, "%s: its lock.mdb was left half made, and is in use; end the "
			"processes that use the catalog", what);
		err_kind_set(err, ERR_BUSY);
		return -EBUSY;
	case FAULT:
		return damaged(store, err, "%s: a page of data.mdb cannot be read, or leads "
			       "nowhere", what);
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_CURSOR_FULL:
	case MDB_BAD_DBI:
	case MDB_INCOMPATIBLE:
		return damaged(store, err, "%s: %s", what, reason(rc));
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
	case EFBIG:
		rc = size_limit(err);
		break;
	case EIO:	/* so LMDB calls a write that was cut short, too */
		if (store->env && is_at_size_limit(store))
			rc = size_limit(err);
		else if (store->env && disk_is_full(store))
			rc = err_set(err, -ENOSPC, "No space left on the catalog's disk");
		else
			rc = err_set(err, -EIO, "%s: input/output error on the catalog's disk",
				     what);
		break;
	case ENOMEM:
		return err_nomem(err);
	default:
		rc = err_set(err, rc > 0 ? -rc : -EIO, "%s: %s", what, reason(rc));
	}
	err_kind_set(err, ERR_STORE);
	return rc;
}

/* LMDB found its own state impossible, which it takes from the file. */
static void assertion(MDB_env *env, const char *text)
{
	(void)env;
	(void)text;
	guard_escape();
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
		rc = mdb_env_set_assert(store->env, assertion);
	if (!rc)
		rc = mdb_env_open(store->env, path, flags, 0600);
	if (rc) {
		mdb_env_close(store->env);
		store->env = NULL;
	}
	return rc;
}

/*
 * Whether lock.mdb knows less than data.mdb: who was to make it came to grief before it was
 * complete.  A reader would see what was once, and a writer write over what is there.
 */
static bool is_half_made(struct store *store)
{
	MDB_envinfo info;
	MDB_txn *mdb;
	size_t id;

	if (mdb_env_info(store->env, &info) ||
	    mdb_txn_begin(store->env, NULL, MDB_RDONLY, &mdb))
		return false;
	id = mdb_txn_id(mdb);
	mdb_txn_abort(mdb);
	/* A writer tells data.mdb first. */
	return info.me_last_txnid && (!id || id < info.me_last_txnid - 1);
}

/* The first one who opens makes lock.mdb anew: wait until nobody uses what is half made. */
static int try_whole_env(struct store *store, const char *path, size_t size, int64_t deadline)
{
	for (;;) {
		int rc = try_env(store, path, size);

		if (rc || !is_half_made(store))
			return rc;
		mdb_env_close(store->env);
		store->env = NULL;
		if (!deadline_left(deadline))
			return HALF_MADE;
		nanosleep(&(struct timespec){ .tv_nsec = OPEN_PAUSE_NS }, NULL);
	}
}

/* Limits and tools (RLIMIT_AS, valgrind) may leave less address space than we wish. */
static int try_sizes(struct store *store, const char *path, int64_t deadline, struct err *err)
{
	size_t size = store->map_size ? store->map_size : MAP_MOST;
	int rc = try_whole_env(store, path, size, deadline);

	while ((rc == ENOMEM || rc == EINVAL) && !store->map_size && size > MAP_LEAST) {
		size /= 2;
		rc = try_whole_env(store, path, size, deadline);
	}
	if (rc == ENOMEM)
		return err_set(err, -ENOMEM, "Cannot map the catalog: there is not enough memory "
			       "or address space (ulimit -v) for %zu MiB", size >> 20);
	return rc ? lmdb_errno(store, rc, "Cannot open the catalog", err) : 0;
}

static int open_env(struct store *store, const char *path, struct err *err)
{
	int64_t deadline = deadline_in(OPEN_WAIT_MS);
	int rc = write_lock_enter(&store->write_lock, deadline, err);

	if (rc)
		return rc;
	rc = try_sizes(store, path, deadline, err);
	write_lock_entered(&store->write_lock);
	return rc;
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

/*
 * LMDB does not say where its map is; but a page in it knows its own number.
 * Without that nothing is guarded, and all else is as before.
 */
static void guard_env(struct store *store, MDB_txn *mdb)
{
	MDB_val key = { sizeof(STORE_FORMAT_KEY) - 1, (void *)(uintptr_t)STORE_FORMAT_KEY };
	const uint8_t *page, *map;
	MDB_envinfo info;
	MDB_val value;
	MDB_stat stat;
	uint64_t number;

	if (mdb_get(mdb, store->dbi[DB_META], &key, &value) || mdb_env_info(store->env, &info) ||
	    mdb_env_stat(store->env, &stat))
		return;
	page = (const uint8_t *)value.mv_data - (uintptr_t)value.mv_data % stat.ms_psize;
	memcpy(&number, page, sizeof(number));
	map = page - number * stat.ms_psize;
	if (number <= info.me_last_pgno &&
	    guard_map(map, info.me_mapsize, &store->has_zeroes)) {
		store->map = map;
		store->map_end = map + info.me_mapsize;
	}
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
	guard_env(store, mdb);
	rc = mdb_txn_commit(mdb);
	return rc ? lmdb_errno(store, rc, "Cannot read the catalog", err) : 0;
}

/* The read transaction keeps writers from reusing the pages that are looked at. */
static int check_snapshot(struct store *store, enum store_check how, struct err *err)
{
	MDB_txn *mdb;
	int rc = -EAGAIN;

	for (int i = 0; rc == -EAGAIN && i < BEGIN_TRIES; i++) {
		rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &mdb);
		if (rc)
			return lmdb_errno(store, rc, "Cannot read the catalog", err);
		rc = store_check_pages(env_fd(store->env), mdb_txn_id(mdb), how, err);
		mdb_txn_abort(mdb);
	}
	if (rc == -EAGAIN)
		return store_damaged(err, "the meta pages do not agree with lock.mdb");
	return rc;
}

/* Calls of LMDB that may come to grief: FAULT then. */
#define GUARDED(reads_only, rc, call)                                                              \
	do {                                                                                       \
		struct guard guard;                                                                \
                                                                                                   \
		if (!guard_set(&guard, reads_only))                                                \
			(rc) = (call);                                                             \
		else                                                                               \
			(rc) = FAULT;                                                              \
		guard_pop(&guard);                                                                 \
	} while (0)

/* Whether all of a value can be read, now. */
static bool touch(const struct store *store, const MDB_val *value)
{
	const volatile uint8_t *at = value->mv_data;
	const uint8_t *begin = value->mv_data;

	if (store->map && (begin < store->map || begin > store->map_end ||
			   value->mv_size > (size_t)(store->map_end - begin)))
		return false;
	for (size_t i = 0; i < value->mv_size; i += TOUCH_STEP)
		(void)at[i];
	if (value->mv_size)
		(void)at[value->mv_size - 1];
	return true;
}

static int get_and_touch(struct txn *txn, enum store_db db, MDB_val *key, MDB_val *value)
{
	int rc = mdb_get(txn->mdb, txn->store->dbi[db], key, value);

	return !rc && !txn->write && !touch(txn->store, value) ? FAULT : rc;
}

static int guarded_get(struct txn *txn, enum store_db db, MDB_val *key, MDB_val *value)
{
	int rc;

	GUARDED(!txn->write, rc, get_and_touch(txn, db, key, value));
	return rc;
}

/* Keys go up: anything else is damage, and might go round in circles. */
static int move_and_touch(struct cursor *c, MDB_val *key, MDB_val *value, MDB_cursor_op op)
{
	int rc = mdb_cursor_get(c->mdb, key, value, op);

	if (rc || c->txn->write)
		return rc;
	if (!touch(c->txn->store, key) || !touch(c->txn->store, value))
		return FAULT;
	if (op == MDB_NEXT && c->last.at) {
		size_t shorter = c->last.len < key->mv_size ? c->last.len : key->mv_size;
		int order = memcmp(c->last.at, key->mv_data, shorter);

		if (order > 0 || (order == 0 && c->last.len >= key->mv_size))
			return FAULT;
	}
	c->last = (struct bytes){ key->mv_data, key->mv_size };
	return 0;
}

static int guarded_move(struct cursor *c, MDB_val *key, MDB_val *value, MDB_cursor_op op)
{
	int rc;

	GUARDED(!c->txn->write, rc, move_and_touch(c, key, value, op));
	return rc;
}

static int guarded_put(struct txn *txn, enum store_db db, MDB_val *key, MDB_val *value,
		       unsigned flags)
{
	int rc;

	GUARDED(false, rc, mdb_put(txn->mdb, txn->store->dbi[db], key, value, flags));
	return rc;
}

static int guarded_del(struct txn *txn, enum store_db db, MDB_val *key)
{
	int rc;

	GUARDED(false, rc, mdb_del(txn->mdb, txn->store->dbi[db], key, NULL));
	return rc;
}

static int guarded_begin(struct store *store, MDB_txn *parent, unsigned flags, MDB_txn **out)
{
	int rc;

	GUARDED(flags & MDB_RDONLY, rc, mdb_txn_begin(store->env, parent, flags, out));
	return rc;
}

static int guarded_renew(MDB_txn *mdb)
{
	int rc;

	GUARDED(true, rc, mdb_txn_renew(mdb));
	return rc;
}

static int guarded_commit(MDB_txn *mdb)
{
	int rc;

	GUARDED(false, rc, mdb_txn_commit(mdb));
	return rc;
}

/* What cannot even be given up keeps its memory, and LMDB's lock until the process ends. */
static void guarded_abort(MDB_txn *mdb)
{
	struct guard guard;

	if (!guard_set(&guard, false))
		mdb_txn_abort(mdb);
	guard_pop(&guard);
}

static uint64_t guarded_last_id(struct store *store)
{
	MDB_envinfo info = { .me_last_txnid = 0 };
	int rc;

	GUARDED(true, rc, mdb_env_info(store->env, &info));
	return rc ? 0 : info.me_last_txnid;
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
	GUARDED(false, rc, mdb_get(mdb, store->dbi[DB_META], &key, &value));
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
	return guarded_put(txn, DB_META, &key, &value, 0);
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

static int add_all_rows(struct store *store, MDB_txn *mdb, uint64_t *sum)
{
	int rc = 0;

	for (unsigned db = 0; !rc && db < DB_COUNT; db++)
		rc = add_rows(store, mdb, db, sum);
	return rc;
}

static int guarded_sum(struct store *store, MDB_txn *mdb, uint64_t *sum)
{
	int rc;

	GUARDED(true, rc, add_all_rows(store, mdb, sum));
	return rc;
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
	if (!rc && there)
		rc = guarded_sum(store, mdb, &sum);
	mdb_txn_abort(mdb);
	if (rc)
		return lmdb_errno(store, rc, "Cannot read the catalog", err);
	if (!there && store->had_state)
		return store_damaged(err, "the sum of its rows, which was kept, is not there");
	if (there)
		store->had_state = true;
	if (there && sum != kept)
		return store_damaged(err, "its rows do not add up to what was committed: a page "
				     "that was written has been lost");
	return 0;
}

static uint64_t store_size(struct store *store)
{
	struct stat st;

	return fstat(env_fd(store->env), &st) ? 0 : (uint64_t)st.st_size;
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

static void let_salvage_go(struct store *store)
{
	salvage_close(store->salvage);
	store->salvage = NULL;
	if (store->pin)
		mdb_txn_abort(store->pin);
	store->pin = NULL;
}

static void close_env(struct store *store)
{
	empty_pool(store);
	let_salvage_go(store);
	guard_unmap(store->map);
	store->map = NULL;
	if (store->env)
		mdb_env_close(store->env);
	store->env = NULL;
}

/*
 * LMDB believes a meta page: one that names pages far away is to it a catalog that has
 * grown, and would be mapped.
 */
static int check_meta(struct store *store, struct err *err)
{
	struct err found = ERR_INIT;

	if (!store->env || store_check_meta(env_fd(store->env), &found) != -EUCLEAN)
		return 0;
	store_freeze(store, found.text, false);
	if (err && !err->code)
		*err = found;
	return found.code;
}

/* Behind a shut gate. */
static int reopen_env(struct store *store, struct err *err)
{
	int rc = check_meta(store, err);

	if (rc)
		return rc;
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

/* Zeroed, but for the texts of failure; NULL when memory is out. */
static struct txn *new_txn(struct store *store)
{
	struct txn *txn = malloc(sizeof(*txn));

	if (!txn)
		return NULL;
	memset(txn, 0, offsetof(struct txn, kept));
	err_clear(&txn->failure);
	txn->store = store;
	return txn;
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
	*out = NULL;
	if (txn) {
		rc = guarded_renew(txn->mdb);
		if (rc)
			mdb_txn_abort(txn->mdb);
		err_clear(&txn->failure);
		txn->met_damage = false;
	} else {
		if (getpid() != store->pid)
			return MDB_BAD_RSLOT;
		txn = new_txn(store);
		if (!txn)
			return ENOMEM;
		rc = guarded_begin(store, NULL, MDB_RDONLY, &txn->mdb);
		if (rc == MDB_READERS_FULL && free_dead_readers(store) > 0)
			rc = guarded_begin(store, NULL, MDB_RDONLY, &txn->mdb);
	}
	if (rc)
		free(txn);
	else
		*out = txn;
	return rc;
}

/*
 * The meta page that transaction id was to write may be in the file although its writing
 * failed, and others who have the environment open go on with the one before: who opens the
 * catalog next would see it, or what is left of it.  It gets the number of the page that
 * it replaced, as LMDB itself tries.  A later page is no such one: lock.mdb is not what it
 * should be.  With the write lock; 0 or an LMDB code.
 */
static int undo_meta(struct store *store, uint64_t id)
{
	unsigned slot = id & 1;
	uint64_t older = id < 2 ? 0 : id - 2;
	struct page_head head;
	struct meta meta;
	MDB_stat stat;
	int fd, rc = store->env ? mdb_env_get_fd(store->env, &fd) : MDB_PANIC;

	if (!rc)
		rc = mdb_env_stat(store->env, &stat);
	if (rc)
		return rc;
	if (pages_read_meta(fd, slot, stat.ms_psize, &head, &meta))
		return EIO;
	if (meta.txn != id)
		return meta.txn < id ? 0 : HALF_MADE;
	if (pwrite(fd, &older, sizeof(older), (off_t)slot * stat.ms_psize + PAGE_HEADER +
		   (off_t)offsetof(struct meta, txn)) != (ssize_t)sizeof(older) || fdatasync(fd))
		return EIO;
	return 0;
}

static int begin_writer(struct store *store, struct txn **out)
{
	struct txn *txn;
	int rc;

	if (getpid() != store->pid)
		return MDB_BAD_RSLOT;
	txn = new_txn(store);
	if (!txn)
		return ENOMEM;
	txn->write = true;
	rc = guarded_begin(store, NULL, 0, &txn->mdb);
	if (!rc) {
		rc = undo_meta(store, mdb_txn_id(txn->mdb));
		if (!rc)
			rc = read_state(store, txn->mdb, &txn->keeps_state, &txn->state);
		if (rc)
			guarded_abort(txn->mdb);
	}
	if (rc)
		free(txn);
	else
		*out = txn;
	return rc;
}

/*
 * One snapshot for the rest of the time, since there will be no other: nobody writes
 * here any more, and who else does has not seen yet what we have.  With the mutex held;
 * 0 or ENOMEM.
 */
static int open_salvage(struct store *store)
{
	int rc = 0;

	if (store->salvage || store->trust == TRUST_NOTHING)
		return 0;
	if (!store->pin) {
		rc = store->env ? guarded_begin(store, NULL, MDB_RDONLY, &store->pin) : MDB_PANIC;
		store->pin_id = rc ? 0 : mdb_txn_id(store->pin);
	}
	if (!rc)
		rc = salvage_open(env_fd(store->env), store->pin_id, &store->salvage, NULL);
	if (rc == ENOMEM || rc == -ENOMEM)	/* there may be some for the next one */
		return ENOMEM;
	if (rc)
		store->trust = TRUST_NOTHING;
	return 0;
}

/* Only memory may be out; what is wrong with the catalog whoever reads will hear of. */
static int begin_salvaging(struct store *store, struct txn **out)
{
	struct txn *txn = new_txn(store);
	int rc;

	if (!txn)
		return ENOMEM;
	txn->salvages = true;
	pthread_mutex_lock(&store->damage_mutex);
	rc = open_salvage(store);
	pthread_mutex_unlock(&store->damage_mutex);
	if (rc)
		free(txn);
	else
		*out = txn;
	return rc;
}

static bool is_damage(int rc)
{
	return rc == FAULT || rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND || rc == MDB_INVALID;
}

static int begin(struct store *store, int (*begin_one)(struct store *, struct txn **),
		 int64_t deadline, struct txn **out, struct err *err)
{
	for (unsigned tries = 1;; tries++) {
		unsigned seen;
		int rc;

		gate_enter(&store->gate);
		seen = store->generation;
		if (store->has_zeroes)
			damaged(store, NULL, "a page of data.mdb cannot be read");
		if (begin_one == begin_reader && store->trust != TRUST_ALL)
			rc = begin_salvaging(store, out);
		else
			rc = store->env ? begin_one(store, out) : MDB_PANIC;
		if (!rc)
			return 0;
		if (is_damage(rc) && store->trust == TRUST_ALL && begin_one == begin_reader) {
			(void)lmdb_errno(store, rc, "Cannot begin a transaction", NULL);
			if (store->trust != TRUST_ALL && !begin_salvaging(store, out))
				return 0;
		}
		if (tries == BEGIN_TRIES || (rc != MDB_PANIC && rc != MDB_MAP_RESIZED)) {
			rc = lmdb_errno(store, rc, "Cannot begin a transaction", err);
			gate_leave(&store->gate);
			return rc;
		}
		gate_leave(&store->gate);
		rc = renew_env(store, seen, deadline, err);
		if (rc && (begin_one != begin_reader || store->trust == TRUST_ALL))
			return rc;
		/* It was found damaged, but can be read as far as that goes. */
		if (rc)
			err_clear(err);
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
	if (store->trust != TRUST_ALL)
		return frozen_errno(store, err);
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
	txn = new_txn(parent->store);
	if (!txn)
		return err_nomem(err);
	txn->parent = parent;
	parent->kept_count = 0;	/* what the nested one commits is not known here */
	txn->write = true;
	txn->keeps_state = parent->keeps_state;
	txn->state = parent->state;
	rc = guarded_begin(txn->store, parent->mdb, 0, &txn->mdb);
	if (rc) {
		free(txn);
		return lmdb_errno(parent->store, rc, "Cannot begin a nested transaction", err);
	}
	*out = txn;
	return 0;
}

static void free_rows(struct txn *txn)
{
	struct row *row;

	while ((row = txn->rows)) {
		txn->rows = row->next;
		buf_free(&row->key);
		buf_free(&row->value);
		free(row);
	}
}

static void return_reader(struct txn *txn)
{
	struct store *store = txn->store;

	if (txn->salvages) {
		free_rows(txn);
		free(txn);
		gate_leave(&store->gate);
		return;
	}
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
	guarded_abort(txn->mdb);
	release_writer(txn);
}

/*
 * A commit that failed with an error of the disk may have failed in its last write.
 * Then readers are refused until the environment is open again, and what the file
 * says now tells whether the change shows.  why: what it failed with.
 */
static int commit_failed(struct store *store, uint64_t id, const struct err *why, struct err *err)
{
	struct txn *probe;
	int rc = begin(store, begin_reader, deadline_in(REOPEN_WAIT_MS), &probe, NULL);
	bool shows = !rc && txn_id(probe) >= id;

	if (!rc && !shows)
		rc = undo_meta(store, id);
	else if (rc)
		probe = NULL;
	if (rc)
		err_set(err, -EIO, "The catalog's disk failed at the end of a change; whether "
			"it shows is decided when the catalog is reopened");
	else if (shows)
		err_set(err, -EIO, "The catalog's disk failed at the end of a change: it shows "
			"now, but a power failure may undo it");
	else if (why->code == -EIO)
		err_set(err, -EIO, "The catalog's disk failed while a change was written; it "
			"was not made");
	else
		err_set(err, why->code, "%s", why->text);
	err_kind_set(err, why->kind);
	txn_end(probe);
	return rc || shows ? -EIO : why->code;
}

/* The write lock is kept until the outcome is known; the gate cannot be. */
static int commit_outermost(struct txn *txn, struct err *err)
{
	struct store *store = txn->store;
	uint64_t id = txn_id(txn);
	struct err why = ERR_INIT;
	int rc, code = 0;

	if (store->trust != TRUST_ALL) {	/* found since it began */
		code = frozen_errno(store, err);
		txn_end(txn);
		return code;
	}
	rc = write_state(txn);
	if (rc) {
		code = fail(txn, rc, "Cannot commit a change", err);
		txn_end(txn);
		return code;
	}
	rc = guarded_commit(txn->mdb);
	if (rc == FAULT) {
		code = fail(txn, rc, "Cannot commit a change", err);
		txn_end(txn);
		return code;
	}

	if (rc)
		code = lmdb_errno(store, rc, "Cannot commit a change", rc > 0 ? &why : err);
	gate_leave(&store->gate);
	if (why.code)
		code = commit_failed(store, id, &why, err);
	write_lock_reserve(&store->write_lock);
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
	rc = guarded_commit(txn->mdb);
	if (rc == FAULT)
		guarded_abort(txn->mdb);
	if (rc)
		rc = lmdb_errno(txn->store, rc, "Cannot commit a nested transaction", err);
	else
		txn->parent->state = txn->state;
	release_writer(txn);
	return rc;
}

bool txn_spend_reserve(struct txn *txn)
{
	return write_lock_spend(&txn->store->write_lock);
}

bool txn_met_damage(const struct txn *txn)
{
	return txn->met_damage || (!txn->write && txn->failure.code);
}

int txn_told(const struct txn *txn, struct err *err, int rc)
{
	if (txn->failure.code) {
		if (err)
			*err = txn->failure;
		return txn->failure.code;
	}
	if ((rc == -EIO || rc == -EUCLEAN) && txn->met_damage && err && !*err->text) {
		err_set(err, rc, "A row of the catalog is damaged");	/* of an index: records tell which */
		return err_kind_set(err, ERR_STORE);
	}
	return err_told(err, rc);
}

uint64_t txn_id(const struct txn *txn)
{
	return txn->salvages ? txn->store->pin_id : mdb_txn_id(txn->mdb);
}

struct store *txn_store(const struct txn *txn)
{
	return txn->store;
}

/*
 * Reading has no err to fill; but a writer that could not read must not commit, and
 * who has met damage is told of it again.
 */
static int read_errno(struct txn *txn, int rc)
{
	if (rc == MDB_NOTFOUND)
		return -ENOENT;
	return txn->write || is_damage(rc) ?
		fail(txn, rc, "Cannot read the catalog", NULL) :
		lmdb_errno(txn->store, rc, "Cannot read the catalog", NULL);
}

/* Of a damaged catalog: copied, and kept until the transaction ends. */
static int salvage(struct txn *txn, enum store_db db, struct bytes key, enum salvage_where where,
		   struct row **out)
{
	struct store *store = txn->store;
	struct row *row;
	int rc;

	if (store->trust == TRUST_NOTHING) {
		txn->met_damage = true;
		return -EUCLEAN;
	}
	row = calloc(1, sizeof(*row));
	if (!row)
		return -ENOMEM;
	row->next = txn->rows;
	txn->rows = row;
	rc = salvage_find(store->salvage, db_names[db], key, where, &row->key, &row->value, NULL);
	*out = row;
	txn->met_damage |= rc && rc != -ENOENT;
	return rc;
}

static struct kept_row *find_kept(struct txn *txn, struct bytes key)
{
	for (unsigned i = 0; i < txn->kept_count; i++) {
		struct kept_row *row = &txn->kept[i];

		if (row->key_len == key.len && !memcmp(row->key, key.at, key.len))
			return row;
	}
	return NULL;
}

/* A row of DB_META has this value now. */
static void keep_row(struct txn *txn, struct bytes key, struct bytes value)
{
	struct kept_row *row = find_kept(txn, key);

	if (key.len > sizeof(row->key) || value.len > sizeof(row->value)) {
		txn->kept_count = row ? 0 : txn->kept_count;
		return;
	}
	if (!row) {
		if (txn->kept_count == KEPT_ROWS)
			return;
		row = &txn->kept[txn->kept_count++];
		row->key_len = (uint8_t)key.len;
		memcpy(row->key, key.at, key.len);
	}
	row->value_len = (uint8_t)value.len;
	memmove(row->value, value.at, value.len);
}

/* Rows that are read and written through `kept`; the state is written without. */
static bool is_kept(const struct txn *txn, enum store_db db, struct bytes key)
{
	return db == DB_META && txn->write && !store_state_is_own(db, key);
}

/* As LMDB has it, or as this writer has left it; an LMDB code. */
static int get_row(struct txn *txn, enum store_db db, struct bytes key, struct bytes *value)
{
	bool may_keep = is_kept(txn, db, key);
	struct kept_row *row = may_keep ? find_kept(txn, key) : NULL;
	MDB_val k = to_val(key), v;
	int rc;

	if (row) {
		*value = (struct bytes){ row->value, row->value_len };
		return 0;
	}
	rc = guarded_get(txn, db, &k, &v);
	if (rc)
		return rc;
	*value = to_bytes(v);
	if (may_keep)
		keep_row(txn, key, *value);
	return 0;
}

int store_get(struct txn *txn, enum store_db db, struct bytes key, struct bytes *value)
{
	struct row *row;
	int rc;

	if (txn->failure.code)
		return txn->failure.code;
	if (txn->salvages) {
		rc = salvage(txn, db, key, SALVAGE_AT, &row);
		if (!rc)
			*value = (struct bytes){ row->value.at, row->value.len };
		return rc;
	}
	rc = get_row(txn, db, key, value);
	return rc ? read_errno(txn, rc) : 0;
}

/* Take what stands at a key out of the sum of all rows. */
static int leave_state(struct txn *txn, enum store_db db, struct bytes key)
{
	struct bytes value;
	int rc;

	if (!txn->keeps_state || store_state_is_own(db, key))
		return 0;
	rc = get_row(txn, db, key, &value);
	if (!rc)
		txn->state -= store_state_row(db, key, value);
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
	rc = guarded_put(txn, db, &k, &v, 0);
	if (!rc && is_kept(txn, db, key))
		keep_row(txn, key, value);
	return rc ? fail(txn, rc, "Cannot write to the catalog", err) : 0;
}

int store_append(struct txn *txn, enum store_db db, struct bytes key, struct bytes value,
		 struct err *err)
{
	MDB_val k = to_val(key), v = to_val(value);
	int rc;

	if (txn->failure.code)
		return failed(txn, err);
	rc = guarded_put(txn, db, &k, &v, MDB_APPEND);
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
	txn->kept_count = 0;
	rc = guarded_del(txn, db, &k);
	return rc && rc != MDB_NOTFOUND ? fail(txn, rc, "Cannot delete from the catalog", err) : 0;
}

static int open_cursor(struct cursor *c)
{
	int rc;

	GUARDED(!c->txn->write, rc,
		mdb_cursor_open(c->txn->mdb, c->txn->store->dbi[c->db], &c->mdb));
	return rc;
}

int cursor_open(struct txn *txn, enum store_db db, struct cursor **out, struct err *err)
{
	struct cursor *c;
	int rc;

	if (txn->failure.code)
		return failed(txn, err);
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_nomem(err);
	c->txn = txn;
	c->db = db;
	rc = txn->salvages ? 0 : open_cursor(c);
	if (rc) {
		free(c);
		return txn->write || is_damage(rc) ? fail(txn, rc, "Cannot read the catalog", err) :
						     lmdb_errno(txn->store, rc, "Cannot read", err);
	}
	*out = c;
	return 0;
}

static int move(struct cursor *c, MDB_val *key, MDB_cursor_op op, struct bytes *k, struct bytes *v)
{
	MDB_val value;
	int rc;

	if (c->txn->failure.code)
		return c->txn->failure.code;
	rc = guarded_move(c, key, &value, op);
	if (rc)
		return read_errno(c->txn, rc);
	*k = to_bytes(*key);
	*v = to_bytes(value);
	return 0;
}

static int move_salvaging(struct cursor *c, struct bytes key, enum salvage_where where,
			  struct bytes *k, struct bytes *v)
{
	struct row *row;
	int rc = salvage(c->txn, c->db, key, where, &row);

	if (rc)
		return rc;
	*k = c->last = (struct bytes){ row->key.at, row->key.len };
	*v = (struct bytes){ row->value.at, row->value.len };
	return 0;
}

/* The first key behind the one that the cursor stands on: that one and a byte. */
static int next_salvaging(struct cursor *c, struct bytes *k, struct bytes *v)
{
	struct buf behind = { 0 };
	int rc;

	buf_bytes(&behind, c->last.at, c->last.len);
	if (c->last.at)
		buf_u8(&behind, 0);
	rc = behind.failed ? -ENOMEM
			   : move_salvaging(c, (struct bytes){ behind.at, behind.len },
					    SALVAGE_FROM, k, v);
	buf_free(&behind);
	return rc;
}

int cursor_seek(struct cursor *c, struct bytes key, struct bytes *k, struct bytes *v)
{
	MDB_val at = to_val(key);

	if (c->txn->salvages)
		return move_salvaging(c, key, SALVAGE_FROM, k, v);
	return move(c, &at, key.len ? MDB_SET_RANGE : MDB_FIRST, k, v);
}

int cursor_seek_before(struct cursor *c, struct bytes key, struct bytes *k, struct bytes *v)
{
	MDB_val at;
	int rc;

	if (c->txn->salvages)
		return move_salvaging(c, key, SALVAGE_BELOW, k, v);
	rc = cursor_seek(c, key, k, v);
	if (rc && rc != -ENOENT)
		return rc;
	return move(c, &at, rc ? MDB_LAST : MDB_PREV, k, v);
}

int cursor_next(struct cursor *c, struct bytes *k, struct bytes *v)
{
	MDB_val at;

	if (c->txn->salvages)
		return next_salvaging(c, k, v);
	return move(c, &at, MDB_NEXT, k, v);
}

void cursor_close(struct cursor *c)
{
	if (!c)
		return;
	if (c->mdb)
		mdb_cursor_close(c->mdb);
	free(c);
}

bool store_is_being_written(struct store *store)
{
	if (store->read_only)
		return false;
	if (write_lock_take(&store->write_lock, deadline_in(0), NULL))
		return true;
	write_lock_give(&store->write_lock);
	return false;
}

uint64_t store_last_txn_id(struct store *store)
{
	uint64_t id;

	gate_enter(&store->gate);
	id = store->env ? guarded_last_id(store) : 0;
	gate_leave(&store->gate);
	return id;
}

static int statistics(struct store *store, struct store_stat *out)
{
	MDB_envinfo info;
	struct statvfs fs;
	struct stat st;
	MDB_stat tree;
	int fd = env_fd(store->env);

	mdb_env_info(store->env, &info);
	mdb_env_stat(store->env, &tree);
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
	rc = -EIO;
	if (store->env)
		GUARDED(true, rc, statistics(store, out));
	if (rc == FAULT)
		rc = -EIO;
	gate_leave(&store->gate);
	return rc;
}

/* A line of LMDB's list: "pid thread txnid", with "-" for the last where nothing is read. */
static int count_reader(const char *line, void *arg)
{
	struct store_readers *out = arg;
	unsigned long long thread, id;
	int pid;

	/* NOLINTNEXTLINE(cert-err34-c): LMDB has just printed these */
	switch (sscanf(line, "%d %llx %llu", &pid, &thread, &id)) {
	case 3:
		out->snapshots++;
		if (id < out->lag) {
			out->lag = id;
			out->oldest = pid;
		}
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
	uint64_t last;
	int rc = -EIO;

	*out = (struct store_readers){ .lag = UINT64_MAX };
	gate_enter(&store->gate);
	if (store->env && mdb_reader_list(store->env, count_reader, out) >= 0) {
		last = guarded_last_id(store);
		out->lag = out->snapshots && out->lag < last ? last - out->lag : 0;
		rc = 0;
	}
	gate_leave(&store->gate);
	return rc;
}

/* Pages that the next writer may use, where `oldest` is the oldest snapshot that is read. */
static int count_free(MDB_txn *txn, uint64_t oldest, uint64_t *pages)
{
	MDB_cursor *cursor;
	MDB_val key, list;
	int rc = mdb_cursor_open(txn, 0, &cursor);	/* LMDB's own database of them */

	if (rc)
		return rc;
	while (!(rc = mdb_cursor_get(cursor, &key, &list, MDB_NEXT))) {
		size_t id, count;

		memcpy(&id, key.mv_data, sizeof(id));
		if (id >= oldest)
			break;
		memcpy(&count, list.mv_data, sizeof(count));
		*pages += count;
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int free_pages(struct store *store, uint64_t *pages)
{
	struct store_readers readers = { .lag = UINT64_MAX };
	MDB_txn *txn;
	int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);

	if (rc)
		return rc;
	/* Our own is among them. */
	rc = mdb_reader_list(store->env, count_reader, &readers);
	if (rc >= 0)
		rc = count_free(txn, readers.lag, pages);
	mdb_txn_abort(txn);
	return rc;
}

static int room(struct store *store, struct store_room *out)
{
	uint64_t pages = 0, used;
	MDB_envinfo info;
	MDB_stat tree;

	mdb_env_info(store->env, &info);
	mdb_env_stat(store->env, &tree);
	used = info.me_last_pgno + 1;
	if (used * tree.ms_psize >= info.me_mapsize / 2 && free_pages(store, &pages))
		return -EIO;
	*out = (struct store_room){ .map_bytes = info.me_mapsize,
				    .in_use_bytes = (used > pages ? used - pages : 0) * tree.ms_psize };
	return 0;
}

int store_room(struct store *store, struct store_room *out)
{
	int rc = -EIO;

	gate_enter(&store->gate);
	if (store->env && store->trust == TRUST_ALL)
		GUARDED(true, rc, room(store, out));
	if (rc == FAULT)
		rc = -EIO;
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
	rc = store->env ? store_check_meta(env_fd(store->env), err)
			: lmdb_errno(store, MDB_PANIC, "Cannot read", err);
	if (!rc)
		rc = check_snapshot(store, STORE_CHECK_FULL, err);
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
	if (!rc && store->has_zeroes)
		rc = MDB_CORRUPTED;
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
	store->on_damage = options->on_damage;
	store->damage_arg = options->damage_arg;
	pthread_mutex_init(&store->damage_mutex, NULL);
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
	pthread_mutex_destroy(&store->damage_mutex);
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
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): lmdb_errno never makes 0 of a failure */
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
	int fd = env_fd(store->env);

	/* It is there from the last time, mostly: mounts would take more of it for a change. */
	if (!store->read_only && !fstat(fd, &st) &&
	    st.st_blocks * 512 < st.st_size + HEADROOM / 2)
		(void)!fallocate(fd, FALLOC_FL_KEEP_SIZE, st.st_size, HEADROOM);
}

/* See to it that there is a data.mdb. */
static int settle(struct store *store, int dirfd, const struct store_options *options,
		  struct err *err)
{
	int rc = 0;

	if (store->read_only || (!options->create && !store_has(dirfd, "data.mdb")))
		return store_exists(dirfd, store->path, err);
	if (!store_has(dirfd, "data.mdb"))	/* leave no lock in a directory that is no catalog */
		rc = store_check_empty(dirfd, store->path, err);
	if (rc && store_has(dirfd, "data.mdb")) {	/* somebody else has made it meanwhile */
		err_clear(err);
		rc = 0;
	}
	if (!rc)
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
	if (!rc) {
		reserve_headroom(store);
		write_lock_reserve(&store->write_lock);
	}
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
	store->is_open = true;
	*out = store;
	return 0;
}

void store_close(struct store *store)
{
	if (store)
		store_free(store);
}
