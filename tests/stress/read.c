/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/stress/world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a reader looks at. */
struct look {
	unsigned mount, i;
	struct table *table;
};

static enum form pick_form(struct reader *r)
{
	unsigned n = pick(&r->random, 6);

	return n < FORM_COUNT ? (enum form)n : FORM_JSON;
}

static void read_stat(struct reader *r, const struct look *at)
{
	enum form form = pick_form(r);
	struct window w = window_begin(at->table, at->mount, form);
	char path[PATH_MAX];
	struct stat st;

	path_in(at->mount, path, "tables/t%u/%s", at->i, form_names[form]);
	if (stat(path, &st)) {
		failed(at->mount, path, errno);
		return;
	}
	window_end(at->table, &w);
	check_size(at->i, &w, form, (uint64_t)st.st_size);
	count(STATS);
}

/* Until the end, in pieces; bytes, or -1 after a failure. */
static ssize_t slurp(struct reader *r, int fd, size_t piece)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, r->text + len, len + piece < TEXT_MAX ? piece : TEXT_MAX - len)) > 0) {
		len += (size_t)n;
		if (piece < 4096)
			sched_yield();
	}
	return n < 0 ? n : (ssize_t)len;
}

static int open_text(unsigned mount, const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st)) {
		failed(mount, path, errno);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static void read_text(struct reader *r, const struct look *at, size_t piece)
{
	enum form form = pick_form(r);
	struct window w = window_begin(at->table, at->mount, form);
	char path[PATH_MAX];
	struct stat st;
	ssize_t len;
	int fd;

	path_in(at->mount, path, "tables/t%u/%s", at->i, form_names[form]);
	fd = open_text(at->mount, path, &st);
	if (fd < 0)
		return;
	len = slurp(r, fd, piece);
	if (len < 0)
		failed(at->mount, path, errno);
	close(fd);
	window_end(at->table, &w);
	if (len >= 0)
		check_text(at->i, &w, form, r->text, (size_t)len, (uint64_t)st.st_size);
	count(CATS);
}

static void read_map(struct reader *r, const struct look *at)
{
	enum form form = pick_form(r);
	struct window w = window_begin(at->table, at->mount, form);
	char path[PATH_MAX];
	struct stat st;
	char *map;
	int fd;

	path_in(at->mount, path, "tables/t%u/%s", at->i, form_names[form]);
	fd = open_text(at->mount, path, &st);
	if (fd < 0)
		return;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		failed(at->mount, path, errno);
	} else {
		memcpy(r->text, map, (size_t)st.st_size < TEXT_MAX ? (size_t)st.st_size : TEXT_MAX);
		munmap(map, (size_t)st.st_size);
		window_end(at->table, &w);
		check_text(at->i, &w, form, r->text, (size_t)st.st_size, (uint64_t)st.st_size);
	}
	close(fd);
	count(MAPS);
}

/* columns/id.json, where that is what changes. */
static void read_column(struct reader *r, unsigned mount)
{
	unsigned i = PLAIN + pick(&r->random, TABLES - PLAIN);
	struct table *t = &world.tables[i];
	struct window w = window_begin(t, mount, LATEST);
	char path[PATH_MAX];
	struct stat st;
	ssize_t len;
	int fd;

	path_in(mount, path, "tables/t%u/columns/id.json", i);
	fd = open_text(mount, path, &st);
	if (fd < 0)
		return;
	len = slurp(r, fd, TEXT_MAX);
	if (len < 0)
		failed(mount, path, errno);
	else if (len != st.st_size)
		fault(TORN, mount, "%s: fstat says %lld bytes, there are %zd", path,
		      (long long)st.st_size, len);
	close(fd);
	window_end(t, &w);
	if (len >= 0)
		check_column_text(i, &w, r->text, (size_t)len);
	count(CATS);
}

/* A name is taken, unless it is a hidden one. */
static int take_name(struct reader *r, int n, const char *name)
{
	if (name[0] != '.' && n < (int)(sizeof(r->names) / sizeof(r->names[0])))
		snprintf(r->names[n++], sizeof(r->names[0]), "%.63s", name);
	return n;
}

/*
 * Names of a directory, "." and ".." and other hidden ones left out; -1 after a
 * failure.  As many at a time as one program or another asks for: the fewer,
 * the more often a directory changes while somebody is half through.
 */
static int list(struct reader *r, unsigned mount, const char *path)
{
	_Alignas(struct dirent64) char buf[32768];
	size_t size = pick(&r->random, 2) ? sizeof(buf) : 512;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	ssize_t len = -1;

	while (fd >= 0 && (len = getdents64(fd, buf, size)) > 0)
		for (ssize_t at = 0; at < len;) {
			const struct dirent64 *entry = (const struct dirent64 *)(buf + at);

			n = take_name(r, n, entry->d_name);
			at += entry->d_reclen;
		}
	if (len < 0)
		failed(mount, path, errno);
	if (fd >= 0)
		close(fd);
	count(LISTS);
	return len < 0 ? -1 : n;
}

static bool listed(const struct reader *r, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(r->names[i], name))
			return true;
	return false;
}

static void list_columns(struct reader *r, const struct look *at)
{
	struct window w = window_begin(at->table, at->mount, LATEST);
	unsigned newest = 0, k;
	char path[PATH_MAX];
	int n;

	path_in(at->mount, path, "tables/t%u/columns", at->i);
	n = list(r, at->mount, path);
	window_end(at->table, &w);
	for (int name = 0; name < n; name++)
		if (sscanf(r->names[name], "c%u.json", &k) == 1 && k > newest)
			newest = k;
	if (n >= 0)
		check_columns(at->i, &w, (unsigned)n, newest);
}

static void list_table(struct reader *r, const struct look *at)
{
	static const char *const names[] = {
		"columns", "describe", "schema.arrow", "schema.json", "schema.sql", "storage",
		"storage.json", "versions",
	};
	char path[PATH_MAX];
	int n;

	path_in(at->mount, path, "tables/t%u", at->i);
	n = list(r, at->mount, path);
	for (size_t name = 0; n >= 0 && name < sizeof(names) / sizeof(names[0]); name++)
		if (!listed(r, n, names[name]))
			fault(TORN, at->mount, "t%u: %s is not listed", at->i, names[name]);
}

static void read_latest(const struct look *at)
{
	struct window w = window_begin(at->table, at->mount, LATEST);
	char path[PATH_MAX], number[32];
	ssize_t n;

	path_in(at->mount, path, "tables/t%u/versions/latest", at->i);
	n = readlink(path, number, sizeof(number) - 1);
	window_end(at->table, &w);
	if (n < 0) {
		failed(at->mount, path, errno);
		return;
	}
	number[n] = '\0';
	check_latest(at->i, &w, (unsigned)strtoul(number, NULL, 10));
	count(LOOKUPS);
}

/* stat: 0 or errno; more than that it is not there is a failure. */
static int look_up(unsigned mount, const char *path)
{
	struct stat st;
	int code = stat(path, &st) ? errno : 0;

	if (code && code != ENOENT)
		failed(mount, path, code);
	count(LOOKUPS);
	return code;
}

/* A column that is new, was dropped, or will come. */
static void look_up_column(struct reader *r, const struct look *at)
{
	struct window w = window_begin(at->table, at->mount, LATEST);
	unsigned k = w.published + 1 - pick(&r->random, CYCLE + 1);
	char path[PATH_MAX];
	int code;

	if (k < 2 || k > w.published + 1)
		return;
	path_in(at->mount, path, "tables/t%u/columns/c%u.json", at->i, k);
	code = look_up(at->mount, path);
	window_end(at->table, &w);
	if (!code || code == ENOENT)
		check_column(at->i, &w, k, !code);
}

static void look_up_version(struct reader *r, const struct look *at)
{
	struct window w = window_begin(at->table, at->mount, LATEST);
	unsigned version = w.published + pick(&r->random, 2);
	char path[PATH_MAX];
	int code;

	path_in(at->mount, path, "tables/t%u/versions/%u/schema.json", at->i, version);
	code = look_up(at->mount, path);
	window_end(at->table, &w);
	if (!code || code == ENOENT)
		check_version_dir(at->i, &w, version, !code);
}

static void check_tables_listed(const struct reader *r, unsigned mount, int n)
{
	char name[16];

	for (unsigned i = 0; i < TABLES; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		if (!listed(r, n, name))
			fault(TORN, mount, "t%u is not listed", i);
	}
}

/* A directory where objects come and go. */
static void list_place(struct reader *r, unsigned mount)
{
	enum place place = (enum place)pick(&r->random, PLACES);
	unsigned before[CHURN];
	char path[PATH_MAX], name[16];
	int n;

	for (unsigned k = 0; k < CHURN; k++)
		before[k] = atomic_load(&world.states[place][k][mount]);
	snprintf(path, sizeof(path), "%s/%s", world.mounts[mount], places[place].dir);
	n = list(r, mount, path);
	if (n < 0)
		return;
	for (unsigned k = 0; k < CHURN; k++) {
		snprintf(name, sizeof(name), "%s%u", places[place].prefix, k);
		check_presence(mount, place, k, before[k],
			       atomic_load(&world.states[place][k][mount]), listed(r, n, name),
			       "ls");
	}
	if (place == AT_TABLES)
		check_tables_listed(r, mount, n);
}

/*
 * Where a table has just come from elsewhere the kernel moves the directory that
 * it knows, and gives up (ESTALE) if others have locked where it was.  That may
 * be while the move is under way, and never once it has been acknowledged.
 */
static void look_up_object(struct reader *r, unsigned mount)
{
	enum place place = (enum place)pick(&r->random, PLACES);
	unsigned k = pick(&r->random, CHURN);
	atomic_uint *state = &world.states[place][k][mount];
	unsigned after, before = atomic_load(state);
	char path[PATH_MAX];
	struct stat st;
	size_t len;
	int code;

	path_of(mount, path, place, k);
	len = strlen(path);
	if (pick(&r->random, 2))
		snprintf(path + len, sizeof(path) - len, "/%s", places[place].text);
	code = stat(path, &st) ? errno : 0;
	after = atomic_load(state);
	if (!code || code == ENOENT)
		check_presence(mount, place, k, before, after, !code, path[len] ? "stat of its text" : "stat");
	else if (code != ESTALE || (before == after && !(before & 1)))
		failed(mount, path, code);
	else
		count(MOVED);
	count(LOOKUPS);
}

void read_once(struct reader *r)
{
	unsigned i = pick(&r->random, TABLES);
	struct look at = {
		.mount = pick(&r->random, world.mount_count), .i = i, .table = &world.tables[i],
	};

	switch (pick(&r->random, 13)) {
	case 0:
	case 1:
		read_stat(r, &at);
		break;
	case 2:
		read_text(r, &at, TEXT_MAX);
		break;
	case 3:
		read_text(r, &at, 1000);
		break;
	case 4:
		read_map(r, &at);
		break;
	case 5:
		list_columns(r, &at);
		break;
	case 6:
		list_table(r, &at);
		break;
	case 7:
		read_latest(&at);
		break;
	case 8:
		look_up_column(r, &at);
		break;
	case 9:
		look_up_version(r, &at);
		break;
	case 10:
		list_place(r, at.mount);
		break;
	case 11:
		read_column(r, at.mount);
		break;
	default:
		look_up_object(r, at.mount);
		break;
	}
}
