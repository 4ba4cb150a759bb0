/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash - what is on the disk when the power fails, at every write of a workload.
 *
 * A workload of statements runs on a real catalog while every write, sync and
 * truncation of data.mdb is recorded.  Then, for every point in that record,
 * images are built that the disk may hold there: what was synced, and of what
 * was not any part, in any order, torn at 512 bytes (the sector that LMDB
 * relies on).  Each image is opened as a catalog, must hold exactly the state
 * behind the last acknowledged change or the one under way, and take the next
 * change.
 *
 *   crash [--states N] [--seed S] [--transactions N] [--jobs N] [--control NAME]
 *   crash --creation [--states N]
 *
 * --creation looks at the making of a catalog instead: either there is none yet,
 * and it can be made, or it is there as a whole.
 *
 * --control plants a fault that must be found: nosync (fdatasync does nothing),
 * nodsync (the meta page is not written through), ack (acknowledged one change
 * too early), stale (an old page comes back).  Exit status: 0 no violation, 1 violations, 2 the
 * run itself failed.
 */
#include "tests/crash/crash.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECTOR 512
#define TRANSACTIONS_MAX 2000
#define IO_MAX 200000
#define IMAGE_MAX (64u << 20)
#define PENDING_MAX 4096

enum io_kind {
	IO_WRITE,
	IO_SYNC,
	IO_TRUNCATE,
	IO_INTENT,
	IO_ACK,
	IO_RENAME,	/* of data.mdb to its place */
	IO_DIR_SYNC
};

struct event {
	enum io_kind kind;
	bool through;		/* written with O_DSYNC: on the disk when it returns */
	uint64_t at;		/* byte offset, size, or number of the transaction */
	size_t len;
	uint8_t *bytes;
};

enum control { CONTROL_NONE, CONTROL_NOSYNC, CONTROL_NODSYNC, CONTROL_ACK, CONTROL_STALE };

static struct {
	struct event events[IO_MAX];
	size_t count;
	ino_t inode;		/* of data.mdb; 0 = do not record */
	bool creation;		/* record what is called data.mdb, wherever it is */
	uint64_t hashes[TRANSACTIONS_MAX + 1];	/* state after each transaction; 0 = empty catalog */
	unsigned transactions;
} record;

static struct {
	unsigned long states;
	unsigned seed, transactions, jobs;
	enum control control;
	bool creation;
} options = { .states = 20000, .seed = 1, .transactions = 150, .jobs = 2 };

/* ----- the record: these functions stand in front of libc's, for liblmdb too ----- */

static bool is_called_data(int fd)
{
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	return n > 9 && !memcmp(path + n - 9, "/data.mdb", 9);
}

static bool is_recorded(int fd, bool *through)
{
	struct stat st;

	if (record.creation ? !is_called_data(fd) :
			      !record.inode || fstat(fd, &st) || st.st_ino != record.inode)
		return false;
	*through = fcntl(fd, F_GETFL) & O_DSYNC;
	return true;
}

static void remember(enum io_kind kind, uint64_t at, const void *bytes, size_t len, bool through)
{
	struct event *event = &record.events[record.count++];

	if (record.count == IO_MAX)
		die("too many events");
	*event = (struct event){ .kind = kind, .at = at, .len = len, .through = through };
	if (len) {
		event->bytes = malloc(len);
		if (!event->bytes)
			die("out of memory");
		memcpy(event->bytes, bytes, len);
	}
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	ssize_t n = syscall(SYS_pwrite64, fd, bytes, len, at);
	bool through;

	if (n > 0 && is_recorded(fd, &through))
		remember(IO_WRITE, (uint64_t)at, bytes, (size_t)n, through);
	return n;
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	ssize_t n = syscall(SYS_writev, fd, iov, count);
	size_t left = n > 0 ? (size_t)n : 0;
	bool through;

	if (!left || !is_recorded(fd, &through))
		return n;
	for (int i = 0; i < count && left; i++) {
		size_t len = iov[i].iov_len < left ? iov[i].iov_len : left;

		remember(IO_WRITE, (uint64_t)at, iov[i].iov_base, len, through);
		at += (off_t)len;
		left -= len;
	}
	return n;
}

static int recorded_sync(int fd, long number)
{
	int rc = (int)syscall(number, fd);
	struct stat st;
	bool through;

	if (!rc && is_recorded(fd, &through))
		remember(IO_SYNC, 0, NULL, 0, false);
	else if (!rc && record.creation && !fstat(fd, &st) && S_ISDIR(st.st_mode))
		remember(IO_DIR_SYNC, 0, NULL, 0, false);
	return rc;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	int rc = (int)syscall(SYS_renameat, from_dir, from, to_dir, to);

	if (!rc && record.creation)
		remember(IO_RENAME, 0, NULL, 0, false);
	return rc;
}

/* Room for later makes no difference to what is in the file, and takes time. */
int fallocate(int fd, int mode, off_t at, off_t len)
{
	(void)fd;
	(void)mode;
	(void)at;
	(void)len;
	return 0;
}

int fdatasync(int fd)
{
	return recorded_sync(fd, SYS_fdatasync);
}

int fsync(int fd)
{
	return recorded_sync(fd, SYS_fsync);
}

int ftruncate(int fd, off_t size)
{
	int rc = (int)syscall(SYS_ftruncate, fd, size);
	bool through;

	if (!rc && is_recorded(fd, &through))
		remember(IO_TRUNCATE, (uint64_t)size, NULL, 0, false);
	return rc;
}

/* ----- catalogs ----- */

static int standing_random(void *at, size_t len)
{
	memset(at, 0x5a, len);
	return 0;
}

static int64_t clock_now = INT64_C(1763802000000000);

static int64_t ticking(void *arg)
{
	(void)arg;
	return clock_now += 1000;
}

static int open_catalog(const char *dir, bool create, struct catalog **out, struct err *err)
{
	struct catalog_options how = { .create = create, .now = ticking, .random = standing_random,
				       .map_size = 64 << 20 };

	return catalog_open(dir, &how, out, err);
}

static uint64_t hash_catalog(struct catalog *catalog)
{
	return hash_store(catalog_store(catalog));
}

/* ----- the workload ----- */

static void run_workload(const char *dir)
{
	struct catalog *catalog;
	struct err err = ERR_INIT;
	struct stat st;
	char path[4096], text[8192];
	unsigned n = 0;

	if (open_catalog(dir, true, &catalog, &err))
		die("cannot make the catalog: %s", err.text);
	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	if (stat(path, &st))
		die("%s: %s", path, strerror(errno));
	record.hashes[0] = hash_catalog(catalog);
	record.inode = st.st_ino;
	while (record.transactions < options.transactions) {
		size_t before = record.count;

		make_statement(++n, text, sizeof(text));
		remember(IO_INTENT, record.transactions + 1, NULL, 0, false);
		if (!run(catalog, text)) {
			record.count = before;	/* refused, or nothing to do: nothing was written */
			continue;
		}
		record.hashes[++record.transactions] = hash_catalog(catalog);
		remember(IO_ACK, record.transactions, NULL, 0, false);
	}
	record.inode = 0;
	catalog_close(catalog);
}

/* ----- images ----- */

struct disk {
	uint8_t *bytes;		/* what is safe; IMAGE_MAX bytes of room */
	size_t size;
	const struct event *pending[PENDING_MAX];	/* written, but not synced */
	unsigned count;
	unsigned acked, intended;
	bool renamed, dir_synced;	/* --creation */
	uint8_t *old;		/* an earlier state, for stale pages */
	size_t old_size;
};

static void apply(uint8_t *bytes, size_t *size, uint64_t at, const uint8_t *data, size_t len)
{
	if (at + len > IMAGE_MAX)
		die("the catalog has grown beyond %u bytes", IMAGE_MAX);
	if (at > *size)
		memset(bytes + *size, 0, at - *size);
	memcpy(bytes + at, data, len);
	if (at + len > *size)
		*size = at + len;
}

static void settle(struct disk *disk)
{
	for (unsigned i = 0; i < disk->count; i++) {
		const struct event *event = disk->pending[i];

		if (event->kind == IO_TRUNCATE)
			disk->size = event->at;
		else
			apply(disk->bytes, &disk->size, event->at, event->bytes, event->len);
	}
	disk->count = 0;
}

static bool is_through_obeyed(void)
{
	return options.control != CONTROL_NODSYNC;
}

static void advance(struct disk *disk, const struct event *event)
{
	switch (event->kind) {
	case IO_INTENT:
		disk->intended = (unsigned)event->at;
		break;
	case IO_ACK:
		disk->acked = (unsigned)event->at;
		if (options.control == CONTROL_STALE && disk->acked == options.transactions / 2) {
			memcpy(disk->old, disk->bytes, disk->size);
			disk->old_size = disk->size;
		}
		break;
	case IO_RENAME:
		disk->renamed = true;
		break;
	case IO_DIR_SYNC:
		disk->dir_synced = disk->renamed;
		break;
	case IO_SYNC:
		if (options.control != CONTROL_NOSYNC)
			settle(disk);
		break;
	case IO_WRITE:
	case IO_TRUNCATE:
		if (disk->count == PENDING_MAX) {
			/* Without syncs something reaches the disk some time. */
			struct disk first = *disk;

			first.count = PENDING_MAX / 2;
			settle(&first);
			disk->size = first.size;
			memmove(disk->pending, disk->pending + PENDING_MAX / 2,
				sizeof(disk->pending[0]) * (PENDING_MAX - PENDING_MAX / 2));
			disk->count -= PENDING_MAX / 2;
		}
		if (event->through && is_through_obeyed())
			apply(disk->bytes, &disk->size, event->at, event->bytes, event->len);
		else
			disk->pending[disk->count++] = event;
		break;
	}
}

static void apply_torn(uint8_t *bytes, size_t *size, const struct event *event)
{
	for (size_t from = 0; from < event->len;) {
		size_t sector_end = (event->at + from) / SECTOR * SECTOR + SECTOR - event->at;
		size_t to = sector_end < event->len ? sector_end : event->len;

		if (below(2))
			apply(bytes, size, event->at + from, event->bytes + from, to - from);
		from = to;
	}
}

/*
 * One of the images that the disk may hold: 0 nothing of what is pending, 1 all,
 * 2 the first few whole, 3 some whole, 4 all but one, 5 some sectors of each, 6
 * the first few and the next one torn.
 */
static void build(const struct disk *disk, unsigned how, uint8_t *bytes, size_t *size)
{
	unsigned border = disk->count ? below(disk->count + 1) : 0;

	memcpy(bytes, disk->bytes, disk->size);
	*size = disk->size;
	for (unsigned i = 0; i < disk->count; i++) {
		const struct event *event = disk->pending[i];
		bool whole = false, torn = false;

		switch (how) {
		case 1:
			whole = true;
			break;
		case 2:
			whole = i < border;
			break;
		case 3:
			whole = below(2);
			break;
		case 4:
			whole = i != border;
			break;
		case 5:
			torn = true;
			break;
		case 6:
			whole = i < border;
			torn = i == border;
			break;
		default:
			break;
		}
		if (event->kind == IO_TRUNCATE) {
			if (whole)
				*size = event->at;
		} else if (whole) {
			apply(bytes, size, event->at, event->bytes, event->len);
		} else if (torn) {
			apply_torn(bytes, size, event);
		}
	}
}

/* An older content of one page of data, as of a write that was lost long ago. */
static void put_stale_page(const struct disk *disk, uint8_t *bytes, size_t size)
{
	for (unsigned tries = 0; tries < 1000 && disk->old_size; tries++) {
		size_t page = (2 + below((unsigned)(disk->old_size / 4096) - 2)) * 4096;

		if (page + 4096 <= size && memcmp(bytes + page, disk->old + page, 4096)) {
			memcpy(bytes + page, disk->old + page, 4096);
			return;
		}
	}
}

/* ----- one image as a catalog ----- */

static void write_image(const char *dir, const uint8_t *bytes, size_t size)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/lock.mdb", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || syscall(SYS_pwrite64, fd, bytes, size, 0) != (long)size)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

/*
 * data.mdb of one job.  Images differ in a few pages, and writing whole ones takes
 * more time than looking at them.  lock.mdb stays from one to the next, as it does
 * on a disk; write_image() makes the other case.
 */
struct image_file {
	const char *dir;
	uint8_t *held;		/* what the file holds */
	size_t held_size;	/* 0: nothing is known of it */
};

static void write_page(int fd, struct image_file *file, const uint8_t *bytes, size_t at, size_t len)
{
	if (at + len <= file->held_size && !memcmp(file->held + at, bytes + at, len))
		return;
	if (syscall(SYS_pwrite64, fd, bytes + at, len, at) != (long)len)
		die("data.mdb: %s", strerror(errno));
	memcpy(file->held + at, bytes + at, len);
}

static void update_image(struct image_file *file, const uint8_t *bytes, size_t size)
{
	char path[4200];
	int fd;

	if (!file->held_size) {
		write_image(file->dir, bytes, size);
		memcpy(file->held, bytes, size);
		file->held_size = size;
		return;
	}
	snprintf(path, sizeof(path), "%s/data.mdb", file->dir);
	fd = open(path, O_WRONLY);
	if (fd < 0 || syscall(SYS_ftruncate, fd, size))
		die("%s: %s", path, strerror(errno));
	if (size < file->held_size)
		file->held_size = size;
	for (size_t at = 0; at < size; at += 4096)
		write_page(fd, file, bytes, at, size - at < 4096 ? size - at : 4096);
	file->held_size = size;
	close(fd);
}

static const char *check_state(struct store *store, const struct disk *disk, char *why)
{
	unsigned acked = disk->acked;
	uint64_t hash = hash_store(store);

	if (options.control == CONTROL_ACK && disk->intended > acked)
		acked = disk->intended;
	if (hash == record.hashes[acked] || hash == record.hashes[disk->intended])
		return NULL;
	snprintf(why, 300, "holds neither the state after change %u nor that after %u", acked,
		 disk->intended);
	return why;
}

static const char *does_not_open(const struct err *err, char *why)
{
	snprintf(why, 300, "does not open: %.200s", err->text);
	return why;
}

/* NULL, or what is wrong. */
static const char *check_image(const char *dir, const struct disk *disk, char *why)
{
	struct store_options how = { .map_size = 64 << 20 };
	struct err err = ERR_INIT;
	struct store *store;
	const char *found;

	if (store_open(dir, &how, &store, &err))
		return does_not_open(&err, why);
	found = check_state(store, disk, why);
	store_close(store);
	return found;
}

/* The same with the whole catalog, and changes behind it. */
static const char *use_image(const char *dir, const struct disk *disk, char *why)
{
	struct catalog *catalog;
	struct err err = ERR_INIT;
	const char *found;

	if (open_catalog(dir, false, &catalog, &err))
		return does_not_open(&err, why);
	found = check_state(catalog_store(catalog), disk, why);
	if (!found && !(run(catalog, "CREATE NAMESPACE afterwards") &&
			run(catalog, "DROP NAMESPACE afterwards")))
		found = "takes no change any more";
	if (!found && (store_check(catalog_store(catalog), &err) ||
		       store_check_rows(catalog_store(catalog), &err))) {
		snprintf(why, 300, "is damaged after the next change: %.200s", err.text);
		found = why;
	}
	catalog_close(catalog);
	return found;
}

struct result {
	unsigned long states, bad;
	unsigned long refused;	/* of the bad ones: not opened at all */
};

/* ----- the making of a catalog ----- */

static void record_creation(const char *dir)
{
	struct catalog *catalog;
	struct err err = ERR_INIT;

	record.creation = true;
	if (open_catalog(dir, true, &catalog, &err))
		die("cannot make the catalog: %s", err.text);
	record.creation = false;
	record.hashes[0] = hash_catalog(catalog);
	catalog_close(catalog);
}

static void remove_all(const char *dir)
{
	static const char *const names[] = { "data.new/data.mdb", "data.new/lock.mdb", "data.new",
					     "data.mdb", "lock.mdb", "write.lock" };
	char path[4096];

	for (size_t i = 0; i < countof(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (unlink(path) && errno == EISDIR)
			rmdir(path);
	}
}

/* NULL, or what is wrong with a directory in which data.mdb is in its place or not yet. */
static const char *check_creation(const char *dir, const uint8_t *bytes, size_t size, bool in_place,
				  char *why)
{
	char sub[4096];
	struct catalog *catalog;
	struct err err = ERR_INIT;
	const char *found = NULL;

	remove_all(dir);
	snprintf(sub, sizeof(sub), "%s%s", dir, in_place ? "" : "/data.new");
	if (!in_place && mkdir(sub, 0700))
		die("%s: %s", sub, strerror(errno));
	write_image(sub, bytes, size);
	if (open_catalog(dir, true, &catalog, &err)) {
		snprintf(why, 300, "%s: %.200s", in_place ? "does not open" : "cannot be made anew", err.text);
		return why;
	}
	if (in_place && hash_catalog(catalog) != record.hashes[0])
		found = "is there, but not whole";
	else if (!run(catalog, "CREATE NAMESPACE afterwards"))
		found = "takes no change";
	catalog_close(catalog);
	return found;
}

static struct result replay_creation(const char *dir)
{
	struct disk disk = { .bytes = calloc(1, IMAGE_MAX) };
	uint8_t *image = malloc(IMAGE_MAX);
	struct result result = { 0 };

	if (!disk.bytes || !image)
		die("out of memory");
	for (size_t i = 0; i < record.count; i++) {
		advance(&disk, &record.events[i]);
		for (unsigned long n = 0; n < options.states / record.count + 1; n++) {
			bool in_place = disk.renamed && (disk.dir_synced || n % 2);
			const char *why;
			char text[300];
			size_t size;

			build(&disk, n < 14 ? (unsigned)n / 2 : 2 + below(5), image, &size);
			why = check_creation(dir, image, size, in_place, text);
			result.states++;
			result.bad += !!why;
			if (why && result.bad <= 3 && options.control == CONTROL_NONE)
				fprintf(stderr, "crash: making a catalog, at event %zu: it %s\n", i, why);
		}
	}
	free(disk.bytes);
	free(image);
	return result;
}

static struct result run_creation(const char *dir, const char *catalog)
{
	char sub[4096];

	snprintf(sub, sizeof(sub), "%s/again", dir);
	if (mkdir(sub, 0700))
		die("%s: %s", sub, strerror(errno));
	record_creation(catalog);
	return replay_creation(sub);
}

/*
 * Points at which something is under way: many images are possible there, and
 * one where nothing is.
 */
static unsigned long count_open_points(void)
{
	unsigned long pending = 0, points = 0;

	for (size_t i = 0; i < record.count; i++) {
		const struct event *event = &record.events[i];

		if (event->kind == IO_SYNC && options.control != CONTROL_NOSYNC)
			pending = 0;
		else if (event->kind == IO_TRUNCATE || event->kind == IO_WRITE)
			pending += !event->through || !is_through_obeyed();
		points += event->kind != IO_INTENT && pending;
	}
	return points;
}

/* Every jobs-th point, so that all jobs together look at all of them. */
static struct result replay(const char *dir, const uint8_t *base, size_t base_size, unsigned job)
{
	unsigned long per_point = options.states / (count_open_points() + 1) + 1, total = 0;
	struct result result = { 0 };
	struct disk disk = { .bytes = malloc(IMAGE_MAX), .old = malloc(IMAGE_MAX), .size = base_size };
	uint8_t *image = malloc(IMAGE_MAX);
	struct image_file file = { .dir = dir, .held = malloc(IMAGE_MAX) };

	if (!disk.bytes || !disk.old || !image || !file.held)
		die("out of memory");
	memcpy(disk.bytes, base, base_size);
	random_state = options.seed + 1000 * job;
	for (size_t i = 0; i < record.count; i++) {
		advance(&disk, &record.events[i]);
		if (record.events[i].kind == IO_INTENT || i % options.jobs != job)
			continue;
		for (unsigned long n = 0; n < (disk.count ? per_point : 1); n++, total++) {
			const char *why;
			char text[300];
			size_t size;

			build(&disk, n < 7 ? (unsigned)n : 2 + below(5), image, &size);
			if (options.control == CONTROL_STALE)
				put_stale_page(&disk, image, size);
			update_image(&file, image, size);
			if (total % 50) {
				why = check_image(dir, &disk, text);
			} else {
				why = use_image(dir, &disk, text);
				file.held_size = 0;
			}
			result.states++;
			if (!why)
				continue;
			result.bad++;
			result.refused += !strncmp(why, "does not open", 13);
			if (result.bad <= 3 && options.control == CONTROL_NONE)
				fprintf(stderr, "crash: at event %zu (change %u acknowledged, %u under way), seed %u: the image %s\n",
					i, disk.acked, disk.intended, options.seed, why);
		}
	}
	free(disk.bytes);
	free(disk.old);
	free(image);
	free(file.held);
	return result;
}

static struct result run_jobs(const char *dir, const uint8_t *base, size_t base_size)
{
	struct result *results = mmap(NULL, sizeof(*results) * options.jobs, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct result all = { 0 };

	for (unsigned job = 0; job < options.jobs; job++) {
		char sub[4096];

		snprintf(sub, sizeof(sub), "%s/job%u", dir, job);
		if (mkdir(sub, 0700))
			die("%s: %s", sub, strerror(errno));
		if (fork() == 0) {
			results[job] = replay(sub, base, base_size, job);
			_exit(0);
		}
	}
	for (unsigned job = 0; job < options.jobs; job++) {
		int status;

		if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status)) {
			fprintf(stderr, "crash: a job died: status %#x\n", status);
			all.bad++;
		}
	}
	for (unsigned job = 0; job < options.jobs; job++) {
		all.states += results[job].states;
		all.bad += results[job].bad;
		all.refused += results[job].refused;
	}
	return all;
}

static uint8_t *read_file(const char *path, size_t *size)
{
	uint8_t *bytes = malloc(IMAGE_MAX);
	FILE *in = fopen(path, "rb");

	if (!bytes || !in)
		die("%s: %s", path, strerror(errno));
	*size = fread(bytes, 1, IMAGE_MAX, in);
	fclose(in);
	return bytes;
}

static void parse(int argc, char **argv)
{
	static const char *const controls[] = { "none", "nosync", "nodsync", "ack", "stale" };
	static const struct option known[] = {
		{ "states", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "transactions", required_argument, NULL, 't' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "control", required_argument, NULL, 'c' },
		{ "creation", no_argument, NULL, 'm' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		unsigned long number = optarg ? strtoul(optarg, NULL, 10) : 0;

		switch (c) {
		case 'n':
			options.states = number;
			break;
		case 's':
			options.seed = (unsigned)number;
			break;
		case 't':
			options.transactions = number < TRANSACTIONS_MAX ? (unsigned)number : TRANSACTIONS_MAX;
			break;
		case 'j':
			options.jobs = number ? (unsigned)number : 1;
			break;
		case 'c':
			options.control =
				(enum control)control_named(optarg, controls, countof(controls));
			break;
		case 'm':
			options.creation = true;
			break;
		default:
			exit(2);
		}
	}
}

static struct result run_changes(const char *dir, const char *catalog)
{
	struct catalog *made;
	struct err err = ERR_INIT;
	struct result result;
	char data[4096];
	uint8_t *base;
	size_t base_size;

	if (open_catalog(catalog, true, &made, &err))
		die("cannot make the catalog: %s", err.text);
	catalog_close(made);
	snprintf(data, sizeof(data), "%s/data.mdb", catalog);
	base = read_file(data, &base_size);
	run_workload(catalog);
	result = run_jobs(dir, base, base_size);
	free(base);
	return result;
}

int main(int argc, char **argv)
{
	char dir[] = "/dev/shm/kalam-crash-XXXXXX", catalog[100], command[200];
	struct result result;

	parse(argc, argv);
	/* LMDB's lists of 2 MiB from zeroed pages, of which it uses two, instead of memset. */
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	random_state = options.seed;
	if (!mkdtemp(dir))
		die("%s: %s", dir, strerror(errno));
	snprintf(catalog, sizeof(catalog), "%s/catalog", dir);
	result = options.creation ? run_creation(dir, catalog) : run_changes(dir, catalog);
	printf("%lu crash states of %s, %u changes and %zu events: %lu violations\n", result.states,
	       options.creation ? "the making of a catalog" : "a catalog in use", record.transactions,
	       record.count, result.bad);
	if (options.control == CONTROL_STALE)
		printf("%lu images with a lost page were opened as if it were there\n",
		       result.bad - result.refused);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	if (system(command))
		fprintf(stderr, "crash: %s is left behind\n", dir);
	return result.bad ? 1 : 0;
}
