/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay - what a disk may hold when the power fails, mounted and looked at.
 *
 *   replay [--fs TYPE] [--states N] [--seed S] [--jobs N] [--control NAME] BASE LOG DIR
 *
 * BASE is the disk before LOG (disk.c) was written, with a file system of TYPE;
 * DIR is for mount points and images.  At each point of LOG at which writes are
 * pending, images are built: what was flushed, and of what was not some, torn at
 * 512 bytes.  Each is mounted, so that its journal is recovered.  Then the
 * catalog on it must open, hold what was acknowledged last or the change under
 * way, pass its check, and take the next change.
 *
 * --control plants a fault that must be found: noflush (flushes do nothing), ack
 * (acknowledged one change too early).  Exit status: 0 no violation, 1 violations,
 * 2 the run itself failed.
 *
 * As root, in a mount namespace of its own.
 */
#include "tests/block/log.h"
#include "tests/crash/crash.h"

#include "catalog/catalog_check.h"

#include <fcntl.h>
#include <getopt.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECTOR 512u
#define PAGE 4096u
#define PENDING_MAX 4096u
#define CHANGES_MAX 10000
#define NONE (-1)	/* not even the new catalog is acknowledged */
#define ATTACH_TRIES 100
#define UNMOUNT_TRIES 1000
#define BLKFLSBUF_REQUEST _IO(0x12, 97)	/* BLKFLSBUF: linux/fs.h does not go with sys/mount.h */

enum control { CONTROL_NONE, CONTROL_NOFLUSH, CONTROL_ACK };

static struct {
	const char *fs, *base, *log, *dir;
	unsigned long states;
	unsigned seed, jobs;
	enum control control;
} options = { .fs = "ext4", .states = 500, .seed = 1, .jobs = 2 };

/* The whole log, in memory. */
struct log {
	const uint8_t *bytes;
	size_t size;
	unsigned long writes, flushes, points;
	int changes;
	uint64_t hashes[CHANGES_MAX + 1];	/* what the catalog holds after each change */
};

struct bytes_of {
	const uint8_t *at;
	size_t len;
};

/* A disk on its way through the log. */
struct disk {
	uint8_t *safe;	/* what no power failure takes away */
	size_t size;
	struct {
		uint64_t at;
		struct bytes_of bytes;
	} pending[PENDING_MAX];
	unsigned count;
	int acked, intended;
};

/* A loop device, and where it is mounted. */
struct device {
	char name[32], mountpoint[4096];
	int fd;
	uint8_t *image;	/* its disk, mapped */
	size_t size;
};

/* ----- files ----- */

static const uint8_t *map_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	void *at;

	if (fd < 0 || fstat(fd, &st) || !st.st_size)
		die("%s: %s", path, fd < 0 ? strerror(errno) : "is empty");
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		die("%s: %s", path, strerror(errno));
	close(fd);
	*size = (size_t)st.st_size;
	return at;
}

static void attach(struct device *device, int image)
{
	struct loop_config config = { .fd = (uint32_t)image,
				      .info.lo_flags = LO_FLAGS_AUTOCLEAR };
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	if (control < 0)
		die("/dev/loop-control: %s", strerror(errno));
	/* Somebody else may be faster to take the free one. */
	for (int i = 0; i < ATTACH_TRIES; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);

		snprintf(device->name, sizeof(device->name), "/dev/loop%d", number);
		device->fd = open(device->name, O_RDWR | O_CLOEXEC);
		if (device->fd >= 0 && ioctl(device->fd, LOOP_CONFIGURE, &config) == 0) {
			close(control);
			return;
		}
		close(device->fd);
	}
	die("no loop device: %s", strerror(errno));
}

static void make_device(struct device *device, unsigned job, size_t size)
{
	char path[4200];
	int fd;

	snprintf(device->mountpoint, sizeof(device->mountpoint), "%s/mount%u", options.dir, job);
	snprintf(path, sizeof(path), "%s/image%u", options.dir, job);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)size) || mkdir(device->mountpoint, 0700))
		die("%s: %s", path, strerror(errno));
	device->size = size;
	device->image = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (device->image == MAP_FAILED)
		die("%s: %s", path, strerror(errno));
	attach(device, fd);
	close(fd);
	unlink(path);
}

/* ----- the log ----- */

static bool next_entry(const struct log *log, size_t *at, struct log_entry *entry,
		       struct bytes_of *bytes)
{
	if (*at + sizeof(*entry) > log->size)
		return false;
	memcpy(entry, log->bytes + *at, sizeof(*entry));
	*at += sizeof(*entry);
	if (entry->len > log->size - *at)
		die("%s ends in the middle of an entry", options.log);
	*bytes = (struct bytes_of){ log->bytes + *at, entry->len };
	*at += entry->len;
	return true;
}

/* "I n" or "A n HASH"; false where it is neither. */
static bool read_mark(struct bytes_of bytes, bool *is_ack, int *n, uint64_t *hash)
{
	char text[100];
	unsigned long long number = 0;

	snprintf(text, sizeof(text), "%.*s", (int)bytes.len, (const char *)bytes.at);
	*is_ack = *text == 'A';
	if (sscanf(text + 1, "%d %llx", n, &number) != 1 + *is_ack || *n < 0 || *n > CHANGES_MAX)
		return false;
	*hash = number;
	return *text == 'I' || *is_ack;
}

static void read_log(struct log *log)
{
	struct log_entry entry;
	struct bytes_of bytes;
	unsigned pending = 0;
	uint64_t hash;
	size_t at = 0;
	bool is_ack;
	int n;

	log->bytes = map_file(options.log, &log->size);
	while (next_entry(log, &at, &entry, &bytes)) {
		if (entry.kind == LOG_FLUSH) {
			log->flushes++;
			pending = 0;
		} else if (entry.kind == LOG_WRITE) {
			log->writes++;
			pending++;
			log->points++;
		} else if (!read_mark(bytes, &is_ack, &n, &hash)) {
			die("an unknown mark: %.*s", (int)bytes.len, (const char *)bytes.at);
		} else if (is_ack) {
			log->hashes[n] = hash;
			log->changes = n;
		}
	}
	if (!log->points || !log->flushes || !log->changes)
		die("nothing was recorded: %lu writes, %lu flushes, %d changes", log->writes,
		    log->flushes, log->changes);
}

static void put(uint8_t *disk, size_t size, uint64_t at, struct bytes_of bytes)
{
	if (at > size || bytes.len > size - at)
		die("a write beyond the end of the disk");
	memcpy(disk + at, bytes.at, bytes.len);
}

static void settle(struct disk *disk, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		put(disk->safe, disk->size, disk->pending[i].at, disk->pending[i].bytes);
	disk->count -= count;
	memmove(disk->pending, disk->pending + count, sizeof(disk->pending[0]) * disk->count);
}

static void advance(struct disk *disk, const struct log_entry *entry, struct bytes_of bytes)
{
	uint64_t hash;
	bool is_ack;
	int n;

	if (entry->kind == LOG_FLUSH) {
		if (options.control != CONTROL_NOFLUSH)
			settle(disk, disk->count);
	} else if (entry->kind == LOG_WRITE) {
		/* Without flushes something reaches the disk some time. */
		if (disk->count == PENDING_MAX)
			settle(disk, PENDING_MAX / 2);
		disk->pending[disk->count].at = entry->at;
		disk->pending[disk->count++].bytes = bytes;
	} else if (read_mark(bytes, &is_ack, &n, &hash)) {
		*(is_ack ? &disk->acked : &disk->intended) = n;
		if (options.control == CONTROL_ACK)
			disk->acked = disk->intended;
	}
}

/* ----- images ----- */

static void restore(struct device *device, const struct disk *disk)
{
	for (size_t at = 0; at < device->size; at += PAGE) {
		if (memcmp(device->image + at, disk->safe + at, PAGE))
			memcpy(device->image + at, disk->safe + at, PAGE);
	}
}

/*
 * Of the first block nothing is torn: ext4 writes its superblock of two sectors
 * there, past its journal, and does not mount with half of it.
 */
static void put_torn(struct device *device, uint64_t at, struct bytes_of bytes)
{
	size_t first = at < PAGE ? PAGE - at : 0;

	if (first && below(2))
		put(device->image, device->size, at,
		    (struct bytes_of){ bytes.at, first < bytes.len ? first : bytes.len });
	for (size_t from = first; from < bytes.len; from += SECTOR) {
		size_t len = bytes.len - from < SECTOR ? bytes.len - from : SECTOR;

		if (below(2))
			put(device->image, device->size, at + from,
			    (struct bytes_of){ bytes.at + from, len });
	}
}

/*
 * One of the images that the disk may hold: 0 nothing of what is pending, 1 all,
 * 2 the first few writes, 3 some, 4 all but one, 5 some sectors of each, 6 the
 * first few and the next one torn.
 */
static void build(struct device *device, const struct disk *disk, unsigned how)
{
	unsigned border = below(disk->count + 1);

	restore(device, disk);
	for (unsigned i = 0; i < disk->count; i++) {
		bool whole = how == 1 || (how == 2 && i < border) || (how == 3 && below(2)) ||
			     (how == 4 && i != border) || (how == 6 && i < border);
		bool torn = how == 5 || (how == 6 && i == border);

		if (whole)
			put(device->image, device->size, disk->pending[i].at, disk->pending[i].bytes);
		else if (torn)
			put_torn(device, disk->pending[i].at, disk->pending[i].bytes);
	}
}

/* ----- one image as a catalog ----- */

static void keep_finding(void *arg, const struct finding *finding)
{
	char *why = arg;

	if (!*why)
		snprintf(why, 300, "%s: %.250s", check_rule_name(finding->rule), finding->text);
}

static bool has_state(const struct log *log, const struct disk *disk, uint64_t hash)
{
	for (int n = disk->acked; n <= disk->intended; n++) {
		if (n != NONE && hash == log->hashes[n])
			return true;
	}
	return false;
}

/* Fills why where something is wrong. */
static void use_catalog(struct catalog *catalog, const struct log *log, const struct disk *disk,
			bool made_now, char *why)
{
	struct check_totals totals;
	struct err err = ERR_INIT;

	if (!made_now && !has_state(log, disk, hash_store(catalog_store(catalog))))
		snprintf(why, 300, "holds no state from change %d to change %d", disk->acked,
			 disk->intended);
	else if (catalog_check(catalog, keep_finding, why, &totals, &err))
		snprintf(why, 300, "cannot be checked: %.250s", err.text);
	else if (!*why && !(run(catalog, "CREATE NAMESPACE afterwards") &&
			    run(catalog, "DROP NAMESPACE afterwards")))
		snprintf(why, 300, "takes no change any more");
	else if (!*why && (store_check(catalog_store(catalog), &err) ||
			   store_check_rows(catalog_store(catalog), &err)))
		snprintf(why, 300, "is damaged after the next change: %.250s", err.text);
}

static void check_mounted(const char *mountpoint, const struct log *log, const struct disk *disk,
			  char *why)
{
	struct catalog_options how = { .map_size = 64 << 20, .check = STORE_CHECK_FULL };
	struct catalog *catalog;
	struct err err = ERR_INIT;
	char dir[4200], data[4300];
	bool is_there;

	snprintf(dir, sizeof(dir), "%s/catalog", mountpoint);
	snprintf(data, sizeof(data), "%s/data.mdb", dir);
	is_there = !access(data, F_OK);
	how.create = disk->acked == NONE;
	if (catalog_open(dir, &how, &catalog, &err)) {
		snprintf(why, 300, "does not open: %.250s", err.text);
		return;
	}
	use_catalog(catalog, log, disk, !is_there, why);
	catalog_close(catalog);
}

/* Somebody who looks at all mounts of the machine may be in one for a moment. */
static void unmount(const char *mountpoint)
{
	for (int i = 0; umount(mountpoint); i++) {
		if (errno != EBUSY || i == UNMOUNT_TRIES)
			die("cannot unmount %s: %s", mountpoint, strerror(errno));
		usleep(1000);
	}
}

/* xfs does not mount two file systems of one UUID, as those of all jobs are. */
static const char *mount_data(void)
{
	return strcmp(options.fs, "xfs") ? NULL : "nouuid";
}

static void check_image(struct device *device, const struct log *log, const struct disk *disk,
			char *why)
{
	*why = '\0';
	/* What the last mount left in the device's cache is not what stands in the image. */
	if (ioctl(device->fd, BLKFLSBUF_REQUEST, 0))
		die("%s: %s", device->name, strerror(errno));
	if (mount(device->name, device->mountpoint, options.fs, MS_NOATIME, mount_data())) {
		snprintf(why, 300, "does not mount: %s", strerror(errno));
		return;
	}
	check_mounted(device->mountpoint, log, disk, why);
	unmount(device->mountpoint);
}

/* ----- all of them ----- */

struct result {
	unsigned long states, bad;
};

/* States number done to `until` of this point, every jobs-th for this job. */
static void look(struct device *device, const struct log *log, const struct disk *disk,
		 unsigned long from, unsigned long until, unsigned job, struct result *result)
{
	for (unsigned long n = from; n < until; n++) {
		char why[300];

		if (n % options.jobs != job)
			continue;
		build(device, disk, (unsigned)(n / options.jobs % 7));
		check_image(device, log, disk, why);
		result->states++;
		if (!*why)
			continue;
		if (++result->bad <= 3 && options.control == CONTROL_NONE)
			fprintf(stderr, "replay: state %lu (change %d acknowledged, %d under way, %u writes pending), seed %u: the image %s\n",
				n, disk->acked, disk->intended, disk->count, options.seed, why);
	}
}

static void replay(const struct log *log, const uint8_t *base, size_t size, unsigned job,
		   struct result *result)
{
	struct disk *disk = calloc(1, sizeof(*disk));
	struct device device;
	struct log_entry entry;
	struct bytes_of bytes;
	unsigned long point = 0;
	size_t at = 0;

	if (!disk || !(disk->safe = malloc(size)))
		die("out of memory");
	memcpy(disk->safe, base, size);
	disk->size = size;
	disk->acked = NONE;
	random_state = options.seed + 1000 * job;
	make_device(&device, job, size);
	while (next_entry(log, &at, &entry, &bytes)) {
		advance(disk, &entry, bytes);
		if (entry.kind != LOG_WRITE)
			continue;
		look(&device, log, disk, point * options.states / log->points,
		     (point + 1) * options.states / log->points, job, result);
		point++;
	}
	close(device.fd);
}

static struct result run_jobs(const struct log *log, const uint8_t *base, size_t size)
{
	struct result *results = mmap(NULL, sizeof(*results) * options.jobs, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct result all = { 0 };
	int status;

	if (results == MAP_FAILED)
		die("out of memory");
	for (unsigned job = 0; job < options.jobs; job++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork: %s", strerror(errno));
		if (pid == 0) {
			replay(log, base, size, job, &results[job]);
			_exit(0);
		}
	}
	for (unsigned job = 0; job < options.jobs; job++) {
		if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
			die("a job ended with status %#x", status);
	}
	for (unsigned job = 0; job < options.jobs; job++) {
		all.states += results[job].states;
		all.bad += results[job].bad;
	}
	return all;
}

static void parse(int argc, char **argv)
{
	static const char *const controls[] = { "none", "noflush", "ack" };
	static const struct option known[] = {
		{ "fs", required_argument, NULL, 'f' },
		{ "states", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "control", required_argument, NULL, 'c' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		unsigned long number = optarg ? strtoul(optarg, NULL, 10) : 0;

		if (c == 'f')
			options.fs = optarg;
		else if (c == 'n')
			options.states = number;
		else if (c == 's')
			options.seed = (unsigned)number;
		else if (c == 'j')
			options.jobs = number ? (unsigned)number : 1;
		else if (c == 'c')
			options.control =
				(enum control)control_named(optarg, controls, countof(controls));
		else
			exit(2);
	}
	if (argc - optind != 3)
		die("expected: BASE LOG DIR");
	options.base = argv[optind];
	options.log = argv[optind + 1];
	options.dir = argv[optind + 2];
}

int main(int argc, char **argv)
{
	static struct log log;
	const uint8_t *base;
	struct result all;
	size_t size;

	parse(argc, argv);
	base = map_file(options.base, &size);
	if (size % PAGE)
		die("%s is not of whole pages", options.base);
	read_log(&log);
	all = run_jobs(&log, base, size);
	printf("%lu states of a disk with %s, %d changes, %lu writes, %lu flushes: %lu violations\n",
	       all.states, options.fs, log.changes, log.writes, log.flushes, all.bad);
	return all.bad ? 1 : 0;
}
