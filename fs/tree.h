/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree - what all nodes of one mount share.  Knows nothing of FUSE, so that the
 * whole tree can be tested without a mount.
 */
#ifndef KALAM_FS_TREE_H
#define KALAM_FS_TREE_H

#include "catalog/catalog.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct agent;
struct drafts;
struct kept;
struct metrics;
struct outside;
struct report;
struct scratch;
struct sizes;
struct userlinks;

struct tree {
	struct catalog *catalog;	/* borrowed */
	struct report *report;		/* borrowed */
	struct userlinks *links;	/* borrowed */
	struct scratch *scratch;	/* borrowed */
	struct drafts *drafts;		/* borrowed */
	struct kept *kept;		/* borrowed; NULL unless files are opened without asking */
	struct sizes *sizes;		/* borrowed; NULL: every text is measured when it is asked for */
	struct metrics *metrics;	/* borrowed */
	const char *mountpoint;		/* absolute; borrowed */
	uid_t uid;			/* owner of everything: who mounted */
	gid_t gid;
	bool has_dba;			/* a group may write, too */
	gid_t dba_gid;
	mode_t umask;
	bool read_only;			/* no ctl, plan, error, errors.jsonl */
	int64_t started_at;
	atomic_bool is_damaged;		/* the disk or the catalog has failed since */
	atomic_bool is_frozen;		/* the catalog was found damaged: nothing is written */
	atomic_bool has_epoch;		/* the kernel can forget every name at once */
	atomic_uint fresh;		/* numbers the nodes of texts that are made at open */
	/* Changes up to this sequence number are shown: see mtime in fs/node.c. */
	_Atomic uint64_t settled;
	/* What log.jsonl shows: set when the kernel has dropped the old last page. */
	_Atomic uint64_t log_end;
	_Atomic int64_t log_stamp;
	struct agent *agent;		/* borrowed; NULL without a sandbox */
	struct outside *outside;	/* borrowed */
};

#endif
