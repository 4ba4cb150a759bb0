/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/catalog.h"

#include "catalog/cache.h"
#include "catalog/exec.h"
#include "catalog/place.h"
#include "catalog/system.h"
#include "catalog/version.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define CACHE_TABLES 1000
#define WRITE_LOCK_TIMEOUT_MS 5000
#define EXPIRE_BATCH 256
#define VERSIONS_PER_EXPIRY 20000

struct catalog {
	char *dir;
	struct store *store;
	struct cache *cache;
	struct system *system;
	int64_t (*now)(void *arg);
	void *now_arg;
	uint64_t uuid_high, uuid_low;
	int64_t created_at;
};

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
	return rc ? rc : fill_storage(txn, birth->now, err);
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
	rc = row_storage(txn, STORAGE_LOCAL, &local, err);
	if (!rc) {
		catalog->created_at = local->created_at;
		storage_put(local);
	} else if (rc == -ENOENT) {
		err_set(err, rc, "The catalog has lost its storage 'local'");
	}
	txn_end(txn);
	return rc;
}

static int open_system(struct catalog *catalog, struct err *err)
{
	int rc = system_new(catalog->created_at, &catalog->system, err);

	for (unsigned i = 0; !rc && i < system_table_count(catalog->system); i++)
		rc = version_measure(NULL, system_table(catalog->system, i), err);
	return rc;
}

static int open_parts(struct catalog *catalog, const char *dir, const struct catalog_options *options,
		      struct err *err)
{
	struct birth birth = { .random = options->random ? options->random : real_random };
	struct store_options store = {
		.create = options->create,
		.read_only = options->read_only,
		.map_size = options->map_size,
		.fill = fill_catalog,
		.fill_arg = &birth,
	};
	int rc;

	birth.now = catalog_now(catalog);
	rc = store_open(dir, &store, &catalog->store, err);
	if (rc)
		return rc;
	catalog->dir = realpath(dir, NULL);
	if (!catalog->dir)
		return err_set(err, -errno, "Cannot resolve catalog directory '%s'", dir);
	catalog->cache = cache_new(options->cache_tables ? options->cache_tables : CACHE_TABLES);
	if (!catalog->cache)
		return err_nomem(err);
	rc = read_identity(catalog, err);
	return rc ? rc : open_system(catalog, err);
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

int catalog_namespace(struct catalog *catalog, struct txn *txn, uint32_t id, struct namespace **out,
		      struct err *err)
{
	if (id == NAMESPACE_SYSTEM) {
		*out = namespace_get(system_namespace(catalog->system));
		return 0;
	}
	return row_namespace(txn, id, out, err);
}

int catalog_storage(struct catalog *catalog, struct txn *txn, uint32_t id, struct storage **out,
		    struct err *err)
{
	(void)catalog;
	return row_storage(txn, id, out, err);
}

static int storage_by_name(struct txn *txn, const char *storage_id, struct storage **out, struct err *err)
{
	uint32_t id;
	int rc = name_find(txn, DIR_STORAGES, 0, storage_id, &id);

	if (!rc)
		rc = row_storage(txn, id, out, err);
	if (rc == -ENOENT)
		return err_set(err, -EIO, "The catalog has lost storage '%s'", storage_id);
	return rc;
}

/* Read definition and place of a table and offer them to the cache. */
static int read_schema(struct catalog *catalog, struct txn *txn, uint32_t id, struct schema **out,
		       struct err *err)
{
	char base[LOCATION_SIZE], partial[LOCATION_SIZE];
	struct schema *schema = schema_new();
	int rc;

	if (!schema)
		return err_nomem(err);
	rc = row_table(txn, id, &schema->table, err);
	if (!rc) {
		schema->table->txn = txn_id(txn);
		rc = storage_by_name(txn, schema->table->options.storage_id, &schema->storage, err);
	}
	if (!rc)
		rc = place_partial(catalog->dir, schema->storage, schema->table->type,
				   schema->table->location_name, base, partial, err);
	if (!rc) {
		schema->base = strdup(base);
		schema->partial = strdup(partial);
		schema->epoch = meta_get(txn, META_LOCATIONS_EPOCH);
		if (!schema->base || !schema->partial)
			rc = err_nomem(err);
	}
	if (rc) {
		schema_put(schema);
		return rc;
	}
	cache_insert(catalog->cache, schema);
	*out = schema;
	return 0;
}

static int get_schema(struct catalog *catalog, struct txn *txn, uint32_t id, struct schema **out,
		      struct err *err)
{
	*out = cache_find(catalog->cache, id, txn_id(txn));
	if (*out && (*out)->epoch == meta_get(txn, META_LOCATIONS_EPOCH))
		return 0;
	schema_put(*out);
	return read_schema(catalog, txn, id, out, err);
}

int catalog_table(struct catalog *catalog, struct txn *txn, uint32_t id, struct table **out,
		  struct err *err)
{
	struct schema *schema;
	int rc;

	if (id < TABLE_USER_FIRST) {
		struct table *table = system_table_by_id(catalog->system, id);

		if (!table)
			return -ENOENT;
		*out = table_get(table);
		return 0;
	}
	rc = get_schema(catalog, txn, id, &schema, err);
	if (rc)
		return rc;
	*out = table_get(schema->table);
	schema_put(schema);
	return 0;
}

int catalog_version(struct catalog *catalog, struct txn *txn, uint32_t id, uint32_t version,
		    struct table **out, struct err *err)
{
	if (id < TABLE_USER_FIRST)
		return version == 1 ? catalog_table(catalog, txn, id, out, err) : -ENOENT;
	return row_version(txn, id, version, out, err);
}

int catalog_version_at(struct catalog *catalog, struct txn *txn, uint32_t id, int64_t stamp,
		       uint32_t *version, struct err *err)
{
	if (id < TABLE_USER_FIRST) {
		*version = 1;
		return stamp < catalog->created_at ? -ENOENT : 0;
	}
	return row_version_at(txn, id, stamp, version, err);
}

static struct column *find_rev(const struct table *table, uint32_t rev)
{
	for (unsigned i = 0; i < table->column_count; i++) {
		if (table->columns[i].rev == rev)
			return &table->columns[i];
	}
	return NULL;
}

/*
 * Change counters grow with versions, so the version that used counter rev is
 * the first whose next_rev is beyond it.
 */
static int search_rev(struct catalog *catalog, struct txn *txn, uint32_t id, uint32_t last,
		      uint32_t rev, struct table **out, struct err *err)
{
	uint32_t low = 1, high = last;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct table *table;
		int rc = catalog_version(catalog, txn, id, middle, &table, err);

		if (rc)
			return rc;
		if (table->next_rev > rev)
			high = middle;
		else
			low = middle + 1;
		table_put(table);
	}
	return catalog_version(catalog, txn, id, low, out, err);
}

int catalog_column_rev(struct catalog *catalog, struct txn *txn, uint32_t id, uint32_t rev,
		       struct table **table, struct column **column, struct err *err)
{
	struct table *found;
	uint32_t last;
	int rc = catalog_table(catalog, txn, id, &found, err);

	if (rc == -ENOENT) {
		/* Purged: its history stays readable for a while. */
		rc = catalog_version_at(catalog, txn, id, INT64_MAX, &last, err);
		if (!rc)
			rc = catalog_version(catalog, txn, id, last, &found, err);
	}
	if (rc)
		return rc;
	*column = find_rev(found, rev);
	if (!*column) {
		last = found->version;
		table_put(found);
		rc = search_rev(catalog, txn, id, last, rev, &found, err);
		if (rc)
			return rc;
		*column = find_rev(found, rev);
	}
	if (!*column) {
		table_put(found);
		return -ENOENT;
	}
	*table = found;
	return 0;
}

static int fill_place(struct catalog *catalog, const struct table *table, struct storage *storage,
		      struct place *out, struct err *err)
{
	int rc = place_partial(catalog->dir, storage, table->type, table->location_name, out->base,
			       out->partial, err);

	if (rc)
		return rc;
	out->storage = storage_get(storage);
	return 0;
}

int catalog_place(struct catalog *catalog, struct txn *txn, const struct table *table,
		  struct place *out, struct err *err)
{
	const struct template *t;
	struct schema *schema;
	struct storage *storage;
	int rc;

	out->epoch = meta_get(txn, META_LOCATIONS_EPOCH);
	if (table->id >= TABLE_USER_FIRST && get_schema(catalog, txn, table->id, &schema, NULL) == 0) {
		rc = 0;
		if (strcmp(schema->table->location_name, table->location_name) == 0 &&
		    strcmp(schema->storage->storage_id, table->options.storage_id) == 0) {
			snprintf(out->base, sizeof(out->base), "%s", schema->base);
			snprintf(out->partial, sizeof(out->partial), "%s", schema->partial);
			out->storage = storage_get(schema->storage);
		} else {
			rc = fill_place(catalog, table, schema->storage, out, err);
		}
		schema_put(schema);
	} else {
		const char *storage_id = *table->options.storage_id ? table->options.storage_id : "local";

		rc = storage_by_name(txn, storage_id, &storage, err);
		if (rc)
			return rc;
		rc = fill_place(catalog, table, storage, out, err);
		storage_put(storage);
	}
	if (rc)
		return rc;
	t = place_template(out->storage, table->type);
	out->per_user = t && template_has(t, PLACEHOLDER_USER);
	out->changed_at = table->placed_at;
	if (out->storage->updated_at > out->changed_at)
		out->changed_at = out->storage->updated_at;
	return 0;
}

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

void catalog_commit(struct catalog *catalog, struct request **requests, size_t count)
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
	if (!rc && kind == TRASH_TABLE) {
		rc = exec_purge_expired(catalog, txn, request, table);
		if (!rc)
			forget_changed(catalog, request, txn_id(txn));
		else if (err)
			*err = request->err;
		request_fini(request);
		return rc;
	}
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
