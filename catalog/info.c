/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/info.h"

#include "catalog/catalog_impl.h"
#include "catalog/info_row.h"
#include "catalog/info_sums.h"
#include "catalog/walk.h"

#include <errno.h>
#include <string.h>

static const struct info_layout *const layouts[] = {
	[INFO_SCHEMATA] = &info_schemata,
	[INFO_TABLES] = &info_tables,
	[INFO_COLUMNS] = &info_columns,
	[INFO_STORAGES] = &info_storages,
};
_Static_assert(countof(layouts) == INFO_VIEW_COUNT, "every set of rows has its fields");

struct printing {
	struct catalog *catalog;
	struct txn *txn;
	const struct info *info;
	const atomic_bool *stop;	/* may be NULL */
	struct info_sink sink;
	struct err *err;
};

/* Between two objects: whether it goes on. */
static int check(const struct printing *p, int rc)
{
	if (rc == -ENOMEM)
		return err_nomem(p->err);
	if (!rc && p->stop && *p->stop)
		return err_set(p->err, -EINTR, "Printing information_schema was interrupted");
	if (!rc && p->sink.out && ferror(p->sink.out))
		return err_set(p->err, -EIO, "Printing information_schema: %s", strerror(errno));
	return rc;
}

static int print_namespace(void *arg, const struct namespace *ns, struct err *err)
{
	struct printing *p = arg;

	(void)err;
	return check(p, info_put_namespace(&p->sink, p->info->form, ns));
}

static int print_table(void *arg, const struct table *table, struct err *err)
{
	struct printing *p = arg;

	(void)err;
	return check(p, p->info->view == INFO_TABLES
				? info_put_table(&p->sink, p->info->form, table)
				: info_put_columns(&p->sink, p->info->form, table));
}

static int print_schemata(struct printing *p)
{
	struct namespace *ns;
	int rc;

	if (!p->info->namespace_id)
		return walk_namespaces(p->catalog, p->txn, print_namespace, p, p->err);
	rc = catalog_namespace(p->catalog, p->txn, p->info->namespace_id, &ns, p->err);
	if (rc)
		return rc;
	rc = print_namespace(p, ns, p->err);
	namespace_put(ns);
	return rc;
}

static int find_storage(struct txn *txn, const char *name, size_t len, struct storage **out,
			struct err *err)
{
	char storage_id[NAME_SIZE];
	uint32_t id;
	int rc;

	snprintf(storage_id, sizeof(storage_id), "%.*s", (int)len, name);
	rc = name_find(txn, DIR_STORAGES, 0, storage_id, &id);
	if (!rc)
		rc = row_storage(txn, id, out, err);
	if (rc == -ENOENT)
		return err_set(err, -EIO, "The catalog has lost storage '%s'", storage_id);
	return rc;
}

static int print_storage(void *arg, const char *name, size_t len)
{
	struct printing *p = arg;
	struct storage *storage;
	int rc = find_storage(p->txn, name, len, &storage, p->err);

	if (rc)
		return rc;
	rc = check(p, info_put_storage(&p->sink, p->info->form, storage));
	storage_put(storage);
	return rc;
}

static int print_named_storage(void *arg, uint32_t id, const char *name, size_t len)
{
	(void)id;
	return print_storage(arg, name, len);
}

static int print_storages(struct printing *p)
{
	if (p->info->namespace_id)
		return storage_use_list(p->txn, p->info->namespace_id, print_storage, p);
	return names_list(p->txn, DIR_STORAGES, 0, print_named_storage, p);
}

static int print_rows(struct printing *p)
{
	switch (p->info->view) {
	case INFO_SCHEMATA:
		return print_schemata(p);
	case INFO_TABLES:
	case INFO_COLUMNS:
		return walk_tables_in(p->catalog, p->txn, p->info->namespace_id, print_table, p,
				      p->err);
	case INFO_STORAGES:
	case INFO_VIEW_COUNT:
	default:
		return print_storages(p);
	}
}

static int print(struct printing *p)
{
	info_put_head(&p->sink, p->info->form, layouts[p->info->view]);
	return check(p, print_rows(p));
}

int info_print(struct catalog *catalog, struct txn *txn, const struct info *info,
	       const atomic_bool *stop, FILE *out, struct err *err)
{
	struct printing p = { .catalog = catalog,
			      .txn = txn,
			      .info = info,
			      .stop = stop,
			      .sink = { .out = out },
			      .err = err };

	return txn_told(txn, err, print(&p));
}

int info_measure(struct catalog *catalog, struct txn *txn, const struct info *info, uint64_t *bytes,
		 struct err *err)
{
	struct printing p = { .catalog = catalog, .txn = txn, .info = info, .err = err };
	int rc = print(&p);

	*bytes = p.sink.bytes;
	return txn_told(txn, err, rc);
}

/* When one of the storages that a namespace uses changed last, and how long their rows are. */
struct used {
	struct txn *txn;
	enum info_form form;
	struct info_sink sink;
	int64_t changed_at;
	struct err *err;
};

static int measure_used(void *arg, const char *name, size_t len)
{
	struct used *used = arg;
	struct storage *storage;
	int rc = find_storage(used->txn, name, len, &storage, used->err);

	if (rc)
		return rc;
	if (storage->updated_at > used->changed_at)
		used->changed_at = storage->updated_at;
	rc = info_put_storage(&used->sink, used->form, storage);
	storage_put(storage);
	return rc;
}

/* A storage is changed for all namespaces at once, so their sums cannot have it. */
static int add_used(struct txn *txn, const struct info *info, struct info_state *out,
		    struct err *err)
{
	struct used used = { .txn = txn, .form = info->form, .err = err };
	struct info_sums all;
	int rc = info_sums_get(txn, 0, &all, err);

	if (!rc)
		rc = storage_use_list(txn, info->namespace_id, measure_used, &used);
	out->bytes = used.sink.bytes;
	if (used.changed_at > out->changed_at)
		out->changed_at = used.changed_at;
	if (all.of[INFO_STORAGES].sequence > out->sequence)
		out->sequence = all.of[INFO_STORAGES].sequence;
	return rc;
}

static void add_sum(const struct info_sums *sums, const struct info *info, struct info_state *out)
{
	const struct info_sum *sum = &sums->of[info->view];

	out->bytes += sum->bytes[info->form];
	out->sequence = sum->sequence;
	if (sum->changed_at > out->changed_at)
		out->changed_at = sum->changed_at;
}

/* Without the head. */
static int state_of_rows(struct catalog *catalog, struct txn *txn, const struct info *info,
			 struct info_state *out, struct err *err)
{
	struct info_sums sums;
	int rc;

	if (info->namespace_id == NAMESPACE_SYSTEM) {
		add_sum(&catalog->system_info, info, out);
		return 0;
	}
	rc = info_sums_get(txn, info->namespace_id, &sums, err);
	if (rc)
		return rc;
	add_sum(&sums, info, out);
	if (!info->namespace_id)
		out->bytes += catalog->system_info.of[info->view].bytes[info->form];
	else if (info->view == INFO_STORAGES)
		return add_used(txn, info, out, err);
	return 0;
}

/* Sums of other printers, or damaged ones: nothing is known but the text itself. */
static int measured_state(struct catalog *catalog, struct txn *txn, const struct info *info,
			  struct info_state *out, struct err *err)
{
	out->sequence = meta_get(txn, META_SEQUENCE);
	out->changed_at = (int64_t)meta_get(txn, META_LAST_STAMP);
	return info_measure(catalog, txn, info, &out->bytes, err);
}

int info_state(struct catalog *catalog, struct txn *txn, const struct info *info,
	       struct info_state *out, struct err *err)
{
	struct info_sink head = { 0 };
	struct namespace *ns;
	int rc = 0;

	*out = (struct info_state){ .changed_at = catalog->created_at };
	if (info->namespace_id) {
		rc = catalog_namespace(catalog, txn, info->namespace_id, &ns, err);
		if (rc)
			return rc;
		out->changed_at = ns->created_at;
		namespace_put(ns);
	}
	if (!info_sums_are_current(txn) || state_of_rows(catalog, txn, info, out, NULL))
		return measured_state(catalog, txn, info, out, err);
	info_put_head(&head, info->form, layouts[info->view]);
	out->bytes += head.bytes;
	return 0;
}
