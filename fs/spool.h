/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spool - texts of information_schema while somebody has them open.
 *
 * Such a text can have any length, and a reader must see one snapshot of it from
 * open to close, but no snapshot of the catalog is held between two requests.  So
 * it is printed when it is opened: a short one in memory by the worker that was
 * asked, a long one into a file that has no name any more, by a thread of its own,
 * so that no number of them keeps workers busy.  Who opens a node that others have
 * open, or that is being printed, shares its text; the last one to close it drops it.
 *
 * The file is in the catalog's directory.  Where nothing can be written there
 * (a catalog on a read-only disk) it is in $TMPDIR or else /var/tmp.  Long texts
 * leave writers of the catalog SPOOL_RESERVE bytes of the disk.
 *
 * A node names its content (fs/inode.h), but between the lookup of a name and the
 * open of its node the catalog may have changed.  Then the node is opened with the
 * newer content, and the kernel must not keep anything of it: spool_is_named.
 *
 * Knows nothing of FUSE.
 */
#ifndef KALAM_FS_SPOOL_H
#define KALAM_FS_SPOOL_H

#include "base/err.h"
#include "fs/tree.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/types.h>

#define SPOOL_RESERVE (UINT64_C(16) << 20)

struct spool;
struct spools;

/* How much of all; 0 = as in the comment. */
struct spools_options {
	size_t text_max;	/* bytes of a text that is kept in memory: 256 KiB */
	size_t memory_max;	/* bytes of all of these: 16 MiB; then they are files, too */
	unsigned file_max;	/* files: 16; then opening is EBUSY */
};

/* Who waits for a text.  The caller's, until done is called. */
struct spool_wait {
	TAILQ_ENTRY(spool_wait) link;
	/*
	 * Called exactly once, maybe before spools_open returns, maybe in the other
	 * thread.  spool is a reference (spool_put), NULL when rc tells why not.
	 */
	void (*done)(struct spool_wait *wait, struct spool *spool, int rc, const struct err *err);
	bool is_shared;	/* set before done: others have the same text open */
};

/* tree is borrowed.  NULL when memory is out. */
struct spools *spools_new(struct tree *tree, const struct spools_options *options);

/* Start the thread; before, and after spools_stop, long texts are refused (EBUSY). */
int spools_start(struct spools *spools, struct err *err) MUST_CHECK;

/* End it: what is being printed and what waits for it ends with EINTR. */
void spools_stop(struct spools *spools);

/* No spool may be left.  NULL is fine. */
void spools_free(struct spools *spools);

/* The text of a node.  Fails with -ENOENT (its namespace is gone), -ENOSPC, -EBUSY... */
void spools_open(struct spools *spools, uint64_t node, uint32_t uid, struct spool_wait *wait);

/* NULL is fine. */
void spool_put(struct spool *spool);

/* Whether the node's id names just this content, with the size that its attributes tell. */
bool spool_is_named(const struct spool *spool);

/* Whether others have this node open with an older text: attributes could not tell which. */
bool spool_is_double(const struct spool *spool);

/* Whether the length was not the one that was told: a mistake in the catalog's sums. */
bool spool_is_odd(const struct spool *spool);

/* Attributes when it was printed, with the size that it has. */
void spool_attr(const struct spool *spool, struct stat *out);

/* The whole text where it is in memory, else NULL.  Borrowed. */
const char *spool_text(const struct spool *spool, size_t *len);

/* Up to size bytes from an offset; 0 at the end, or -errno. */
ssize_t spool_read(const struct spool *spool, void *at, size_t size, uint64_t offset) MUST_CHECK;

#endif
