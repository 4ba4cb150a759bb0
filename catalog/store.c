/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/store.h"

#include "catalog/store_check.h"
#include "catalog/store_env.h"
#include "catalog/store_lock.h"
#include "catalog/store_open.h"
#include "catalog/store_page.h"
#include "catalog/store_salvage.h"
#include "catalog/store_state.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
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

#define HEADROOM (1024 * 1024)		/* bytes reserved on disk behind the end of data.mdb */
#define CREATE_WAIT_MS 5000
#define OPEN_WAIT_MS 5000
#define REOPEN_WAIT_MS 1000		/* for the readers to leave: they stay for one request */
#define BEGIN_TRIES 4

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
	struct MDB_txn *mdb;	/* owned; a pooled reader's is reset */
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
	struct env_cursor on;	/* not opened in a damaged catalog: then only the key it stands on */
	struct txn *txn;	/* borrowed */
	enum store_db db;
};

/*
 * Everyone who uses env is inside the gate; env is replaced behind a shut one.
 * LMDB gives its environment up (ENV_PANIC, also for readers) when the last
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
	struct MDB_txn *pin;		/* owned: keeps that snapshot's pages */
	uint64_t pin_id;
	pid_t pid;			/* who opened it: readers' slots are its */
	struct store_claim claim;
	struct write_lock write_lock;
	struct gate gate;
	struct env *env;		/* owned; NULL after a reopening that failed */
	bool has_dbs;			/* of env: they are open */
	atomic_bool had_state;		/* there was a sum of all rows when it was looked for */
	unsigned generation;		/* counts reopenings; changes only behind a shut gate */
	pthread_mutex_t pool_mutex;
	struct txn *pool;		/* owned: reset readers */
};

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

/* An env code as -errno with a sentence; what: "Cannot read". */
static int env_errno(struct store *store, int code, const char *what, struct err *err)
{
	const char *damage = env_damage(code);

	return damage ? damaged(store, err, "%s: %s", what, damage)
		      : env_tell(store->env, code, what, err);
}

static int open_env(struct store *store, const char *path, struct err *err)
{
	int64_t deadline = deadline_in(OPEN_WAIT_MS);
	const struct env_options options = { .read_only = store->read_only, .map_size = store->map_size,
					     .has_zeroes = &store->has_zeroes };
	int rc = write_lock_enter(&store->write_lock, deadline, err);

	if (rc)
		return rc;
	rc = env_open(path, &options, deadline, &store->env, err);
	write_lock_entered(&store->write_lock);
	return rc ? env_errno(store, rc, "Cannot open the catalog", err) : 0;
}

static int open_dbs(struct store *store, struct MDB_txn *mdb, bool make, struct err *err)
{
	for (unsigned i = 0; i < DB_COUNT; i++) {
		int rc = env_open_db(store->env, mdb, i, db_names[i], make);

		if (rc == ENV_NOT_FOUND)
			return store_damaged(err, "data.mdb has no database '%s'", db_names[i]);
		if (rc)
			return env_errno(store, rc, "Cannot open the catalog's databases", err);
	}
	store->has_dbs = true;
	return 0;
}

static const struct bytes format_key = { STORE_FORMAT_KEY, sizeof(STORE_FORMAT_KEY) - 1 };
static const struct bytes state_key = { STORE_STATE_KEY, sizeof(STORE_STATE_KEY) - 1 };

/* Of a number in DB_META; an env code, ENV_NOT_FOUND also where there is something else. */
static int read_number(struct store *store, struct MDB_txn *mdb, bool write, struct bytes key,
		       uint64_t *number)
{
	struct bytes value;
	int rc = env_get(store->env, mdb, write, DB_META, key, &value);

	if (!rc && value.len != sizeof(*number))
		return ENV_NOT_FOUND;
	if (rc)
		return rc;
	memcpy(number, value.at, sizeof(*number));
	*number = le64toh(*number);
	return 0;
}

static int read_format(struct store *store, struct MDB_txn *mdb, struct err *err)
{
	uint64_t format;
	int rc = read_number(store, mdb, false, format_key, &format);

	if (rc == ENV_NOT_FOUND)
		return store_damaged(err, "data.mdb names no catalog format");
	if (rc)
		return env_errno(store, rc, "Cannot read the catalog's format", err);
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
	struct MDB_txn *mdb;
	int rc = env_begin(store->env, NULL, false, &mdb);

	if (rc)
		return env_errno(store, rc, "Cannot read the catalog", err);
	rc = open_dbs(store, mdb, false, err);
	if (!rc)
		rc = read_format(store, mdb, err);
	if (rc) {
		env_abort(mdb);
		return rc;
	}
	env_guard(store->env, mdb, DB_META, format_key);
	rc = env_commit(mdb);
	return rc ? env_errno(store, rc, "Cannot read the catalog", err) : 0;
}

/* The read transaction keeps writers from reusing the pages that are looked at. */
static int check_snapshot(struct store *store, enum store_check how, struct err *err)
{
	struct MDB_txn *mdb;
	int rc = -EAGAIN;

	for (int i = 0; rc == -EAGAIN && i < BEGIN_TRIES; i++) {
		rc = env_begin(store->env, NULL, false, &mdb);
		if (rc)
			return env_errno(store, rc, "Cannot read the catalog", err);
		rc = store_check_pages(env_fd(store->env), env_txn_id(mdb), how, err);
		env_abort(mdb);
	}
	if (rc == -EAGAIN)
		return store_damaged(err, "the meta pages do not agree with lock.mdb");
	return rc;
}

/* The sum of all rows, as far as one is kept; an env code. */
static int read_state(struct store *store, struct MDB_txn *mdb, bool write, bool *there,
		      uint64_t *state)
{
	int rc = ENV_NOT_FOUND;

	if (store->has_dbs)	/* not a catalog that is being made */
		rc = read_number(store, mdb, write, state_key, state);
	*there = !rc;
	return rc == ENV_NOT_FOUND ? 0 : rc;
}

static int write_state(struct txn *txn)
{
	uint64_t sum = htole64(txn->state);

	if (!txn->keeps_state)
		return 0;
	return env_put(txn->store->env, txn->mdb, DB_META, state_key,
		       (struct bytes){ &sum, sizeof(sum) });
}

static int add_rows(struct store *store, struct MDB_txn *mdb, enum store_db db, uint64_t *sum)
{
	struct env_cursor cursor;
	struct bytes key, value;
	int rc = env_cursor_open(&cursor, store->env, mdb, false, db);

	if (rc)
		return rc;
	while (!(rc = env_cursor_move(&cursor, ENV_NEXT, &key, &value))) {
		if (!store_state_is_own(db, key))
			*sum += store_state_row(db, key, value);
	}
	env_cursor_close(&cursor);
	return rc == ENV_NOT_FOUND ? 0 : rc;
}

/* All rows against their sum, in one snapshot. */
static int check_state(struct store *store, struct err *err)
{
	uint64_t kept = 0, sum = 0;
	struct MDB_txn *mdb;
	bool there;
	int rc = env_begin(store->env, NULL, false, &mdb);

	if (rc)
		return env_errno(store, rc, "Cannot read the catalog", err);
	rc = read_state(store, mdb, false, &there, &kept);
	for (unsigned db = 0; !rc && there && db < DB_COUNT; db++)
		rc = add_rows(store, mdb, db, &sum);
	env_abort(mdb);
	if (rc)
		return env_errno(store, rc, "Cannot read the catalog", err);
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
		env_abort(txn->mdb);
		free(txn);
	}
}

static void let_salvage_go(struct store *store)
{
	salvage_close(store->salvage);
	store->salvage = NULL;
	if (store->pin)
		env_abort(store->pin);
	store->pin = NULL;
}

static void close_env(struct store *store)
{
	empty_pool(store);
	let_salvage_go(store);
	env_close(store->env);
	store->env = NULL;
	store->has_dbs = false;
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

/* A reader from the pool, or a new one; an env code. */
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
		rc = env_renew(txn->mdb);
		if (rc)
			env_abort(txn->mdb);
		err_clear(&txn->failure);
		txn->met_damage = false;
	} else {
		if (getpid() != store->pid)
			return ENV_BAD_READER;
		txn = new_txn(store);
		if (!txn)
			return ENOMEM;
		rc = env_begin(store->env, NULL, false, &txn->mdb);
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
 * should be.  With the write lock; an env code.
 */
static int undo_meta(struct store *store, uint64_t id)
{
	unsigned slot = id & 1;
	uint64_t older = id < 2 ? 0 : id - 2;
	struct page_head head;
	struct env_info info;
	struct meta meta;
	int fd, rc = store->env ? env_info(store->env, &info) : ENV_PANIC;

	if (rc)
		return rc;
	fd = env_fd(store->env);
	if (pages_read_meta(fd, slot, info.page_size, &head, &meta))
		return EIO;
	if (meta.txn != id)
		return meta.txn < id ? 0 : ENV_HALF_MADE;
	if (pwrite(fd, &older, sizeof(older), (off_t)slot * info.page_size + PAGE_HEADER +
		   (off_t)offsetof(struct meta, txn)) != (ssize_t)sizeof(older) || fdatasync(fd))
		return EIO;
	return 0;
}

static int begin_writer(struct store *store, struct txn **out)
{
	struct txn *txn;
	int rc;

	if (getpid() != store->pid)
		return ENV_BAD_READER;
	txn = new_txn(store);
	if (!txn)
		return ENOMEM;
	txn->write = true;
	rc = env_begin(store->env, NULL, true, &txn->mdb);
	if (!rc) {
		rc = undo_meta(store, env_txn_id(txn->mdb));
		if (!rc)
			rc = read_state(store, txn->mdb, true, &txn->keeps_state, &txn->state);
		if (rc)
			env_abort(txn->mdb);
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
		rc = store->env ? env_begin(store->env, NULL, false, &store->pin) : ENV_PANIC;
		store->pin_id = rc ? 0 : env_txn_id(store->pin);
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
			rc = store->env ? begin_one(store, out) : ENV_PANIC;
		if (!rc)
			return 0;
		if (env_damage(rc) && store->trust == TRUST_ALL && begin_one == begin_reader) {
			(void)env_errno(store, rc, "Cannot begin a transaction", NULL);
			if (store->trust != TRUST_ALL && !begin_salvaging(store, out))
				return 0;
		}
		if (tries == BEGIN_TRIES || (rc != ENV_PANIC && rc != ENV_RESIZED)) {
			rc = env_errno(store, rc, "Cannot begin a transaction", err);
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
	env_errno(txn->store, rc, what, &txn->failure);
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
	rc = env_begin(txn->store->env, parent->mdb, true, &txn->mdb);
	if (rc) {
		free(txn);
		return env_errno(parent->store, rc, "Cannot begin a nested transaction", err);
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
	env_reset(txn->mdb);
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
	env_abort(txn->mdb);
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
	rc = env_commit(txn->mdb);
	if (rc)
		code = env_errno(store, rc, "Cannot commit a change", rc > 0 ? &why : err);
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
	rc = env_commit(txn->mdb);
	if (rc)
		rc = env_errno(txn->store, rc, "Cannot commit a nested transaction", err);
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
	return txn->salvages ? txn->store->pin_id : env_txn_id(txn->mdb);
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
	if (rc == ENV_NOT_FOUND)
		return -ENOENT;
	return txn->write || env_damage(rc) ?
		fail(txn, rc, "Cannot read the catalog", NULL) :
		env_errno(txn->store, rc, "Cannot read the catalog", NULL);
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

/* As LMDB has it, or as this writer has left it; an env code. */
static int get_row(struct txn *txn, enum store_db db, struct bytes key, struct bytes *value)
{
	bool may_keep = is_kept(txn, db, key);
	struct kept_row *row = may_keep ? find_kept(txn, key) : NULL;
	int rc;

	if (row) {
		*value = (struct bytes){ row->value, row->value_len };
		return 0;
	}
	rc = env_get(txn->store->env, txn->mdb, txn->write, db, key, value);
	if (!rc && may_keep)
		keep_row(txn, key, *value);
	return rc;
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
	return rc == ENV_NOT_FOUND ? 0 : rc;
}

int store_put(struct txn *txn, enum store_db db, struct bytes key, struct bytes value,
	      struct err *err)
{
	int rc;

	if (txn->failure.code)
		return failed(txn, err);
	rc = leave_state(txn, db, key);
	if (rc)
		return fail(txn, rc, "Cannot write to the catalog", err);
	if (!store_state_is_own(db, key))
		txn->state += store_state_row(db, key, value);
	rc = env_put(txn->store->env, txn->mdb, db, key, value);
	if (!rc && is_kept(txn, db, key))
		keep_row(txn, key, value);
	return rc ? fail(txn, rc, "Cannot write to the catalog", err) : 0;
}

int store_append(struct txn *txn, enum store_db db, struct bytes key, struct bytes value,
		 struct err *err)
{
	int rc;

	if (txn->failure.code)
		return failed(txn, err);
	rc = env_append(txn->store->env, txn->mdb, db, key, value);
	if (rc == ENV_EXISTS)		/* it is not the last one */
		return store_put(txn, db, key, value, err);
	txn->state += store_state_row(db, key, value);
	return rc ? fail(txn, rc, "Cannot write to the catalog", err) : 0;
}

int store_del(struct txn *txn, enum store_db db, struct bytes key, struct err *err)
{
	int rc;

	if (txn->failure.code)
		return failed(txn, err);
	rc = leave_state(txn, db, key);
	if (rc)
		return fail(txn, rc, "Cannot delete from the catalog", err);
	txn->kept_count = 0;
	rc = env_del(txn->store->env, txn->mdb, db, key);
	return rc && rc != ENV_NOT_FOUND ? fail(txn, rc, "Cannot delete from the catalog", err) : 0;
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
	rc = txn->salvages ? 0 : env_cursor_open(&c->on, txn->store->env, txn->mdb, txn->write, db);
	if (rc) {
		free(c);
		return txn->write || env_damage(rc) ? fail(txn, rc, "Cannot read the catalog", err) :
						     env_errno(txn->store, rc, "Cannot read", err);
	}
	*out = c;
	return 0;
}

static int move(struct cursor *c, enum env_move how, struct bytes *k, struct bytes *v)
{
	int rc;

	if (c->txn->failure.code)
		return c->txn->failure.code;
	rc = env_cursor_move(&c->on, how, k, v);
	return rc ? read_errno(c->txn, rc) : 0;
}

static int move_salvaging(struct cursor *c, struct bytes key, enum salvage_where where,
			  struct bytes *k, struct bytes *v)
{
	struct row *row;
	int rc = salvage(c->txn, c->db, key, where, &row);

	if (rc)
		return rc;
	*k = c->on.last = (struct bytes){ row->key.at, row->key.len };
	*v = (struct bytes){ row->value.at, row->value.len };
	return 0;
}

/* The first key behind the one that the cursor stands on: that one and a byte. */
static int next_salvaging(struct cursor *c, struct bytes *k, struct bytes *v)
{
	struct buf behind = { 0 };
	int rc;

	buf_bytes(&behind, c->on.last.at, c->on.last.len);
	if (c->on.last.at)
		buf_u8(&behind, 0);
	rc = behind.failed ? -ENOMEM
			   : move_salvaging(c, (struct bytes){ behind.at, behind.len },
					    SALVAGE_FROM, k, v);
	buf_free(&behind);
	return rc;
}

int cursor_seek(struct cursor *c, struct bytes key, struct bytes *k, struct bytes *v)
{
	int rc;

	if (c->txn->salvages)
		return move_salvaging(c, key, SALVAGE_FROM, k, v);
	rc = move(c, ENV_FROM, &key, v);
	if (!rc)
		*k = key;
	return rc;
}

int cursor_seek_before(struct cursor *c, struct bytes key, struct bytes *k, struct bytes *v)
{
	int rc;

	if (c->txn->salvages)
		return move_salvaging(c, key, SALVAGE_BELOW, k, v);
	rc = cursor_seek(c, key, k, v);
	if (rc && rc != -ENOENT)
		return rc;
	return move(c, rc ? ENV_LAST : ENV_PREVIOUS, k, v);
}

int cursor_next(struct cursor *c, struct bytes *k, struct bytes *v)
{
	return c->txn->salvages ? next_salvaging(c, k, v) : move(c, ENV_NEXT, k, v);
}

void cursor_close(struct cursor *c)
{
	if (!c)
		return;
	env_cursor_close(&c->on);
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

static uint64_t last_id(struct store *store)
{
	struct env_info info;

	return store->env && !env_info(store->env, &info) ? info.last_txn : 0;
}

uint64_t store_last_txn_id(struct store *store)
{
	uint64_t id;

	gate_enter(&store->gate);
	id = last_id(store);
	gate_leave(&store->gate);
	return id;
}

static int statistics(struct store *store, struct store_stat *out)
{
	int fd = env_fd(store->env);
	struct env_info info;
	struct statvfs fs;
	struct stat st;

	if (env_info(store->env, &info))
		return -EIO;
	if (fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0)
		return -errno;
	*out = (struct store_stat){
		.file_bytes = (uint64_t)st.st_size,
		.map_bytes = info.map_bytes,
		.used_bytes = (info.last_page + 1) * info.page_size,
		.disk_free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize,
		.disk_total_bytes = (uint64_t)fs.f_blocks * fs.f_frsize,
		.readers = info.readers,
		.readers_max = info.readers_max,
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

/* The last transaction is asked for behind the list, so that no snapshot is newer. */
int store_readers(struct store *store, struct store_readers *out)
{
	uint64_t last;
	int rc = -EIO;

	*out = (struct store_readers){ 0 };
	gate_enter(&store->gate);
	if (store->env && !env_readers(store->env, out)) {
		last = last_id(store);
		out->lag = out->snapshots && out->lag < last ? last - out->lag : 0;
		rc = 0;
	}
	gate_leave(&store->gate);
	return rc;
}

static int room(struct store *store, struct store_room *out)
{
	uint64_t pages = 0, used;
	struct env_info info;

	if (env_info(store->env, &info))
		return -EIO;
	used = info.last_page + 1;
	if (used * info.page_size >= info.map_bytes / 2 && env_free_pages(store->env, &pages))
		return -EIO;
	*out = (struct store_room){ .map_bytes = info.map_bytes,
				    .in_use_bytes = (used > pages ? used - pages : 0) * info.page_size };
	return 0;
}

int store_room(struct store *store, struct store_room *out)
{
	int rc = -EIO;

	gate_enter(&store->gate);
	if (store->env && store->trust == TRUST_ALL)
		rc = room(store, out);
	gate_leave(&store->gate);
	return rc;
}

int store_reader_check(struct store *store)
{
	int dead;

	gate_enter(&store->gate);
	dead = store->env ? env_free_dead_readers(store->env) : 0;
	gate_leave(&store->gate);
	return dead;
}

int store_check(struct store *store, struct err *err)
{
	int rc;

	gate_enter(&store->gate);
	rc = store->env ? store_check_meta(env_fd(store->env), err)
			: env_errno(store, ENV_PANIC, "Cannot read", err);
	if (!rc)
		rc = check_snapshot(store, STORE_CHECK_FULL, err);
	gate_leave(&store->gate);
	return rc;
}

int store_check_rows(struct store *store, struct err *err)
{
	int rc;

	gate_enter(&store->gate);
	rc = store->env ? check_state(store, err) : env_errno(store, ENV_PANIC, "Cannot read", err);
	gate_leave(&store->gate);
	return rc;
}

int store_copy(struct store *store, int fd, struct err *err)
{
	int rc;

	gate_enter(&store->gate);
	rc = store->env ? env_copy(store->env, fd) : ENV_PANIC;
	if (!rc && store->has_zeroes)
		rc = ENV_FAULT;
	/* What the system refuses concerns the copy's disk, not the catalog's. */
	if (rc > 0)
		rc = store_errno(err, -rc, "Cannot write the copy of the catalog");
	else if (rc)
		rc = env_errno(store, rc, "Cannot copy the catalog", err);
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
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): env_errno never makes 0 of a failure */
	rc = open_dbs(store, txn->mdb, true, err);
	txn->keeps_state = true;
	if (!rc)
		rc = store_put(txn, DB_META, format_key, (struct bytes){ &format, sizeof(format) },
			       err);
	if (!rc && options->fill)
		rc = options->fill(txn, options->fill_arg, err);
	if (rc) {
		txn_end(txn);
		return rc;
	}
	rc = txn_commit(txn, err);
	if (rc)
		return rc;
	rc = env_sync(store->env);
	return rc ? env_errno(store, rc, "Cannot sync a new catalog", err) : 0;
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
