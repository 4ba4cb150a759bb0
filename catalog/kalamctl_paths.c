/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/emit.h"
#include "catalog/kalamctl.h"
#include "catalog/place.h"
#include "catalog/walk.h"

#include <string.h>
#include <unistd.h>

struct paths {
	struct ctl *ctl;
	struct txn *txn;
	bool bare;	/* one table was asked for: its location alone */
};

/* Where the files are: with what is left open still standing in it, without a user. */
static int resolve(const struct paths *paths, const struct place *place, char out[LOCATION_SIZE],
		   struct err *err)
{
	if (place->per_user && paths->ctl->user)
		return location_user(place->partial, paths->ctl->user, out, err);
	memcpy(out, place->partial, strlen(place->partial) + 1);
	return 0;
}

static void print_json(const struct paths *paths, const struct table *table, const struct place *place,
		       const char *location)
{
	struct emit e = EMIT_COMPACT(stdout);
	bool open = place->per_user && !paths->ctl->user;
	char name[2 * NAME_SIZE];

	snprintf(name, sizeof(name), "%s.%s", table->namespace_name, table->name);
	emit_open(&e, NULL, '{');
	emit_text(&e, "table", name);
	emit_text(&e, "table_type", table_type_name(table->type));
	emit_text(&e, "storage_id", place->storage->storage_id);
	emit_text(&e, "storage_type", storage_type_name(place->storage->type));
	emit_text(&e, "user", place->per_user ? paths->ctl->user : NULL);
	emit_text(&e, "partial_path", place->partial);
	emit_text(&e, "location", open ? NULL : location);
	if (open || place->storage->type != STORAGE_FILESYSTEM)
		emit_null(&e, "exists");
	else
		emit_bool(&e, "exists", access(location, F_OK) == 0);
	emit_close(&e, '}');
	putchar('\n');
}

static int print_path(void *arg, const struct table *table, struct err *err)
{
	const struct paths *paths = arg;
	char location[LOCATION_SIZE];
	struct place place;
	int rc = catalog_place(paths->ctl->catalog, paths->txn, table, &place, err);

	if (rc)
		return rc;
	rc = resolve(paths, &place, location, err);
	if (!rc && paths->ctl->json)
		print_json(paths, table, &place, location);
	else if (!rc && paths->bare)
		puts(location);
	else if (!rc)
		printf("%s.%s\t%s\n", table->namespace_name, table->name, location);
	storage_put(place.storage);
	return rc;
}

int cmd_paths(struct ctl *ctl)
{
	struct paths paths = { .ctl = ctl };
	char ns[NAME_SIZE] = "", table[NAME_SIZE] = "";
	struct err err = ERR_INIT;
	int rc;

	if (ctl->argc && !ctl_split_name(ctl->argv[0], ns, table))
		return 2;
	if (ctl->user && user_id_check(ctl->user, strlen(ctl->user), &err))
		return ctl_fail(&err);
	paths.bare = *table;
	rc = catalog_begin(ctl->catalog, &paths.txn, &err);
	if (rc)
		return ctl_fail(&err);
	rc = walk_tables(ctl->catalog, paths.txn, *ns ? ns : NULL, *table ? table : NULL, print_path, &paths,
			 &err);
	txn_end(paths.txn);
	return rc ? ctl_fail(&err) : 0;
}
