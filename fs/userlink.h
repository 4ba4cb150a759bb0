/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * userlink - nodes of storage/<userId>: the only ones whose number does not
 * tell what they are, because a user id is a text.  They are interned while
 * the kernel knows them; a link whose text changes gets another node.
 */
#ifndef KALAM_FS_USERLINK_H
#define KALAM_FS_USERLINK_H

#include "base/err.h"
#include "fs/inode.h"
#include "paths/location.h"

#include <stdint.h>

struct userlinks;

struct userlinks *userlinks_new(void);
void userlinks_free(struct userlinks *links);

/*
 * The node of one user's link with this text, which it has since a point in
 * time, with one lookup counted: userlink_forget gives it back.  0 or -ENOMEM.
 */
int userlink_get(struct userlinks *links, uint32_t table_id, const char *user_id, const char *text,
		 int64_t since, struct inode *out) MUST_CHECK;

/* Its text; -ENOENT for a node that was forgotten. */
int userlink_text(struct userlinks *links, struct inode inode, char out[LOCATION_SIZE]) MUST_CHECK;

/* The kernel gives count lookups back.  Nodes of other kinds are ignored. */
void userlink_forget(struct userlinks *links, uint64_t id, uint64_t count);

/* Since when it is so; 0 for a node that was forgotten. */
int64_t userlink_since(struct userlinks *links, struct inode inode);

/* Inode number of a user's link: always the same. */
uint64_t userlink_ino(uint32_t table_id, const char *user_id);

/* The same for a node; 0 for one that was forgotten. */
uint64_t userlink_node_ino(struct userlinks *links, struct inode inode);

#endif
