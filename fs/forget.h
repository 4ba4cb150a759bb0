/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forget - what the kernel must forget when an object changed.
 *
 * May wait for directory locks: for the notifier and the listener only.
 */
#ifndef KALAM_FS_FORGET_H
#define KALAM_FS_FORGET_H

#include "fs/changes.h"

#include <stdint.h>

struct mount;

/* Attributes of one node. */
void forget_attr(struct mount *mount, uint64_t node);

/* Cached data from the page on in which a file ended, and its attributes. */
void forget_tail(struct mount *mount, uint64_t node, uint64_t end);

/* Text that was appended to a file: the kernel's copy of the file, if it has one, grows with it. */
void push_tail(struct mount *mount, uint64_t node, uint64_t offset, const char *text, size_t len);

/* All names of the mount at once; false where the kernel cannot. */
bool forget_names(struct mount *mount);

/*
 * What one change touches, in two steps for all changes of a piece: first
 * names, then attributes and listings.  After the first one no answer to an
 * older lookup or listing of a touched directory is under way any more.
 */
enum forget_step {
	FORGET_NAMES,	/* entries */
	FORGET_NOTHING,	/* names are forgotten already: only wait for what is under way */
	FORGET_ATTRS
};

struct forgetting {
	struct mount *mount;
	enum forget_step step;
	uint64_t waited;	/* FORGET_NOTHING: the directory that was waited for last */
};

void forget_change(struct forgetting *f, const struct change_row *row);

/* The same where the changes are not known: everything. */
void forget_all(struct forgetting *f, const struct changes *changes);

#endif
