/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * caller - who asks, as change.json and log.jsonl name him: process and
 * command from /proc while he waits for our answer, name of the user from the
 * system's user database (remembered for a while).  For writes only.
 */
#ifndef KALAM_FS_CALLER_H
#define KALAM_FS_CALLER_H

#include "catalog/model.h"

#include <stdint.h>
#include <sys/types.h>

struct agent;
struct callers;

struct callers *callers_new(void);
void callers_free(struct callers *callers);

/* Who is asked for names of users from now on; borrowed. */
void callers_ask(struct callers *callers, struct agent *agent);

/* thread: as FUSE tells it; 0 where it cannot (another pid namespace). */
void caller_author(struct callers *callers, uid_t uid, pid_t thread, struct author *out);

/* A process, and not a later one with its number. */
struct process {
	uint32_t uid;
	pid_t pid;		/* 0 = cannot be told */
	uint64_t started;	/* clock ticks after boot; 0 = cannot be told */
};
void caller_process(uint32_t uid, pid_t thread, struct process *out);

#endif
