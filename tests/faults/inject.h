/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inject - functions in front of libc's that fail at the n-th call, for a program
 * linked with inject.c and for all its libraries.  inject.so is the same for
 * LD_PRELOAD; what fails when then stands in a file, so that somebody else can say
 * it while the program runs: KALAM_INJECT names it.  inject-ctl makes it and writes it.
 *
 * A point is a call that could fail: one of the chosen kind while `armed` is set.  A
 * running daemon answers its clients with write(2), too: where `below` is set, calls of
 * the disk are those on regular files and directories of its file system, and opens of
 * what stands in it.
 */
#ifndef KALAM_TESTS_INJECT_H
#define KALAM_TESTS_INJECT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum inject_kind {
	INJECT_DISK,	/* open, write, sync, truncate, reserve, rename, make a directory */
	INJECT_WRITE,	/* of these what writes bytes */
	INJECT_MEMORY,	/* malloc and its like */
	INJECT_STORE,	/* calls of LMDB: inject_store.c */
	INJECT_ROOM,	/* of these what takes room in data.mdb */
	INJECT_READER,	/* and what needs a place in lock.mdb */
	INJECT_THREAD,	/* a thread that is started, memory that is mapped */
	INJECT_READ,	/* bytes read from an offset */
	INJECT_KINDS
};

#define INJECT_SHORT (-1)	/* in place of an errno: half of the bytes are written, or read */
#define INJECT_UNREADABLE (-2)	/* in place of LMDB's code: it meets a page that cannot be read */
#define INJECT_DEPTH 24

struct inject {
	atomic_bool armed;
	int kind;
	int fault;		/* errno, LMDB's code, or one of these two */
	bool forever;		/* this call and all behind it */
	bool late;		/* what the first one writes is written all the same */
	char below[4096];	/* absolute; empty: everything is the disk */
	uint64_t device, directory;	/* st_dev and st_ino of that */
	atomic_long at;		/* which point fails, from 1; 0 = none */
	atomic_long seen;	/* points passed since armed */
	atomic_long of[INJECT_KINDS];	/* calls of each kind since armed */
	atomic_long failed;	/* calls that were made to fail */
	atomic_long live;	/* blocks of memory in use */
	void *trace[INJECT_DEPTH];	/* who called, at the first failure */
	int depth;
	bool traced;		/* wanted */
};

extern struct inject *inject;

/* A planted fault: who writes a row that LMDB refuses is told that it is written. */
extern bool inject_deaf;

/* Begin to count; the at-th point fails. */
void inject_arm(int kind, int fault, long at, bool forever);
void inject_disarm(void);

/* For functions in front of others: whether this call, of that kind, fails.  caller may be NULL. */
bool inject_fails(int kind, const void *caller);

#endif
