/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lastsave - which version each process saved last (decisions.md 27): the
 * second `:w` of an editor is made from what its first one became, whatever the
 * text in its buffer says.
 */
#ifndef KALAM_FS_LASTSAVE_H
#define KALAM_FS_LASTSAVE_H

#include "fs/caller.h"
#include "fs/target.h"

#include <stdint.h>

#define LASTSAVES_MAX 1024
#define LASTSAVE_SECONDS (24 * 3600)

struct lastsaves;

struct lastsaves *lastsaves_new(void);
void lastsaves_free(struct lastsaves *lastsaves);

/* The version; 0 = none within 24 hours, or forgotten. */
uint32_t lastsave_get(struct lastsaves *lastsaves, const struct process *process,
		      const struct target_key *key);
void lastsave_set(struct lastsaves *lastsaves, const struct process *process,
		  const struct target_key *key, uint32_t version);

#endif
