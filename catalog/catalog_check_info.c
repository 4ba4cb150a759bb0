/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/catalog_check_impl.h"
#include "catalog/info.h"
#include "catalog/info_sums.h"

#include <errno.h>

#define LL unsigned long long

static const char *const views[] = {
	[INFO_SCHEMATA] = "schemata",
	[INFO_TABLES] = "tables",
	[INFO_COLUMNS] = "columns",
	[INFO_STORAGES] = "storages",
};
_Static_assert(countof(views) == INFO_VIEW_COUNT, "every set of rows has a name");

static int check_text(struct check *c, const struct info *info)
{
	struct info_state state;
	struct err err = ERR_INIT;
	uint64_t bytes;
	int rc = info_state(c->catalog, c->txn, info, &state, &err);

	if (!rc)
		rc = info_measure(c->catalog, c->txn, info, &bytes, &err);
	/* A record that cannot be read is a finding of its own. */
	if (rc)
		return check_damage(c, rc == -ENOENT ? -EIO : rc, &err);
	if (bytes != state.bytes)
		check_found(c, RULE_SIZES, "information_schema/%s.%s has %llu bytes, but its size is kept as %llu" REBUILD,
			    views[info->view], info->form == INFO_CSV ? "csv" : "jsonl", (LL)bytes, (LL)state.bytes);
	return 0;
}

static int check_texts(struct check *c, uint32_t namespace_id)
{
	struct info info = { .namespace_id = namespace_id };
	int rc = 0;

	for (info.view = 0; !rc && info.view < INFO_VIEW_COUNT; info.view++) {
		for (info.form = 0; !rc && info.form < INFO_FORM_COUNT; info.form++)
			rc = check_text(c, &info);
	}
	return rc;
}

static int check_namespace_texts(void *arg, uint32_t id, const char *name, size_t len)
{
	struct check *c = arg;

	(void)name;
	(void)len;
	check_about_id(c, OBJECT_NAMESPACE, id);
	return check_texts(c, id);
}

/* Sums of other printers are made anew by the next commit. */
int check_info(struct check *c)
{
	int rc;

	if (c->totals->findings || !info_sums_are_current(c->txn))
		return 0;
	rc = check_texts(c, 0);
	return rc ? rc : names_list(c->txn, DIR_NAMESPACES, 0, check_namespace_texts, c);
}
