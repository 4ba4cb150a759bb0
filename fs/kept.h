/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kept - texts that readers of a read-only mount may still ask for.
 *
 * There the kernel opens files without asking, so that no handle can hold what
 * its reader saw.  What the catalog cannot show again later - a status, an old
 * namespace.json - is kept here by its node id from the lookup on, in bounded
 * memory, oldest out first.
 */
#ifndef KALAM_FS_KEPT_H
#define KALAM_FS_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct kept;

/* room: bytes of memory held; a text that has no room in it is not kept.  NULL when memory is out. */
struct kept *kept_new(size_t room);
void kept_free(struct kept *kept);

/* Keep text (malloc'ed), which is owned from here on.  A node that is kept already stays as it is. */
void kept_put(struct kept *kept, uint64_t node, char *text, size_t len);

/* Whether a node is kept, and how long its text is. */
bool kept_size(struct kept *kept, uint64_t node, size_t *len);

/* Copy up to size bytes from offset of a node's text; -ENOENT if it is not kept. */
ssize_t kept_read(struct kept *kept, uint64_t node, char *out, size_t size, uint64_t offset);

#endif
