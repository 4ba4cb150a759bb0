/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * world - what the readers and writers of coherence know of each other.
 *
 * Tables hot.t0 ... hot.t15 exist at version 1 with one column.  What version v
 * of each looks like is known beforehand (shape_of), whichever way it is made.
 * A writer says which version it is about to make (`started`), and when its
 * call has returned that it is there (`published`): on its own mount at once,
 * on the others when these have been waited for.  A reader takes both before
 * and after.  What it saw must not be older than what was published before it
 * began, nor than what anybody has seen on that mount by that name, nor newer
 * than what was started when it ended.
 *
 * Tables x0 ... x7 and namespaces y0 ... y7 come, move and go; whoever looks
 * while nothing is under way must see what was told.
 */
#ifndef KALAM_TESTS_WORLD_H
#define KALAM_TESTS_WORLD_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PLAIN 12		/* tables changed by statements and by saves of schema.json */
#define TABLES 16		/* the others change by files of columns */
#define CHURN 8
#define READERS 8
#define WRITERS 4
#define THREADS (READERS + WRITERS)
#define MOUNTS 4
#define CYCLE 8			/* versions until the columns begin anew */
#define RING 1024		/* versions of a text that are remembered */
#define TEXT_MAX 65536
#define COMMENT_SIZE 1024
#define CONFIRM_SECONDS 1.0	/* a mount waits so long for the others */

enum form { FORM_JSON, FORM_SQL, FORM_DESCRIBE, FORM_ARROW, FORM_COUNT };

#define LATEST FORM_COUNT	/* versions/latest, beside the texts */

extern const char *const form_names[FORM_COUNT];

/* Where the objects are that come and go. */
enum place { AT_TABLES, AT_RENAMED, AT_COLD, AT_TRASH, AT_NAMESPACES, PLACES, NOWHERE = PLACES };

extern const struct place_row {
	const char *dir;	/* under a mount */
	const char *prefix;	/* what the number of the object follows */
	const char *text;	/* a file that each has */
} places[PLACES];

/* The ways in. */
enum door {
	DOOR_CTL,		/* ctl of a table, a namespace, the catalog */
	DOOR_TRUNCATE,		/* schema.json: > */
	DOOR_RENAME,		/* schema.json: written beside it, mv */
	DOOR_COLUMN,		/* columns/: saves, new files, mv */
	DOOR_KALAMCTL,
	DOOR_NAMES,		/* tables made, renamed, dropped by ctl and kalamctl */
	DOOR_TABLES,		/* by mkdir, rmdir, mv, also into trash/ and out of it */
	DOOR_NAMESPACES,	/* namespaces by mkdir, rmdir */
	DOORS
};

extern const char *const door_names[DOORS];

/* What was seen of the texts of a table: version << 40 | 40 bits of hash, or of size. */
struct ring {
	_Atomic uint64_t slots[RING];
};

struct table {
	pthread_mutex_t writer;		/* one writer at a time, so that versions are known */
	atomic_uint started, published[MOUNTS];
	atomic_uint seen[MOUNTS][FORM_COUNT + 1];	/* the newest version by each name */
	struct ring hashes[FORM_COUNT], sizes[FORM_COUNT];
};

/* An object that comes and goes: where it is, for who holds the lock. */
struct churn {
	pthread_mutex_t writer;
	enum place at;
	_Atomic(const char *) how;	/* the last thing that was done with it */
	atomic_uint where;		/* and on which mount */
};

enum count { STATS, CATS, MAPS, LISTS, LOOKUPS, LATE, MOVED, COUNT_COUNT };
enum fault { STALE, TORN, FAILED, FAULT_COUNT };

extern struct world {
	const char *mounts[MOUNTS];	/* the first `writable` of them for writers */
	unsigned mount_count, writable;
	const char *catalog, *kalamctl;
	bool doors[DOORS];		/* which of them are used */
	struct table tables[TABLES];
	struct churn tables_moved[CHURN], namespaces_moved[CHURN];
	/* counter << 2 | present << 1 | under way */
	atomic_uint states[PLACES][CHURN][MOUNTS];
	atomic_bool stop;
	atomic_ulong counts[COUNT_COUNT], faults[FAULT_COUNT], stale[MOUNTS];
	atomic_ulong entered[DOORS][MOUNTS];
	atomic_ulong progress[THREADS];
	bool is_alone;			/* who changes something waits for his turn */
	pthread_mutex_t turn;
	bool quiet;	/* the self-test plants faults: count, do not print */
} world;

/* mount: which one's reader it was. */
__attribute__((format(printf, 3, 4)))
void fault(enum fault kind, unsigned mount, const char *fmt, ...);

/* A call on a path that should not have failed. */
void failed(unsigned mount, const char *path, int code);

void count(enum count what);

struct random {
	uint64_t state;
};

unsigned pick(struct random *r, unsigned n);

double now(void);

/* MOUNT/namespaces/hot/... */
__attribute__((format(printf, 3, 4)))
void path_in(unsigned mount, char path[PATH_MAX], const char *fmt, ...);

/* MOUNT/... of an object that comes and goes. */
void path_of(unsigned mount, char path[PATH_MAX], enum place place, unsigned k);

/* ----- check.c: what a version looks like, and whether something is one ----- */

struct shape {
	unsigned columns;	/* how many */
	unsigned newest;	/* there is a column c<newest>; 0 = no such */
	unsigned comment;	/* comment_of this version is in it; 1 = none yet */
};

struct shape shape_of(unsigned table, unsigned version);
bool has_column(unsigned table, unsigned version, unsigned k);

/* "v17 xxxx e17": where it is cut or mixed is seen. */
void comment_of(unsigned version, char out[COMMENT_SIZE]);

struct window {
	unsigned mount;
	unsigned published, seen;	/* when the reader began */
	unsigned started;		/* when it had ended */
};

/* name: a form, or LATEST. */
struct window window_begin(struct table *t, unsigned mount, unsigned name);
void window_end(struct table *t, struct window *w);
void saw(struct table *t, const struct window *w, unsigned name, unsigned version);

bool check_version(const struct window *w, unsigned version, const char *what, unsigned i);
/* size: what fstat says. */
void check_text(unsigned i, const struct window *w, enum form form, const char *text, size_t len,
		uint64_t size);
void check_size(unsigned i, const struct window *w, enum form form, uint64_t size);
void check_columns(unsigned i, const struct window *w, unsigned names, unsigned newest);
void check_column(unsigned i, const struct window *w, unsigned k, bool found);
/* columns/id.json of a table that changes by files of columns. */
void check_column_text(unsigned i, const struct window *w, const char *text, size_t len);
void check_latest(unsigned i, const struct window *w, unsigned version);
void check_version_dir(unsigned i, const struct window *w, unsigned version, bool found);
struct churn *object_at(enum place place, unsigned k);
void check_presence(unsigned mount, enum place place, unsigned k, unsigned before, unsigned after,
		    bool found, const char *how);

/* Remember what a version has; false if something else was seen of it before. */
bool ring_agrees(struct ring *ring, unsigned version, uint64_t value);

/* Plant faults and find them: how many were missed. */
unsigned self_test(void);

/* ----- the threads ----- */

struct reader {
	struct random random;
	char text[TEXT_MAX];
	char names[256][64];
};

void read_once(struct reader *r);

/* number: of the writer, 0 ... WRITERS - 1. */
void write_once(struct random *r, unsigned number);

#endif
