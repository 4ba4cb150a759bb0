/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/info.h"
#include "catalog/kalamctl.h"
#include "catalog/peer.h"
#include "catalog/status.h"
#include "catalog/version.h"
#include "catalog/walk.h"

#include <errno.h>
#include <string.h>

int cmd_dump(struct ctl *ctl)
{
	char ns[NAME_SIZE], table[NAME_SIZE];
	const char *name = ctl->argc ? ctl->argv[0] : NULL;
	struct err err = ERR_INIT;
	struct txn *txn;
	int rc;

	if (name && !ctl_split_name(name, ns, table))
		return 2;
	rc = catalog_begin(ctl->catalog, &txn, &err);
	if (rc)
		return ctl_fail(&err);
	rc = catalog_dump(ctl->catalog, txn, name ? ns : NULL, name && *table ? table : NULL, ctl->secrets,
			  stdout, &err);
	txn_end(txn);
	return rc ? ctl_fail(&err) : 0;
}

static int describe(struct ctl *ctl, struct txn *txn, const char *ns, const char *name, struct err *err)
{
	uint32_t ns_id, id;
	struct table *table;
	int rc = catalog_find(ctl->catalog, txn, DIR_NAMESPACES, 0, ns, &ns_id);

	if (rc)
		return rc == -ENOENT ? err_set(err, rc, "Namespace '%s' does not exist", ns) : rc;
	rc = catalog_find(ctl->catalog, txn, DIR_TABLES, ns_id, name, &id);
	if (rc)
		return rc == -ENOENT ? err_set(err, rc, "Table '%s' not found in namespace '%s'", name, ns) : rc;
	rc = catalog_table(ctl->catalog, txn, id, &table, err);
	if (rc)
		return rc;
	version_print(ctl->json ? FORM_SCHEMA_JSON : FORM_DESCRIBE, NULL, table, stdout);
	table_put(table);
	return 0;
}

int cmd_describe(struct ctl *ctl)
{
	char ns[NAME_SIZE], table[NAME_SIZE];
	struct err err = ERR_INIT;
	struct txn *txn;
	int rc;

	if (!ctl_split_name(ctl->argv[0], ns, table))
		return 2;
	if (!*table) {
		memcpy(table, ns, sizeof(table));
		memcpy(ns, "default", sizeof("default"));
	}
	rc = catalog_begin(ctl->catalog, &txn, &err);
	if (rc)
		return ctl_fail(&err);
	rc = txn_told(txn, &err, describe(ctl, txn, ns, table, &err));
	txn_end(txn);
	return rc ? ctl_fail(&err) : 0;
}

/* How wide the columns of a list are. */
struct list {
	int name, type, version, columns;
};

static int widest(int width, int other)
{
	return other > width ? other : width;
}

static int measure_row(void *arg, const struct table *table, struct err *err)
{
	struct list *list = arg;

	(void)err;
	list->name = widest(list->name, (int)(strlen(table->namespace_name) + strlen(table->name) + 1));
	list->type = widest(list->type, (int)strlen(table_type_name(table->type)));
	list->version = widest(list->version, snprintf(NULL, 0, "%u", table->version));
	list->columns = widest(list->columns, snprintf(NULL, 0, "%u", table->column_count));
	return 0;
}

static int print_row(void *arg, const struct table *table, struct err *err)
{
	const struct list *list = arg;
	char name[2 * NAME_SIZE];

	(void)err;
	snprintf(name, sizeof(name), "%s.%s", table->namespace_name, table->name);
	printf("%-*s  %-*s  %*u  %*u column%s\n", list->name, name, list->type, table_type_name(table->type),
	       list->version, table->version, list->columns, table->column_count,
	       table->column_count == 1 ? "" : "s");
	return 0;
}

static int print_json_row(void *arg, const struct table *table, struct err *err)
{
	(void)arg;
	return info_print_table(table, stdout, err);
}

/* Twice through the tables rather than all of them in memory. */
static int print_list(struct ctl *ctl, struct txn *txn, const char *ns, const char *table, struct err *err)
{
	struct list list = { 0 };
	int rc;

	if (ctl->json)
		return walk_tables(ctl->catalog, txn, ns, table, print_json_row, NULL, err);
	rc = walk_tables(ctl->catalog, txn, ns, table, measure_row, &list, err);
	return rc ? rc : walk_tables(ctl->catalog, txn, ns, table, print_row, &list, err);
}

int cmd_ls(struct ctl *ctl)
{
	char ns[NAME_SIZE] = "", table[NAME_SIZE] = "";
	struct err err = ERR_INIT;
	struct txn *txn;
	int rc;

	if (ctl->argc && !ctl_split_name(ctl->argv[0], ns, table))
		return 2;
	rc = catalog_begin(ctl->catalog, &txn, &err);
	if (rc)
		return ctl_fail(&err);
	rc = print_list(ctl, txn, *ns ? ns : NULL, *table ? table : NULL, &err);
	txn_end(txn);
	return rc ? ctl_fail(&err) : 0;
}

static int print_mount(void *arg, const struct peer *peer)
{
	(void)arg;
	printf("mounted at:  %s (%s, pid %d)\n", peer->mountpoint, peer->read_only ? "ro" : "rw",
	       (int)peer->pid);
	return 0;
}

static int print_status(struct ctl *ctl, struct txn *txn, struct err *err)
{
	struct dir_state namespaces;
	struct store_stat disk;
	char uuid[37];
	int rc;

	catalog_uuid(ctl->catalog, uuid);
	catalog_dir_state(ctl->catalog, txn, DIR_NAMESPACES, 0, &namespaces);
	printf("catalog:     %s\nuuid:        %s\nformat:      %d\nsequence:    %llu\n",
	       catalog_dir(ctl->catalog), uuid, CATALOG_FORMAT,
	       (unsigned long long)meta_get(txn, META_SEQUENCE));
	printf("namespaces:  %u\ntables:      %llu\nin trash:    %llu\n", namespaces.count,
	       (unsigned long long)meta_get(txn, META_TABLES),
	       (unsigned long long)meta_get(txn, META_TRASH));
	if (store_statistics(catalog_store(ctl->catalog), &disk) == 0)
		printf("file:        %llu bytes\n", (unsigned long long)disk.file_bytes);
	rc = peer_list(catalog_dir(ctl->catalog), print_mount, NULL);
	return rc ? err_set(err, rc, "The mounts of the catalog cannot be listed: %s", strerror(-rc)) : 0;
}

int cmd_status(struct ctl *ctl)
{
	const struct status_facts facts = { 0 };
	struct err err = ERR_INIT;
	struct txn *txn;
	int rc;

	if (catalog_begin(ctl->catalog, &txn, &err))
		return ctl_fail(&err);
	rc = ctl->json ? status_print(ctl->catalog, txn, &facts, false, stdout, &err) :
			 print_status(ctl, txn, &err);
	txn_end(txn);
	return rc ? ctl_fail(&err) : 0;
}
