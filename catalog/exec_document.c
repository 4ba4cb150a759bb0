/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A saved document meets what is there now, and becomes the ALTER that makes
 * the difference.  From then on it is a statement like any other.
 */
#include "catalog/exec.h"

#include "base/stamp.h"
#include "catalog/merge.h"
#include "catalog/store_lock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>


struct table_history {
	struct exec *ex;
	uint32_t id;
};

static int read_version(void *arg, uint32_t version, struct table **out, struct err *err)
{
	const struct table_history *history = arg;
	int rc = row_version(history->ex->txn, history->id, version, out, err);

	if (rc == -ENOENT)
		err_set(err, rc, "Version %u is not there any more", version);
	return rc;
}

static int alter_table(struct exec *ex, struct stmt *alter)
{
	struct table_history at = { .ex = ex };
	struct history history = { .version = read_version, .arg = &at };
	struct touched *t;
	int rc = exec_find_table(ex, &alter->object, false, false, &t);

	if (rc)
		return rc;
	at.id = t->id;
	return merge_table(alter->document, t->table, &history, alter, ex->err);
}

/* Options that the document does not have any more are set to NULL in front of the others. */
static int set_options(const struct namespace *ns, struct stmt *alter, struct err *err)
{
	const struct document_namespace *doc = &alter->document->ns;
	unsigned room = doc->setting_count + ns->option_count, count = 0;

	alter->settings = arena_array(&alter->document->arena, room, sizeof(*alter->settings));
	if (!alter->settings)
		return err_nomem(err);
	for (unsigned i = 0; i < ns->option_count; i++) {
		bool stays = false;

		for (unsigned j = 0; j < doc->setting_count && !stays; j++)
			stays = strcmp(doc->settings[j].name, ns->options[i].key) == 0;
		if (stays)
			continue;
		alter->settings[count++] = (struct setting){
			.name = arena_strdup(&alter->document->arena, ns->options[i].key),
			.pos = doc->field[NAMESPACE_OPTIONS]->pos,
			.value = { .form = LITERAL_NULL },
		};
		if (!alter->settings[count - 1].name)
			return err_nomem(err);
	}
	if (doc->setting_count)
		memcpy(alter->settings + count, doc->settings,
		       doc->setting_count * sizeof(*alter->settings));
	alter->setting_count = count + doc->setting_count;
	return 0;
}

static int check_namespace_fields(const struct document_namespace *doc, const struct namespace *ns,
				  struct err *err)
{
	const struct json_value *const *f = doc->field;
	char number[16];

	if (!field_is_text(f[NAMESPACE_NAME], ns->name))
		return err_at(err, -EPERM, f[NAMESPACE_NAME]->pos,
			      "Namespaces cannot be renamed: make the new one and move the tables "
			      "with ALTER TABLE %s.t RENAME TO new.t", ns->name);
	snprintf(number, sizeof(number), "%u", ns->id);
	if (!field_is_number(f[NAMESPACE_NAMESPACE_ID], ns->id))
		return field_derived(f[NAMESPACE_NAMESPACE_ID], number, err);
	return field_check_stamp(f[NAMESPACE_CREATED_AT], ns->created_at, err);
}

/*
 * There is no history of namespaces and storages, so nothing to merge with: who
 * changes one must have seen what is there.
 */
static int check_seen(struct exec *ex, const struct json_value *field, uint32_t said,
		      uint32_t current, int64_t since)
{
	uint32_t hint = ex->stmt->document->target.base;
	char stamp[STAMP_SIZE];

	if (hint > said && hint <= current)
		said = hint;
	if (!said || said == current)
		return 0;
	err_set(ex->err, -EBUSY,
		"%s was changed at %s: it is at version %u, and this was made from version %u. "
		"Reload, then save again.", ex->stmt->object.name, stamp_format(since, stamp),
		current, said);
	if (field)
		json_tree_pointer(field, ex->err->pointer, sizeof(ex->err->pointer));
	return err_kind_set(ex->err, ERR_CONFLICT);
}

static int check_version(struct exec *ex, const struct json_value *field, uint32_t said,
			 uint32_t current)
{
	if (said <= current)
		return 0;
	return err_at(ex->err, -EINVAL, field->pos, "%s %u does not exist: %s is at version %u",
		      field->key, said, ex->stmt->object.name, current);
}

static int prepare_namespace(struct exec *ex, struct stmt *alter, const struct namespace *ns)
{
	const struct document_namespace *doc = &alter->document->ns;
	int rc;

	snprintf(alter->object.name, sizeof(alter->object.name), "%s", ns->name);
	alter->has_comment = doc->has_comment;
	alter->comment = doc->comment;
	rc = check_namespace_fields(doc, ns, ex->err);
	if (!rc)
		rc = check_version(ex, doc->field[NAMESPACE_NAMESPACE_VERSION], doc->version,
				   ns->version);
	if (!rc && doc->version == ns->version)
		rc = field_check_stamp(doc->field[NAMESPACE_UPDATED_AT], ns->updated_at, ex->err);
	if (!rc && doc->field[NAMESPACE_OPTIONS])
		rc = set_options(ns, alter, ex->err);
	return rc;
}

static int save_namespace(struct exec *ex, struct stmt *alter)
{
	const struct document_namespace *doc = &alter->document->ns;
	uint32_t id = alter->document->target.namespace_id;
	struct touched *t;
	int rc;

	if (id == NAMESPACE_SYSTEM)
		return err_set(ex->err, -EPERM, "Namespace 'system' is built in and read-only");
	rc = exec_namespace(ex, id, &t);
	if (!rc)
		rc = prepare_namespace(ex, alter, t->ns);
	if (!rc)
		rc = exec_alter_namespace(ex);
	if (rc || namespace_equal(t->ns_before, t->ns))
		return rc;
	return check_seen(ex, doc->field[NAMESPACE_NAMESPACE_VERSION], doc->version,
			  t->ns_before->version, t->ns_before->updated_at);
}

static int prepare_storage(struct exec *ex, struct stmt *alter, const struct storage *storage)
{
	const struct document_storage *doc = &alter->document->storage;
	const struct json_value *const *f = doc->field;
	struct storage_spec *spec = &alter->storage;
	int rc;

	snprintf(alter->object.name, sizeof(alter->object.name), "%s", storage->storage_id);
	*spec = doc->spec;
	/* What the document repeats is not altered. */
	if (spec->has_type && spec->type == storage->type)
		spec->has_type = false;
	if (text_equal(spec->base_directory, storage->base_directory))
		spec->base_directory = NULL;
	if (!field_is_text(f[STORAGE_STORAGE_ID], storage->storage_id))
		return field_derived(f[STORAGE_STORAGE_ID], storage->storage_id, ex->err);
	rc = check_version(ex, f[STORAGE_STORAGE_VERSION], doc->version, storage->version);
	if (!rc)
		rc = field_check_stamp(f[STORAGE_CREATED_AT], storage->created_at, ex->err);
	if (!rc && doc->version == storage->version)
		rc = field_check_stamp(f[STORAGE_UPDATED_AT], storage->updated_at, ex->err);
	return rc;
}

static int save_storage(struct exec *ex, struct stmt *alter)
{
	const struct document_storage *doc = &alter->document->storage;
	struct touched *t;
	int rc = exec_storage(ex, alter->document->target.storage_id, &t);

	if (!rc)
		rc = prepare_storage(ex, alter, t->storage);
	if (!rc)
		rc = exec_alter_storage(ex);
	if (rc || storage_equal(t->storage_before, t->storage))
		return rc;
	return check_seen(ex, doc->field[STORAGE_STORAGE_VERSION], doc->version,
			  t->storage_before->version, t->storage_before->updated_at);
}

static int save(struct exec *ex)
{
	const struct document *document = ex->stmt->document;
	struct stmt *alter = arena_alloc(&ex->stmt->document->arena, sizeof(*alter));
	int rc;

	if (!alter)
		return err_nomem(ex->err);
	*alter = *ex->stmt;
	alter->object.pos = -1;
	ex->stmt = alter;
	switch (document->target.kind) {
	case DOCUMENT_TABLE:
	case DOCUMENT_COLUMN:
		rc = alter_table(ex, alter);
		return rc ? rc : exec_alter_table(ex);
	case DOCUMENT_NAMESPACE:
		return save_namespace(ex, alter);
	case DOCUMENT_STORAGE:
	case DOCUMENT_KIND_COUNT:
	default:
		return save_storage(ex, alter);
	}
}

int exec_document(struct exec *ex)
{
	const struct document *document = ex->stmt->document;

	if (!document->target.create)
		return save(ex);
	switch (document->target.kind) {
	case DOCUMENT_TABLE:
		return exec_create_table(ex);
	case DOCUMENT_COLUMN:
		return exec_alter_table(ex);
	case DOCUMENT_STORAGE:
	case DOCUMENT_NAMESPACE:	/* document_create has refused it */
	case DOCUMENT_KIND_COUNT:
	default:
		return exec_create_storage(ex);
	}
}

int document_reserve(struct catalog *catalog, int64_t deadline, uint32_t *table_id,
		     struct err *err)
{
	struct txn *txn;
	int rc = txn_begin_write(catalog_store(catalog), deadline_left(deadline), &txn, err);

	if (rc)
		return rc;
	rc = object_id_take(txn, OBJECT_TABLE, table_id, err);
	if (!rc)
		return txn_commit(txn, err);
	txn_end(txn);
	return rc;
}
