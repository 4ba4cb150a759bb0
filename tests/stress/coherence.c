/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coherence - nobody sees the past: readers against writers on a mounted catalog.
 *
 *	coherence [-p DAEMON_PID] [-r MOUNT] MOUNT CATALOG KALAMCTL SECONDS
 *	coherence --self-test
 *
 * Tables hot.t0 ... hot.t16 exist at version 1 with one column.  Version v of
 * each is known beforehand: its comment tells v, and columns come and go in a
 * cycle of eight, so that a text shows which version it is and whether it is
 * whole.  A writer says which version it is about to make (`started`), and
 * when its write call has returned that it is there (`published`).  A reader
 * takes both before and after.  What it saw must not be older than what was
 * published before it began, nor than what anybody has seen by that name, nor
 * newer than what was started when it ended.  Tables hot.x0 ... hot.x7 are
 * created and purged; whoever looks while nothing is under way must see what
 * was told.
 *
 * -r: readers look at another mount of the same catalog than writers write to.
 * --self-test feeds the same checks with planted faults; each must be found.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HOT 16			/* tables written through ctl */
#define TABLES (HOT + 1)	/* and one through kalamctl */
#define CHURN 8
#define READERS 8
#define WRITERS 4
#define THREADS (READERS + WRITERS + 2)
#define CYCLE 8			/* versions until the columns begin anew */
#define RING 1024		/* versions of a text that are remembered */
#define HANG_SECONDS 20
#define SHOWN 20		/* faults that are printed */
#define TEXT_MAX 65536
#define NAMES_MAX 256

enum form { FORM_JSON, FORM_SQL, FORM_DESCRIBE, FORM_ARROW, FORM_COUNT };

#define LATEST FORM_COUNT	/* versions/latest, beside the texts */

static const char *const form_names[FORM_COUNT] = {
	[FORM_JSON] = "schema.json",
	[FORM_SQL] = "schema.sql",
	[FORM_DESCRIBE] = "describe",
	[FORM_ARROW] = "schema.arrow",
};

/* What was seen of the texts of a table: version << 40 | 40 bits of hash, or of size. */
struct ring {
	_Atomic uint64_t slots[RING];
};

struct table {
	pthread_mutex_t writer;		/* one writer at a time, so that versions are known */
	atomic_uint started, published;
	atomic_uint seen[FORM_COUNT + 1];	/* the newest version by each name */
	struct ring hashes[FORM_COUNT], sizes[FORM_COUNT];
};

enum count {
	STATS, CATS, MAPS, LISTS, LOOKUPS, CTL_WRITES, KALAMCTL_WRITES, CHURNS, LATE, COUNT_COUNT
};
enum fault { STALE, TORN, FAILED, FAULT_COUNT };

static struct {
	const char *mount, *read_mount, *catalog, *kalamctl;
	pid_t daemon;
	struct table tables[TABLES];
	atomic_uint churn[CHURN];	/* counter << 2 | present << 1 | under way */
	atomic_bool stop;
	atomic_ulong counts[COUNT_COUNT], faults[FAULT_COUNT];
	atomic_ulong progress[THREADS];
} world;

static bool quiet;	/* the self-test plants faults: count, do not print */

__attribute__((format(printf, 2, 3)))
static void fault(enum fault kind, const char *fmt, ...)
{
	static const char *const names[] = { "STALE", "TORN", "FAILED" };
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	unsigned long n = atomic_fetch_add(&world.faults[kind], 1);
	va_list args;

	if (quiet || n >= SHOWN)
		return;
	pthread_mutex_lock(&lock);
	va_start(args, fmt);
	printf("%s ", names[kind]);
	vprintf(fmt, args);
	putchar('\n');
	fflush(stdout);
	va_end(args);
	pthread_mutex_unlock(&lock);
}

static void count(enum count what)
{
	atomic_fetch_add_explicit(&world.counts[what], 1, memory_order_relaxed);
}

static unsigned column_count(unsigned version)
{
	return 1 + (version - 1) % CYCLE;
}

static bool has_column(unsigned version, unsigned k)
{
	return k <= version && k > version - (version - 1) % CYCLE;
}

/* "v17 xxxx e17": where it is cut or mixed is seen. */
static void comment_of(unsigned version, char *out, size_t size)
{
	unsigned pad = version * 37 % 600;
	int at = snprintf(out, size, "v%u ", version);

	memset(out + at, 'x', pad);
	snprintf(out + at + pad, size - (size_t)at - pad, " e%u", version);
}

static void statement_of(unsigned version, char *out, size_t size)
{
	char comment[1024];
	int at = 0;

	comment_of(version, comment, sizeof(comment));
	if (column_count(version) > 1)
		at += snprintf(out, size, "ADD COLUMN c%u INT, ", version);
	else
		for (unsigned k = version - CYCLE + 1; k < version; k++)
			at += snprintf(out + at, size - (size_t)at, "DROP COLUMN c%u, ", k);
	snprintf(out + at, size - (size_t)at, "COMMENT '%s'", comment);
}

static unsigned number_after(const char *text, size_t len, const char *mark, bool skip)
{
	const char *at = memmem(text, len, mark, strlen(mark));
	const char *end = text + len;
	unsigned n = 0;

	if (!at)
		return 0;
	at += strlen(mark);
	while (skip && at < end && (*at < '0' || *at > '9'))
		at++;
	for (; at < end && *at >= '0' && *at <= '9'; at++)
		n = n * 10 + (unsigned)(*at - '0');
	return n;
}

static unsigned occurrences(const char *text, size_t len, const char *mark)
{
	const char *end = text + len;
	unsigned n = 0;

	for (const char *at = text; (at = memmem(at, (size_t)(end - at), mark, strlen(mark))); at++)
		n++;
	return n;
}

/* Which version a text is; 0 if it does not tell. */
static unsigned version_of(enum form form, const char *text, size_t len)
{
	static const struct {
		const char *mark;
		bool skip;	/* bytes between the mark and the number */
	} marks[FORM_COUNT] = {
		[FORM_JSON] = { "\"schema_version\": ", false },
		[FORM_SQL] = { ") WITH (STORAGE_ID = 'local') COMMENT 'v", false },
		[FORM_DESCRIBE] = { "   version ", false },
		[FORM_ARROW] = { "kalam_schema_version", true },
	};
	unsigned version = number_after(text, len, marks[form].mark, marks[form].skip);

	/* Version 1 has no comment yet. */
	return !version && form == FORM_SQL && len && text[len - 1] == '\n' ? 1 : version;
}

static unsigned columns_in(enum form form, const char *text, size_t len)
{
	switch (form) {
	case FORM_JSON:
		return occurrences(text, len, "\"column_id\": ");
	case FORM_SQL:
		return occurrences(text, len, "\n  ");
	case FORM_DESCRIBE:
		return occurrences(text, len, " INT ") + occurrences(text, len, " BIGINT ");
	case FORM_ARROW:
		return occurrences(text, len, "PARQUET:field_id");
	case FORM_COUNT:
		break;
	}
	return 0;
}

/* Why a text is not version v, whole; NULL if it is. */
static const char *why_torn(enum form form, unsigned version, const char *text, size_t len)
{
	char comment[1024];

	if (!version)
		return "it does not tell its version";
	if (form != FORM_ARROW && memchr(text, '\0', len))
		return "there is a NUL in it";
	if (form != FORM_ARROW && text[len - 1] != '\n')
		return "it does not end with a newline";
	if (columns_in(form, text, len) != column_count(version))
		return "another number of columns";
	comment_of(version, comment, sizeof(comment));
	if (version > 1 && !memmem(text, len, comment, strlen(comment)))
		return "another comment";
	if (column_count(version) > 1) {
		char column[16];

		snprintf(column, sizeof(column), "c%u", version);
		if (!memmem(text, len, column, strlen(column)))
			return "its newest column is not in it";
	}
	return NULL;
}

static uint64_t hash(const char *text, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return (h ^ h >> 40) & UINT64_C(0xffffffffff);
}

/* Remember what a version has; false if something else was seen of it before. */
static bool agrees(struct ring *ring, unsigned version, uint64_t value)
{
	_Atomic uint64_t *slot = &ring->slots[version % RING];
	uint64_t mine = (uint64_t)version << 40 | value;
	uint64_t old = atomic_load(slot);

	while (old >> 40 < version)
		if (atomic_compare_exchange_weak(slot, &old, mine))
			return true;
	return old >> 40 != version || old == mine;
}

/* What a version is known to have; UINT64_MAX if it is not known. */
static uint64_t known(struct ring *ring, unsigned version)
{
	uint64_t slot = atomic_load(&ring->slots[version % RING]);

	return slot >> 40 == version ? slot & UINT64_C(0xffffffffff) : UINT64_MAX;
}

struct window {
	unsigned published, seen;	/* when the reader began */
	unsigned started;		/* when it had ended */
};

/* name: a form, or LATEST. */
static struct window begin(struct table *t, unsigned name)
{
	return (struct window){
		.published = atomic_load(&t->published),
		.seen = atomic_load(&t->seen[name]),
	};
}

static void end(struct table *t, struct window *w)
{
	w->started = atomic_load(&t->started);
}

/* Nothing was written meanwhile: there is one right answer. */
static bool is_still(const struct window *w)
{
	return w->published == w->started;
}

static void saw(struct table *t, unsigned name, unsigned version)
{
	unsigned seen = atomic_load(&t->seen[name]);

	while (seen < version && !atomic_compare_exchange_weak(&t->seen[name], &seen, version))
		;
}

static bool check_version(const struct window *w, unsigned version, const char *what, unsigned i)
{
	if (version < w->published)
		fault(STALE, "t%u %s: version %u, but %u had been acknowledged", i, what, version,
		      w->published);
	else if (version < w->seen)
		fault(STALE, "t%u %s: version %u, but %u had been seen", i, what, version, w->seen);
	else if (version > w->started)
		fault(TORN, "t%u %s: version %u, but only %u was begun", i, what, version,
		      w->started);
	else
		return true;
	return false;
}

/* size: what fstat says. */
static void check_text(struct table *t, unsigned i, const struct window *w, enum form form,
		       const char *text, size_t len, uint64_t size)
{
	unsigned version = version_of(form, text, len);
	const char *why = why_torn(form, version, text, len);

	if (why) {
		fault(TORN, "t%u %s: version %u, %zu bytes: %s", i, form_names[form], version, len,
		      why);
		return;
	}
	if (size != len)
		fault(TORN, "t%u %s: fstat says %" PRIu64 " bytes, there are %zu", i,
		      form_names[form], size, len);
	if (!agrees(&t->hashes[form], version, hash(text, len)) ||
	    !agrees(&t->sizes[form], version, len))
		fault(TORN, "t%u %s: version %u has another text than before", i,
		      form_names[form], version);
	if (check_version(w, version, form_names[form], i))
		saw(t, form, version);
}

static void check_size(struct table *t, unsigned i, const struct window *w, enum form form,
		       uint64_t size)
{
	for (unsigned v = w->published; v <= w->started; v++) {
		uint64_t right = known(&t->sizes[form], v);

		if (right == size || right == UINT64_MAX)
			return;
	}
	fault(STALE, "t%u %s: stat says %" PRIu64 " bytes, which no version from %u to %u has", i,
	      form_names[form], size, w->published, w->started);
}

static void check_columns(unsigned i, const struct window *w, unsigned names, unsigned newest)
{
	for (unsigned v = w->published; v <= w->started; v++)
		if (names == column_count(v) && newest == (column_count(v) > 1 ? v : 0))
			return;
	fault(STALE, "t%u columns/: %u names up to c%u, which no version from %u to %u has", i,
	      names, newest, w->published, w->started);
}

static void check_column(unsigned i, const struct window *w, unsigned k, bool found)
{
	if (is_still(w) && found != has_column(w->published, k))
		fault(STALE, "t%u columns/c%u.json is %s in version %u", i, k,
		      found ? "there" : "not there", w->published);
}

static void check_presence(unsigned k, unsigned before, unsigned after, bool found, const char *how)
{
	if (before == after && !(before & 1) && found != (before >> 1 & 1))
		fault(STALE, "x%u is %s by %s", k, found ? "still there" : "not there", how);
}

struct random {
	uint64_t state;
};

static unsigned pick(struct random *r, unsigned n)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (unsigned)(r->state >> 33) % n;
}

struct reader {
	struct random random;
	char text[TEXT_MAX];
	char names[NAMES_MAX][64];
};

__attribute__((format(printf, 3, 4)))
static void path_in(const char *mount, char path[PATH_MAX], const char *fmt, ...)
{
	int at = snprintf(path, PATH_MAX, "%s/namespaces/hot/", mount);
	va_list args;

	va_start(args, fmt);
	vsnprintf(path + at, PATH_MAX - (size_t)at, fmt, args);
	va_end(args);
}

static void failed(const char *path)
{
	fault(FAILED, "%s: %s", path, strerror(errno));
}

static enum form pick_form(struct reader *r)
{
	unsigned n = pick(&r->random, 6);

	return n < FORM_COUNT ? (enum form)n : FORM_JSON;
}

static void read_stat(struct reader *r, unsigned i)
{
	struct table *t = &world.tables[i];
	enum form form = pick_form(r);
	struct window w = begin(t, form);
	char path[PATH_MAX];
	struct stat st;

	path_in(world.read_mount, path, "tables/t%u/%s", i, form_names[form]);
	if (stat(path, &st)) {
		failed(path);
		return;
	}
	end(t, &w);
	check_size(t, i, &w, form, (uint64_t)st.st_size);
	count(STATS);
}

/* piece: bytes of each read. */
static void read_text(struct reader *r, unsigned i, size_t piece)
{
	struct table *t = &world.tables[i];
	enum form form = pick_form(r);
	struct window w = begin(t, form);
	char path[PATH_MAX];
	struct stat st;
	size_t len = 0;
	ssize_t n;
	int fd;

	path_in(world.read_mount, path, "tables/t%u/%s", i, form_names[form]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		failed(path);
		return;
	}
	while ((n = read(fd, r->text + len, len + piece < TEXT_MAX ? piece : TEXT_MAX - len)) > 0) {
		len += (size_t)n;
		if (piece < 4096)
			sched_yield();
	}
	if (n < 0 || close(fd))
		failed(path);
	end(t, &w);
	if (!len)
		fault(TORN, "t%u %s is empty", i, form_names[form]);
	else
		check_text(t, i, &w, form, r->text, len, (uint64_t)st.st_size);
	count(CATS);
}

static void read_map(struct reader *r, unsigned i)
{
	struct table *t = &world.tables[i];
	enum form form = pick_form(r);
	struct window w = begin(t, form);
	char path[PATH_MAX];
	struct stat st;
	char *map;
	int fd;

	path_in(world.read_mount, path, "tables/t%u/%s", i, form_names[form]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		failed(path);
		return;
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		failed(path);
	} else {
		memcpy(r->text, map, (size_t)st.st_size < TEXT_MAX ? (size_t)st.st_size : TEXT_MAX);
		munmap(map, (size_t)st.st_size);
		end(t, &w);
		check_text(t, i, &w, form, r->text, (size_t)st.st_size, (uint64_t)st.st_size);
	}
	close(fd);
	count(MAPS);
}

/* Names of a directory, "." and ".." left out; -1 after a failure. */
static int list(struct reader *r, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int n = 0;

	if (!dir) {
		failed(path);
		return -1;
	}
	errno = 0;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && n < NAMES_MAX)
			snprintf(r->names[n++], sizeof(r->names[0]), "%.63s", entry->d_name);
	if (errno) {
		failed(path);
		n = -1;
	}
	closedir(dir);
	count(LISTS);
	return n;
}

static bool listed(const struct reader *r, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(r->names[i], name))
			return true;
	return false;
}

static void list_columns(struct reader *r, unsigned i)
{
	struct table *t = &world.tables[i];
	struct window w = begin(t, LATEST);
	unsigned newest = 0, k;
	char path[PATH_MAX];
	int n;

	path_in(world.read_mount, path, "tables/t%u/columns", i);
	n = list(r, path);
	end(t, &w);
	for (int at = 0; at < n; at++)
		if (sscanf(r->names[at], "c%u.json", &k) == 1 && k > newest)
			newest = k;
	if (n >= 0)
		check_columns(i, &w, (unsigned)n, newest);
}

static void list_table(struct reader *r, unsigned i)
{
	static const char *const names[] = {
		"columns", "describe", "schema.arrow", "schema.json", "schema.sql", "storage",
		"storage.json", "versions",
	};
	char path[PATH_MAX];
	int n;

	path_in(world.read_mount, path, "tables/t%u", i);
	n = list(r, path);
	for (size_t at = 0; n >= 0 && at < sizeof(names) / sizeof(names[0]); at++)
		if (!listed(r, n, names[at]))
			fault(TORN, "t%u: %s is not listed", i, names[at]);
}

static void read_latest(struct reader *r, unsigned i)
{
	struct table *t = &world.tables[i];
	struct window w = begin(t, LATEST);
	char path[PATH_MAX], number[32];
	ssize_t n;

	(void)r;
	path_in(world.read_mount, path, "tables/t%u/versions/latest", i);
	n = readlink(path, number, sizeof(number) - 1);
	end(t, &w);
	if (n < 0) {
		failed(path);
		return;
	}
	number[n] = '\0';
	if (check_version(&w, (unsigned)strtoul(number, NULL, 10), "versions/latest", i))
		saw(t, LATEST, (unsigned)strtoul(number, NULL, 10));
	count(LOOKUPS);
}

/* A column that is new, was dropped, or will come. */
static void look_up_column(struct reader *r, unsigned i)
{
	struct table *t = &world.tables[i];
	struct window w = begin(t, LATEST);
	unsigned k = w.published + 1 - pick(&r->random, CYCLE + 1);
	char path[PATH_MAX];
	struct stat st;
	int rc;

	if (k < 2 || k > w.published + 1)
		return;
	path_in(world.read_mount, path, "tables/t%u/columns/c%u.json", i, k);
	rc = stat(path, &st);
	end(t, &w);
	if (rc && errno != ENOENT)
		failed(path);
	check_column(i, &w, k, !rc);
	count(LOOKUPS);
}

static void look_up_version(struct reader *r, unsigned i)
{
	struct table *t = &world.tables[i];
	struct window w = begin(t, LATEST);
	unsigned v = w.published + pick(&r->random, 2);
	char path[PATH_MAX];
	struct stat st;
	int rc;

	path_in(world.read_mount, path, "tables/t%u/versions/%u/schema.json", i, v);
	rc = stat(path, &st);
	end(t, &w);
	if (rc && errno != ENOENT)
		failed(path);
	if ((rc && v <= w.published) || (!rc && v > w.started))
		fault(STALE, "t%u versions/%u is %s, published %u, started %u", i, v,
		      rc ? "not there" : "there", w.published, w.started);
	count(LOOKUPS);
}

static void list_tables(struct reader *r)
{
	unsigned before[CHURN];
	char path[PATH_MAX], name[16];
	int n;

	for (unsigned k = 0; k < CHURN; k++)
		before[k] = atomic_load(&world.churn[k]);
	path_in(world.read_mount, path, "tables");
	n = list(r, path);
	if (n < 0)
		return;
	for (unsigned k = 0; k < CHURN; k++) {
		snprintf(name, sizeof(name), "x%u", k);
		check_presence(k, before[k], atomic_load(&world.churn[k]), listed(r, n, name),
			       "ls");
	}
	for (unsigned i = 0; i < TABLES; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		if (!listed(r, n, name))
			fault(TORN, "t%u is not listed", i);
	}
}

static void look_up_table(struct reader *r)
{
	unsigned k = pick(&r->random, CHURN);
	unsigned before = atomic_load(&world.churn[k]);
	char path[PATH_MAX];
	struct stat st;
	int rc;

	path_in(world.read_mount, path,
		pick(&r->random, 2) ? "tables/x%u" : "tables/x%u/schema.json", k);
	rc = stat(path, &st);
	if (rc && errno != ENOENT)
		failed(path);
	check_presence(k, before, atomic_load(&world.churn[k]), !rc, "stat");
	count(LOOKUPS);
}

static void read_once(struct reader *r)
{
	unsigned i = pick(&r->random, TABLES);

	switch (pick(&r->random, 12)) {
	case 0:
	case 1:
		read_stat(r, i);
		break;
	case 2:
		read_text(r, i, TEXT_MAX);
		break;
	case 3:
		read_text(r, i, 1000);
		break;
	case 4:
		read_map(r, i);
		break;
	case 5:
		list_columns(r, i);
		break;
	case 6:
		list_table(r, i);
		break;
	case 7:
		read_latest(r, i);
		break;
	case 8:
		look_up_column(r, i);
		break;
	case 9:
		look_up_version(r, i);
		break;
	case 10:
		list_tables(r);
		break;
	default:
		look_up_table(r);
		break;
	}
}

/* One write call; whether it succeeded. */
static bool write_ctl(const char *path, int flags, const char *text)
{
	size_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags);
	bool done;

	if (fd < 0) {
		failed(path);
		return false;
	}
	done = write(fd, text, len) == (ssize_t)len;
	if (!done)
		failed(path);
	close(fd);
	return done;
}

/* Several doors lead to the same table. */
static bool write_version(struct random *r, unsigned i, unsigned version)
{
	char action[2048], text[2200], path[PATH_MAX];

	statement_of(version, action, sizeof(action));
	if (pick(r, 3)) {
		path_in(world.mount, path, "tables/t%u/ctl", i);
		snprintf(text, sizeof(text), "%s\n", action);
	} else {
		path_in(world.mount, path, "ctl");
		snprintf(text, sizeof(text), "ALTER TABLE t%u %s;\n", i, action);
	}
	return write_ctl(path, pick(r, 2) ? O_TRUNC : O_APPEND, text);
}

static void write_once(struct random *r)
{
	unsigned i = pick(r, HOT);
	struct table *t = &world.tables[i];
	unsigned version;

	pthread_mutex_lock(&t->writer);
	version = atomic_load(&t->published) + 1;
	atomic_store(&t->started, version);
	if (write_version(r, i, version))
		atomic_store(&t->published, version);
	pthread_mutex_unlock(&t->writer);
	count(CTL_WRITES);
}

/* kalamctl exec on a pipe: its exit status, -1 without one; *late: a mount did not confirm. */
static int run_kalamctl(const char *statement, bool *late)
{
	char *argv[] = { (char *)"kalamctl", (char *)world.catalog, (char *)"exec", NULL };
	extern char **environ;
	posix_spawn_file_actions_t actions;
	int in[2], out[2], status = -1;
	char text[4096];
	ssize_t n;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC))
		return -1;
	if (pipe2(out, O_CLOEXEC)) {
		close(in[0]);
		close(in[1]);
		return -1;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 2);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, world.kalamctl, &actions, NULL, argv, environ))
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	if (write(in[1], statement, strlen(statement)) < 0)
		status = -1;
	close(in[1]);
	n = read(out[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	close(out[0]);
	*late = strstr(text, "did not confirm");
	if (pid > 0 && waitpid(pid, &status, 0) == pid)
		status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (status)
		fault(FAILED, "kalamctl: status %d: %s", status, text);
	return status;
}

static void kalamctl_once(void)
{
	struct table *t = &world.tables[HOT];
	unsigned version = atomic_load(&t->started) + 1;
	char action[2048], text[2200];
	bool late = false;

	statement_of(version, action, sizeof(action));
	snprintf(text, sizeof(text), "ALTER TABLE hot.t%u %s;\n", HOT, action);
	atomic_store(&t->started, version);
	if (run_kalamctl(text, &late) == 0 && !late)
		atomic_store(&t->published, version);
	if (late)
		count(LATE);
	count(KALAMCTL_WRITES);
}

static void churn_once(struct random *r)
{
	unsigned k = pick(r, CHURN);
	unsigned state = atomic_load(&world.churn[k]);
	bool present = state >> 1 & 1;
	char path[PATH_MAX], text[128];

	snprintf(path, sizeof(path), "%s/ctl", world.mount);
	snprintf(text, sizeof(text),
		 present ? "DROP TABLE hot.x%u PURGE\n" :
			   "CREATE TABLE hot.x%u (id INT PRIMARY KEY)\n", k);
	atomic_store(&world.churn[k], state | 1);
	if (write_ctl(path, O_TRUNC, text))
		present = !present;
	atomic_store(&world.churn[k], ((state >> 2) + 1) << 2 | (unsigned)present << 1);
	count(CHURNS);
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
		else if (number < READERS + WRITERS)
			write_once(&r->random);
		else if (number == READERS + WRITERS)
			churn_once(&r->random);
		else
			kalamctl_once();
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
	if (world.daemon)
		print_stacks(world.daemon);
	fflush(stdout);
	_exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
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

static int report(double seconds)
{
	const atomic_ulong *c = world.counts, *f = world.faults;

	printf("%.0f s: %lu stats, %lu cats, %lu mmaps, %lu lists, %lu lookups; %lu ctl writes, "
	       "%lu kalamctl (%lu late), %lu creates and drops\n",
	       seconds, c[STATS], c[CATS], c[MAPS], c[LISTS], c[LOOKUPS], c[CTL_WRITES],
	       c[KALAMCTL_WRITES], c[LATE], c[CHURNS]);
	printf("%lu stale, %lu torn, 0 hung, %lu failed\n", f[STALE], f[TORN], f[FAILED]);
	return f[STALE] || f[TORN] || f[FAILED] || !c[CATS] || !c[CTL_WRITES] ||
	       !c[KALAMCTL_WRITES];
}

static void prepare(void)
{
	for (unsigned i = 0; i < TABLES; i++) {
		pthread_mutex_init(&world.tables[i].writer, NULL);
		atomic_store(&world.tables[i].started, 1);
		atomic_store(&world.tables[i].published, 1);
	}
}

static int stress(double seconds)
{
	pthread_t threads[THREADS], watchdog;
	double start = now();

	prepare();
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

static unsigned missed;

static unsigned long all_faults(void)
{
	return world.faults[STALE] + world.faults[TORN] + world.faults[FAILED];
}

static void expect(bool is_fault, const char *what, unsigned long before)
{
	bool found = all_faults() != before;

	if (found == is_fault)
		return;
	missed++;
	printf("self-test: %s: %s\n", what, is_fault ? "NOT FOUND" : "found, but it is none");
}

/* schema.json of a version, as far as the checker looks at it. */
static size_t sample(unsigned version, char *out, size_t size)
{
	char comment[1024];
	int at = snprintf(out, size, "{\n  \"schema_version\": %u,\n", version);

	comment_of(version, comment, sizeof(comment));
	at += snprintf(out + at, size - (size_t)at, "  \"table_comment\": \"%s\",\n", comment);
	at += snprintf(out + at, size - (size_t)at, "  \"column_id\": 1, id\n");
	for (unsigned k = 2; k <= version; k++)
		if (has_column(version, k))
			at += snprintf(out + at, size - (size_t)at,
				       "  \"column_id\": %u, c%u\n", k, k);
	at += snprintf(out + at, size - (size_t)at, "}\n");
	return (size_t)at;
}

static void plant_text(bool is_fault, const char *what, struct window w, const char *text,
		       size_t len, uint64_t size)
{
	unsigned long before = all_faults();

	check_text(&world.tables[0], 0, &w, FORM_JSON, text, len, size);
	expect(is_fault, what, before);
}

static void plant_texts(void)
{
	struct window w = { .published = 20, .seen = 20, .started = 22 };
	char text[4096], other[4096];
	size_t len = sample(21, text, sizeof(text)), old = sample(19, other, sizeof(other));

	plant_text(false, "a right text", w, text, len, len);
	plant_text(false, "the same again", w, text, len, len);
	plant_text(true, "a text older than acknowledged", w, other, old, old);
	plant_text(true, "an older text than seen before",
		   (struct window){ .published = 18, .seen = 20, .started = 22 }, other, old, old);
	plant_text(true, "a text that nobody has written yet",
		   (struct window){ .published = 18, .seen = 18, .started = 18 }, other, old, old);
	plant_text(true, "an old snapshot (reader began after the write returned)",
		   (struct window){ .published = 22, .seen = 21, .started = 22 }, text, len, len);
	plant_text(true, "a text without its last byte", w, text, len - 1, len - 1);
	plant_text(true, "half a text", w, text, len / 2, len / 2);
	plant_text(true, "another size than the text has", w, text, len, len + 1);
	text[len - 5] = '\0';
	plant_text(true, "a NUL", w, text, len, len);
	len = sample(21, text, sizeof(text));
	text[len - 3] ^= 1;
	plant_text(true, "one bit", w, text, len, len);
	len = sample(21, text, sizeof(text));
	memcpy(text, other, 40);
	plant_text(true, "two versions mixed", w, text, len, len);
	len = sample(22, text, sizeof(text));
	len -= strlen("  \"column_id\": 22, c22\n}\n");
	memcpy(text + len, "}\n", 2);
	plant_text(true, "a column is missing", w, text, len + 2, len + 2);
}

static void plant_names(void)
{
	struct window still = { .published = 20, .seen = 20, .started = 20 };
	unsigned long before = all_faults();

	check_columns(0, &still, column_count(20), 20);
	check_column(0, &still, 20, true);
	check_column(0, &still, 21, false);
	check_presence(0, 2, 2, true, "ls");
	check_presence(0, 1, 1, true, "ls");
	check_presence(0, 2, 4, false, "ls");
	expect(false, "right names", before);
	before = all_faults();
	check_columns(0, &still, column_count(20) - 1, 19);
	expect(true, "columns/ of the version before", before);
	before = all_faults();
	check_column(0, &still, 20, false);
	expect(true, "a column that is not there yet", before);
	before = all_faults();
	check_column(0, &still, 21, true);
	expect(true, "a column that cannot be there", before);
	before = all_faults();
	check_presence(0, 2, 2, false, "ls");
	expect(true, "a created table that is not listed", before);
	before = all_faults();
	check_presence(0, 4, 4, true, "stat");
	expect(true, "a dropped table that is still there", before);
	before = all_faults();
	check_size(&world.tables[0], 0, &still, FORM_JSON, 12345);
	expect(false, "a size of a version never read", before);
	agrees(&world.tables[0].sizes[FORM_JSON], 20, 777);
	check_size(&world.tables[0], 0, &still, FORM_JSON, 12345);
	expect(true, "the size of another version", before);
}

static int self_test(void)
{
	quiet = true;
	prepare();
	plant_texts();
	plant_names();
	printf("self-test: %lu planted faults found, %u missed\n", all_faults(), missed);
	return missed ? 1 : 0;
}

int main(int argc, char **argv)
{
	int at = 1;

	if (argc == 2 && !strcmp(argv[1], "--self-test"))
		return self_test();
	for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
		if (!strcmp(argv[at], "-p"))
			world.daemon = (pid_t)atoi(argv[at + 1]);
		else if (!strcmp(argv[at], "-r"))
			world.read_mount = argv[at + 1];
	}
	if (argc - at != 4) {
		fputs("usage: coherence [-p PID] [-r MOUNT] MOUNT CATALOG KALAMCTL SECONDS\n",
		      stderr);
		return 2;
	}
	world.mount = argv[at];
	if (!world.read_mount)
		world.read_mount = world.mount;
	world.catalog = argv[at + 1];
	world.kalamctl = argv[at + 2];
	return stress(atof(argv[at + 3]));
}
