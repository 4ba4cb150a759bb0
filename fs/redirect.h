/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * redirect - ESTALE once (kernel.md): to have a writer get a node of his own,
 * his call on the node that everybody reads is refused with ESTALE.  The kernel
 * walks the path again, from the same thread, and its lookups of the document
 * are answered with a private node.  This is who was sent back, and for what.
 */
#ifndef KALAM_FS_REDIRECT_H
#define KALAM_FS_REDIRECT_H

#include "base/err.h"
#include "fs/target.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct redirects;
struct scratch;

enum redirect_why { REDIRECT_OPEN, REDIRECT_UNLINK, REDIRECT_RENAME };

/* scratch is borrowed: the private nodes. */
struct redirects *redirects_new(struct scratch *scratch);
void redirects_free(struct redirects *redirects);

/*
 * Send a thread back.  0: answer ESTALE; -ETXTBSY: it has just been sent back
 * for the same and no lookup came, or there is no thread to know it by.
 */
int redirect_begin(struct redirects *redirects, pid_t thread, const struct target_key *key,
		   enum redirect_why why) MUST_CHECK;

/* Whether anybody at all is under way: a cheap look before all else. */
bool redirects_any(struct redirects *redirects);

/* Whether this thread was sent back for this document, and for what. */
bool redirect_pending(struct redirects *redirects, pid_t thread, const struct target_key *key,
		      enum redirect_why *why, uint64_t *node);

/* The private node of its lookups, pinned already; taken over by the redirect. */
void redirect_attach(struct redirects *redirects, pid_t thread, const struct target_key *key,
		     uint64_t node);

/*
 * The retried call has come: the redirect ends.  Its node's pin is the
 * caller's then; 0 if no lookup came.  false: it was never sent back.
 */
bool redirect_end(struct redirects *redirects, pid_t thread, const struct target_key *key,
		  enum redirect_why why, uint64_t *node);

/*
 * A lookup of this thread failed.  The kernel may ask once more before it gives up, so
 * the redirect stays; but a call that comes then is another one, and is sent back anew.
 */
void redirect_fail(struct redirects *redirects, pid_t thread);

/* The retried open of a private node has come. */
void redirect_end_node(struct redirects *redirects, pid_t thread, uint64_t node);

#endif
