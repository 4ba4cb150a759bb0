/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/exec.h"

#include "catalog/json.h"
#include "catalog/place.h"
#include "catalog/secret.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STORAGE_TEXT_MAX 4096

static int set_text(struct storage *storage, const char **field, const char *text, const char *what,
		    long pos, struct err *err)
{
	const char *copy;

	if (strlen(text) > STORAGE_TEXT_MAX)
		return err_at(err, -EINVAL, pos, "%s is too long (%zu bytes, max %d)", what, strlen(text),
			      STORAGE_TEXT_MAX);
	copy = arena_strdup(&storage->arena, text);
	if (!copy)
		return err_nomem(err);
	*field = copy;
	return 0;
}

/* Secrets in CONFIG would be shown to every reader. */
static int check_no_secret(const char *config, long pos, struct err *err)
{
	char quoted[64];

	for (size_t i = 0; secret_keys[i]; i++) {
		snprintf(quoted, sizeof(quoted), "\"%s\":", secret_keys[i]);
		if (strstr(config, quoted))
			return err_at(err, -EINVAL, pos,
				      "CONFIG key '%s' is a secret and everybody can read CONFIG: put it into CREDENTIALS",
				      secret_keys[i]);
	}
	return 0;
}

static int set_json(struct storage *storage, const char **field, const char *text, const char *what,
		    long pos, struct err *err)
{
	struct err inner = ERR_INIT;
	int rc;

	rc = json_compact(text, strlen(text), true, &storage->arena, field, &inner);
	if (rc == -ENOMEM)
		return err_nomem(err);
	if (rc)
		/* What is wrong in a secret is not told: the message would quote it. */
		return field == &storage->credentials ?
			       err_at(err, rc, pos, "%s must be a JSON object", what) :
			       err_at(err, rc, pos, "%s must be a JSON object: %s", what, inner.text);
	/* Not as it was written: a document has blanks in it that nobody chose. */
	if (strlen(*field) > STORAGE_TEXT_MAX)
		return err_at(err, -EINVAL, pos, "%s is too long (%zu bytes, max %d)", what,
			      strlen(*field), STORAGE_TEXT_MAX);
	return field == &storage->config ? check_no_secret(*field, pos, err) : 0;
}

static int set_templates(struct storage *storage, const struct storage_spec *spec, struct err *err)
{
	int rc = 0;

	if (spec->shared_template)
		rc = set_text(storage, &storage->shared_template, spec->shared_template,
			      "SHARED_TABLES_TEMPLATE", spec->shared_pos, err);
	if (!rc && spec->user_template)
		rc = set_text(storage, &storage->user_template, spec->user_template,
			      "USER_TABLES_TEMPLATE", spec->user_pos, err);
	if (!rc)
		rc = template_parse(TEMPLATE_SHARED, storage->shared_template, &storage->shared, err);
	if (rc && err->pos < 0)
		err->pos = spec->shared_pos;
	if (!rc) {
		rc = template_parse(TEMPLATE_USER, storage->user_template, &storage->user, err);
		if (rc && err->pos < 0)
			err->pos = spec->user_pos;
	}
	return rc;
}

/* What CREATE and ALTER have in common. */
static int fill(struct storage *storage, const struct storage_spec *spec, struct err *err)
{
	int rc = 0;

	if (spec->name)
		rc = set_text(storage, &storage->storage_name, spec->name, "NAME", spec->name_pos, err);
	if (!rc)
		rc = text_check("Description", spec->description, spec->description_pos, err);
	if (!rc && spec->description)
		rc = comment_set(&storage->arena, &storage->description, spec->description,
				 spec->description_pos, err);
	if (spec->clear_description)
		storage->description = NULL;
	if (!rc && spec->credentials)
		rc = set_json(storage, &storage->credentials, spec->credentials, "CREDENTIALS",
			      spec->credentials_pos, err);
	if (spec->clear_credentials)
		storage->credentials = NULL;
	if (!rc && spec->config)
		rc = set_json(storage, &storage->config, spec->config, "CONFIG", spec->config_pos, err);
	if (spec->clear_config)
		storage->config = NULL;
	return rc ? rc : set_templates(storage, spec, err);
}

/* Templates that CREATE STORAGE does not give are those of `local`. */
static int default_templates(struct exec *ex, struct storage *storage)
{
	struct touched *local;
	int rc = exec_storage(ex, STORAGE_LOCAL, &local);

	if (rc)
		return rc;
	storage->shared_template = arena_strdup(&storage->arena, local->storage->shared_template);
	storage->user_template = arena_strdup(&storage->arena, local->storage->user_template);
	return storage->shared_template && storage->user_template ? 0 : err_nomem(ex->err);
}

static int fill_new(struct exec *ex, struct storage *storage)
{
	const struct storage_spec *spec = &ex->stmt->storage;
	int rc;

	/* Neither a statement nor a document is without them. */
	assert(spec->has_type && spec->base_directory);
	storage->type = spec->type;
	rc = location_check_base(storage_type_name(spec->type), spec->base_directory, spec->base_pos,
				 ex->err);
	if (!rc)
		rc = set_text(storage, &storage->base_directory, spec->base_directory, "BASE_DIRECTORY",
			      spec->base_pos, ex->err);
	if (!rc)
		rc = set_text(storage, &storage->storage_name, storage->storage_id, "NAME", -1, ex->err);
	if (!rc)
		rc = default_templates(ex, storage);
	return rc ? rc : fill(storage, spec, ex->err);
}

static int refuse_root(struct exec *ex, const struct real_path *base)
{
	return err_at(ex->err, -EINVAL, ex->stmt->storage.base_pos,
		      "Base directory '%s' is '%s' through the symbolic link '%s', the same as, inside or around the catalog's directory '%s'. Write it without the link",
		      base->written, base->real, base->link, catalog_dir(ex->catalog));
}

static int refuse_alias(struct exec *ex, const struct real_path *base, const struct storage *other,
			const struct real_path *others)
{
	if (*base->link)
		return err_at(ex->err, -EEXIST, ex->stmt->storage.base_pos,
			      "Base directory '%s' is '%s' through the symbolic link '%s', the same as, inside or around that of storage '%s', '%s'. Write it without the link, or choose another directory",
			      base->written, base->real, base->link, other->storage_id, others->written);
	return err_at(ex->err, -EEXIST, ex->stmt->storage.base_pos,
		      "Base directory '%s' is the same as, inside or around that of storage '%s', which is '%s' through the symbolic link '%s'. Write it through that link, or choose another directory",
		      base->written, other->storage_id, others->real, others->link);
}

static int check_other(struct exec *ex, const struct real_path *base, uint32_t id)
{
	struct real_path others;
	struct touched *t;
	int rc = exec_storage(ex, id, &t);

	if (rc || t->storage->type != STORAGE_FILESYSTEM ||
	    place_real_base(catalog_dir(ex->catalog), t->storage, &others) ||
	    !real_path_is_alias(base, &others))
		return rc;
	return refuse_alias(ex, base, t->storage, &others);
}

/*
 * Locations are told apart by how they are written.  That is enough unless a
 * symbolic link leads from one base to another, or to the catalog.
 */
static int check_links(struct exec *ex, const struct storage *storage)
{
	const char *root = catalog_dir(ex->catalog);
	struct real_path base, catalog;
	size_t count;
	uint32_t *ids;
	int rc;

	if (storage->type != STORAGE_FILESYSTEM)
		return 0;
	rc = place_real_base(root, storage, &base);
	if (rc == -EDEADLK)
		return err_at(ex->err, -EINVAL, ex->stmt->storage.base_pos,
			      "Base directory '%s' is inside of a mounted catalog, where no data can be",
			      storage->base_directory);
	if (rc)
		return 0;
	if (real_path_find(root, &catalog) == 0 && real_path_is_alias(&base, &catalog))
		return refuse_root(ex, &base);
	rc = exec_list_ids(ex, DIR_STORAGES, 0, &ids, &count);
	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < count; i++)
		rc = check_other(ex, &base, ids[i]);
	free(ids);
	return rc;
}

int exec_create_storage(struct exec *ex)
{
	const struct stmt *stmt = ex->stmt;
	struct storage *storage;
	struct touched *t;
	uint32_t id;
	int rc;

	if (name_find(ex->txn, DIR_STORAGES, 0, stmt->object.name, &id) == 0) {
		if (stmt->if_clause) {
			rc = exec_storage(ex, id, &t);
			if (!rc)
				t->target = true;
			return rc;
		}
		return err_at(ex->err, -EEXIST, stmt->object.pos, "Storage '%s' already exists",
			      stmt->object.name);
	}
	rc = object_id_take(ex->txn, OBJECT_STORAGE, &id, ex->err);
	if (rc)
		return rc;
	t = exec_add(ex, OBJECT_STORAGE, id);
	storage = t ? storage_new() : NULL;
	if (!storage)
		return err_nomem(ex->err);
	t->storage = storage;
	t->created = true;
	storage->id = id;
	memcpy(storage->storage_id, stmt->object.name, sizeof(storage->storage_id));
	rc = fill_new(ex, storage);
	if (!rc)
		rc = check_links(ex, storage);
	if (!rc)
		rc = name_add(ex->txn, DIR_STORAGES, 0, storage->storage_id, id, ex->err);
	if (!rc)
		rc = dir_state_touch(ex->txn, DIR_STORAGES, 0, ex->sequence, ex->now, 1, ex->err);
	return rc ? rc : exec_mark(ex, t);
}

typedef int user_fn(struct exec *ex, const struct table *table, void *arg);

static int each_user_in(struct exec *ex, const char *storage_id, enum dir_kind dir, uint32_t ns_id,
			user_fn *fn, void *arg)
{
	uint32_t *ids;
	size_t count;
	int rc = exec_list_ids(ex, dir, ns_id, &ids, &count);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < count; i++) {
		struct table *table;

		rc = exec_peek_table(ex, ids[i], &table);
		if (rc)
			break;
		if (strcmp(table->options.storage_id, storage_id) == 0)
			rc = fn(ex, table, arg);
		table_put(table);
	}
	free(ids);
	return rc;
}

/* Every table, live or in trash, that lies on a storage. */
static int each_user(struct exec *ex, const char *storage_id, user_fn *fn, void *arg)
{
	uint32_t *spaces;
	size_t count;
	int rc = exec_list_ids(ex, DIR_NAMESPACES, 0, &spaces, &count);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < count; i++) {
		rc = each_user_in(ex, storage_id, DIR_TABLES, spaces[i], fn, arg);
		if (!rc)
			rc = each_user_in(ex, storage_id, DIR_TRASH, spaces[i], fn, arg);
	}
	free(spaces);
	return rc;
}

static int release_one(struct exec *ex, const struct table *table, void *arg)
{
	return exec_release(ex, table, arg);
}

static int claim_one(struct exec *ex, const struct table *table, void *arg)
{
	return exec_claim(ex, table, arg, ex->stmt->object.pos);
}

static int move_tables(struct exec *ex, const struct storage *from, struct storage *to)
{
	int rc;

	if (text_equal(from->shared_template, to->shared_template) &&
	    text_equal(from->user_template, to->user_template))
		return 0;
	rc = each_user(ex, from->storage_id, release_one, (void *)(uintptr_t)from);
	return rc ? rc : each_user(ex, from->storage_id, claim_one, to);
}

int exec_alter_storage(struct exec *ex)
{
	const struct stmt *stmt = ex->stmt;
	struct storage *copy;
	struct touched *t;
	uint32_t id;
	int rc;

	rc = exec_find_storage(ex, stmt->object.name, stmt->object.pos, &id);
	if (!rc)
		rc = exec_storage(ex, id, &t);
	if (rc)
		return rc;
	t->target = true;
	if (stmt->storage.has_type || stmt->storage.base_directory)
		return err_at(ex->err, -EINVAL,
			      stmt->storage.has_type ? stmt->storage.type_pos : stmt->storage.base_pos,
			      "%s of a storage cannot be altered: create another storage and move the tables with SET (STORAGE_ID = '...')",
			      stmt->storage.has_type ? "TYPE" : "BASE_DIRECTORY");
	copy = storage_copy(t->storage);
	if (!copy)
		return err_nomem(ex->err);
	rc = fill(copy, &stmt->storage, ex->err);
	if (!rc)
		rc = move_tables(ex, t->storage, copy);
	if (!rc && !storage_equal(copy, t->storage))
		rc = exec_mark(ex, t);
	storage_put(t->storage);
	t->storage = copy;
	return rc;
}

static int count_user(struct exec *ex, const struct table *table, void *arg)
{
	char name[2 * NAME_SIZE + 16];

	(void)ex;
	snprintf(name, sizeof(name), "%s.%s%s", table->namespace_name, table->name,
		 table->dropped_at ? " (in trash)" : "");
	name_list_add(arg, name);
	return 0;
}

int exec_drop_storage(struct exec *ex)
{
	const struct stmt *stmt = ex->stmt;
	struct name_list users = { .count = 0 };
	struct touched *t;
	uint32_t id;
	int rc;

	if (stmt->if_clause && name_find(ex->txn, DIR_STORAGES, 0, stmt->object.name, &id))
		return 0;
	rc = exec_find_storage(ex, stmt->object.name, stmt->object.pos, &id);
	if (!rc)
		rc = exec_storage(ex, id, &t);
	if (rc)
		return rc;
	if (id == STORAGE_LOCAL)
		return err_at(ex->err, -EPERM, stmt->object.pos, "Storage 'local' cannot be dropped");
	rc = each_user(ex, t->storage->storage_id, count_user, &users);
	if (rc)
		return rc;
	name_list_end(&users);
	if (users.count)
		return err_at(ex->err, -ENOTEMPTY, stmt->object.pos,
			      "Cannot delete storage '%s': %u table(s) still reference it: %s",
			      t->storage->storage_id, users.count, users.text);
	rc = name_remove(ex->txn, DIR_STORAGES, 0, t->storage->storage_id, id, ex->err);
	if (!rc)
		rc = dir_state_touch(ex->txn, DIR_STORAGES, 0, ex->sequence, ex->now, -1, ex->err);
	t->purged = true;
	return rc ? rc : exec_mark(ex, t);
}
