/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/exec.h"

#include "catalog/place.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static int find_claim(struct exec *ex, const struct table *table, const struct storage *storage,
		      struct place_claim *out)
{
	return place_claim(catalog_dir(ex->catalog), storage, table->type, table->location_name, out,
			   ex->err);
}

static int overlap_error(struct exec *ex, const struct table *table, const struct place_claim *claim,
			 uint32_t owner, long pos)
{
	struct touched *t;
	int rc = exec_table(ex, owner, &t);

	if (rc)
		return rc;
	return err_at(ex->err, -EEXIST, pos,
		      "Location '%s' of table %s.%s is the same as, inside or around that of table %s.%s%s. Choose another storage, template or LOCATION_NAME",
		      claim->shown, table->namespace_name, table->name, t->table->namespace_name,
		      t->table->name, t->table->dropped_at ? " (dropped, in trash)" : "");
}

static int check_claim(struct exec *ex, const struct table *table, const struct place_claim *claim,
		       long pos)
{
	const char *root = catalog_dir(ex->catalog), *key = claim->key;
	size_t len = strlen(key);

	if (len > CLAIM_MAX_BYTES)
		return err_at(ex->err, -ENAMETOOLONG, pos,
			      "Location of table %s.%s is too long (%zu bytes, max %d)",
			      table->namespace_name, table->name, len, CLAIM_MAX_BYTES);
	if (place_holds_catalog(root, key))
		return err_at(ex->err, -EINVAL, pos,
			      "Location '%s' of table %s.%s would hold the catalog itself, which is in '%s'",
			      claim->shown, table->namespace_name, table->name, root);
	return 0;
}

static int take_claim(struct exec *ex, const struct table *table, const struct place_claim *claim,
		      long pos)
{
	uint32_t owner;
	int rc = check_claim(ex, table, claim, pos);

	if (rc)
		return rc;
	rc = location_owner(ex->txn, claim->key, table->id, &owner);
	if (rc == 0)
		return overlap_error(ex, table, claim, owner, pos);
	if (rc != -ENOENT)
		return err_at(ex->err, rc, pos, "Location '%s' cannot be looked up", claim->shown);
	return location_add(ex->txn, claim->key, table->id, ex->err);
}

int exec_claim(struct exec *ex, const struct table *table, const struct storage *storage, long pos)
{
	struct place_claim claim;
	int rc = find_claim(ex, table, storage, &claim);

	return rc ? rc : take_claim(ex, table, &claim, pos);
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

/* A directory in a mounted catalog may have to wait for this thread. */
static bool may_look(struct exec *ex, const struct storage *storage)
{
	struct real_path base;

	if (storage->type != STORAGE_FILESYSTEM)
		return false;
	if (ex->looked_storage != storage->id) {
		ex->may_look = place_real_base(catalog_dir(ex->catalog), storage, &base) != -EDEADLK;
		ex->looked_storage = storage->id;
	}
	return ex->may_look;
}

static bool is_occupied(struct exec *ex, const struct storage *storage, const struct place_claim *claim)
{
	return may_look(ex, storage) && place_is_occupied(ex->catalog, claim);
}

int exec_leave(struct exec *ex, const struct table *table, const struct storage *storage, bool mark)
{
	char mark_text[LOCATION_SIZE + 1];
	struct place_claim claim;
	int rc = find_claim(ex, table, storage, &claim);

	if (!rc)
		rc = location_remove(ex->txn, claim.key, ex->err);
	if (!rc && mark) {
		mark_key(claim.key, mark_text);
		rc = location_add(ex->txn, mark_text, table->id, ex->err);
	}
	if (!rc && is_occupied(ex, storage, &claim))
		exec_note(ex, "location %s is not empty: its data stays where it is\n", claim.shown);
	return rc;
}

static bool is_marked(struct exec *ex, const char *key)
{
	char mark[LOCATION_SIZE + 1];
	uint32_t owner;

	mark_key(key, mark);
	return location_owner(ex->txn, mark, 0, &owner) == 0;
}

/* "app/users"; if taken, "app/users_38"; "app/users_38_2" where a table has even that for a name. */
static void name_location(struct table *table, unsigned n)
{
	char more[24] = "";

	if (n == 1)
		snprintf(more, sizeof(more), "_%u", table->id);
	else if (n)
		snprintf(more, sizeof(more), "_%u_%u", table->id, n);
	snprintf(table->location_name, sizeof(table->location_name), "%s/%s%s", table->namespace_name,
		 table->name, more);
}

/* How a place that nobody chose is found: free, or why the first one is not. */
struct choice {
	struct place_claim claim;
	bool owned;		/* by another table */
	bool inherited;		/* data of a purged table lies there */
	bool occupied;
};

static int look_at(struct exec *ex, const struct table *table, const struct storage *storage,
		   struct choice *out)
{
	uint32_t owner;
	int rc = find_claim(ex, table, storage, &out->claim);

	if (rc)
		return rc;
	out->owned = location_owner(ex->txn, out->claim.key, table->id, &owner) == 0;
	out->occupied = !out->owned && is_occupied(ex, storage, &out->claim);
	out->inherited = out->occupied && is_marked(ex, out->claim.key);
	return 0;
}

static void note_occupied(struct exec *ex, const struct table *table, const struct choice *choice)
{
	exec_note(ex, "location %s is not empty", choice->claim.shown);
	if (choice->inherited)
		exec_note(ex, ": table %s.%s gets another one", table->namespace_name, table->name);
	exec_note(ex, "\n");
}

#define NAMES_TRIED 10

/* Every name that was tried is taken: told of the first, which is what the table should have had. */
static int none_is_free(struct exec *ex, struct table *table, const struct storage *storage, long pos)
{
	struct place_claim claim;
	int rc;

	name_location(table, 0);
	rc = exec_claim(ex, table, storage, pos);
	if (rc)
		return rc;
	rc = find_claim(ex, table, storage, &claim);
	return rc ? rc : err_at(ex->err, -EEXIST, pos,
				"Location '%s' of table %s.%s holds data of a purged table, and so do those beside it. Choose a LOCATION_NAME",
				claim.shown, table->namespace_name, table->name);
}

static int choose_name(struct exec *ex, struct table *table, const struct storage *storage, long pos,
		       struct choice *choice)
{
	for (unsigned n = 0; n < NAMES_TRIED; n++) {
		int rc;

		name_location(table, n);
		rc = look_at(ex, table, storage, choice);
		if (rc)
			return rc;
		if (choice->inherited)
			note_occupied(ex, table, choice);
		if (!choice->owned && !choice->inherited)
			return 0;
	}
	return none_is_free(ex, table, storage, pos);
}

int exec_choose_location(struct exec *ex, struct table *table, const struct storage *storage,
			 const char *wanted, long pos)
{
	struct choice choice;
	int rc;

	if (wanted) {
		rc = check_location_name(ex, wanted, pos);
		if (rc)
			return rc;
		snprintf(table->location_name, sizeof(table->location_name), "%s", wanted);
		rc = look_at(ex, table, storage, &choice);
		choice.inherited = false;	/* whoever names it means it */
	} else {
		rc = choose_name(ex, table, storage, pos, &choice);
	}
	if (!rc)
		rc = take_claim(ex, table, &choice.claim, pos);
	if (!rc && choice.occupied)
		note_occupied(ex, table, &choice);
	return rc;
}
