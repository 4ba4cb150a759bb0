/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status - .kalamfs/status.json, and what `kalamctl status` tells.
 */
#ifndef KALAM_CATALOG_STATUS_H
#define KALAM_CATALOG_STATUS_H

#include "catalog/catalog.h"

#include <stdio.h>

/* What only the asking process knows; zero and NULL where it does not apply. */
struct status_facts {
	const char *state;		/* "ok", or "damaged"; NULL = "ok" */
	const char *damage;		/* what was found; NULL = none, and not printed */
	bool read_only;
	int64_t started_at;		/* 0 prints null */
	const char *coherence;		/* "epoch", "bounded"; NULL prints null */
	bool cache;			/* the schema cache's figures mean something here */
};

/*
 * The document of forms.md, indented or compact, with a newline.  0, or -errno where the
 * mounts cannot be listed: then it is not whole.
 */
int status_print(struct catalog *catalog, struct txn *txn, const struct status_facts *facts,
		 bool indented, FILE *out, struct err *err) MUST_CHECK;

#endif
