/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kalamctl - a catalog without a mount: what its commands share.
 *
 * A command is a function here and a row in kalamctl.c.  Exit codes: 0 done, 1
 * refused, failed or findings, 2 wrong usage or a damaged catalog.  Commands print;
 * what they print about comes from the library.
 */
#ifndef KALAM_CATALOG_KALAMCTL_H
#define KALAM_CATALOG_KALAMCTL_H

#include "catalog/catalog.h"
#include "catalog/load_split.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctl {
	struct catalog *catalog;
	bool json;
	/* options of commands: */
	bool secrets;
	const char *user;
	bool lenient, replace;
	char into[NAME_SIZE];	/* empty = not said */
	size_t batch;
	enum load_dialect dialect;
	struct author author;
	int argc;
	char **argv;	/* of the command, its name left out */
};

/* Print err; the exit code that belongs to it. */
int ctl_fail(const struct err *err);
int ctl_fail_nomem(void);

/* "NS.TABLE" or "NS" in two parts, folded; table empty for the latter.  False after telling why not. */
bool ctl_split_name(const char *text, char ns[NAME_SIZE], char table[NAME_SIZE]);

/* A whole file or, for "-", standard input: owned; NULL after telling why not. */
char *ctl_read_script(const char *name, size_t *len);

/* Wait until every mount shows the change with this sequence (0 = none was made); warn of those that do not. */
void ctl_sync_mounts(struct ctl *ctl, uint64_t sequence);

/* The commands: an exit code each. */
int cmd_exec(struct ctl *ctl);
int cmd_dump(struct ctl *ctl);
int cmd_describe(struct ctl *ctl);
int cmd_ls(struct ctl *ctl);
int cmd_paths(struct ctl *ctl);
int cmd_status(struct ctl *ctl);
int cmd_check(struct ctl *ctl);
int cmd_load(struct ctl *ctl);
int cmd_backup(struct ctl *ctl);

#endif
