/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/catalog.h"
#include "catalog/emit.h"
#include "catalog/place.h"
#include "paths/shard.h"

#include <errno.h>
#include <string.h>

#define EXAMPLE_USER "alice"

/* Tables that own the same place, one inside it or one around it: none, unless damaged. */
static void emit_conflicts(struct emit *e, struct catalog *catalog, struct txn *txn,
			   const struct table *table, const struct storage *storage)
{
	char key[LOCATION_SIZE], name[2 * NAME_SIZE];
	struct table *other;
	uint32_t owner;

	emit_open(e, "conflicts", '[');
	if (place_key(catalog_dir(catalog), storage, table->type, table->location_name, key, NULL) == 0 &&
	    location_owner(txn, key, table->id, &owner) == 0 &&
	    catalog_table(catalog, txn, owner, &other, NULL) == 0) {
		snprintf(name, sizeof(name), "%s.%s", other->namespace_name, other->name);
		emit_text(e, NULL, name);
		table_put(other);
	}
	emit_close(e, ']');
}

int catalog_print_place(struct catalog *catalog, struct txn *txn, const struct table *table, FILE *out,
			struct err *err)
{
	static const enum placeholder order[] = { PLACEHOLDER_SHARD, PLACEHOLDER_USER };
	struct emit e = EMIT_INDENTED(out);
	char example[LOCATION_SIZE] = "";
	const struct template *t;
	struct place place;
	bool sharded;
	int rc = catalog_place(catalog, txn, table, &place, err);

	if (rc)
		return rc;
	t = place_template(place.storage, table->type);
	sharded = t && template_has(t, PLACEHOLDER_SHARD);
	if (place.per_user)
		rc = location_user(place.partial, EXAMPLE_USER, example, NULL);
	emit_open(&e, NULL, '{');
	emit_text(&e, "storage_id", place.storage->storage_id);
	emit_text(&e, "storage_type", storage_type_name(place.storage->type));
	emit_text(&e, "base_directory", place.base);
	emit_text(&e, "template", place_template_text(place.storage, table->type));
	emit_text(&e, "location_name", table->location_name);
	emit_text(&e, "partial_path", place.partial);
	emit_open(&e, "placeholders_left", '[');
	for (size_t i = 0; i < countof(order); i++) {
		const char *name = placeholder_name(order[i]);
		char bare[32];

		if (!t || !template_has(t, order[i]))
			continue;
		snprintf(bare, sizeof(bare), "%.*s", (int)strlen(name) - 2, name + 1);
		emit_text(&e, NULL, bare);
	}
	emit_close(&e, ']');
	if (sharded)
		emit_unsigned(&e, "shard_count", USER_SHARDS);
	else
		emit_null(&e, "shard_count");
	emit_text(&e, "location", place.per_user ? NULL : place.partial);
	emit_text(&e, "example", place.per_user && !rc ? example : NULL);
	emit_conflicts(&e, catalog, txn, table, place.storage);
	emit_close(&e, '}');
	putc('\n', out);
	storage_put(place.storage);
	return 0;
}
