/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * linear - changes and looks at random through two mounts and kalamctl, and
 * whether there is an order of the changes that explains what everybody saw.
 *
 *	linear [-n OPERATIONS] [-s SEED] MOUNT MOUNT CATALOG KALAMCTL
 *	linear --self-test
 *
 * Comments of lin.r0 ... lin.r5 are registers: each change writes another
 * number.  Tables lin.n0 ... lin.n7 and lin.m0 ... lin.m7 and namespaces s0 ...
 * s3 are there or not.  Nobody takes turns.
 *
 * What is kept by one name on one mount is one history, with all changes in it,
 * whichever way they came: every look must find what the latest change has
 * left, once that was acknowledged, and nobody sees the old after somebody has
 * seen the new.  What kalamctl finds is another.  A directory operation on
 * another mount may be seen there as late as the next change that waits for all
 * mounts is acknowledged (COHERENCE in kalamfs(5)).
 */
#include "tests/linear/history.h"
#include "tests/stress/door.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define THREADS 8
#define REGISTERS 6
#define NAMES 8
#define SPACES 4
#define OBJECTS (REGISTERS + 2 * NAMES + SPACES)
#define FIRST_NAME REGISTERS
#define FIRST_OTHER (REGISTERS + NAMES)
#define FIRST_SPACE (REGISTERS + 2 * NAMES)
#define MOUNTS 2
#define CATALOG MOUNTS		/* kalamctl, and what statements are refused for */
#define CONFIRM_NS 1000000000	/* a mount waits so long for the others */
#define FOREVER INT64_MAX
#define SHOWN 8			/* operations before and after the one in question */

/* By what name something is looked at: each is kept by itself. */
enum face { JSON, SQL, DESCRIBE, STAT, LIST, FACES };

static const char *const face_names[FACES] = {
	"schema.json", "schema.sql", "describe", "stat", "ls",
};

struct record {
	int64_t began, ended;
	int64_t finds, leaves;
	unsigned object;
	unsigned place;		/* a mount, or CATALOG */
	enum face face;		/* of a look */
	bool is_change, is_dirop, is_late;
	const char *how;
};

struct worker {
	pthread_t thread;
	uint64_t random;
	struct record *records;
	size_t count, size;
	unsigned number, refused, unexpected;
};

static struct {
	const char *mounts[MOUNTS], *catalog, *kalamctl;
	atomic_long left;	/* operations */
	atomic_llong next;	/* number to write */
	struct worker workers[THREADS];
} world;

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static unsigned pick(struct worker *w, unsigned n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (unsigned)(w->random >> 33) % n;
}

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void keep(struct worker *w, struct record record)
{
	if (w->count == w->size) {
		w->size = w->size ? 2 * w->size : 1024;
		w->records = must(realloc(w->records, w->size * sizeof(*w->records)));
	}
	w->records[w->count++] = record;
}

/* ----- looking ----- */

/* The number behind a mark; 0 = it is not there. */
static int64_t number_in(const char *text, const char *mark)
{
	const char *at = strstr(text, mark);

	return at ? strtoll(at + strlen(mark), NULL, 10) : 0;
}

static void unexpected(struct worker *w, const char *what, const char *path, int code)
{
	if (w->unexpected++ < 5)
		printf("%s %s: %s\n", what, path, strerror(code));
}

/* A whole file; bytes, or -1. */
static ssize_t slurp(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, text, size - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n;
}

static void read_register(struct worker *w)
{
	static const char *const marks[] = {
		[JSON] = "\"table_comment\": \"w", [SQL] = " COMMENT 'w", [DESCRIBE] = "\nComment: w",
	};
	struct record r = {
		.object = pick(w, REGISTERS), .place = pick(w, MOUNTS),
		.face = (enum face)pick(w, 3), .leaves = KEEP, .how = "read",
	};
	char path[PATH_MAX], text[8192];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/namespaces/lin/tables/r%u/%s", world.mounts[r.place],
		 r.object, face_names[r.face]);
	r.began = now();
	n = slurp(path, text, sizeof(text));
	r.ended = now();
	if (n < 0) {
		unexpected(w, "read", path, errno);
		return;
	}
	r.finds = number_in(text, marks[r.face]);
	keep(w, r);
}

static void ask_kalamctl(struct worker *w)
{
	struct record r = {
		.object = pick(w, REGISTERS), .place = CATALOG, .face = DESCRIBE, .leaves = KEEP,
		.how = "kalamctl describe",
	};
	char command[2 * PATH_MAX], text[8192];
	FILE *in;
	size_t n;

	snprintf(command, sizeof(command), "%s %s describe lin.r%u", world.kalamctl, world.catalog,
		 r.object);
	r.began = now();
	in = must(popen(command, "re"));
	n = fread(text, 1, sizeof(text) - 1, in);
	if (pclose(in)) {
		unexpected(w, "kalamctl", command, EIO);
		return;
	}
	r.ended = now();
	text[n] = '\0';
	r.finds = number_in(text, "\nComment: w");
	keep(w, r);
}

static const char *place_of(unsigned object, char out[64])
{
	if (object >= FIRST_SPACE)
		snprintf(out, 64, "namespaces/s%u", object - FIRST_SPACE);
	else if (object >= FIRST_OTHER)
		snprintf(out, 64, "namespaces/lin/tables/m%u", object - FIRST_OTHER);
	else
		snprintf(out, 64, "namespaces/lin/tables/n%u", object - FIRST_NAME);
	return out;
}

static void look_up(struct worker *w)
{
	struct record r = {
		.object = FIRST_NAME + pick(w, OBJECTS - FIRST_NAME), .place = pick(w, MOUNTS),
		.face = STAT, .leaves = KEEP, .how = "stat",
	};
	char path[PATH_MAX], name[64];
	struct stat st;
	int rc;

	snprintf(path, sizeof(path), "%s/%s", world.mounts[r.place], place_of(r.object, name));
	r.began = now();
	rc = stat(path, &st);
	r.ended = now();
	r.finds = !rc;
	/* ESTALE: the kernel gave up moving a directory (tests/stress/read.c). */
	if (!rc || errno == ENOENT)
		keep(w, r);
	else if (errno != ESTALE)
		unexpected(w, "stat", path, errno);
}

/* Which objects a directory lists: one look for each. */
static void list(struct worker *w)
{
	bool of_spaces = !pick(w, 3);
	unsigned first = of_spaces ? FIRST_SPACE : FIRST_NAME;
	unsigned end = of_spaces ? OBJECTS : FIRST_SPACE;
	struct record r = { .place = pick(w, MOUNTS), .face = LIST, .leaves = KEEP, .how = "ls" };
	bool found[OBJECTS] = { false };
	char path[PATH_MAX], name[64];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/namespaces%s", world.mounts[r.place],
		 of_spaces ? "" : "/lin/tables");
	r.began = now();
	dir = opendir(path);
	if (!dir) {
		unexpected(w, "opendir", path, errno);
		return;
	}
	while ((entry = readdir(dir)))
		for (unsigned object = first; object < end; object++)
			found[object] |= !strcmp(strrchr(place_of(object, name), '/') + 1,
						 entry->d_name);
	r.ended = now();
	closedir(dir);
	for (r.object = first; r.object < end; r.object++) {
		r.finds = found[r.object];
		keep(w, r);
	}
}

/* ----- changing ----- */

/*
 * What became of a change.  Whoever is refused because others hold the lock, or
 * have changed the same, has changed nothing; and what a statement is refused
 * for tells something.
 */
static void changed(struct worker *w, struct record r, int code, const char *what)
{
	r.is_change = true;
	r.is_late |= !r.is_dirop && r.place != CATALOG && r.ended - r.began >= CONFIRM_NS;
	if (!code) {
		keep(w, r);
		return;
	}
	w->refused++;
	if ((code == EEXIST || code == ENOENT) && !r.is_dirop && r.finds != ANY) {
		r.place = CATALOG;
		r.is_change = false;
		r.finds = !r.finds;
		r.leaves = KEEP;
		r.face = STAT;
		keep(w, r);
	} else if (code != EBUSY && !(r.is_dirop && (code == EEXIST || code == ENOENT || code == ESTALE ||
						    code == EPERM || code == ENOTEMPTY))) {
		unexpected(w, r.how, what, code);
	}
}

static int statement(struct record *r, const char *text)
{
	char path[PATH_MAX], told[4096];
	int code;

	if (r->place == CATALOG) {
		r->how = "kalamctl";
		r->began = now();
		code = door_kalamctl(world.kalamctl, world.catalog, text, told, sizeof(told),
				     &r->is_late);
		r->ended = now();
		/* It says in words why not. */
		return !code ? 0 : strstr(told, "busy") || strstr(told, "lock") ? EBUSY :
		       r->finds == 0 ? EEXIST : r->finds == 1 ? ENOENT : EIO;
	}
	r->how = "ctl";
	snprintf(path, sizeof(path), "%s/ctl", world.mounts[r->place]);
	r->began = now();
	code = door_ctl(path, O_TRUNC, text);
	r->ended = now();
	return code;
}

static void write_statement(struct worker *w, struct record r)
{
	char text[128];

	snprintf(text, sizeof(text), "ALTER TABLE lin.r%u COMMENT 'w%" PRId64 "';\n", r.object,
		 r.leaves);
	changed(w, r, statement(&r, text), "a register");
}

static void write_document(struct worker *w, struct record r)
{
	char path[PATH_MAX], temp[PATH_MAX + 32], old[8192], text[512];
	int code;

	snprintf(path, sizeof(path), "%s/namespaces/lin/tables/r%u/schema.json",
		 world.mounts[r.place], r.object);
	if (slurp(path, old, sizeof(old)) < 0) {
		unexpected(w, "read", path, errno);
		return;
	}
	snprintf(text, sizeof(text),
		 "{ \"schema_version\": %" PRId64 ", \"table_comment\": \"w%" PRId64 "\", "
		 "\"columns\": [{ \"column_name\": \"id\", \"data_type\": \"BIGINT\", "
		 "\"is_nullable\": false, \"is_primary_key\": true }] }\n",
		 number_in(old, "\"schema_version\": "), r.leaves);
	snprintf(temp, sizeof(temp), "%s.%u", path, w->number);
	r.is_dirop = pick(w, 2);
	r.how = r.is_dirop ? "schema.json: mv" : "schema.json: >";
	r.began = now();
	code = r.is_dirop ? door_rename(temp, path, text) : door_truncate(path, text);
	r.ended = now();
	changed(w, r, code, path);
}

static void write_register(struct worker *w)
{
	struct record r = {
		.object = pick(w, REGISTERS), .place = pick(w, MOUNTS), .finds = ANY,
		.leaves = atomic_fetch_add(&world.next, 1) + 1,
	};
	unsigned way = pick(w, 10);

	if (way < 5) {
		write_document(w, r);
		return;
	}
	if (way == 9)
		r.place = CATALOG;
	write_statement(w, r);
}

static void make_or_drop(struct worker *w)
{
	struct record r = {
		.object = FIRST_NAME + pick(w, OBJECTS - FIRST_NAME),
		.place = pick(w, 8) ? pick(w, MOUNTS) : CATALOG,
		.finds = pick(w, 2),
	};
	bool is_space = r.object >= FIRST_SPACE;
	char path[64], text[128];
	const char *name = strrchr(place_of(r.object, path), '/') + 1;

	r.leaves = !r.finds;
	if (is_space)
		snprintf(text, sizeof(text), "%s NAMESPACE %s;\n", r.finds ? "DROP" : "CREATE", name);
	else if (r.finds)
		snprintf(text, sizeof(text), "DROP TABLE lin.%s PURGE;\n", name);
	else
		snprintf(text, sizeof(text), "CREATE TABLE lin.%s (id INT PRIMARY KEY);\n", name);
	changed(w, r, statement(&r, text), text);
}

/* mkdir and rmdir of a namespace. */
static void make_by_hand(struct worker *w)
{
	struct record r = {
		.object = FIRST_SPACE + pick(w, SPACES), .place = pick(w, MOUNTS),
		.finds = pick(w, 2), .is_dirop = true,
	};
	char path[PATH_MAX], name[64];
	int rc;

	r.leaves = !r.finds;
	r.how = r.finds ? "rmdir" : "mkdir";
	snprintf(path, sizeof(path), "%s/%s", world.mounts[r.place], place_of(r.object, name));
	r.began = now();
	rc = r.finds ? rmdir(path) : mkdir(path, 0755);
	r.ended = now();
	changed(w, r, rc ? errno : 0, path);
}

/* mv of a table to another name, and back: two objects change at one point. */
static void move(struct worker *w)
{
	unsigned k = pick(w, NAMES);
	bool back = pick(w, 2);
	struct record r = {
		.object = back ? FIRST_OTHER + k : FIRST_NAME + k, .place = pick(w, MOUNTS),
		.finds = 1, .leaves = 0, .is_dirop = true, .how = "mv away",
	};
	char from[PATH_MAX], to[PATH_MAX], name[64];
	int code;

	snprintf(from, sizeof(from), "%s/%s", world.mounts[r.place], place_of(r.object, name));
	snprintf(to, sizeof(to), "%s/%s", world.mounts[r.place],
		 place_of(back ? FIRST_NAME + k : FIRST_OTHER + k, name));
	r.began = now();
	/*
	 * Where another mount has just moved it there, the kernel finds the same
	 * directory by both names, and a plain rename succeeds without doing anything.
	 */
	code = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) ? errno : 0;
	r.ended = now();
	changed(w, r, code, from);
	if (code)
		return;
	r.object = back ? FIRST_NAME + k : FIRST_OTHER + k;
	r.finds = 0;
	r.leaves = 1;
	r.how = "mv here";
	changed(w, r, 0, to);
}

static void do_one(struct worker *w)
{
	unsigned what = pick(w, 100);

	if (what < 34)
		read_register(w);
	else if (what < 48)
		look_up(w);
	else if (what < 56)
		list(w);
	else if (what < 58)
		ask_kalamctl(w);
	else if (what < 84)
		write_register(w);
	else if (what < 94)
		make_or_drop(w);
	else if (what < 98)
		make_by_hand(w);
	else
		move(w);
}

static void *run(void *arg)
{
	struct worker *w = arg;

	while (atomic_fetch_sub(&world.left, 1) > 0)
		do_one(w);
	return NULL;
}

/* ----- what came of it ----- */

struct all {
	struct record *records;	/* by object */
	size_t count, first[OBJECTS + 1];
	struct record *shown;	/* changes that all mounts were waited for, by `began` */
	int64_t *shown_by;	/* earliest end of these and all later ones */
	size_t shown_count;
};

static int by_began(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	return (x->began > y->began) - (x->began < y->began);
}

/* All workers' records into one array, those of each object together. */
static void gather_records(struct all *all)
{
	size_t next[OBJECTS + 1];

	for (unsigned i = 0; i < THREADS; i++)
		for (size_t k = 0; k < world.workers[i].count; k++)
			all->first[world.workers[i].records[k].object + 1]++;
	for (unsigned object = 0; object < OBJECTS; object++)
		all->first[object + 1] += all->first[object];
	all->count = all->first[OBJECTS];
	all->records = must(calloc(all->count + 1, sizeof(*all->records)));
	memcpy(next, all->first, sizeof(next));
	for (unsigned i = 0; i < THREADS; i++)
		for (size_t k = 0; k < world.workers[i].count; k++) {
			const struct record *r = &world.workers[i].records[k];

			all->records[next[r->object]++] = *r;
		}
}

static void gather(struct all *all)
{
	*all = (struct all){ .count = 0 };
	gather_records(all);
	for (size_t i = 0; i < all->count; i++) {
		const struct record *r = &all->records[i];

		all->shown_count += r->is_change && !r->is_dirop && !r->is_late;
	}
	all->shown = must(calloc(all->shown_count + 1, sizeof(*all->shown)));
	all->shown_by = must(calloc(all->shown_count + 1, sizeof(*all->shown_by)));
	all->shown_count = 0;
	for (size_t i = 0; i < all->count; i++) {
		const struct record *r = &all->records[i];

		if (r->is_change && !r->is_dirop && !r->is_late)
			all->shown[all->shown_count++] = *r;
	}
	qsort(all->shown, all->shown_count, sizeof(*all->shown), by_began);
	all->shown_by[all->shown_count] = FOREVER;
	for (size_t i = all->shown_count; i-- > 0;)
		all->shown_by[i] = all->shown[i].ended < all->shown_by[i + 1] ?
			all->shown[i].ended : all->shown_by[i + 1];
}

/* When everybody must see a change that nobody was waited for. */
static int64_t shown_after(const struct all *all, int64_t ended)
{
	size_t low = 0, high = all->shown_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (all->shown[middle].began > ended)
			high = middle;
		else
			low = middle + 1;
	}
	return all->shown_by[low];
}

/* When somebody who looks at `place` must see it. */
static int64_t ended_for(const struct all *all, const struct record *r, unsigned place)
{
	if (place == CATALOG || place == r->place || (!r->is_dirop && !r->is_late))
		return r->ended;
	return shown_after(all, r->ended);
}

static void show(const struct op *op, const struct op *stuck, int64_t start)
{
	const struct record *r = op->tag;
	char value[32] = "-";

	if (op->finds != ANY)
		snprintf(value, sizeof(value), "%" PRId64, op->finds);
	printf("%s %12.6f %12.6f  %-18s on %u  finds %s", op == stuck ? "->" : "  ",
	       (double)(op->began - start) / 1e9,
	       op->ended == FOREVER ? -1.0 : (double)(op->ended - start) / 1e9, r->how, r->place,
	       value);
	if (op->leaves != KEEP)
		printf("  leaves %" PRId64, op->leaves);
	putchar('\n');
}

/* One history: what is done with an object, and seen of it in one place by one name. */
static int check(const struct all *all, unsigned object, unsigned place, enum face face)
{
	size_t first = all->first[object], end = all->first[object + 1];
	struct op *ops = must(calloc(end - first + 1, sizeof(*ops)));
	const struct op *stuck = NULL;
	size_t count = 0, at;
	int rc;

	for (size_t i = first; i < end; i++) {
		const struct record *r = &all->records[i];

		if (!r->is_change && (r->place != place || r->face != face))
			continue;
		ops[count++] = (struct op){
			.began = r->began, .ended = ended_for(all, r, place),
			.finds = r->finds, .leaves = r->leaves, .tag = r,
		};
	}
	rc = history_check(ops, count, 0, &stuck);
	if (rc) {
		printf("NOT LINEARIZABLE: object %u by %s in place %u, %zu operations:\n", object,
		       face_names[face], place, count);
		at = (size_t)(stuck - ops);
		for (size_t i = at > SHOWN ? at - SHOWN : 0; i < count && i < at + SHOWN; i++)
			show(&ops[i], stuck, world.workers[0].records[0].began);
	}
	free(ops);
	return rc;
}

static unsigned check_all(const struct all *all, unsigned *histories)
{
	unsigned wrong = 0;

	*histories = 0;
	for (unsigned object = 0; object < OBJECTS; object++) {
		enum face first = object < REGISTERS ? JSON : STAT;
		enum face end = object < REGISTERS ? STAT : FACES;

		for (unsigned place = 0; place < MOUNTS; place++)
			for (enum face face = first; face < end; face++, ++*histories)
				wrong += (unsigned)check(all, object, place, face);
		wrong += (unsigned)check(all, object, CATALOG, object < REGISTERS ? DESCRIBE : STAT);
		++*histories;
	}
	return wrong;
}

static int report(long operations, int64_t took)
{
	unsigned histories, wrong, refused = 0, odd = 0;
	size_t changes = 0;
	struct all all;

	gather(&all);
	for (unsigned i = 0; i < THREADS; i++) {
		refused += world.workers[i].refused;
		odd += world.workers[i].unexpected;
	}
	for (size_t i = 0; i < all.count; i++)
		changes += all.records[i].is_change;
	wrong = check_all(&all, &histories);
	printf("%ld operations in %.1f s, %zu of them changes, %u refused, %u unexpected; "
	       "%u histories, %u not linearizable\n",
	       operations, (double)took / 1e9, changes, refused, odd, histories, wrong);
	free(all.records);
	free(all.shown);
	free(all.shown_by);
	return wrong || odd || !changes;
}

int main(int argc, char **argv)
{
	uint64_t seed = (uint64_t)now();
	long operations = 20000;
	int64_t began;
	int at = 1;

	if (argc == 2 && !strcmp(argv[1], "--self-test"))
		return history_self_test() ? 1 : 0;
	for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
		if (argv[at][1] == 'n')
			operations = atol(argv[at + 1]);
		else if (argv[at][1] == 's')
			seed = strtoull(argv[at + 1], NULL, 10);
	}
	if (argc - at != 4) {
		fputs("usage: linear [-n OPERATIONS] [-s SEED] MOUNT MOUNT CATALOG KALAMCTL\n",
		      stderr);
		return 2;
	}
	world.mounts[0] = argv[at];
	world.mounts[1] = argv[at + 1];
	world.catalog = argv[at + 2];
	world.kalamctl = argv[at + 3];
	atomic_store(&world.left, operations);
	printf("seed %" PRIu64 "\n", seed);
	began = now();
	for (unsigned i = 0; i < THREADS; i++) {
		struct worker *w = &world.workers[i];

		w->number = i;
		w->random = (seed + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
		if (pthread_create(&w->thread, NULL, run, w))
			abort();
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(world.workers[i].thread, NULL);
	return report(operations, now() - began);
}
