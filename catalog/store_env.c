/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/store_env.h"

#include "catalog/store_guard.h"
#include "catalog/store_lock.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define READERS_MAX 1024
#define DBS_MAX 16
#define MAP_MOST ((size_t)1 << 40)
#define MAP_LEAST ((size_t)1 << 30)
/* Fewer free bytes make an EIO an ENOSPC: LMDB's longest write, a record, is over 1 MiB. */
#define DISK_FULL_BELOW (2 * 1024 * 1024)
#define OPEN_PAUSE_NS 10000000L
#define TOUCH_STEP 512			/* bytes: no page is smaller */

_Static_assert((int)ENV_EXISTS == MDB_KEYEXIST && (int)ENV_NOT_FOUND == MDB_NOTFOUND &&
	       (int)ENV_PANIC == MDB_PANIC && (int)ENV_RESIZED == MDB_MAP_RESIZED &&
	       (int)ENV_BAD_READER == MDB_BAD_RSLOT, "the codes are LMDB's");

struct env {
	MDB_env *mdb;
	MDB_dbi dbi[DB_COUNT];
	const uint8_t *map, *map_end;	/* NULL while it is not guarded */
	atomic_bool *has_zeroes;	/* borrowed */
};

/* Calls of LMDB that may come to grief: ENV_FAULT then. */
#define GUARDED(reads_only, rc, call)                                                              \
	do {                                                                                       \
		struct guard guard;                                                                \
                                                                                                   \
		if (!guard_set(&guard, reads_only))                                                \
			(rc) = (call);                                                             \
		else                                                                               \
			(rc) = ENV_FAULT;                                                          \
		guard_pop(&guard);                                                                 \
	} while (0)

static MDB_val to_val(struct bytes b)
{
	return (MDB_val){ .mv_size = b.len, .mv_data = (void *)(uintptr_t)b.at };
}

static struct bytes to_bytes(MDB_val v)
{
	return (struct bytes){ v.mv_data, v.mv_size };
}

/* LMDB found its own state impossible, which it takes from the file. */
static void assertion(MDB_env *mdb, const char *text)
{
	(void)mdb;
	(void)text;
	guard_escape();
	abort();
}

static int try_open(const char *path, bool read_only, size_t map_size, MDB_env **out)
{
	unsigned flags = MDB_NOTLS | (read_only ? MDB_RDONLY : 0);
	MDB_env *mdb;
	int rc = mdb_env_create(&mdb);

	if (rc)
		return rc;
	rc = mdb_env_set_maxreaders(mdb, READERS_MAX);
	if (!rc)
		rc = mdb_env_set_maxdbs(mdb, DBS_MAX);
	if (!rc)
		rc = mdb_env_set_mapsize(mdb, map_size);
	if (!rc)
		rc = mdb_env_set_assert(mdb, assertion);
	if (!rc)
		rc = mdb_env_open(mdb, path, flags, 0600);
	if (rc)
		mdb_env_close(mdb);
	else
		*out = mdb;
	return rc;
}

/*
 * Whether lock.mdb knows less than data.mdb: who was to make it came to grief before it was
 * complete.  A reader would see what was once, and a writer write over what is there.
 */
static bool is_half_made(MDB_env *mdb)
{
	MDB_envinfo info;
	MDB_txn *txn;
	size_t id;

	if (mdb_env_info(mdb, &info) || mdb_txn_begin(mdb, NULL, MDB_RDONLY, &txn))
		return false;
	id = mdb_txn_id(txn);
	mdb_txn_abort(txn);
	/* A writer tells data.mdb first. */
	return info.me_last_txnid && (!id || id < info.me_last_txnid - 1);
}

/* The first one who opens makes lock.mdb anew: wait until nobody uses what is half made. */
static int try_whole(const char *path, bool read_only, size_t map_size, int64_t deadline,
		     MDB_env **out)
{
	for (;;) {
		int rc = try_open(path, read_only, map_size, out);

		if (rc || !is_half_made(*out))
			return rc;
		mdb_env_close(*out);
		if (!deadline_left(deadline))
			return ENV_HALF_MADE;
		nanosleep(&(struct timespec){ .tv_nsec = OPEN_PAUSE_NS }, NULL);
	}
}

/* Limits and tools (RLIMIT_AS, valgrind) may leave less address space than we wish. */
static int try_sizes(const char *path, const struct env_options *options, int64_t deadline,
		     MDB_env **out, struct err *err)
{
	size_t size = options->map_size ? options->map_size : MAP_MOST;
	int rc = try_whole(path, options->read_only, size, deadline, out);

	while ((rc == ENOMEM || rc == EINVAL) && !options->map_size && size > MAP_LEAST) {
		size /= 2;
		rc = try_whole(path, options->read_only, size, deadline, out);
	}
	if (rc == ENOMEM) {
		err_set(err, -ENOMEM, "Cannot map the catalog: there is not enough memory or "
			"address space (ulimit -v) for %zu MiB", size >> 20);
		err_kind_set(err, ERR_STORE);
	}
	return rc;
}

int env_open(const char *path, const struct env_options *options, int64_t deadline,
	     struct env **out, struct err *err)
{
	struct env *env = calloc(1, sizeof(*env));
	int rc;

	if (!env)
		return ENOMEM;
	env->has_zeroes = options->has_zeroes;
	rc = try_sizes(path, options, deadline, &env->mdb, err);
	if (rc)
		free(env);
	else
		*out = env;
	return rc;
}

void env_close(struct env *env)
{
	if (!env)
		return;
	guard_unmap(env->map);
	mdb_env_close(env->mdb);
	free(env);
}

int env_fd(const struct env *env)
{
	int fd = -1;

	(void)mdb_env_get_fd(env->mdb, &fd);
	return fd;
}

/* LMDB's words without its name for them: "MDB_CORRUPTED: Located page was wrong type". */
static const char *reason(int code)
{
	const char *text = mdb_strerror(code), *end = strstr(text, ": ");

	return end && !strncmp(text, "MDB_", 4) ? end + 2 : text;
}

const char *env_damage(int code)
{
	switch (code) {
	case ENV_FAULT:
		return "a page of data.mdb cannot be read, or leads nowhere";
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_CURSOR_FULL:
	case MDB_BAD_DBI:
	case MDB_INCOMPATIBLE:
		return reason(code);
	default:
		return NULL;
	}
}

static bool disk_is_full(const struct env *env)
{
	struct statvfs fs;

	return fstatvfs(env_fd(env), &fs) == 0 &&
	       (uint64_t)fs.f_bavail * fs.f_frsize < DISK_FULL_BELOW;
}

/* Whether data.mdb has come to RLIMIT_FSIZE. */
static bool is_at_size_limit(const struct env *env)
{
	struct rlimit limit;
	struct stat st;

	return !fstat(env_fd(env), &st) && !getrlimit(RLIMIT_FSIZE, &limit) &&
	       limit.rlim_cur != RLIM_INFINITY && (uint64_t)st.st_size >= limit.rlim_cur;
}

static int size_limit(struct err *err)
{
	return err_set(err, -ENOSPC, "data.mdb may not become larger: the process has a limit on "
		       "the size of files (ulimit -f)");
}

static int disk_full(struct err *err)
{
	return err_set(err, -ENOSPC, "No space left on the catalog's disk");
}

static int map_full(struct env *env, struct err *err)
{
	int dead = env_free_dead_readers(env);
	MDB_envinfo info;

	mdb_env_info(env->mdb, &info);
	return err_set(err, -ENOSPC, "Catalog limit reached: data.mdb fills its map of %zu MiB%s",
		       info.me_mapsize >> 20, dead > 0 ? "; room of dead readers was freed, "
		       "try again" : "; drop or purge something, or end readers that hang");
}

/* So LMDB calls a write that was cut short, too. */
static int io_error(const struct env *env, const char *what, struct err *err)
{
	if (env && is_at_size_limit(env))
		return size_limit(err);
	if (env && disk_is_full(env))
		return disk_full(err);
	return err_set(err, -EIO, "%s: input/output error on the catalog's disk", what);
}

static int busy(struct err *err)
{
	err_kind_set(err, ERR_BUSY);
	return -EBUSY;
}

int env_tell(struct env *env, int code, const char *what, struct err *err)
{
	int rc;

	switch (code) {
	case MDB_MAP_FULL:
		rc = env ? map_full(env, err) : disk_full(err);
		break;
	case MDB_READERS_FULL:
		err_set(err, -EBUSY, "All %d places for readers of the catalog are taken; "
			"try again", READERS_MAX);
		return busy(err);
	case ENV_HALF_MADE:
		err_set(err, -EBUSY, "%s: its lock.mdb was left half made, and is in use; end the "
			"processes that use the catalog", what);
		return busy(err);
	case MDB_TXN_FULL:
		rc = err_set(err, -EFBIG, "%s: one transaction is too small for this change; "
			     "make it in several", what);
		break;
	case ENV_PANIC:
		rc = err_set(err, -EIO, "%s: after a failure of its disk the catalog must be "
			     "reopened", what);
		break;
	case ENOSPC:
	case EDQUOT:
		rc = disk_full(err);
		break;
	case EFBIG:
		rc = size_limit(err);
		break;
	case EIO:
		rc = io_error(env, what, err);
		break;
	case ENOMEM:
		return err_nomem(err);
	default:
		rc = err_set(err, code > 0 ? -code : -EIO, "%s: %s", what, reason(code));
	}
	err_kind_set(err, ERR_STORE);
	return rc;
}

static int begin(struct env *env, MDB_txn *parent, bool write, MDB_txn **out)
{
	unsigned flags = write ? 0 : MDB_RDONLY;
	int rc;

	GUARDED(!write, rc, mdb_txn_begin(env->mdb, parent, flags, out));
	return rc;
}

int env_begin(struct env *env, struct MDB_txn *parent, bool write, struct MDB_txn **out)
{
	int rc = begin(env, parent, write, out);

	if (rc == MDB_READERS_FULL && env_free_dead_readers(env) > 0)
		rc = begin(env, parent, write, out);
	return rc;
}

int env_commit(struct MDB_txn *txn)
{
	int rc;

	GUARDED(false, rc, mdb_txn_commit(txn));
	if (rc == ENV_FAULT)
		env_abort(txn);
	return rc;
}

/* What cannot even be given up keeps its memory, and LMDB's lock until the process ends. */
void env_abort(struct MDB_txn *txn)
{
	struct guard guard;

	if (!guard_set(&guard, false))
		mdb_txn_abort(txn);
	guard_pop(&guard);
}

void env_reset(struct MDB_txn *txn)
{
	mdb_txn_reset(txn);
}

int env_renew(struct MDB_txn *txn)
{
	int rc;

	GUARDED(true, rc, mdb_txn_renew(txn));
	return rc;
}

uint64_t env_txn_id(struct MDB_txn *txn)
{
	return mdb_txn_id(txn);
}

int env_open_db(struct env *env, struct MDB_txn *txn, enum store_db db, const char *name, bool make)
{
	int rc;

	GUARDED(!make, rc, mdb_dbi_open(txn, name, make ? MDB_CREATE : 0, &env->dbi[db]));
	return rc;
}

/* LMDB does not say where its map is; but a page in it knows its own number. */
void env_guard(struct env *env, struct MDB_txn *txn, enum store_db db, struct bytes key)
{
	MDB_val k = to_val(key), value;
	const uint8_t *page, *map;
	struct env_info info;
	uint64_t number;

	if (mdb_get(txn, env->dbi[db], &k, &value) || env_info(env, &info))
		return;
	page = (const uint8_t *)value.mv_data - (uintptr_t)value.mv_data % info.page_size;
	memcpy(&number, page, sizeof(number));
	map = page - number * info.page_size;
	if (number <= info.last_page && guard_map(map, info.map_bytes, env->has_zeroes)) {
		env->map = map;
		env->map_end = map + info.map_bytes;
	}
}

/* Whether all of a value can be read, now. */
static bool touch(const struct env *env, const MDB_val *value)
{
	const volatile uint8_t *at = value->mv_data;
	const uint8_t *begin = value->mv_data;

	if (env->map && (begin < env->map || begin > env->map_end ||
			 value->mv_size > (size_t)(env->map_end - begin)))
		return false;
	for (size_t i = 0; i < value->mv_size; i += TOUCH_STEP)
		(void)at[i];
	if (value->mv_size)
		(void)at[value->mv_size - 1];
	return true;
}

static int get_and_touch(struct env *env, MDB_txn *txn, bool write, enum store_db db, MDB_val *key,
			 MDB_val *value)
{
	int rc = mdb_get(txn, env->dbi[db], key, value);

	return !rc && !write && !touch(env, value) ? ENV_FAULT : rc;
}

int env_get(struct env *env, struct MDB_txn *txn, bool write, enum store_db db, struct bytes key,
	    struct bytes *value)
{
	MDB_val k = to_val(key), v;
	int rc;

	GUARDED(!write, rc, get_and_touch(env, txn, write, db, &k, &v));
	if (!rc)
		*value = to_bytes(v);
	return rc;
}

static int put(struct env *env, MDB_txn *txn, enum store_db db, struct bytes key,
	       struct bytes value, unsigned flags)
{
	MDB_val k = to_val(key), v = to_val(value);
	int rc;

	GUARDED(false, rc, mdb_put(txn, env->dbi[db], &k, &v, flags));
	return rc;
}

int env_put(struct env *env, struct MDB_txn *txn, enum store_db db, struct bytes key,
	    struct bytes value)
{
	return put(env, txn, db, key, value, 0);
}

int env_append(struct env *env, struct MDB_txn *txn, enum store_db db, struct bytes key,
	       struct bytes value)
{
	return put(env, txn, db, key, value, MDB_APPEND);
}

int env_del(struct env *env, struct MDB_txn *txn, enum store_db db, struct bytes key)
{
	MDB_val k = to_val(key);
	int rc;

	GUARDED(false, rc, mdb_del(txn, env->dbi[db], &k, NULL));
	return rc;
}

int env_cursor_open(struct env_cursor *c, struct env *env, struct MDB_txn *txn, bool write,
		    enum store_db db)
{
	int rc;

	*c = (struct env_cursor){ .env = env, .write = write };
	GUARDED(!write, rc, mdb_cursor_open(txn, env->dbi[db], &c->mdb));
	return rc;
}

/* Keys go up: anything else is damage, and might go round in circles. */
static bool goes_up(struct bytes last, const MDB_val *key)
{
	size_t shorter = last.len < key->mv_size ? last.len : key->mv_size;
	int order = last.at ? memcmp(last.at, key->mv_data, shorter) : -1;

	return order < 0 || (order == 0 && last.len < key->mv_size);
}

static int move_and_touch(struct env_cursor *c, MDB_val *key, MDB_val *value, MDB_cursor_op op)
{
	int rc = mdb_cursor_get(c->mdb, key, value, op);

	if (rc || c->write)
		return rc;
	if (!touch(c->env, key) || !touch(c->env, value))
		return ENV_FAULT;
	if (op == MDB_NEXT && !goes_up(c->last, key))
		return ENV_FAULT;
	c->last = to_bytes(*key);
	return 0;
}

static int guarded_move(struct env_cursor *c, MDB_val *key, MDB_val *value, MDB_cursor_op op)
{
	int rc;

	GUARDED(!c->write, rc, move_and_touch(c, key, value, op));
	return rc;
}

int env_cursor_move(struct env_cursor *c, enum env_move how, struct bytes *key, struct bytes *value)
{
	static const MDB_cursor_op ops[] = {
		[ENV_FROM] = MDB_SET_RANGE, [ENV_LAST] = MDB_LAST,
		[ENV_PREVIOUS] = MDB_PREV, [ENV_NEXT] = MDB_NEXT,
	};
	MDB_cursor_op op = how == ENV_FROM && !key->len ? MDB_FIRST : ops[how];
	MDB_val v, k = how == ENV_FROM ? to_val(*key) : (MDB_val){ 0 };
	int rc = guarded_move(c, &k, &v, op);

	if (rc)
		return rc;
	*key = to_bytes(k);
	*value = to_bytes(v);
	return 0;
}

void env_cursor_close(struct env_cursor *c)
{
	if (c->mdb)
		mdb_cursor_close(c->mdb);
}

static int read_info(struct env *env, struct env_info *out)
{
	MDB_envinfo info;
	MDB_stat tree;
	int rc = mdb_env_info(env->mdb, &info);

	if (!rc)
		rc = mdb_env_stat(env->mdb, &tree);
	if (rc)
		return rc;
	*out = (struct env_info){
		.map_bytes = info.me_mapsize,
		.last_page = info.me_last_pgno,
		.last_txn = info.me_last_txnid,
		.page_size = tree.ms_psize,
		.readers = info.me_numreaders,
		.readers_max = info.me_maxreaders,
	};
	return 0;
}

int env_info(struct env *env, struct env_info *out)
{
	int rc;

	GUARDED(true, rc, read_info(env, out));
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

int env_readers(struct env *env, struct store_readers *out)
{
	int rc;

	*out = (struct store_readers){ .lag = UINT64_MAX };
	rc = mdb_reader_list(env->mdb, count_reader, out);
	return rc < 0 ? rc : 0;
}

int env_free_dead_readers(struct env *env)
{
	int dead = 0;

	return mdb_reader_check(env->mdb, &dead) ? 0 : dead;
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

static int free_pages(struct env *env, uint64_t *pages)
{
	struct store_readers readers;
	MDB_txn *txn;
	int rc = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn);

	if (rc)
		return rc;
	rc = env_readers(env, &readers);	/* our own is among them */
	if (!rc)
		rc = count_free(txn, readers.lag, pages);
	mdb_txn_abort(txn);
	return rc;
}

int env_free_pages(struct env *env, uint64_t *pages)
{
	int rc;

	*pages = 0;
	GUARDED(true, rc, free_pages(env, pages));
	return rc;
}

int env_sync(struct env *env)
{
	return mdb_env_sync(env->mdb, 1);
}

int env_copy(struct env *env, int fd)
{
	int rc = mdb_env_copyfd2(env->mdb, fd, MDB_CP_COMPACT);

	/* A file in which it has lost count of a page it does not compact: harmless, copied as it is. */
	if (rc == MDB_INCOMPATIBLE && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0)
		rc = mdb_env_copyfd2(env->mdb, fd, 0);
	return rc;
}
