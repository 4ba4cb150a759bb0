/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/exec.h"

#include "catalog/place.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static int overlap_error(struct exec *ex, const struct table *table, const char *key, uint32_t owner,
			 long pos)
{
	struct touched *t;
	int rc = exec_table(ex, owner, &t);

	if (rc)
		return rc;
	return err_at(ex->err, -EEXIST, pos,
		      "Location '%s' of table %s.%s is the same as, inside or around that of table %s.%s%s. Choose another storage, template or LOCATION_NAME",
		      key, table->namespace_name, table->name, t->table->namespace_name, t->table->name,
		      t->table->dropped_at ? " (dropped, in trash)" : "");
}

static int check_key(struct exec *ex, const struct table *table, const char *key, long pos)
{
	const char *root = catalog_dir(ex->catalog);
	size_t len = strlen(key);

	if (len > CLAIM_MAX_BYTES)
		return err_at(ex->err, -ENAMETOOLONG, pos,
			      "Location of table %s.%s is too long (%zu bytes, max %d)",
			      table->namespace_name, table->name, len, CLAIM_MAX_BYTES);
	if (place_holds_catalog(root, key))
		return err_at(ex->err, -EINVAL, pos,
			      "Location '%s' of table %s.%s would hold the catalog itself, which is in '%s'", key,
			      table->namespace_name, table->name, root);
	return 0;
}

int exec_claim(struct exec *ex, const struct table *table, const struct storage *storage, long pos)
{
	char key[LOCATION_SIZE];
	uint32_t owner;
	int rc;

	rc = place_key(catalog_dir(ex->catalog), storage, table->type, table->location_name, key, ex->err);
	if (!rc)
		rc = check_key(ex, table, key, pos);
	if (rc)
		return rc;
	rc = location_owner(ex->txn, key, table->id, &owner);
	if (rc == 0)
		return overlap_error(ex, table, key, owner, pos);
	if (rc != -ENOENT)
		return err_at(ex->err, rc, pos, "Location '%s' cannot be looked up", key);
	return location_add(ex->txn, key, table->id, ex->err);
}

int exec_release(struct exec *ex, const struct table *table, const struct storage *storage)
{
	char key[LOCATION_SIZE];
	int rc;

	rc = place_key(catalog_dir(ex->catalog), storage, table->type, table->location_name, key, ex->err);
	return rc ? rc : location_remove(ex->txn, key, ex->err);
}

/* One part of location_name: a name, or a name with the table's id behind it. */
static size_t name_part(const char *text)
{
	size_t n = 0;

	while (islower((unsigned char)text[n]) || isdigit((unsigned char)text[n]) || text[n] == '_')
		n++;
	return n;
}

static int check_location_name(struct exec *ex, const char *text, long pos)
{
	size_t first = name_part(text);
	size_t second = text[first] == '/' ? name_part(text + first + 1) : 0;

	if (!first || first > NAME_MAX_BYTES || !second || second > NAME_MAX_BYTES + 14 ||
	    text[first + 1 + second])
		return err_at(ex->err, -EINVAL, pos,
			      "Invalid LOCATION_NAME '%s'. Expected 'namespace/table' in lower case", text);
	return 0;
}

/*
 * A purged table leaves a mark behind: kalamfs never deletes data, and a new
 * table must not inherit what lies there (decisions.md 35).
 */
static void mark_key(const char *key, char mark[LOCATION_SIZE + 1])
{
	snprintf(mark, LOCATION_SIZE + 1, "\x01%s", key);
}

int exec_mark_purged(struct exec *ex, const struct table *table, const struct storage *storage)
{
	char key[LOCATION_SIZE], mark[LOCATION_SIZE + 1];
	int rc;

	rc = place_key(catalog_dir(ex->catalog), storage, table->type, table->location_name, key, ex->err);
	if (rc)
		return rc;
	mark_key(key, mark);
	return location_add(ex->txn, mark, table->id, ex->err);
}

static bool is_marked(struct exec *ex, const char *key)
{
	char mark[LOCATION_SIZE + 1];
	uint32_t owner;

	mark_key(key, mark);
	return location_owner(ex->txn, mark, 0, &owner) == 0;
}

/* Taken: owned by another table, or data of a purged one lies there. */
static int is_taken(struct exec *ex, const struct table *table, const struct storage *storage, bool *taken)
{
	char key[LOCATION_SIZE], base[LOCATION_SIZE], partial[LOCATION_SIZE], prefix[LOCATION_SIZE];
	const char *root = catalog_dir(ex->catalog);
	uint32_t owner;
	int rc;

	rc = place_key(root, storage, table->type, table->location_name, key, ex->err);
	if (rc)
		return rc;
	*taken = location_owner(ex->txn, key, table->id, &owner) == 0;
	if (*taken || !is_marked(ex, key))
		return 0;
	rc = place_partial(root, storage, table->type, table->location_name, base, partial, ex->err);
	if (rc)
		return rc;
	location_prefix(partial, prefix);
	*taken = place_is_occupied(prefix);
	if (*taken)
		fprintf(ex->notes, "location %s is not empty: table %s.%s gets another one\n", prefix,
			table->namespace_name, table->name);
	return 0;
}

/* "app/users_38"; "app/users_38_2" where a table has even that for a name. */
static void suffix_location(struct table *table, unsigned n)
{
	char more[16] = "";

	if (n > 1)
		snprintf(more, sizeof(more), "_%u", n);
	snprintf(table->location_name, sizeof(table->location_name), "%s/%s_%u%s", table->namespace_name,
		 table->name, table->id, more);
}

int exec_choose_location(struct exec *ex, struct table *table, const struct storage *storage,
			 const char *wanted, long pos)
{
	bool taken;
	int rc;

	if (wanted) {
		rc = check_location_name(ex, wanted, pos);
		if (rc)
			return rc;
		snprintf(table->location_name, sizeof(table->location_name), "%s", wanted);
		return exec_claim(ex, table, storage, pos);
	}
	snprintf(table->location_name, sizeof(table->location_name), "%s/%s", table->namespace_name,
		 table->name);
	rc = is_taken(ex, table, storage, &taken);
	for (unsigned n = 1; !rc && taken && n < 10; n++) {
		suffix_location(table, n);
		rc = is_taken(ex, table, storage, &taken);
	}
	return rc ? rc : exec_claim(ex, table, storage, pos);
}
