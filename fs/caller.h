/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * caller - who asks, as change.json and log.jsonl name him: process and
 * command from /proc while he waits for our answer, name of the user from the
 * system's user database (remembered for a while).  For writes only.
 */
#ifndef KALAM_FS_CALLER_H
#define KALAM_FS_CALLER_H

#include "catalog/model.h"

#include <sys/types.h>

struct callers;

struct callers *callers_new(void);
void callers_free(struct callers *callers);

/* thread: as FUSE tells it; 0 where it cannot (another pid namespace). */
void caller_author(struct callers *callers, uid_t uid, pid_t thread, struct author *out);

#endif
