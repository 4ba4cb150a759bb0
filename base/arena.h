/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena - memory that is freed together.
 *
 * A table definition, a parsed script and the like each own one arena; what
 * hangs below them lives in it and needs no free of its own.
 */
#ifndef KALAM_BASE_ARENA_H
#define KALAM_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *head;	/* zeroed struct = empty arena */
};

/* size zeroed bytes, aligned for any type, or NULL when memory is out. */
void *arena_alloc(struct arena *arena, size_t size);

/* count * size zeroed bytes; NULL also when the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A NUL-terminated copy of len bytes of text, or NULL. */
char *arena_strndup(struct arena *arena, const char *text, size_t len);

/* A copy of text; NULL for NULL (and when memory is out). */
char *arena_strdup(struct arena *arena, const char *text);

/* Free everything; the arena is empty afterwards and may be used again. */
void arena_free(struct arena *arena);

#endif
