/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options - the command line of kalamfs. */
#ifndef KALAM_FS_OPTIONS_H
#define KALAM_FS_OPTIONS_H

#include "fs/fuse.h"

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct options {
	struct fuse_args args;		/* for libfuse */
	char *catalog, *mountpoint;	/* as given, then absolute; owned */
	int foreground, debug, show_help, show_version;
	int read_only;
	int nocreate;
	char *dba;			/* owned; NULL = no group */
	gid_t dba_gid;
	unsigned umask;
	char *map_size_text;		/* owned */
	size_t map_size;		/* bytes; 0 = default */
	unsigned cache_tables;		/* 0 = default */
	char *check;			/* owned; "full", "quick" or NULL */
	unsigned lock_wait;		/* seconds */
	int nosandbox;
	int noepoch;			/* for tests: as on kernels without INC_EPOCH */
	int nopush;			/* for tests and benchmarks: without fs/siblings.h */
	unsigned max_read;		/* libfuse's, but it must be told at init, too */
	int has_fsname, has_subtype;
};

/*
 * Parse; 0 or -EINVAL with a sentence.  options_fini in both cases.  Paths
 * stay as given: options_resolve makes them absolute and adds what depends on
 * them.
 */
int options_parse(struct options *options, int argc, char **argv, struct err *err) MUST_CHECK;

/* 0 or -errno. */
int options_resolve(struct options *options, struct err *err) MUST_CHECK;

void options_fini(struct options *options);

void options_print_help(FILE *out);

#endif
