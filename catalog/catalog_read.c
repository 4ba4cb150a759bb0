/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/catalog_impl.h"

#include "catalog/cache.h"
#include "catalog/memo.h"
#include "catalog/place.h"
#include "catalog/system.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int catalog_namespace(struct catalog *catalog, struct txn *txn, uint32_t id, struct namespace **out,
		      struct err *err)
{
	struct bytes record;
	int rc;

	if (id == NAMESPACE_SYSTEM) {
		*out = namespace_get(system_namespace(catalog->system));
		return 0;
	}
	rc = row_record(txn, OBJECT_NAMESPACE, id, &record, err);
	if (rc)
		return rc;
	*out = memo_namespace(catalog->memo, id, record);
	if (*out)
		return 0;
	rc = row_namespace(txn, id, out, err);
	if (!rc)
		memo_put_namespace(catalog->memo, record, *out);
	return rc;
}

int catalog_storage(struct catalog *catalog, struct txn *txn, uint32_t id, struct storage **out,
		    struct err *err)
{
	struct bytes record;
	int rc = row_record(txn, OBJECT_STORAGE, id, &record, err);

	if (rc)
		return rc;
	*out = memo_storage(catalog->memo, id, record);
	if (*out)
		return 0;
	rc = row_storage(txn, id, out, err);
	if (!rc)
		memo_put_storage(catalog->memo, record, *out);
	return rc;
}

static int storage_by_name(struct catalog *catalog, struct txn *txn, const char *storage_id,
			   struct storage **out, struct err *err)
{
	uint32_t id;
	int rc = name_find(txn, DIR_STORAGES, 0, storage_id, &id);

	if (!rc)
		rc = catalog_storage(catalog, txn, id, out, err);
	if (rc == -ENOENT)
		return err_set(err, -EIO, "The catalog has lost storage '%s'", storage_id);
	return rc;
}

/* The definition of a table, for the cache: takes the reference on the table. */
static struct schema *new_schema(struct table *table)
{
	struct schema *schema = schema_new();

	if (!schema) {
		table_put(table);
		return NULL;
	}
	schema->table = table;
	schema->epoch = SCHEMA_NO_PLACE;
	return schema;
}

/* Read a definition and offer it to the cache. */
static int read_table(struct catalog *catalog, struct txn *txn, uint32_t id, struct table **out,
		      struct err *err)
{
	struct schema *schema;
	int rc = row_table(txn, id, out, err);

	if (rc)
		return rc;
	schema = new_schema(table_get(*out));
	if (schema)
		cache_insert(catalog->cache, schema);
	schema_put(schema);
	return 0;
}

static int resolve(struct catalog *catalog, struct txn *txn, struct schema *schema, struct err *err)
{
	const struct table *table = schema->table;
	char base[LOCATION_SIZE], partial[LOCATION_SIZE];
	int rc = storage_by_name(catalog, txn, table->options.storage_id, &schema->storage, err);

	if (!rc)
		rc = place_partial(catalog->dir, schema->storage, table->type, table->location_name,
				   base, partial, err);
	if (rc)
		return rc;
	schema->base = strdup(base);
	schema->partial = strdup(partial);
	return schema->base && schema->partial ? 0 : err_nomem(err);
}

/* Definition and place of a table of this epoch; offered to the cache where it has none. */
static int get_schema(struct catalog *catalog, struct txn *txn, uint32_t id, uint64_t epoch,
		      struct schema **out, struct err *err)
{
	struct schema *schema = cache_find(catalog->cache, id, txn_id(txn), epoch);
	struct table *table;
	int rc;

	*out = schema;
	if (schema)
		return 0;
	rc = catalog_table(catalog, txn, id, &table, err);
	if (rc)
		return rc;
	schema = new_schema(table);
	if (!schema) {
		err_nomem(err);
		return -ENOMEM;
	}
	schema->epoch = epoch;
	rc = resolve(catalog, txn, schema, err);
	if (rc) {
		schema_put(schema);
		return rc;
	}
	cache_insert(catalog->cache, schema);
	*out = schema;
	return 0;
}

int catalog_table(struct catalog *catalog, struct txn *txn, uint32_t id, struct table **out,
		  struct err *err)
{
	struct schema *schema;

	if (id < TABLE_USER_FIRST) {
		struct table *table = system_table_by_id(catalog->system, id);

		if (!table)
			return -ENOENT;
		*out = table_get(table);
		return 0;
	}
	schema = cache_find(catalog->cache, id, txn_id(txn), SCHEMA_NO_PLACE);
	if (!schema)
		return read_table(catalog, txn, id, out, err);
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

/* Of another version than the current one, of a purged table, of a built-in one. */
static int uncached_place(struct catalog *catalog, struct txn *txn, const struct table *table,
			  struct place *out, struct err *err)
{
	const char *storage_id = *table->options.storage_id ? table->options.storage_id : "local";
	int rc = storage_by_name(catalog, txn, storage_id, &out->storage, err);

	if (rc)
		return rc;
	rc = place_partial(catalog->dir, out->storage, table->type, table->location_name, out->base,
			   out->partial, err);
	if (rc)
		storage_put(out->storage);
	return rc;
}

int catalog_place(struct catalog *catalog, struct txn *txn, const struct table *table,
		  struct place *out, struct err *err)
{
	const struct template *t;
	struct schema *schema;
	int rc;

	out->epoch = meta_get(txn, META_LOCATIONS_EPOCH);
	if (table->id >= TABLE_USER_FIRST &&
	    !get_schema(catalog, txn, table->id, out->epoch, &schema, NULL)) {
		rc = 0;
		if (strcmp(schema->table->location_name, table->location_name) == 0 &&
		    strcmp(schema->storage->storage_id, table->options.storage_id) == 0) {
			memcpy(out->base, schema->base, strlen(schema->base) + 1);
			memcpy(out->partial, schema->partial, strlen(schema->partial) + 1);
			out->storage = storage_get(schema->storage);
		} else {
			rc = uncached_place(catalog, txn, table, out, err);
		}
		schema_put(schema);
	} else {
		rc = uncached_place(catalog, txn, table, out, err);
	}
	if (rc)
		return rc;
	t = place_template(out->storage, table->type);
	out->per_user = t && template_has(t, PLACEHOLDER_USER);
	out->changed_at = place_moved_at(out->storage, table->type);
	if (table->placed_at > out->changed_at)
		out->changed_at = table->placed_at;
	return 0;
}
