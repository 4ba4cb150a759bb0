/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * phoenix - documents that an unlink cannot destroy: for two seconds the
 * process that unlinked one does not see it, so that it can create it anew
 * (mv from another file system, install, git checkout).  All others do.
 */
#ifndef KALAM_FS_PHOENIX_H
#define KALAM_FS_PHOENIX_H

#include "fs/target.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PHOENIX_MS 2000

struct phoenixes;

struct phoenixes *phoenixes_new(void);
void phoenixes_free(struct phoenixes *phoenixes);

/* This process has unlinked it. */
void phoenix_hide(struct phoenixes *phoenixes, pid_t process, const struct target_key *key);

/* It comes back for this process: created, or renamed upon. */
void phoenix_rise(struct phoenixes *phoenixes, pid_t process, const struct target_key *key);

bool phoenixes_any(struct phoenixes *phoenixes);

/* Hidden from anybody; *mine: from this process. */
bool phoenix_is_hidden(struct phoenixes *phoenixes, pid_t process, const struct target_key *key,
		       bool *mine);

#endif
