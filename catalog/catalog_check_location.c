/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places: each table's is in the index under its number and nobody else's, no two
 * lie one inside the other, and none leaves its base directory, for any user.
 */
#include "catalog/catalog_check_impl.h"

#include "catalog/place.h"

#include <errno.h>
#include <string.h>

#define MOVE "; move it with ALTER TABLE ... SET (STORAGE_ID = '...')"
#define MARK '\x01' /* before the location of a purged table */

static bool lies_below(const char *base, const char *path)
{
	size_t len = strlen(base);

	if (len && base[len - 1] == '/')
		len--;
	return strncmp(base, path, len) == 0 && path[len] == '/' && path[len + 1];
}

static void check_user(struct check *c, const char *partial, const char *prefix, const char *user)
{
	char location[LOCATION_SIZE];
	struct err cause = ERR_INIT;

	int rc = location_user(partial, user, location, &cause);

	if (rc == -ENAMETOOLONG)
		return;	/* such an id has no link */
	if (rc)
		check_found(c, RULE_LOCATION, "has no location for a user id of %zu bytes: %s",
			    strlen(user), cause.text);
	else if (!lies_below(prefix, location))
		check_found(c, RULE_LOCATION,
			    "its location for user '%s' is '%s', not below '%s'" MOVE, user,
			    location, prefix);
}

/* One user id of each sort that user_id_check lets through, the longest among them. */
static void check_users(struct check *c, const char *partial)
{
	static const char *const users[] = { "alice", "0", "_", "a.b@example.org", "A-..-" };
	char prefix[LOCATION_SIZE], longest[USER_ID_MAX_BYTES + 1];

	location_prefix(partial, prefix);
	for (size_t i = 0; i < countof(users); i++)
		check_user(c, partial, prefix, users[i]);
	memset(longest, 'Z', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	check_user(c, partial, prefix, longest);
}

static void check_paths(struct check *c, const struct table *table, const struct storage *storage)
{
	char base[LOCATION_SIZE], partial[LOCATION_SIZE];
	const struct template *template = place_template(storage, table->type);
	struct err cause = ERR_INIT;

	if (place_partial(catalog_dir(c->catalog), storage, table->type, table->location_name, base,
			  partial, &cause))
		check_found(c, RULE_LOCATION, "has no location: %s", cause.text);
	else if (!lies_below(base, partial))
		check_found(c, RULE_LOCATION,
			    "its location '%s' is not below the base directory '%s'" MOVE, partial,
			    base);
	else if (template && template_has(template, PLACEHOLDER_USER))
		check_users(c, partial);
}

/* Not in the index under its number: who else is there, or above or below? */
static int check_unowned(struct check *c, const struct table *table, const char *key, bool taken,
			 uint32_t owner)
{
	char other[SUBJECT_SIZE];
	int rc;

	if (taken) {
		check_found(c, RULE_LOCATION, "its location '%s' is that of %s" MOVE, key,
			    check_subject_of(c, OBJECT_TABLE, owner, other));
		return 0;
	}
	rc = location_owner(c->txn, key, table->id, &owner);
	if (!rc)
		check_found(c, RULE_LOCATION,
			    "its location '%s' is not in the location index, and lies inside or "
			    "around that of %s" MOVE,
			    key, check_subject_of(c, OBJECT_TABLE, owner, other));
	else if (rc == -ENOENT)
		check_found(c, RULE_LOCATION,
			    "its location '%s' is not in the location index" REBUILD, key);
	return rc == -EIO ? 0 : check_lookup(c, rc); /* the walk over the index tells of that */
}

int check_place(struct check *c, const struct table *table, const struct storage *storage)
{
	const char *root = catalog_dir(c->catalog);
	struct err cause = ERR_INIT;
	char key[LOCATION_SIZE];
	uint32_t owner;
	int rc;

	if (place_key(root, storage, table->type, table->location_name, key, &cause)) {
		check_found(c, RULE_LOCATION, "has no location: %s", cause.text);
		return 0;
	}
	check_paths(c, table, storage);
	if (place_holds_catalog(root, key))
		check_found(
			c, RULE_LOCATION,
			"its location '%s' would hold the catalog itself, which is in '%s'" MOVE,
			key, root);
	if (strlen(key) > CLAIM_MAX_BYTES) {
		check_found(c, RULE_LOCATION, "its location '%.64s...' has %zu bytes, max %d" MOVE,
			    key, strlen(key), CLAIM_MAX_BYTES);
		return 0;
	}
	rc = location_find(c->txn, key, &owner);
	if (!rc && owner == table->id)
		return 0;
	if (rc && rc != -ENOENT)
		return rc == -EIO ? 0 : check_lookup(c, rc);
	return check_unowned(c, table, key, !rc, owner);
}

/* One entry of the index. */
struct claim {
	bool is_mark;
	uint32_t table;
	char path[KEY_SIZE + 1]; /* as its key, without the mark */
};

static bool read_claim(struct bytes key, struct bytes value, struct claim *out)
{
	const char *text = key.at;
	size_t len = key.len;

	out->is_mark = len && text[0] == MARK;
	text += out->is_mark;
	len -= out->is_mark;
	if (!len || len > KEY_SIZE || memchr(text, '\0', len) ||
	    bytes_be32(value, &out->table))
		return false;
	memcpy(out->path, text, len);
	out->path[len] = '\0';
	return text[0] == '/' || strncmp(out->path, "./", 2) == 0 || location_is_uri(out->path);
}

/* For people: without the '/' at the end; the beginning of names has none. */
static int shown_len(const struct claim *claim)
{
	size_t len = strlen(claim->path);

	return (int)(len - (claim->path[len - 1] == '/'));
}

static int check_mark(struct check *c, const struct claim *claim)
{
	int rc = row_exists(c->txn, OBJECT_TABLE, claim->table);

	if (!rc) {
		check_about_id(c, OBJECT_TABLE, claim->table);
		check_found(c, RULE_LOCATION,
			    "the location index has '%.*s' as that of a purged table, but it is "
			    "there" REBUILD,
			    shown_len(claim), claim->path);
	}
	return check_lookup(c, rc);
}

/* Whether the table has its place there; also true where nothing can be said. */
static int is_place_of(struct check *c, const struct claim *claim, const struct table *table,
		       bool *out, char key[LOCATION_SIZE])
{
	struct storage *storage;
	int rc = check_peek_storage(c, table->options.storage_id, &storage);
	size_t len, end;

	*out = true;
	if (rc || !storage ||
	    place_key(catalog_dir(c->catalog), storage, table->type, table->location_name, key,
		      NULL))
		return rc;
	len = strlen(key);
	end = strlen(claim->path);
	if (key[len - 1] == '{')
		*out = len == end + 1 && memcmp(key, claim->path, end) == 0;
	else
		*out = len + 1 == end && memcmp(key, claim->path, len) == 0;
	return 0;
}

static int check_owner(struct check *c, const struct claim *claim)
{
	char key[LOCATION_SIZE];
	struct table *table;
	bool is_right = true;
	int rc = check_peek_table(c, claim->table, &table);

	if (rc)
		return rc;
	check_about_id(c, OBJECT_TABLE, claim->table);
	if (!table && row_exists(c->txn, OBJECT_TABLE, claim->table) == -ENOENT)
		check_found(
			c, RULE_LOCATION,
			"the location index has '%.*s' for it, but there is no such table" REBUILD,
			shown_len(claim), claim->path);
	if (table)
		rc = is_place_of(c, claim, table, &is_right, key);
	if (!rc && !is_right)
		check_found(c, RULE_LOCATION,
			    "the location index has '%.*s' for it, but its location is "
			    "'%.128s%s'" REBUILD,
			    shown_len(claim), claim->path, key, strlen(key) > 128 ? "..." : "");
	table_put(table);
	return rc;
}

struct location_walk {
	struct check *check;
	struct claim outer; /* the last that lies in no other */
};

/* Everything below a path follows it in order, so only the last outer one can be around. */
static void check_overlap(struct location_walk *walk, const struct claim *claim)
{
	char other[SUBJECT_SIZE];
	const struct claim *outer = &walk->outer;
	struct check *c = walk->check;

	if (!*outer->path || strncmp(outer->path, claim->path, strlen(outer->path)) != 0) {
		walk->outer = *claim;
		return;
	}
	if (outer->table == claim->table)
		return;
	check_about_id(c, OBJECT_TABLE, claim->table);
	check_found(c, RULE_LOCATION, "its location '%.*s' lies inside '%.*s', that of %s" MOVE,
		    shown_len(claim), claim->path, shown_len(outer), outer->path,
		    check_subject_of(c, OBJECT_TABLE, outer->table, other));
}

static int check_claim(void *arg, struct bytes key, struct bytes value)
{
	struct location_walk *walk = arg;
	struct check *c = walk->check;
	struct claim claim;

	if (!read_claim(key, value, &claim)) {
		check_about_catalog(c);
		check_found(
			c, RULE_LOCATION,
			"the location index has an entry that is none (key of %zu bytes)" REBUILD,
			key.len);
		return 0;
	}
	check_number(c, OBJECT_TABLE, claim.table);
	if (claim.is_mark)
		return check_mark(c, &claim);
	check_overlap(walk, &claim);
	return check_owner(c, &claim);
}

int check_locations(struct check *c)
{
	struct location_walk walk = { .check = c };
	struct key first = { .len = 0 };

	return check_lookup(c,
			    entries_list(c->txn, DB_LOCATIONS, &first, NULL, check_claim, &walk));
}
