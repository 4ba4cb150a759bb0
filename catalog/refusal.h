/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * refusal - one line of errors.jsonl: who was refused what, and why.
 */
#ifndef KALAM_CATALOG_REFUSAL_H
#define KALAM_CATALOG_REFUSAL_H

#include "base/err.h"
#include "catalog/model.h"

#include <stdio.h>

struct refusal {
	int64_t time;
	struct author author;
	const char *object;	/* "app.messages", "app", or "" for the catalog */
	const char *file;	/* "ctl", "schema.json", or kalamctl's file name */
	const char *text;	/* what was written; secrets are masked in the line */
	size_t len;
	struct err_origin origin;	/* where text begins in the file; zeroed = at its start */
	bool document;		/* text is no statement, but JSON, which is not shown */
	const struct err *err;
};

/* One JSON object and a newline (forms.md); the statement is cut at 4,096 bytes. */
void refusal_print(const struct refusal *refusal, FILE *out);

#endif
