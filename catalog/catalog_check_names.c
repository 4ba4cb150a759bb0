/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directories: what is found by name is listed, what is listed is found by name,
 * has its record, and stands where that says; each directory counts its entries.
 */
#include "catalog/catalog_check_impl.h"

#include <errno.h>
#include <string.h>

#define DIR_STATE_BYTES 20

/* What the directories of a kind hold. */
static const struct {
	enum object_kind kind;
	bool in_namespace;
	const char *word;
} holds[] = {
	[DIR_NAMESPACES] = { OBJECT_NAMESPACE, false, "namespace" },
	[DIR_STORAGES] = { OBJECT_STORAGE, false, "storage" },
	[DIR_TABLES] = { OBJECT_TABLE, true, "table" },
	[DIR_TRASH] = { OBJECT_TABLE, true, "table" },
};

_Static_assert(countof(holds) == DIR_KIND_COUNT, "every directory holds something");

/* One entry of names or children. */
struct entry {
	enum dir_kind dir;
	uint32_t parent, id;
	char name[NAME_SIZE];
};

static bool read_head(struct reader *r, struct entry *out)
{
	uint8_t dir;

	out->parent = read_be32(r);
	dir = read_u8(r);
	out->dir = (enum dir_kind)dir;
	return !r->failed && dir < DIR_KIND_COUNT && holds[dir].in_namespace == (out->parent != 0);
}

static bool read_entry_name(const void *at, size_t len, struct entry *out)
{
	if (!len || len > NAME_MAX_BYTES || memchr(at, '\0', len))
		return false;
	memcpy(out->name, at, len);
	out->name[len] = '\0';
	return true;
}

static void about_entry(struct check *c, const struct entry *entry)
{
	char name[2 * NAME_SIZE];
	struct bytes ns;

	if (holds[entry->dir].in_namespace &&
	    child_find(c->txn, DIR_NAMESPACES, 0, entry->parent, &ns) == 0)
		snprintf(name, sizeof(name), "%.*s.%s", check_shown(ns.len), (const char *)ns.at,
			 entry->name);
	else
		snprintf(name, sizeof(name), "%s", entry->name);
	check_about(c, holds[entry->dir].kind, entry->id, name);
}

static void about_dir(struct check *c, enum dir_kind dir, uint32_t parent)
{
	if (holds[dir].in_namespace)
		check_about_id(c, OBJECT_NAMESPACE, parent);
	else
		check_about_catalog(c);
}

static int check_name(void *arg, struct bytes key, struct bytes value)
{
	struct check *c = arg;
	struct reader r = { .at = key.at, .len = key.len };
	char dir[DIR_PATH_SIZE];
	struct entry entry;
	struct bytes listed;
	int rc;

	if (!read_head(&r, &entry) || !read_entry_name(r.at, r.len, &entry) ||
	    bytes_be32(value, &entry.id)) {
		check_about_catalog(c);
		check_found(
			c, RULE_NAMES,
			"the index of names has an entry that is none (key of %zu bytes)" REBUILD,
			key.len);
		return 0;
	}
	rc = child_find(c->txn, entry.dir, entry.parent, entry.id, &listed);
	if (!rc && listed.len == strlen(entry.name) &&
	    memcmp(listed.at, entry.name, listed.len) == 0)
		return 0;
	about_entry(c, &entry);
	check_dir(c, entry.dir, entry.parent, dir);
	if (rc == -ENOENT)
		check_found(c, RULE_NAMES,
			    "the name '%s' in %s leads to it, but it is not listed there" REBUILD,
			    entry.name, dir);
	else if (!rc)
		check_found(
			c, RULE_NAMES,
			"the name '%s' in %s leads to it, but it is listed there as '%.*s'" REBUILD,
			entry.name, dir, check_shown(listed.len), (const char *)listed.at);
	return check_lookup(c, rc);
}

/* A directory whose listing is being read. */
struct listing {
	struct check *check;
	enum dir_kind dir;
	uint32_t parent;
	uint64_t count;
};

static void wrong_count(struct check *c, enum dir_kind dir, uint32_t parent, uint64_t count,
			uint32_t stored)
{
	char path[DIR_PATH_SIZE];

	about_dir(c, dir, parent);
	check_found(c, RULE_NAMES, "%s has %llu entries, but counts %u" REBUILD,
		    check_dir(c, dir, parent, path), (unsigned long long)count, stored);
}

static void end_listing(const struct listing *listing)
{
	struct dir_state state;

	dir_state_get(listing->check->txn, listing->dir, listing->parent, &state);
	if (listing->count && state.count != listing->count)
		wrong_count(listing->check, listing->dir, listing->parent, listing->count,
			    state.count);
}

static int begin_listing(struct listing *listing, const struct entry *entry)
{
	struct check *c = listing->check;
	char path[DIR_PATH_SIZE];
	int rc;

	end_listing(listing);
	listing->dir = entry->dir;
	listing->parent = entry->parent;
	listing->count = 0;
	if (!holds[entry->dir].in_namespace)
		return 0;
	rc = row_exists(c->txn, OBJECT_NAMESPACE, entry->parent);
	if (rc == -ENOENT) {
		about_dir(c, entry->dir, entry->parent);
		check_found(c, RULE_NAMES, "%s has entries, but there is no such namespace" REBUILD,
			    check_dir(c, entry->dir, entry->parent, path));
	}
	return check_lookup(c, rc);
}

static int check_found_by_name(struct check *c, const struct entry *entry, const char *dir)
{
	char other[SUBJECT_SIZE];
	uint32_t id;
	int rc = name_find(c->txn, entry->dir, entry->parent, entry->name, &id);

	if (rc == -ENOENT)
		check_found(c, RULE_NAMES,
			    "is listed in %s as '%s', but is not found by that name" REBUILD, dir,
			    entry->name);
	else if (!rc && id != entry->id)
		check_found(c, RULE_NAMES,
			    "is listed in %s as '%s', but by that name %s is found" REBUILD, dir,
			    entry->name, check_subject_of(c, holds[entry->dir].kind, id, other));
	return rc == -EIO ? 0 : check_lookup(c, rc); /* check_name tells of that */
}

/* What the record of an entry's object says; *name is empty where it cannot be read. */
static int recorded(struct check *c, const struct entry *entry, struct entry *out)
{
	struct err cause = ERR_INIT;
	struct namespace *ns;
	struct storage *storage;
	struct table *table;
	int rc = -ENOENT;

	*out = (struct entry){ .dir = entry->dir, .parent = entry->parent, .id = entry->id };
	switch (holds[entry->dir].kind) {
	case OBJECT_NAMESPACE:
		rc = row_namespace(c->txn, entry->id, &ns, &cause);
		if (rc)
			break;
		memcpy(out->name, ns->name, sizeof(out->name));
		namespace_put(ns);
		break;
	case OBJECT_STORAGE:
		rc = row_storage(c->txn, entry->id, &storage, &cause);
		if (rc)
			break;
		memcpy(out->name, storage->storage_id, sizeof(out->name));
		storage_put(storage);
		break;
	case OBJECT_TABLE:
	case OBJECT_NONE:
	default:
		rc = row_table(c->txn, entry->id, &table, &cause);
		if (rc)
			break;
		memcpy(out->name, table->name, sizeof(out->name));
		out->parent = table->namespace_id;
		out->dir = table->dropped_at ? DIR_TRASH : DIR_TABLES;
		table_put(table);
		break;
	}
	if (rc && rc != -ENOENT && rc != -EIO)
		*c->err = cause;
	return rc;
}

static int check_record(struct check *c, const struct entry *entry, const char *dir)
{
	char other[DIR_PATH_SIZE];
	struct entry record;
	int rc = recorded(c, entry, &record);

	if (rc == -ENOENT)
		check_found(c, RULE_NAMES,
			    "is listed in %s as '%s', but there is no such %s" RESTORE, dir,
			    entry->name, holds[entry->dir].word);
	if (rc)
		return rc == -EIO ? 0 : check_lookup(c, rc); /* check_objects tells of damage */
	if (record.dir != entry->dir || record.parent != entry->parent)
		check_found(c, RULE_NAMES,
			    "is listed in %s as '%s', but its record puts it into %s" REBUILD, dir,
			    entry->name, check_dir(c, record.dir, record.parent, other));
	else if (strcmp(record.name, entry->name) != 0)
		check_found(c, RULE_NAMES,
			    "is listed in %s as '%s', but its record calls it '%s'" REBUILD, dir,
			    entry->name, record.name);
	return 0;
}

/* The name of a dropped table is held, so that it can come back. */
static int check_held(struct check *c, const struct entry *entry)
{
	char other[SUBJECT_SIZE];
	uint32_t id;
	int rc;

	if (entry->dir != DIR_TRASH)
		return 0;
	rc = name_find(c->txn, DIR_TABLES, entry->parent, entry->name, &id);
	if (!rc)
		check_found(c, RULE_NAMES,
			    "is in trash, but %s has its name: UNDROP TABLE cannot bring it back; "
			    "PURGE TABLE it, or rename the other one",
			    check_subject_of(c, OBJECT_TABLE, id, other));
	return rc == -EIO ? 0 : check_lookup(c, rc);
}

static int check_child(void *arg, struct bytes key, struct bytes value)
{
	struct listing *listing = arg;
	struct check *c = listing->check;
	struct reader r = { .at = key.at, .len = key.len };
	char dir[DIR_PATH_SIZE];
	struct entry entry;
	bool sane = read_head(&r, &entry);
	int rc = 0;

	entry.id = read_be32(&r);
	if (!sane || r.failed || r.len || !read_entry_name(value.at, value.len, &entry)) {
		check_about_catalog(c);
		check_found(c, RULE_NAMES,
			    "the listing of directories has an entry that is none (key of %zu "
			    "bytes)" REBUILD,
			    key.len);
		return 0;
	}
	if (!listing->count || entry.dir != listing->dir || entry.parent != listing->parent)
		rc = begin_listing(listing, &entry);
	listing->count++;
	c->listed[entry.dir]++;
	about_entry(c, &entry);
	check_dir(c, entry.dir, entry.parent, dir);
	if (!rc)
		rc = check_found_by_name(c, &entry, dir);
	if (!rc)
		rc = check_record(c, &entry, dir);
	return rc ? rc : check_held(c, &entry);
}

int check_names(struct check *c)
{
	struct listing listing = { .check = c };
	struct key first = { .len = 0 };
	int rc = check_entries(c, DB_NAMES, NULL, NULL, check_name);

	if (!rc)
		rc = check_lookup(
			c, entries_list(c->txn, DB_CHILDREN, &first, NULL, check_child, &listing));
	if (!rc)
		end_listing(&listing);
	return rc;
}

int check_listed(struct check *c, enum dir_kind dir, uint32_t parent, uint32_t id, const char *name)
{
	char path[DIR_PATH_SIZE];
	struct bytes listed;
	uint32_t found;
	int rc = child_find(c->txn, dir, parent, id, &listed);

	if (rc != -ENOENT)
		return check_lookup(c, rc);
	/* Where one of the two is there, check_names tells what is missing. */
	rc = name_find(c->txn, dir, parent, name, &found);
	if (rc == -ENOENT || (!rc && found != id))
		check_found(c, RULE_NAMES, "is not in %s, where its record puts it as '%s'" REBUILD,
			    check_dir(c, dir, parent, path), name);
	return rc == -EIO ? 0 : check_lookup(c, rc);
}

int check_dir_state(struct check *c, struct bytes key, struct bytes value)
{
	struct reader r = { .at = value.at, .len = value.len };
	uint8_t kind = *(const uint8_t *)key.at;
	enum dir_kind dir = (enum dir_kind)(kind - DIR_STATE_KIND);
	struct key prefix = { .len = 0 };
	struct bytes rest, child;
	char path[DIR_PATH_SIZE];
	uint32_t parent, count;
	uint64_t sequence;
	int rc;

	rc = bytes_be32((struct bytes){ (const uint8_t *)key.at + 1, key.len - 1 }, &parent);
	sequence = read_le64(&r);
	(void)read_le64(
		&r); /* its stamp runs ahead of the clock when names change many at a time */
	count = read_le32(&r);
	if (rc || r.failed || r.len || holds[dir].in_namespace != (parent != 0)) {
		check_found(c, RULE_NAMES,
			    "the state of a directory is damaged (%zu bytes instead of %d)" REBUILD,
			    value.len, DIR_STATE_BYTES);
		return 0;
	}
	if (sequence > c->sequence) {
		about_dir(c, dir, parent);
		check_found(c, RULE_NAMES,
			    "%s was changed by transaction %llu, but the last transaction is "
			    "%llu" REBUILD,
			    check_dir(c, dir, parent, path), (unsigned long long)sequence,
			    (unsigned long long)c->sequence);
	}
	key_be32(&prefix, parent);
	key_u8(&prefix, (uint8_t)dir);
	rc = count ? entry_first(c->txn, DB_CHILDREN, &prefix, &prefix, &rest, &child) : 0;
	if (rc == -ENOENT)
		wrong_count(c, dir, parent, 0, count);
	return check_lookup(c, rc);
}
