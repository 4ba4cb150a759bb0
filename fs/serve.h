/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve - from an opened command line to an unmounted file system. */
#ifndef KALAM_FS_SERVE_H
#define KALAM_FS_SERVE_H

#include "base/err.h"
#include "fs/options.h"

struct mount;

/*
 * The FUSE session and the memory that is shared with it; made before the
 * process goes to the background so that bad options can be told.  0, -EINVAL
 * for options that libfuse does not know, -ENOMEM.
 */
int serve_new(struct options *options, struct mount **out, struct err *err) MUST_CHECK;
void serve_free(struct mount *mount);

/*
 * Open the catalog, mount, call ready once the kernel may ask, answer until
 * the file system is unmounted or a signal ends it.  0 or -errno.
 */
typedef void ready_fn(void *arg);
int serve(struct mount *mount, const struct options *options, ready_fn *ready, void *arg,
	  struct err *err) MUST_CHECK;

#endif
