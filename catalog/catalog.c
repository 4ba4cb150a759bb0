/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/catalog_impl.h"

#include "catalog/cache.h"
#include "catalog/info_sums.h"
#include "catalog/memo.h"
#include "catalog/system.h"
#include "catalog/version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define CACHE_TABLES 1000
#define LOCK_WAIT 5	/* s */

static int64_t real_now(void *arg)
{
	struct timespec ts;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int real_random(void *at, size_t len)
{
	return getrandom(at, len, 0) == (ssize_t)len ? 0 : -EIO;
}

/* What a new catalog is filled with. */
struct birth {
	int64_t now;
	int (*random)(void *at, size_t len);
};

static int fill_namespace(struct txn *txn, int64_t now, struct err *err)
{
	struct namespace *ns = namespace_new();
	int rc;

	if (!ns)
		return err_nomem(err);
	ns->id = NAMESPACE_DEFAULT;
	memcpy(ns->name, "default", sizeof("default"));
	ns->version = 1;
	ns->created_at = ns->updated_at = now;
	rc = row_namespace_put(txn, ns, err);
	if (!rc)
		rc = name_add(txn, DIR_NAMESPACES, 0, ns->name, ns->id, err);
	if (!rc)
		rc = dir_state_touch(txn, DIR_NAMESPACES, 0, 0, now, 1, err);
	namespace_put(ns);
	return rc;
}

static int fill_storage(struct txn *txn, int64_t now, struct err *err)
{
	struct storage *storage = storage_new();
	int rc;

	if (!storage)
		return err_nomem(err);
	storage->id = STORAGE_LOCAL;
	memcpy(storage->storage_id, "local", sizeof("local"));
	storage->storage_name = "Local Filesystem";
	storage->type = STORAGE_FILESYSTEM;
	storage->base_directory = "storage";
	storage->shared_template = "{namespace}/{tableName}";
	storage->user_template = "{namespace}/{tableName}/{userId}";
	storage->version = 1;
	storage->created_at = storage->updated_at = now;
	storage->shared_moved_at = storage->user_moved_at = now;
	rc = row_storage_put(txn, storage, err);
	if (!rc)
		rc = name_add(txn, DIR_STORAGES, 0, storage->storage_id, storage->id, err);
	if (!rc)
		rc = dir_state_touch(txn, DIR_STORAGES, 0, 0, now, 1, err);
	storage_put(storage);
	return rc;
}

static int fill_catalog(struct txn *txn, void *arg, struct err *err)
{
	const struct birth *birth = arg;
	uint64_t uuid[2];
	int rc = birth->random(uuid, sizeof(uuid));

	if (rc)
		return err_set(err, rc, "No random bytes for the catalog's uuid");
	uuid[0] = (uuid[0] & ~0xf000ull) | 0x4000;	/* RFC 9562: version 4, variant 10 */
	uuid[1] = (uuid[1] & ~(3ull << 62)) | 2ull << 62;
	rc = meta_set(txn, META_UUID_HIGH, uuid[0], err);
	if (!rc)
		rc = meta_set(txn, META_UUID_LOW, uuid[1], err);
	if (!rc)
		rc = meta_set(txn, META_LAST_STAMP, (uint64_t)birth->now, err);
	if (!rc)
		rc = fill_namespace(txn, birth->now, err);
	if (!rc)
		rc = fill_storage(txn, birth->now, err);
	return rc ? rc : info_sums_rebuild(txn, 0, birth->now, err);
}

/* The storage that every catalog has: without it nothing here can be believed. */
static int read_local(struct txn *txn, struct storage **out, struct err *err)
{
	struct err cause = ERR_INIT;
	int rc = row_storage(txn, STORAGE_LOCAL, out, &cause);

	if (rc == -ENOENT)
		return store_damaged(err, "storage 'local' is missing");
	if (rc == -EIO)
		return store_damaged(err, "%s", cause.text);
	if (rc && err)
		*err = cause;
	return rc;
}

static int read_identity(struct catalog *catalog, struct err *err)
{
	struct storage *local;
	struct txn *txn;
	int rc = txn_begin_read(catalog->store, &txn, err);

	if (rc)
		return rc;
	catalog->uuid_high = meta_get(txn, META_UUID_HIGH);
	catalog->uuid_low = meta_get(txn, META_UUID_LOW);
	rc = read_local(txn, &local, err);
	if (!rc) {
		catalog->created_at = local->created_at;
		storage_put(local);
	}
	txn_end(txn);
	return rc;
}

static int measure_system(struct catalog *catalog, struct err *err)
{
	struct info_tally tally = { 0 };
	int rc = 0;

	info_tally_namespace(&tally, NULL, system_namespace(catalog->system));
	for (unsigned i = 0; !rc && i < system_table_count(catalog->system); i++) {
		struct table *table = system_table(catalog->system, i);

		rc = version_measure(NULL, table, err);
		info_tally_table(&tally, NULL, table);
	}
	if (!rc && info_tally_total(&tally, &catalog->system_info))
		rc = err_nomem(err);
	info_tally_fini(&tally);
	return rc;
}

static int open_system(struct catalog *catalog, struct err *err)
{
	int rc = system_new(catalog->created_at, &catalog->system, err);

	return rc ? rc : measure_system(catalog, err);
}

static int open_parts(struct catalog *catalog, const char *dir, const struct catalog_options *options,
		      struct err *err)
{
	struct birth birth = { .random = options->random ? options->random : real_random };
	struct store_options store = {
		.create = options->create,
		.read_only = options->read_only,
		.map_size = options->map_size,
		.check = options->check,
		.fill = fill_catalog,
		.fill_arg = &birth,
		.on_damage = options->on_damage ? catalog_damaged : NULL,
		.damage_arg = catalog,
	};
	int rc;

	birth.now = catalog_now(catalog);
	rc = store_open(dir, &store, &catalog->store, err);
	if (rc)
		return rc;
	catalog->dir = realpath(dir, NULL);
	if (!catalog->dir)
		return err_set(err, -errno, "Cannot resolve catalog directory '%s'", dir);
	catalog->lock_wait = (options->lock_wait ? options->lock_wait : LOCK_WAIT) * 1000;
	catalog->cache = cache_new(options->cache_tables ? options->cache_tables : CACHE_TABLES);
	catalog->memo = memo_new();
	if (!catalog->cache || !catalog->memo)
		return err_nomem(err);
	rc = read_identity(catalog, err);
	return rc ? rc : open_system(catalog, err);
}

static int real_open_dir(void *arg, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)arg;
	if (fd < 0)
		return -errno;
	return fd;
}

int catalog_open_dir(const struct catalog *catalog, const char *path)
{
	return catalog->open_dir(catalog->open_dir_arg, path);
}

int catalog_open(const char *dir, const struct catalog_options *options, struct catalog **out,
		 struct err *err)
{
	struct catalog *catalog = calloc(1, sizeof(*catalog));
	int rc;

	if (!catalog)
		return err_nomem(err);
	catalog->now = options->now ? options->now : real_now;
	catalog->now_arg = options->now_arg;
	catalog->open_dir = options->open_dir ? options->open_dir : real_open_dir;
	catalog->open_dir_arg = options->open_dir_arg;
	catalog->on_damage = options->on_damage;
	catalog->damage_arg = options->damage_arg;
	rc = open_parts(catalog, dir, options, err);
	if (rc) {
		catalog_close(catalog);
		return rc;
	}
	*out = catalog;
	return 0;
}

void catalog_close(struct catalog *catalog)
{
	if (!catalog)
		return;
	cache_free(catalog->cache);
	memo_free(catalog->memo);
	system_free(catalog->system);
	if (catalog->store)
		store_close(catalog->store);
	free(catalog->dir);
	free(catalog);
}

const char *catalog_dir(const struct catalog *catalog)
{
	return catalog->dir;
}

struct store *catalog_store(const struct catalog *catalog)
{
	return catalog->store;
}

int64_t catalog_now(const struct catalog *catalog)
{
	return catalog->now(catalog->now_arg);
}

int64_t catalog_created_at(const struct catalog *catalog)
{
	return catalog->created_at;
}

void catalog_uuid(const struct catalog *catalog, char out[37])
{
	uint64_t high = catalog->uuid_high, low = catalog->uuid_low;

	snprintf(out, 37, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
		 (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff), (unsigned)(low >> 48),
		 (unsigned long long)(low & 0xffffffffffffull));
}

int catalog_begin(struct catalog *catalog, struct txn **out, struct err *err)
{
	return txn_begin_read(catalog->store, out, err);
}

int catalog_find(struct catalog *catalog, struct txn *txn, enum dir_kind dir, uint32_t parent,
		 const char *name, uint32_t *id)
{
	const struct table *table;

	if (dir == DIR_NAMESPACES && strcmp(name, "system") == 0) {
		*id = NAMESPACE_SYSTEM;
		return 0;
	}
	if (parent != NAMESPACE_SYSTEM)
		return name_find(txn, dir, parent, name, id);
	table = dir == DIR_TABLES ? system_table_by_name(catalog->system, name) : NULL;
	if (!table)
		return -ENOENT;
	*id = table->id;
	return 0;
}

static int list_system_tables(const struct system *sys, uint32_t after, children_fn *fn, void *arg)
{
	for (unsigned i = 0; i < system_table_count(sys); i++) {
		const struct table *table = system_table(sys, i);
		int rc = table->id > after ? fn(arg, table->id, table->name, strlen(table->name)) : 0;

		if (rc)
			return rc;
	}
	return 0;
}

int catalog_list(struct catalog *catalog, struct txn *txn, enum dir_kind dir, uint32_t parent,
		 uint32_t after, children_fn *fn, void *arg)
{
	int rc = 0;

	if (parent == NAMESPACE_SYSTEM)
		return dir == DIR_TABLES ? list_system_tables(catalog->system, after, fn, arg) : 0;
	if (dir == DIR_NAMESPACES && after < NAMESPACE_SYSTEM)
		rc = fn(arg, NAMESPACE_SYSTEM, "system", strlen("system"));
	return rc ? rc : children_list(txn, dir, parent, after, fn, arg);
}

void catalog_dir_state(struct catalog *catalog, struct txn *txn, enum dir_kind dir, uint32_t parent,
		       struct dir_state *out)
{
	if (parent == NAMESPACE_SYSTEM) {
		*out = (struct dir_state){ .changed_at = catalog->created_at };
		if (dir == DIR_TABLES)
			out->count = system_table_count(catalog->system);
		return;
	}
	dir_state_get(txn, dir, parent, out);
	if (dir == DIR_NAMESPACES)
		out->count++;
	if (!out->changed_at)
		out->changed_at = catalog->created_at;
}
