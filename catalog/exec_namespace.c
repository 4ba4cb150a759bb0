/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/exec.h"

#include "base/stream.h"
#include "catalog/value.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX_BYTES 65536

static struct namespace_option *find_option(struct namespace *ns, const char *key)
{
	for (unsigned i = 0; i < ns->option_count; i++) {
		if (strcmp(ns->options[i].key, key) == 0)
			return &ns->options[i];
	}
	return NULL;
}

static void remove_option(struct namespace *ns, struct namespace_option *option)
{
	size_t rest = (size_t)(ns->options + ns->option_count - (option + 1));

	memmove(option, option + 1, rest * sizeof(*option));
	ns->option_count--;
}

static bool is_integer(const char *text)
{
	return text[strspn(text, "+-0123456789")] == '\0';
}

/* The value as a JSON scalar in the namespace's arena. */
static int option_json(struct namespace *ns, const struct setting *setting, const char **out,
		       struct err *err)
{
	const struct literal *value = &setting->value;
	struct type type = { .id = TYPE_TEXT };
	const char *text;
	char *json = NULL;
	size_t size;
	FILE *stream;
	int rc;

	if (value->form == LITERAL_BOOLEAN)
		type.id = TYPE_BOOLEAN;
	else if (value->form == LITERAL_NUMBER)
		type.id = is_integer(value->text) ? TYPE_BIGINT : TYPE_DOUBLE;
	else
		assert(value->form == LITERAL_STRING);
	rc = value_canonical(&type, value, &ns->arena, &text, err);
	if (rc) {
		err->pos = setting->value_pos;
		return rc;
	}
	stream = text_stream(&json, &size);
	if (!stream)
		return err_nomem(err);
	value_print_json(&type, text, stream);
	rc = fclose(stream) ? -ENOMEM : 0;
	*out = rc ? NULL : arena_strdup(&ns->arena, json);
	free(json);
	return *out ? 0 : err_nomem(err);
}

static int add_option(struct namespace *ns, const struct setting *setting, const char *json,
		      struct err *err)
{
	struct namespace_option *options =
		arena_array(&ns->arena, ns->option_count + 1, sizeof(*options));

	if (!options)
		return err_nomem(err);
	if (ns->option_count)
		memcpy(options, ns->options, ns->option_count * sizeof(*options));
	options[ns->option_count].key = arena_strdup(&ns->arena, setting->name);
	options[ns->option_count].json = json;
	if (!options[ns->option_count].key)
		return err_nomem(err);
	ns->options = options;
	ns->option_count++;
	return 0;
}

static int set_options(struct namespace *ns, const struct stmt *stmt, struct err *err)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < stmt->setting_count; i++) {
		const struct setting *setting = &stmt->settings[i];
		struct namespace_option *option = find_option(ns, setting->name);
		const char *json = NULL;
		int rc = 0;

		if (setting->value.form != LITERAL_NULL)
			rc = option_json(ns, setting, &json, err);
		if (!rc && option && json)
			option->json = json;
		else if (!rc && option)
			remove_option(ns, option);
		else if (!rc && json)
			rc = add_option(ns, setting, json, err);
		if (rc)
			return rc;
	}
	for (unsigned i = 0; i < ns->option_count; i++)
		bytes += strlen(ns->options[i].key) + strlen(ns->options[i].json);
	if (bytes > OPTIONS_MAX_BYTES)
		return err_at(err, -EFBIG, (long)stmt->start,
			      "Options of namespace '%s' are too long (%zu bytes, max %d)", ns->name, bytes,
			      OPTIONS_MAX_BYTES);
	return 0;
}

static int fill(struct namespace *ns, const struct stmt *stmt, struct err *err)
{
	int rc = set_options(ns, stmt, err);

	if (!rc && stmt->has_comment)
		rc = comment_set(&ns->arena, &ns->comment, stmt->comment, stmt->comment_pos, err);
	return rc;
}

int exec_create_namespace(struct exec *ex)
{
	const struct stmt *stmt = ex->stmt;
	struct namespace *ns;
	struct touched *t;
	uint32_t id;
	int rc;

	if (name_find(ex->txn, DIR_NAMESPACES, 0, stmt->object.name, &id) == 0) {
		if (stmt->if_clause) {
			rc = exec_namespace(ex, id, &t);
			if (!rc)
				t->target = true;
			return rc;
		}
		return err_at(ex->err, -EEXIST, stmt->object.pos, "Namespace '%s' already exists",
			      stmt->object.name);
	}
	rc = name_check(NAME_NAMESPACE, stmt->object.name, stmt->object.pos, ex->err);
	if (rc)
		return rc;
	rc = object_id_take(ex->txn, OBJECT_NAMESPACE, &id, ex->err);
	if (rc)
		return rc;
	t = exec_add(ex, OBJECT_NAMESPACE, id);
	ns = t ? namespace_new() : NULL;
	if (!ns)
		return err_nomem(ex->err);
	t->ns = ns;
	t->created = true;
	ns->id = id;
	memcpy(ns->name, stmt->object.name, sizeof(ns->name));
	rc = fill(ns, stmt, ex->err);
	if (!rc)
		rc = name_add(ex->txn, DIR_NAMESPACES, 0, ns->name, id, ex->err);
	if (!rc)
		rc = dir_state_touch(ex->txn, DIR_NAMESPACES, 0, ex->sequence, ex->now, 1, ex->err);
	return rc ? rc : exec_mark(ex, t);
}

/* The namespace that a statement names in .name: not `system`. */
static int find_for_change(struct exec *ex, struct touched **out)
{
	struct object_ref ref = ex->stmt->object;
	uint32_t id;
	int rc;

	memcpy(ref.namespace_name, ref.name, sizeof(ref.namespace_name));
	rc = exec_find_namespace(ex, &ref, true, &id);
	if (!rc)
		rc = exec_namespace(ex, id, out);
	if (!rc)
		(*out)->target = true;
	return rc;
}

int exec_alter_namespace(struct exec *ex)
{
	struct namespace *copy;
	struct touched *t;
	int rc = find_for_change(ex, &t);

	if (rc)
		return rc;
	copy = namespace_copy(t->ns);
	if (!copy)
		return err_nomem(ex->err);
	rc = fill(copy, ex->stmt, ex->err);
	if (!rc && !namespace_equal(copy, t->ns))
		rc = exec_mark(ex, t);
	namespace_put(t->ns);
	t->ns = copy;
	return rc;
}

static int collect(void *arg, uint32_t id, const char *name, size_t len)
{
	char text[NAME_SIZE];

	(void)id;
	snprintf(text, sizeof(text), "%.*s", (int)len, name);
	name_list_add(arg, text);
	return 0;
}

static int not_empty(struct exec *ex, const struct namespace *ns)
{
	struct name_list live = { .count = 0 }, trash = { .count = 0 };
	int rc = names_list(ex->txn, DIR_TABLES, ns->id, collect, &live);

	if (!rc)
		rc = names_list(ex->txn, DIR_TRASH, ns->id, collect, &trash);
	if (rc)
		return err_set(ex->err, rc, UNREADABLE);
	if (!live.count && !trash.count)
		return 0;
	name_list_end(&live);
	name_list_end(&trash);
	return err_at(ex->err, -ENOTEMPTY, ex->stmt->object.pos,
		      "Namespace '%s' is not empty: it has %u table(s)%s%s%s and %u dropped table(s) in trash%s%s%s. DROP or PURGE them first, or use DROP NAMESPACE %s CASCADE",
		      ns->name, live.count, live.count ? " (" : "", live.text, live.count ? ")" : "",
		      trash.count, trash.count ? " (" : "", trash.text, trash.count ? ")" : "", ns->name);
}

static int purge_all(struct exec *ex, uint32_t ns_id, enum dir_kind dir)
{
	uint32_t *ids;
	size_t count;
	int rc = exec_list_ids(ex, dir, ns_id, &ids, &count);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < count; i++) {
		struct touched *t;

		rc = exec_table(ex, ids[i], &t);
		if (!rc)
			rc = exec_mark(ex, t);
		if (!rc)
			rc = exec_purge(ex, t);
	}
	free(ids);
	return rc;
}

int exec_drop_namespace(struct exec *ex)
{
	const struct stmt *stmt = ex->stmt;
	struct touched *t;
	uint32_t id;
	int rc;

	if (stmt->if_clause && strcmp(stmt->object.name, "system") != 0 &&
	    name_find(ex->txn, DIR_NAMESPACES, 0, stmt->object.name, &id))
		return 0;
	rc = find_for_change(ex, &t);
	if (rc)
		return rc;
	if (t->id == NAMESPACE_DEFAULT)
		return err_at(ex->err, -EPERM, stmt->object.pos, "Namespace 'default' cannot be dropped");
	rc = stmt->cascade ? purge_all(ex, t->id, DIR_TABLES) : not_empty(ex, t->ns);
	if (!rc && stmt->cascade)
		rc = purge_all(ex, t->id, DIR_TRASH);
	if (!rc)
		rc = name_remove(ex->txn, DIR_NAMESPACES, 0, t->ns->name, t->id, ex->err);
	if (!rc)
		rc = dir_state_touch(ex->txn, DIR_NAMESPACES, 0, ex->sequence, ex->now, -1, ex->err);
	t->purged = true;
	return rc ? rc : exec_mark(ex, t);
}
