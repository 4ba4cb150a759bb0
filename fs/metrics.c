/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests under way are kept in an open hash table by their number: a slot is
 * taken by setting its number from 0, and given back by setting it to 0.  Only
 * who has the request has to do with its slot, so that nothing else needs care.
 * The table is never full: there is a request for each worker and for each
 * change under way, far fewer than slots.
 */
#include "fs/metrics.h"

#include "base/tally.h"

#include <errno.h>
#include <linux/fuse.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define SLOT_BITS 12
#define SLOTS (1u << SLOT_BITS)

/* Younger than the headers that this may be compiled with. */
#define OPERATION_TMPFILE 51
#define OPERATION_STATX 52
#define NOTIFICATION_RESEND 7
#define NOTIFICATION_INC_EPOCH 8
#define NOTIFICATION_PRUNE 9

struct slot {
	_Atomic uint64_t unique;	/* 0 = free */
	uint64_t began;
	uint32_t operation;
};

struct metrics {
	struct tally *tally;	/* of the cells of struct metrics_counts */
	uint64_t began;
	_Atomic uint64_t gauges[GAUGE_COUNT];
	_Atomic uint64_t in_flight;	/* slots that are taken */
	struct slot slots[SLOTS];
};

/* What the kernel can ask for.  To count another one, give it a name. */
static const struct {
	const char *name;
	unsigned as;		/* counted as that one; 0 = itself */
	bool is_message;	/* nobody waits for an answer */
} operations[METRICS_OPERATIONS] = {
	[0] = { .name = "other" },
	[FUSE_LOOKUP] = { .name = "lookup" },
	[FUSE_FORGET] = { .name = "forget", .is_message = true },
	[FUSE_GETATTR] = { .name = "getattr" },
	[FUSE_SETATTR] = { .name = "setattr" },
	[FUSE_READLINK] = { .name = "readlink" },
	[FUSE_SYMLINK] = { .name = "symlink" },
	[FUSE_MKNOD] = { .name = "mknod" },
	[FUSE_MKDIR] = { .name = "mkdir" },
	[FUSE_UNLINK] = { .name = "unlink" },
	[FUSE_RMDIR] = { .name = "rmdir" },
	[FUSE_RENAME] = { .name = "rename" },
	[FUSE_LINK] = { .name = "link" },
	[FUSE_OPEN] = { .name = "open" },
	[FUSE_READ] = { .name = "read" },
	[FUSE_WRITE] = { .name = "write" },
	[FUSE_STATFS] = { .name = "statfs" },
	[FUSE_RELEASE] = { .name = "release" },
	[FUSE_FSYNC] = { .name = "fsync" },
	[FUSE_SETXATTR] = { .name = "setxattr" },
	[FUSE_GETXATTR] = { .name = "getxattr" },
	[FUSE_LISTXATTR] = { .name = "listxattr" },
	[FUSE_REMOVEXATTR] = { .name = "removexattr" },
	[FUSE_FLUSH] = { .name = "flush" },
	[FUSE_INIT] = { .name = "init", .is_message = true },
	[FUSE_OPENDIR] = { .name = "opendir" },
	[FUSE_READDIR] = { .name = "readdir" },
	[FUSE_RELEASEDIR] = { .name = "releasedir" },
	[FUSE_FSYNCDIR] = { .name = "fsyncdir" },
	[FUSE_GETLK] = { .name = "getlk" },
	[FUSE_SETLK] = { .name = "setlk" },
	[FUSE_SETLKW] = { .name = "setlk", .as = FUSE_SETLK },
	[FUSE_ACCESS] = { .name = "access" },
	[FUSE_CREATE] = { .name = "create" },
	[FUSE_INTERRUPT] = { .name = "interrupt", .is_message = true },
	[FUSE_BMAP] = { .name = "bmap" },
	[FUSE_DESTROY] = { .name = "destroy", .is_message = true },
	[FUSE_IOCTL] = { .name = "ioctl" },
	[FUSE_POLL] = { .name = "poll" },
	[FUSE_NOTIFY_REPLY] = { .name = "notify_reply", .is_message = true },
	[FUSE_BATCH_FORGET] = { .name = "batch_forget", .is_message = true },
	[FUSE_FALLOCATE] = { .name = "fallocate" },
	[FUSE_READDIRPLUS] = { .name = "readdirplus" },
	[FUSE_RENAME2] = { .name = "rename", .as = FUSE_RENAME },
	[FUSE_LSEEK] = { .name = "lseek" },
	[FUSE_COPY_FILE_RANGE] = { .name = "copy_file_range" },
	[FUSE_SYNCFS] = { .name = "syncfs" },
	[OPERATION_TMPFILE] = { .name = "tmpfile" },
	[OPERATION_STATX] = { .name = "statx" },
};

static const char *const notifications[METRICS_NOTIFICATIONS] = {
	[0] = "other",
	[FUSE_NOTIFY_POLL] = "poll",
	[FUSE_NOTIFY_INVAL_INODE] = "inval_inode",
	[FUSE_NOTIFY_INVAL_ENTRY] = "inval_entry",
	[FUSE_NOTIFY_STORE] = "store",
	[FUSE_NOTIFY_RETRIEVE] = "retrieve",
	[FUSE_NOTIFY_DELETE] = "delete",
	[NOTIFICATION_RESEND] = "resend",
	[NOTIFICATION_INC_EPOCH] = "inc_epoch",
	[NOTIFICATION_PRUNE] = "prune",
};

#define RESULT_OTHER (METRICS_RESULTS - 1)

/* The results by number; what is not here is RESULT_OTHER. */
static const int results[] = {
	0, E2BIG, EACCES, EAGAIN, EBADF, EBUSY, EDQUOT, EEXIST, EFAULT, EFBIG, EINTR, EINVAL, EIO,
	EISDIR, ELOOP, EMFILE, EMLINK, ENAMETOOLONG, ENFILE, ENODATA, ENODEV, ENOENT, ENOMEM,
	ENOSPC, ENOSYS, ENOTCONN, ENOTDIR, ENOTEMPTY, ENOTSUP, ENOTTY, ENXIO, EPERM, ERANGE, EROFS,
	ESTALE, ETIMEDOUT, ETXTBSY, EUCLEAN, EXDEV,
};
_Static_assert(countof(results) == RESULT_OTHER, "each result has a number");

#define US UINT64_C(1000)
#define MS (1000 * US)
#define S (1000 * MS)
#define DECADE(unit) (unit), 5 * (unit) / 2, 5 * (unit)

static const uint64_t times[METRICS_BUCKETS] = {
	DECADE(US), DECADE(10 * US), DECADE(100 * US), DECADE(MS), DECADE(10 * MS),
	DECADE(100 * MS), DECADE(S), 10 * S,
};
static const uint64_t groups[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024 };

const struct bounds bounds_time = { times, countof(times) };
const struct bounds bounds_group = { groups, countof(groups) };

#define CELLS (sizeof(struct metrics_counts) / sizeof(uint64_t))
#define CELL(member) (offsetof(struct metrics_counts, member) / sizeof(uint64_t))

struct metrics *metrics_new(void)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		return NULL;
	metrics->tally = tally_new(CELLS);
	if (!metrics->tally) {
		free(metrics);
		return NULL;
	}
	metrics->began = metrics_now();
	return metrics;
}

void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	tally_free(metrics->tally);
	free(metrics);
}

uint64_t metrics_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * S + (uint64_t)now.tv_nsec;
}

static unsigned result_of(int error)
{
	int number = error < 0 ? -error : error;

	for (unsigned i = 0; i < RESULT_OTHER; i++)
		if (results[i] == number)
			return i;
	return RESULT_OTHER;
}

static unsigned operation_of(uint32_t opcode)
{
	if (opcode >= METRICS_OPERATIONS || !operations[opcode].name)
		return 0;
	return operations[opcode].as ? operations[opcode].as : opcode;
}

/* Numbers that follow each other lie far apart, so that their threads do not share a cache line. */
static unsigned home_of(uint64_t unique)
{
	return (unsigned)(unique * 0x9E3779B97F4A7C15ull >> (64 - SLOT_BITS));
}

static void observe(struct metrics *metrics, size_t cell, const struct bounds *bounds,
		    uint64_t value)
{
	unsigned i = 0;

	while (i < bounds->count && value > bounds->at[i])
		i++;
	tally_add(metrics->tally, cell + (i < bounds->count ? i : METRICS_BUCKETS), 1);
	tally_add(metrics->tally, cell + METRICS_BUCKETS + 1, value);
}

void metrics_request(struct metrics *metrics, uint32_t opcode, uint64_t unique, uint64_t now)
{
	unsigned operation = operation_of(opcode), home = home_of(unique);

	if (operations[operation].is_message) {
		tally_add(metrics->tally, CELL(messages[operation]), 1);
		return;
	}
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *slot = &metrics->slots[(home + i) % SLOTS];
		uint64_t none = 0;

		if (!atomic_compare_exchange_strong(&slot->unique, &none, unique))
			continue;
		slot->began = now;
		slot->operation = operation;
		atomic_fetch_add_explicit(&metrics->in_flight, 1, memory_order_relaxed);
		return;
	}
}

void metrics_answer(struct metrics *metrics, uint64_t unique, int error, uint64_t now)
{
	unsigned home = home_of(unique);

	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *slot = &metrics->slots[(home + i) % SLOTS];
		unsigned operation;
		uint64_t began;

		if (atomic_load_explicit(&slot->unique, memory_order_acquire) != unique)
			continue;
		operation = slot->operation;
		began = slot->began;
		atomic_store_explicit(&slot->unique, 0, memory_order_release);
		atomic_fetch_sub_explicit(&metrics->in_flight, 1, memory_order_relaxed);
		tally_add(metrics->tally, CELL(operations[operation].results) + result_of(error), 1);
		observe(metrics, CELL(operations[operation].time), &bounds_time,
			now > began ? now - began : 0);
		return;
	}
}

void metrics_notification(struct metrics *metrics, unsigned code, int error)
{
	unsigned known = code < METRICS_NOTIFICATIONS && notifications[code] ? code : 0;

	tally_add(metrics->tally, CELL(notifications[known]) + result_of(error), 1);
}

void metrics_commit(struct metrics *metrics, size_t requests, int error, uint64_t nanoseconds)
{
	tally_add(metrics->tally, CELL(commits) + result_of(error), 1);
	observe(metrics, CELL(commit_time), &bounds_time, nanoseconds);
	observe(metrics, CELL(commit_group), &bounds_group, requests);
}

void metrics_refusal(struct metrics *metrics, enum err_kind kind)
{
	tally_add(metrics->tally, CELL(refusals) + kind, 1);
}

void metrics_set(struct metrics *metrics, enum metrics_gauge gauge, uint64_t value)
{
	atomic_store_explicit(&metrics->gauges[gauge], value, memory_order_relaxed);
}

void metrics_read(const struct metrics *metrics, struct metrics_counts *out)
{
	tally_read(metrics->tally, (uint64_t *)out);
}

uint64_t metrics_get(const struct metrics *metrics, enum metrics_gauge gauge)
{
	return atomic_load_explicit(&metrics->gauges[gauge], memory_order_relaxed);
}

uint64_t metrics_age(const struct metrics *metrics)
{
	return metrics_now() - metrics->began;
}

uint64_t metrics_in_flight(const struct metrics *metrics)
{
	return atomic_load_explicit(&metrics->in_flight, memory_order_relaxed);
}

const char *metrics_operation_name(unsigned opcode)
{
	if (operation_of(opcode) != opcode || operations[opcode].is_message)
		return NULL;
	return operations[opcode].name;
}

const char *metrics_message_name(unsigned opcode)
{
	return operations[operation_of(opcode)].is_message ? operations[opcode].name : NULL;
}

const char *metrics_notification_name(unsigned code)
{
	return code < METRICS_NOTIFICATIONS ? notifications[code] : NULL;
}

const char *metrics_result_name(unsigned result)
{
	if (!result)
		return "ok";
	return result < RESULT_OTHER ? err_errno_name(results[result]) : "other";
}
