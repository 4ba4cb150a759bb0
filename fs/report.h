/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report - what became of the last write, for each object and caller: the text
 * of `error`, of `plan`, and the last line of `ctl`; and the last refusals of
 * all for errors.jsonl.  In memory only, and bounded: what was touched least
 * recently goes first.
 */
#ifndef KALAM_FS_REPORT_H
#define KALAM_FS_REPORT_H

#include "catalog/model.h"
#include "fs/view.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define REPORT_KEYS_MAX 1024
#define REPORT_BYTES_MAX (16u << 20)
#define REPORT_REFUSALS_MAX 1000

struct report;

struct report_key {
	enum object_kind object;	/* OBJECT_NONE: the catalog */
	uint32_t id;
	uint32_t uid;
};

enum report_what { REPORT_ERROR, REPORT_PLAN, REPORT_LAST, REPORT_WHAT_COUNT };

struct report *report_new(void);
void report_free(struct report *report);

/* The view's own object and caller. */
struct report_key report_key(const struct view *view);

/* Keep a copy of a text (len 0: none).  -ENOMEM when memory is out: the old one goes all the same. */
int report_set(struct report *report, struct report_key key, enum report_what what,
		const char *text, size_t len, int64_t now);

/* Print what is kept; whether there was anything. */
bool report_print(struct report *report, struct report_key key, enum report_what what, FILE *out);

/* When it was last set; 0 = never. */
int64_t report_time(struct report *report, struct report_key key, enum report_what what);

/* Keep a line (with its newline) of errors.jsonl. */
void report_refusal(struct report *report, uint32_t uid, const char *line, size_t len, int64_t now);

/* Print the lines of one uid, or all, oldest first. */
void report_print_refusals(struct report *report, uint32_t uid, bool all, FILE *out);
int64_t report_refusal_time(struct report *report);

#endif
