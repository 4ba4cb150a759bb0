/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_open - the directory and the files of a catalog before LMDB sees them.
 *
 * Part of the store.  LMDB follows links, dies of SIGBUS where lock.mdb finds
 * no room, and cannot be interrupted while it creates data.mdb; so all this is
 * looked after here.
 */
#ifndef KALAM_CATALOG_STORE_OPEN_H
#define KALAM_CATALOG_STORE_OPEN_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* "SUBJECT: No space left on device": kind ERR_STORE, EDQUOT as ENOSPC; returns the code. */
int store_errno(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/*
 * Open directory dir, with create make it (0700) first if it is missing.
 * Refuses links, other owners, others' write permission, network file systems.
 * Returns an owned descriptor or -errno with a sentence.
 */
int store_dir_open(const char *dir, bool create, struct err *err) MUST_CHECK;

/* A catalog that is open in this process. */
struct store_claim {
	dev_t dev;
	ino_t ino;
	struct store_claim *next;
	bool made;
};

/* -EBUSY if this process has it open already; the claim is borrowed until store_unclaim. */
int store_claim_dir(struct store_claim *claim, int dirfd, struct err *err) MUST_CHECK;
void store_unclaim(struct store_claim *claim);

/*
 * openat() of a file of the catalog (new ones 0600), refusing what is not a
 * regular file with one link, owned by the effective uid and writable by
 * nobody else.  Returns an owned descriptor or -errno with a sentence.
 */
int store_file_open(int dirfd, const char *name, int flags, struct err *err) MUST_CHECK;

bool store_has(int dirfd, const char *name);

/* Check data.mdb and its meta pages. */
int store_data_check(int dirfd, struct err *err) MUST_CHECK;

/* Check or make lock.mdb and reserve its room; not while the environment is open. */
int store_lock_file_prepare(int dirfd, bool read_only, struct err *err) MUST_CHECK;

/* 0, or -ENOENT "There is no catalog in 'PATH'". */
int store_exists(int dirfd, const char *path, struct err *err) MUST_CHECK;

/* Whether there is a data.mdb and no left-over of a creation. */
bool store_is_settled(int dirfd);

/*
 * Whether a directory without data.mdb may become a catalog: somebody who swaps
 * the arguments must not get one among his files.  0, -ENOTEMPTY, or -errno of
 * reading it.
 */
int store_check_empty(int dirfd, const char *path, struct err *err) MUST_CHECK;

/*
 * Remove what an interrupted creation left and, if there is no data.mdb, make
 * it: aside, in path/data.new, where build() must leave a committed and closed
 * environment; then by rename, so that there is none or a whole one.  The
 * write lock must be held: whoever has it first creates, the others find it.
 */
typedef int store_build_fn(const char *path, const void *arg, struct err *err);
int store_create(int dirfd, const char *path, store_build_fn *build, const void *arg,
		 struct err *err) MUST_CHECK;

#endif
