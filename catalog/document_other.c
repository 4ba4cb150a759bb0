/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces and storages. */
#include "catalog/document_parse.h"

#include "base/utf8.h"

#include <errno.h>
#include <string.h>

#define OPTION_KEY_MAX 256

#define ID_NUMBER (FIELD_IS(NUMBER) | FIELD_IS(NULL))
#define ID_STRING (FIELD_IS(STRING) | FIELD_IS(NULL))
#define TEXT_OR_NONE (FIELD_IS(STRING) | FIELD_IS(NULL))

static const struct field namespace_fields[] = {
	[NAMESPACE_NAMESPACE_ID] = { "namespace_id", ID_NUMBER },
	[NAMESPACE_NAME] = { "name", ID_STRING },
	[NAMESPACE_NAMESPACE_VERSION] = { "namespace_version", ID_NUMBER },
	[NAMESPACE_CREATED_AT] = { "created_at", ID_STRING },
	[NAMESPACE_UPDATED_AT] = { "updated_at", ID_STRING },
	[NAMESPACE_COMMENT] = { "comment", TEXT_OR_NONE },
	[NAMESPACE_OPTIONS] = { "options", FIELD_IS(OBJECT) },
};
_Static_assert(countof(namespace_fields) == NAMESPACE_FIELD_COUNT, "every field of a namespace");

static const struct field storage_fields[] = {
	[STORAGE_STORAGE_ID] = { "storage_id", ID_STRING },
	[STORAGE_STORAGE_NAME] = { "storage_name", FIELD_IS(STRING) },
	[STORAGE_DESCRIPTION] = { "description", TEXT_OR_NONE },
	[STORAGE_STORAGE_TYPE] = { "storage_type", FIELD_IS(STRING) },
	[STORAGE_BASE_DIRECTORY] = { "base_directory", FIELD_IS(STRING) },
	[STORAGE_CREDENTIALS] = { "credentials",
				  FIELD_IS(OBJECT) | FIELD_IS(STRING) | FIELD_IS(NULL) },
	[STORAGE_CONFIG] = { "config", FIELD_IS(OBJECT) | FIELD_IS(NULL) },
	[STORAGE_SHARED_TEMPLATE] = { "shared_tables_template", FIELD_IS(STRING) },
	[STORAGE_USER_TEMPLATE] = { "user_tables_template", FIELD_IS(STRING) },
	[STORAGE_STORAGE_VERSION] = { "storage_version", ID_NUMBER },
	[STORAGE_CREATED_AT] = { "created_at", ID_STRING },
	[STORAGE_UPDATED_AT] = { "updated_at", ID_STRING },
};
_Static_assert(countof(storage_fields) == STORAGE_FIELD_COUNT, "every field of a storage");

static void forget_nulls(const struct json_value **field, const enum namespace_field *which,
			 size_t count)
{
	for (size_t i = 0; i < count; i++)
		field_forget_null(&field[which[i]]);
}

/* A key is printed in statements, too, where it is told from others without case. */
static int check_option_key(const struct json_value *member, struct err *err)
{
	size_t len = strlen(member->key);
	uint32_t cp = 0xfffd;

	if (!len || len > OPTION_KEY_MAX)
		return err_at(err, -EINVAL, member->key_pos,
			      "The name of an option has 1 to %d bytes, found %zu", OPTION_KEY_MAX,
			      len);
	for (size_t i = 0; i < len;) {
		int n = utf8_decode(member->key + i, len - i, &cp);

		if (n <= 0 || cp < 0x20 || utf8_is_hidden(cp))
			return err_at(err, -EINVAL, member->key_pos,
				      "The name of an option holds the control character U+%04X",
				      (unsigned)cp);
		i += (size_t)n;
	}
	for (const struct json_value *v = member->parent->first; v != member; v = v->next) {
		if (name_is_word(v->key, strlen(v->key), member->key))
			return err_at(err, -EINVAL, member->key_pos,
				      "Option '%.64s' is given twice: names of options are "
				      "case-insensitive", member->key);
	}
	return 0;
}

static int read_option(struct document *document, const struct json_value *member,
		       struct setting *out, struct err *err)
{
	int rc = check_option_key(member, err);

	if (rc)
		return rc;
	if (member->kind == TREE_ARRAY || member->kind == TREE_OBJECT)
		return err_parse(err, member->pos,
				 "Expected a string, a number, true or false for option '%.64s', "
				 "found %s", member->key, json_tree_kind_name(member->kind));
	out->name = member->key;
	out->pos = member->key_pos;
	out->value_pos = member->pos;
	return field_literal(document, member, &document->arena, &out->value, err);
}

static int read_options(struct document *document, const struct json_value *object,
			struct err *err)
{
	struct document_namespace *ns = &document->ns;

	if (!object)
		return 0;
	/* 64 KiB of options are at most so many; and each is compared with each. */
	if (object->count > 4096)
		return err_at(err, -EFBIG, object->pos, "Too many options (%u, max 4096)",
			      object->count);
	ns->settings = arena_array(&document->arena, object->count, sizeof(*ns->settings));
	if (!ns->settings)
		return err_nomem(err);
	for (const struct json_value *v = object->first; v; v = v->next) {
		int rc = read_option(document, v, &ns->settings[ns->setting_count++], err);

		if (rc)
			return rc;
	}
	return 0;
}

int document_read_namespace(struct document *document, struct err *err)
{
	static const enum namespace_field known[] = {
		NAMESPACE_NAMESPACE_ID, NAMESPACE_NAME, NAMESPACE_NAMESPACE_VERSION,
		NAMESPACE_CREATED_AT, NAMESPACE_UPDATED_AT,
	};
	struct document_namespace *ns = &document->ns;
	int rc = fields_read(document->root, namespace_fields, NAMESPACE_FIELD_COUNT,
			     "the namespace", ns->field, err);

	if (rc)
		return rc;
	forget_nulls(ns->field, known, countof(known));
	rc = field_number(ns->field[NAMESPACE_NAMESPACE_VERSION], &ns->version, err);
	if (!rc && ns->field[NAMESPACE_COMMENT]) {
		ns->has_comment = true;
		ns->comment = field_comment(ns->field[NAMESPACE_COMMENT]);
		rc = comment_check(ns->comment, ns->field[NAMESPACE_COMMENT]->pos, err);
	}
	return rc ? rc : read_options(document, ns->field[NAMESPACE_OPTIONS], err);
}

static int read_storage_type(const struct json_value *value, struct storage_spec *spec,
			     struct err *err)
{
	static const char *const types[] = { "filesystem", "s3", "gcs", "azure" };
	const char *near;

	if (!value)
		return 0;
	spec->has_type = true;
	spec->type_pos = value->pos;
	if (storage_type_parse(value->text, value->text_len, &spec->type) == 0)
		return 0;
	near = name_nearest(value->text, value->text_len, types, countof(types));
	return err_at(err, -EINVAL, value->pos,
		      "Unknown storage type '%.40s'. Expected filesystem, s3, gcs or azure%s%s%s",
		      value->text, near ? ". Did you mean " : "", near ? near : "",
		      near ? "?" : "");
}

static void set_text(const struct json_value *value, const char **text, long *pos)
{
	if (!value)
		return;
	*text = value->text;
	*pos = value->pos;
}

/* An object as the text that a statement would have; null clears. */
static int set_object(struct document *document, const struct json_value *value, const char **text,
		      bool *clear, struct err *err)
{
	struct literal literal;
	int rc;

	if (!value || value->kind == TREE_STRING)
		return 0;
	*clear = value->kind == TREE_NULL;
	if (*clear)
		return 0;
	rc = field_literal(document, value, &document->arena, &literal, err);
	*text = rc ? NULL : literal.text;
	return rc;
}

/* Nobody may read what is stored; "***" stands for it. */
static int check_masked(const struct document *document, const struct json_value *value,
			struct err *err)
{
	if (!value || value->kind != TREE_STRING)
		return 0;
	if (strcmp(value->text, "***") != 0)
		return err_parse(err, value->pos,
				 "Expected an object or null for credentials, or \"***\" to keep "
				 "what is stored; found another string");
	if (document->target.create)
		return err_at(err, -EINVAL, value->pos,
			      "credentials \"***\" keep what is stored, and a new storage has "
			      "nothing stored: write them out, or null");
	return 0;
}

static int read_storage_texts(struct document *document, struct err *err)
{
	const struct json_value *const *f = document->storage.field;
	struct storage_spec *spec = &document->storage.spec;

	set_text(f[STORAGE_STORAGE_NAME], &spec->name, &spec->name_pos);
	set_text(f[STORAGE_BASE_DIRECTORY], &spec->base_directory, &spec->base_pos);
	set_text(f[STORAGE_SHARED_TEMPLATE], &spec->shared_template, &spec->shared_pos);
	set_text(f[STORAGE_USER_TEMPLATE], &spec->user_template, &spec->user_pos);
	if (f[STORAGE_DESCRIPTION]) {
		spec->description = field_comment(f[STORAGE_DESCRIPTION]);
		spec->clear_description = !spec->description;
		spec->description_pos = f[STORAGE_DESCRIPTION]->pos;
	}
	if (f[STORAGE_CREDENTIALS])
		spec->credentials_pos = f[STORAGE_CREDENTIALS]->pos;
	if (f[STORAGE_CONFIG])
		spec->config_pos = f[STORAGE_CONFIG]->pos;
	return set_object(document, f[STORAGE_CONFIG], &spec->config, &spec->clear_config, err);
}

int document_read_storage(struct document *document, struct err *err)
{
	struct document_storage *storage = &document->storage;
	const struct json_value **f = storage->field;
	struct storage_spec *spec = &storage->spec;
	int rc = fields_read(document->root, storage_fields, STORAGE_FIELD_COUNT, "the storage", f,
			     err);

	if (rc)
		return rc;
	field_forget_null(&f[STORAGE_STORAGE_ID]);
	field_forget_null(&f[STORAGE_STORAGE_VERSION]);
	field_forget_null(&f[STORAGE_CREATED_AT]);
	field_forget_null(&f[STORAGE_UPDATED_AT]);
	rc = field_number(f[STORAGE_STORAGE_VERSION], &storage->version, err);
	if (!rc)
		rc = read_storage_type(f[STORAGE_STORAGE_TYPE], spec, err);
	if (!rc)
		rc = check_masked(document, f[STORAGE_CREDENTIALS], err);
	if (!rc)
		rc = read_storage_texts(document, err);
	if (!rc)
		rc = set_object(document, f[STORAGE_CREDENTIALS], &spec->credentials,
				&spec->clear_credentials, err);
	return rc;
}
