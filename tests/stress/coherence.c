/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coherence - nobody sees the past: readers against writers on a mounted catalog.
 *
 *	coherence [-p DAEMON_PID]... [-w MOUNT] [-r MOUNT] [-d DOOR]... [-1] MOUNT CATALOG KALAMCTL SECONDS
 *	coherence --self-test
 *
 * -w: another mount of the catalog for writers and readers; -r: one for readers.
 * -1: one change at a time, which the daemon makes in another way (fs/commit.h).
 * -d: writers use these ways in only.  -p: whose stacks are shown after a hang.
 * --self-test feeds the checks with planted faults; each must be found.
 *
 * world.h says what is there and what must hold; hot.b0 ... hot.b3 are the
 * writers' own.
 */
#include "tests/stress/world.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HANG_SECONDS 20
#define SHOWN 20		/* faults that are printed */
#define DAEMONS 4

const char *const door_names[DOORS] = {
	[DOOR_CTL] = "ctl",
	[DOOR_TRUNCATE] = "truncate",
	[DOOR_RENAME] = "rename",
	[DOOR_COLUMN] = "column",
	[DOOR_KALAMCTL] = "kalamctl",
	[DOOR_NAMES] = "names",
	[DOOR_TABLES] = "tables",
	[DOOR_NAMESPACES] = "namespaces",
};

const struct place_row places[PLACES] = {
	[AT_TABLES] = { "namespaces/hot/tables", "x", "schema.json" },
	[AT_RENAMED] = { "namespaces/hot/tables", "z", "schema.json" },
	[AT_COLD] = { "namespaces/cold/tables", "x", "schema.json" },
	[AT_TRASH] = { "namespaces/hot/trash", "x", "schema.json" },
	[AT_NAMESPACES] = { "namespaces", "y", "namespace.json" },
};

struct world world;

static pid_t daemons[DAEMONS];

void fault(enum fault kind, unsigned mount, const char *fmt, ...)
{
	static const char *const names[] = { "STALE", "TORN", "FAILED" };
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	unsigned long n = atomic_fetch_add(&world.faults[kind], 1);
	va_list args;

	if (kind == STALE)
		atomic_fetch_add(&world.stale[mount], 1);
	if (world.quiet || n >= SHOWN)
		return;
	pthread_mutex_lock(&lock);
	va_start(args, fmt);
	printf("%s on mount %u: ", names[kind], mount);
	vprintf(fmt, args);
	putchar('\n');
	fflush(stdout);
	va_end(args);
	pthread_mutex_unlock(&lock);
}

void failed(unsigned mount, const char *path, int code)
{
	fault(FAILED, mount, "%s: %s", path, strerror(code));
}

void count(enum count what)
{
	atomic_fetch_add_explicit(&world.counts[what], 1, memory_order_relaxed);
}

unsigned pick(struct random *r, unsigned n)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (unsigned)(r->state >> 33) % n;
}

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void path_in(unsigned mount, char path[PATH_MAX], const char *fmt, ...)
{
	int at = snprintf(path, PATH_MAX, "%s/namespaces/hot/", world.mounts[mount]);
	va_list args;

	va_start(args, fmt);
	vsnprintf(path + at, PATH_MAX - (size_t)at, fmt, args);
	va_end(args);
}

void path_of(unsigned mount, char path[PATH_MAX], enum place place, unsigned k)
{
	snprintf(path, PATH_MAX, "%s/%s/%s%u", world.mounts[mount], places[place].dir,
		 places[place].prefix, k);
}

static void *run(void *arg)
{
	unsigned number = (unsigned)(uintptr_t)arg;
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->random.state = UINT64_C(0x9e3779b97f4a7c15) * (number + 1);
	while (!atomic_load(&world.stop)) {
		if (number < READERS)
			read_once(r);
		else
			write_once(&r->random, number - READERS);
		atomic_fetch_add(&world.progress[number], 1);
	}
	free(r);
	return NULL;
}

static void print_file(const char *path)
{
	char line[512];
	FILE *in = fopen(path, "r");

	if (!in)
		return;
	printf("%s:\n", path);
	while (fgets(line, sizeof(line), in))
		printf("    %s", line);
	fclose(in);
}

/* What every thread of a process waits for in the kernel. */
static void print_stacks(pid_t pid)
{
	static const char *const files[] = { "comm", "stack", "syscall" };
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		for (size_t i = 0; entry->d_name[0] != '.' && i < 3; i++) {
			snprintf(path, sizeof(path), "/proc/%d/task/%.20s/%s", (int)pid,
				 entry->d_name, files[i]);
			print_file(path);
		}
	}
	if (dir)
		closedir(dir);
}

static void hung(unsigned number)
{
	printf("HUNG: thread %u has done nothing for %d s\n", number, HANG_SECONDS);
	print_stacks(getpid());
	for (unsigned i = 0; i < DAEMONS && daemons[i]; i++)
		print_stacks(daemons[i]);
	fflush(stdout);
	_exit(1);
}

/* Until the time is over; ends the process if a thread gets stuck. */
static void watch(double seconds)
{
	unsigned long last[THREADS] = { 0 };
	double moved[THREADS], start = now();

	for (unsigned i = 0; i < THREADS; i++)
		moved[i] = start;
	while (now() - start < seconds) {
		usleep(100000);
		for (unsigned i = 0; i < THREADS; i++) {
			unsigned long progress = atomic_load(&world.progress[i]);

			if (progress != last[i])
				moved[i] = now();
			else if (now() - moved[i] > HANG_SECONDS)
				hung(i);
			last[i] = progress;
		}
	}
}

static void *join_watchdog(void *arg)
{
	(void)arg;
	sleep(HANG_SECONDS);
	hung(THREADS);
	return NULL;
}

/* How often each way in was taken, by mounts; whether each was, and each mount. */
static bool report_doors(void)
{
	unsigned long by_door, by_mount[MOUNTS] = { 0 };
	bool all = true;

	printf("changes:");
	for (unsigned d = 0; d < DOORS; d++) {
		if (!world.doors[d])
			continue;
		printf(" %s", door_names[d]);
		by_door = 0;
		for (unsigned m = 0; m < world.writable; m++) {
			unsigned long n = world.entered[d][m];

			printf("%s%lu", m ? "/" : " ", n);
			by_door += n;
			by_mount[m] += n;
		}
		all &= by_door > 0;
	}
	for (unsigned m = 0; m < world.writable; m++)
		all &= by_mount[m] > 0;
	printf(" (%lu late)\n", world.counts[LATE]);
	return all;
}

static int report(double seconds)
{
	const atomic_ulong *c = world.counts, *f = world.faults;
	bool all;

	printf("%.0f s, %u mounts: %lu stats, %lu cats, %lu mmaps, %lu lists, %lu lookups "
	       "(%lu ESTALE in a move)\n",
	       seconds, world.mount_count, c[STATS], c[CATS], c[MAPS], c[LISTS], c[LOOKUPS],
	       c[MOVED]);
	all = report_doors();
	printf("%lu stale", f[STALE]);
	for (unsigned m = 0; f[STALE] && m < world.mount_count; m++)
		printf("%s%lu", m ? "/" : " (", world.stale[m]);
	printf("%s, %lu torn, 0 hung, %lu failed\n", f[STALE] ? ")" : "", f[TORN], f[FAILED]);
	if (!all || !c[CATS])
		puts("not every way in was taken");
	return f[STALE] || f[TORN] || f[FAILED] || !all || !c[CATS];
}

static void prepare(void)
{
	pthread_mutex_init(&world.turn, NULL);
	for (unsigned i = 0; i < TABLES; i++) {
		struct table *t = &world.tables[i];

		pthread_mutex_init(&t->writer, NULL);
		atomic_store(&t->started, 1);
		for (unsigned m = 0; m < MOUNTS; m++)
			atomic_store(&t->published[m], 1);
	}
	for (unsigned k = 0; k < CHURN; k++) {
		struct churn *objects[] = { &world.tables_moved[k], &world.namespaces_moved[k] };

		for (unsigned kind = 0; kind < 2; kind++) {
			pthread_mutex_init(&objects[kind]->writer, NULL);
			objects[kind]->at = NOWHERE;
		}
	}
}

static int stress(double seconds)
{
	pthread_t threads[THREADS], watchdog;
	double start = now();

	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, run, (void *)(uintptr_t)i))
			abort();
	watch(seconds);
	atomic_store(&world.stop, true);
	if (pthread_create(&watchdog, NULL, join_watchdog, NULL))
		abort();
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_cancel(watchdog);
	pthread_join(watchdog, NULL);
	return report(now() - start);
}

static bool choose_door(const char *name)
{
	static bool some;

	if (!some)
		memset(world.doors, 0, sizeof(world.doors));
	some = true;
	for (unsigned d = 0; d < DOORS; d++)
		if (!strcmp(name, door_names[d]))
			return world.doors[d] = true;
	return false;
}

/* readers: of the mounts after the writable ones. */
static bool take_option(char option, const char *value, const char **readers, unsigned *count_of)
{
	unsigned d = 0;

	switch (option) {
	case 'p':
		while (d < DAEMONS && daemons[d])
			d++;
		if (d < DAEMONS)
			daemons[d] = (pid_t)atoi(value);
		return d < DAEMONS;
	case 'w':
		if (world.writable >= MOUNTS / 2)
			return false;
		world.mounts[world.writable++] = value;
		return true;
	case 'r':
		if (*count_of >= MOUNTS / 2)
			return false;
		readers[(*count_of)++] = value;
		return true;
	case 'd':
		return choose_door(value);
	case '1':
		return world.is_alone = true;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	const char *readers[MOUNTS / 2];
	unsigned reader_mounts = 0;
	int at = 1;

	prepare();
	if (argc == 2 && !strcmp(argv[1], "--self-test"))
		return self_test() ? 1 : 0;
	memset(world.doors, 1, sizeof(world.doors));
	world.writable = 1;
	for (; at + 1 < argc && argv[at][0] == '-'; at += argv[at][1] == '1' ? 1 : 2)
		if (!take_option(argv[at][1], argv[at + 1], readers, &reader_mounts))
			break;
	if (argc - at != 4 || argv[at][0] == '-') {
		fputs("usage: coherence [-p PID]... [-w MOUNT] [-r MOUNT] [-d DOOR]... [-1] "
		      "MOUNT CATALOG KALAMCTL SECONDS\n", stderr);
		return 2;
	}
	world.mounts[0] = argv[at];
	world.mount_count = world.writable;
	for (unsigned i = 0; i < reader_mounts; i++)
		world.mounts[world.mount_count++] = readers[i];
	world.catalog = argv[at + 1];
	world.kalamctl = argv[at + 2];
	return stress(atof(argv[at + 3]));
}
