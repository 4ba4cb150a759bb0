/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/status.h"

#include "catalog/emit.h"
#include "catalog/peer.h"

#include <string.h>

static int emit_mount(void *arg, const struct peer *peer)
{
	struct emit *e = arg;

	emit_open(e, NULL, '{');
	emit_number(e, "pid", peer->pid);
	emit_text(e, "mountpoint", peer->mountpoint);
	emit_bool(e, "ro", peer->read_only);
	emit_close(e, '}');
	return 0;
}

static void emit_counts(struct emit *e, struct catalog *catalog, struct txn *txn)
{
	static const char *const names[] = { "sequence", "namespaces", "tables", "trash" };
	struct dir_state namespaces;
	uint64_t counts[countof(names)];

	catalog_dir_state(catalog, txn, DIR_NAMESPACES, 0, &namespaces);
	counts[0] = meta_get(txn, META_SEQUENCE);
	counts[1] = namespaces.count;
	counts[2] = meta_get(txn, META_TABLES);
	counts[3] = meta_get(txn, META_TRASH);
	for (size_t i = 0; i < countof(names); i++) {
		if (txn_met_damage(txn))
			emit_null(e, names[i]);
		else
			emit_unsigned(e, names[i], counts[i]);
	}
}

static void emit_cache(struct emit *e, struct catalog *catalog)
{
	struct cache_stats stats;
	uint64_t all;

	catalog_cache_stats(catalog, &stats);
	all = stats.hits + stats.misses;
	emit_open(e, "schema_cache", '{');
	emit_unsigned(e, "size", stats.size);
	emit_unsigned(e, "hits", stats.hits);
	emit_unsigned(e, "misses", stats.misses);
	emit_unsigned(e, "evictions", stats.evictions);
	emit_key(e, "hit_rate");
	fprintf(e->out, "%.6f", all ? (double)stats.hits / (double)all : 0.0);
	emit_close(e, '}');
}

int status_print(struct catalog *catalog, struct txn *txn, const struct status_facts *facts,
		 bool indented, FILE *out, struct err *err)
{
	struct emit e = { .out = out, .indented = indented };
	char uuid[37];
	int rc;

	catalog_uuid(catalog, uuid);
	emit_open(&e, NULL, '{');
	emit_text(&e, "version", KALAMFS_VERSION);
	emit_text(&e, "catalog", catalog_dir(catalog));
	emit_text(&e, "catalog_uuid", uuid);
	emit_unsigned(&e, "format", CATALOG_FORMAT);
	emit_text(&e, "state", facts->state ? facts->state : "ok");
	if (facts->damage)
		emit_text(&e, "damage", facts->damage);
	emit_bool(&e, "read_only", facts->read_only);
	emit_counts(&e, catalog, txn);
	if (facts->started_at)
		emit_stamp(&e, "started_at", facts->started_at);
	else
		emit_null(&e, "started_at");
	emit_open(&e, "mounts", '[');
	rc = peer_list(catalog_dir(catalog), emit_mount, &e);
	emit_close(&e, ']');
	emit_text(&e, "directory_coherence", facts->coherence);
	if (facts->cache)
		emit_cache(&e, catalog);
	else
		emit_null(&e, "schema_cache");
	emit_close(&e, '}');
	putc('\n', out);
	return rc ? err_set(err, rc, "The mounts of the catalog cannot be listed: %s", strerror(-rc)) : 0;
}
