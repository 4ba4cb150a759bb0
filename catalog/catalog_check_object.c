/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records: each can be read, stands in its directory, and says what it may say.
 */
#include "catalog/catalog_check_impl.h"

#include "base/stamp.h"
#include "catalog/info_sums.h"
#include "catalog/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void check_life(struct check *c, uint32_t version, int64_t created_at, int64_t updated_at)
{
	char created[STAMP_SIZE], updated[STAMP_SIZE];

	if (!version)
		check_found(c, RULE_RECORD, "its version is 0; the first is 1" RESTORE);
	if (updated_at < created_at)
		check_found(c, RULE_RECORD,
			    "it was updated at %s, before it was created at %s" RESTORE,
			    stamp_format(updated_at, updated), stamp_format(created_at, created));
	check_stamp(c, created_at);
	check_stamp(c, updated_at);
}

static void check_option(struct check *c, const struct namespace_option *option)
{
	struct arena scratch = { .head = NULL };
	const char *compact;
	int rc = json_compact(option->json, strlen(option->json), false, &scratch, &compact, NULL);

	if (rc == -ENOMEM)
		c->is_starved = true;
	else if (rc || strcmp(compact, option->json) != 0 || !json_is_scalar(compact))
		check_found(c, RULE_RECORD,
			    "its option '%s' is no text, number, true or false; set it anew with "
			    "ALTER NAMESPACE",
			    option->key);
	arena_free(&scratch);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int check_options(struct check *c, const struct namespace *ns)
{
	const char **keys = calloc(ns->option_count + (size_t)1, sizeof(*keys));

	if (!keys)
		return err_nomem(c->err);
	for (uint32_t i = 0; i < ns->option_count; i++) {
		check_option(c, &ns->options[i]);
		keys[i] = ns->options[i].key;
	}
	qsort(keys, ns->option_count, sizeof(*keys), compare_keys);
	for (uint32_t i = 1; i < ns->option_count; i++)
		if (strcmp(keys[i - 1], keys[i]) == 0)
			check_found(c, RULE_RECORD, "it has the option '%s' twice" RESTORE, keys[i]);
	free(keys);
	return 0;
}

static int check_namespace_fields(struct check *c, const struct namespace *ns)
{
	struct err cause = ERR_INIT;

	if (ns->id == NAMESPACE_SYSTEM)
		check_found(c, RULE_RECORD, "is built in and must not be stored" RESTORE);
	if ((ns->id == NAMESPACE_DEFAULT) != (strcmp(ns->name, "default") == 0))
		check_found(c, RULE_RECORD,
			    "namespace %d and no other one is called 'default'" RESTORE,
			    NAMESPACE_DEFAULT);
	else if (ns->id > NAMESPACE_DEFAULT &&
		 name_check_exact(NAME_NAMESPACE, ns->name, strlen(ns->name), &cause))
		check_found(c, RULE_RECORD, "%s" RESTORE, cause.text);
	err_clear(&cause);
	if (comment_check(ns->comment, -1, &cause))
		check_found(c, RULE_RECORD, "%s; set it anew with ALTER NAMESPACE ... COMMENT",
			    cause.text);
	return check_options(c, ns);
}

static int check_namespace(struct check *c, uint32_t id)
{
	struct err cause = ERR_INIT;
	struct namespace *ns;
	int rc = row_namespace(c->txn, id, &ns, &cause);

	check_about_id(c, OBJECT_NAMESPACE, id);
	check_number(c, OBJECT_NAMESPACE, id);
	c->totals->namespaces++;
	if (rc)
		return check_damage(c, rc, &cause);
	check_about(c, OBJECT_NAMESPACE, id, ns->name);
	rc = check_namespace_fields(c, ns);
	check_life(c, ns->version, ns->created_at, ns->updated_at);
	if (!rc)
		rc = check_listed(c, DIR_NAMESPACES, 0, id, ns->name);
	namespace_put(ns);
	return rc;
}

int check_held_for(struct check *c, uint32_t id)
{
	int rc = row_exists(c->txn, OBJECT_NAMESPACE, id);

	if (rc == -ENOENT)
		check_found(c, RULE_RECORD,
			    "sizes of information_schema are kept for namespace %u, which is not there" RESTORE, id);
	return check_lookup(c, rc);
}

static int check_object(void *arg, struct bytes key, struct bytes value)
{
	struct check *c = arg;
	struct reader r = { .at = key.at, .len = key.len };
	uint8_t kind = read_u8(&r);
	uint32_t id = read_be32(&r);

	check_about_catalog(c);
	if (!r.failed && !r.len) {
		if (kind == OBJECT_NAMESPACE)
			return check_namespace(c, id);
		if (kind == OBJECT_TABLE)
			return check_table(c, id);
		if (kind == OBJECT_STORAGE)
			return check_storage(c, id);
		/* Where renderer 1 had them: the next commit removes them. */
		if (kind == INFO_SUMS_KIND && !info_sums_are_current(c->txn))
			return 0;
		if (kind >= DIR_STATE_KIND && kind < DIR_STATE_KIND + DIR_KIND_COUNT)
			return check_dir_state(c, key, value);
	}
	if (kind == INFO_USE_KIND && !r.failed && r.len)
		return check_held_for(c, id);
	check_found(c, RULE_RECORD,
		    "there is a record of unknown kind %u (key of %zu bytes)" RESTORE, kind,
		    key.len);
	return 0;
}

int check_objects(struct check *c)
{
	int rc = check_entries(c, DB_OBJECTS, NULL, NULL, check_object);

	if (rc)
		return rc;
	rc = row_exists(c->txn, OBJECT_NAMESPACE, NAMESPACE_DEFAULT);
	if (rc == -ENOENT) {
		check_about(c, OBJECT_NAMESPACE, NAMESPACE_DEFAULT, "default");
		check_found(c, RULE_RECORD, "is missing, and every catalog has it" RESTORE);
	}
	return check_lookup(c, rc);
}
