/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict - what a writer can read about his write afterwards: `error`,
 * `plan`, the last line of `ctl`, errors.jsonl.
 */
#ifndef KALAM_FS_VERDICT_H
#define KALAM_FS_VERDICT_H

#include "catalog/session.h"
#include "fs/report.h"

struct mount;

/* Whose write to which file it was. */
struct verdict {
	struct report_key key;
	const char *object;	/* "app.messages", "app", "" for the catalog; borrowed */
	bool plan;
	const struct session *session;	/* the error's position counts in its shown text; borrowed */
	/* Without a session: a saved document, or what could not be done in a directory. */
	const char *file;	/* borrowed */
	const char *text;	/* borrowed; may be NULL */
	size_t len;
};

/* 0, or -ENOMEM: of a plan there is no room for what it tells, and it must fail. */
int verdict_accepted(struct mount *mount, const struct verdict *verdict,
		     const struct request *request);

/* text: what was written, if it is not what the session shows; else NULL. */
void verdict_refused(struct mount *mount, const struct verdict *verdict,
		     const struct author *author, const struct err *err, const char *text,
		     size_t len);

/* A write that came to nothing, BEGIN and ROLLBACK for one, was a success, too. */
void verdict_cleared(struct mount *mount, const struct report_key *key, uint32_t uid);

/* Not refused yet, but it will be: `error` tells, errors.jsonl does not. */
void verdict_warned(struct mount *mount, const struct verdict *verdict, const struct err *err);

/* Remember for status.json if it was the disk or the catalog that failed. */
void verdict_note(struct mount *mount, const struct err *err);

/* The positive number that the kernel may be told. */
int verdict_errno(int code);

#endif
