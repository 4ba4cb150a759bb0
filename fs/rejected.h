/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rejected - what was refused, byte for byte: .rejected/<uid>/<file> beside the
 * document, for its writer only, until his next accepted save, for 24 hours.
 * Bounded: the oldest go first.
 */
#ifndef KALAM_FS_REJECTED_H
#define KALAM_FS_REJECTED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define REJECTED_MAX 256
#define REJECTED_BYTES_MAX (16u << 20)
#define REJECTED_SECONDS (24 * 3600)

struct rejected;
struct scratch;

/* scratch is borrowed; changed is told of directories where .rejected came or went. */
struct rejected *rejected_new(struct scratch *scratch, void (*changed)(void *arg, uint64_t dir),
			      void *arg);
void rejected_free(struct rejected *rejected);

void rejected_keep(struct rejected *rejected, uint64_t dir, uid_t uid, const char *file,
		   const char *text, size_t len);
void rejected_drop(struct rejected *rejected, uint64_t dir, uid_t uid, const char *file);

/* Seconds since a text of his was refused; -1 = there is none. */
long rejected_age(struct rejected *rejected, uint64_t dir, uid_t uid, const char *file);
void rejected_expire(struct rejected *rejected);

#endif
