/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/catalog_check_impl.h"

#include "catalog/json.h"
#include "catalog/place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is wrong in it is not told: it may be a secret. */
static void check_json(struct check *c, const char *key, const char *text)
{
	struct arena scratch = { .head = NULL };
	const char *compact;
	int rc = text ? json_compact(text, strlen(text), true, &scratch, &compact, NULL) : 0;

	if (rc == -ENOMEM)
		c->is_starved = true;
	else if (text && (rc || strcmp(compact, text) != 0))
		check_found(c, RULE_STORAGE,
			    "its %s is no JSON object in compact form; set it anew with ALTER "
			    "STORAGE ... SET %s",
			    key, key);
	arena_free(&scratch);
}

static void check_fields(struct check *c, const struct storage *storage)
{
	struct err cause = ERR_INIT;

	if ((storage->id == STORAGE_LOCAL) != (strcmp(storage->storage_id, "local") == 0))
		check_found(c, RULE_RECORD, "storage %d and no other one is called 'local'" RESTORE,
			    STORAGE_LOCAL);
	if (name_check_exact(NAME_STORAGE, storage->storage_id, strlen(storage->storage_id),
			     &cause))
		check_found(c, RULE_RECORD, "%s" RESTORE, cause.text);
	err_clear(&cause);
	if (location_check_base(storage_type_name(storage->type), storage->base_directory, -1,
				&cause))
		check_found(c, RULE_STORAGE, "%s; move its tables to another storage", cause.text);
	err_clear(&cause);
	if (text_check("Description", storage->description, -1, &cause))
		check_found(c, RULE_STORAGE,
			    "%s; set it anew with ALTER STORAGE ... SET DESCRIPTION", cause.text);
	check_json(c, "CREDENTIALS", storage->credentials);
	check_json(c, "CONFIG", storage->config);
}

int check_storage(struct check *c, uint32_t id)
{
	struct err cause = ERR_INIT;
	struct storage *storage;
	int rc = row_storage(c->txn, id, &storage, &cause);

	check_about_id(c, OBJECT_STORAGE, id);
	check_number(c, OBJECT_STORAGE, id);
	if (rc)
		return check_damage(c, rc, &cause);
	check_about(c, OBJECT_STORAGE, id, storage->storage_id);
	check_fields(c, storage);
	check_life(c, storage->version, storage->created_at, storage->updated_at);
	rc = check_listed(c, DIR_STORAGES, 0, id, storage->storage_id);
	storage_put(storage);
	return rc;
}

/* A storage of type filesystem. */
struct base {
	uint32_t id;
	char name[NAME_SIZE];
	struct real_path path;
};

struct bases {
	struct check *check;
	struct base *list; /* owned */
	size_t count, size;
};

static int add_base(struct bases *bases, const struct storage *storage)
{
	struct check *c = bases->check;
	struct base *base;

	if (storage->type != STORAGE_FILESYSTEM)
		return 0;
	if (bases->count == bases->size) {
		size_t size = bases->size ? 2 * bases->size : 16;
		struct base *list = realloc(bases->list, size * sizeof(*list));

		if (!list)
			return err_nomem(c->err);
		bases->list = list;
		bases->size = size;
	}
	base = &bases->list[bases->count];
	base->id = storage->id;
	memcpy(base->name, storage->storage_id, sizeof(base->name));
	/* What cannot be followed cannot be told apart either. */
	bases->count += place_real_base(catalog_dir(c->catalog), storage, &base->path) == 0;
	return 0;
}

static int collect_base(void *arg, struct bytes rest, struct bytes value)
{
	struct bases *bases = arg;
	struct storage *storage;
	uint32_t id;
	int rc = bytes_be32(rest, &id);

	(void)value;
	if (!rc)
		rc = row_storage(bases->check->txn, id, &storage, NULL);
	if (rc)
		return rc == -ENOMEM ? rc : 0; /* told already */
	rc = add_base(bases, storage);
	storage_put(storage);
	return rc;
}

/* The location index knows paths as they are written, so it cannot keep these apart. */
static void check_pair(struct check *c, const struct base *first, const struct base *other)
{
	if (!real_path_is_alias(&first->path, &other->path))
		return;
	check_about(c, OBJECT_STORAGE, other->id, other->name);
	check_found(c, RULE_STORAGE,
		    "its base directory '%s' is through a symbolic link the same as, inside or "
		    "around '%s' of storage %u %s, so two tables could have one place; move the "
		    "tables of one to the other and drop it",
		    other->path.written, first->path.written, first->id, first->name);
}

static void check_around_catalog(struct check *c, const struct base *base)
{
	struct real_path catalog;

	if (real_path_find(catalog_dir(c->catalog), &catalog) ||
	    !real_path_is_alias(&base->path, &catalog))
		return;
	check_about(c, OBJECT_STORAGE, base->id, base->name);
	check_found(c, RULE_STORAGE,
		    "its base directory '%s' is through a symbolic link the same as, inside or "
		    "around the catalog's, '%s', so a table could have its place; move its tables "
		    "to another storage and drop it",
		    base->path.written, catalog.written);
}

int check_storages(struct check *c)
{
	struct bases bases = { .check = c };
	struct key prefix = { .len = 0 };
	int rc;

	key_u8(&prefix, OBJECT_STORAGE);
	rc = check_lookup(c,
			  entries_list(c->txn, DB_OBJECTS, &prefix, &prefix, collect_base, &bases));
	for (size_t i = 0; !rc && i < bases.count; i++) {
		check_around_catalog(c, &bases.list[i]);
		for (size_t j = 0; j < i; j++)
			check_pair(c, &bases.list[j], &bases.list[i]);
	}
	free(bases.list);
	return rc;
}
