/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mount - one mounted catalog: what all FUSE operations and threads share.
 *
 * Threads: FUSE workers (fs/ops.h), which wait for nothing unless they lead a
 * change; the committer (fs/commit.h); the notifier (fs/notify.h); the listener (fs/listen.h); one
 * for signals and the main thread (fs/serve.h).
 */
#ifndef KALAM_FS_MOUNT_H
#define KALAM_FS_MOUNT_H

#include "fs/caller.h"
#include "fs/commit.h"
#include "fs/handle.h"
#include "fs/listen.h"
#include "fs/notify.h"
#include "fs/siblings.h"
#include "fs/sizes.h"
#include "fs/spool_held.h"
#include "fs/tree.h"

struct agent;
struct drafts;
struct fuse_session;
struct kept;
struct lastsaves;
struct phoenixes;
struct redirects;
struct rejected;
struct scratch;
struct spools;
struct workers;

struct mount {
	struct tree tree;
	struct sizes sizes;
	struct catalog *catalog;	/* owned */
	struct fuse_session *se;	/* owned by fs/serve.c */
	struct handles handles;
	struct spools *spools;		/* owned */
	struct callers *callers;	/* owned */
	struct agent *agent;		/* owned; NULL without a sandbox */
	struct kept *kept;		/* owned; NULL unless read-only */
	struct workers *workers;	/* owned by fs/serve.c */
	struct commit commit;
	struct notify notify;
	struct listen listen;
	/* Editing; all owned. */
	struct scratch *scratch;
	struct drafts *drafts;
	struct redirects *redirects;
	struct phoenixes *phoenixes;
	struct lastsaves *lastsaves;
	struct rejected *rejected;
	bool has_expire;		/* the kernel can look again at a name without dropping it */
	bool allow_epoch;		/* use FUSE_NOTIFY_INC_EPOCH where the kernel has it */
	unsigned max_read;		/* bytes of one READ; 0 = no limit */
	bool has_no_opendir;		/* the kernel opens directories without asking */
	bool has_no_open;		/* and files, too: read-only mounts */
	struct siblings siblings;
	struct held_spools held;	/* only where files are opened without asking */
};

#endif
