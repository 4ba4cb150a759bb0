/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/status.h"

#include "fs/files.h"

int show_status(struct view *view, FILE *out, struct err *err)
{
	const struct tree *tree = view->tree;
	char damage[512] = "";
	bool is_frozen = store_is_frozen(catalog_store(tree->catalog), damage, sizeof(damage));
	struct status_facts facts = {
		.state = tree->is_damaged ? "damaged" : "ok",
		.damage = is_frozen ? damage : NULL,
		.read_only = tree->read_only || is_frozen,
		.started_at = tree->started_at,
		.coherence = tree->has_epoch ? "epoch" : "bounded",
		.cache = true,
	};

	return status_print(tree->catalog, view->txn, &facts, true, out, err);
}
