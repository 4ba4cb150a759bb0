/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/status.h"

#include "fs/files.h"

int show_status(struct view *view, FILE *out, struct err *err)
{
	const struct tree *tree = view->tree;
	struct status_facts facts = {
		.state = tree->is_damaged ? "damaged" : "ok",
		.read_only = tree->read_only,
		.started_at = tree->started_at,
		.coherence = tree->has_epoch ? "epoch" : "bounded",
		.cache = true,
	};

	(void)err;
	status_print(tree->catalog, view->txn, &facts, true, out);
	return 0;
}
