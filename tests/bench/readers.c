/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * readers - how long reading takes, per path of a list, in several trees alternately.
 *
 *	readers [-1] [-r ROUNDS] OPERATION LIST LABEL VARIANT=ROOT...
 *
 * LIST has paths below each ROOT.  They are taken in random order, the same for
 * all.  A round takes four samples of each tree, alternately, a sample being as
 * many passes over the list as it takes to fill some time; before the first
 * round each tree gets one pass that is not measured, so what the kernel keeps
 * it has.  -1 does one pass over one tree, once: what it finds is as cold as the
 * caller made it.
 *
 * OPERATION: stat, statx, readlink; open (open, read, close); cat (open, fstat,
 * read to the end, close); mmap; list, liststat: all names of a directory, and
 * stat of each, in nanoseconds per name.
 */
#include "tests/bench/bench.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLES 4		/* in a round: what wakes whom changes from moment to moment */
#define SAMPLE_NS 20000000u	/* one takes at least that long */
#define TREES_MAX 16

static _Noreturn void failed(const char *path)
{
	bench_die("%s: %s", path, strerror(errno));
}

/* Each returns how many things it has read. */
typedef size_t operation_fn(int root, const char *path);

static size_t do_stat(int root, const char *path)
{
	struct stat attr;

	if (fstatat(root, path, &attr, AT_SYMLINK_NOFOLLOW))
		failed(path);
	return 1;
}

static size_t do_statx(int root, const char *path)
{
	struct statx attr;

	if (statx(root, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_SIZE, &attr))
		failed(path);
	return 1;
}

static size_t do_readlink(int root, const char *path)
{
	char text[4096];

	if (readlinkat(root, path, text, sizeof(text)) <= 0)
		failed(path);
	return 1;
}

static int open_file(int root, const char *path)
{
	int fd = openat(root, path, O_RDONLY);

	if (fd < 0)
		failed(path);
	return fd;
}

static size_t do_open(int root, const char *path)
{
	char text[65536];
	int fd = open_file(root, path);

	if (read(fd, text, sizeof(text)) <= 0)
		failed(path);
	close(fd);
	return 1;
}

static size_t do_cat(int root, const char *path)
{
	char text[65536];
	struct stat attr;
	ssize_t got, sum = 0;
	int fd = open_file(root, path);

	if (fstat(fd, &attr))
		failed(path);
	while ((got = read(fd, text, sizeof(text))) > 0)
		sum += got;
	if (got < 0 || sum != attr.st_size)
		bench_die("%s: %zd bytes of %lld", path, sum, (long long)attr.st_size);
	close(fd);
	return 1;
}

static size_t do_mmap(int root, const char *path)
{
	struct stat attr;
	volatile const char *text;
	int fd = open_file(root, path);

	if (fstat(fd, &attr))
		failed(path);
	text = mmap(NULL, (size_t)attr.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (text == MAP_FAILED)
		failed(path);
	for (off_t at = 0; at < attr.st_size; at += 4096)
		(void)text[at];
	munmap((void *)(uintptr_t)text, (size_t)attr.st_size);
	close(fd);
	return 1;
}

static size_t list(int root, const char *path, bool looks)
{
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	size_t n = 0;

	if (!dir)
		failed(path);
	while ((entry = readdir(dir))) {
		if (looks)
			do_stat(fd, entry->d_name);
		n++;
	}
	closedir(dir);
	return n;
}

static size_t do_list(int root, const char *path)
{
	return list(root, path, false);
}

static size_t do_liststat(int root, const char *path)
{
	return list(root, path, true);
}

static const struct operation {
	const char *name;
	operation_fn *fn;
} operations[] = {
	{ "stat", do_stat },
	{ "statx", do_statx },
	{ "readlink", do_readlink },
	{ "open", do_open },
	{ "cat", do_cat },
	{ "mmap", do_mmap },
	{ "list", do_list },
	{ "liststat", do_liststat },
};

static operation_fn *find_operation(const char *name)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		if (!strcmp(operations[i].name, name))
			return operations[i].fn;
	}
	bench_die("no operation '%s'", name);
}

struct tree {
	const char *variant;
	int root;
};

/* VARIANT=ROOT; cuts the argument. */
static void open_tree(struct tree *tree, char *arg)
{
	char *root = strchr(arg, '=');

	if (!root)
		bench_die("expected VARIANT=ROOT, not '%s'", arg);
	*root++ = '\0';
	tree->variant = arg;
	tree->root = open(root, O_PATH | O_DIRECTORY);
	if (tree->root < 0)
		failed(root);
}

static size_t pass(operation_fn *fn, const struct tree *tree, const struct bench_list *paths)
{
	size_t n = 0;

	for (size_t i = 0; i < paths->n; i++)
		n += fn(tree->root, paths->at[i]);
	return n;
}

/* Nanoseconds for one thing that was read. */
static double sample(operation_fn *fn, const struct tree *tree, const struct bench_list *paths,
		     uint64_t at_least)
{
	uint64_t from = bench_now(), took;
	size_t n = 0;

	do {
		n += pass(fn, tree, paths);
		took = bench_now() - from;
	} while (took < at_least);
	return (double)took / (double)n;
}

static void measure(operation_fn *fn, const struct bench_list *paths, const char *label,
		    const struct tree *trees, int n, int samples)
{
	for (int i = 0; i < n; i++)
		pass(fn, &trees[i], paths);
	for (int s = 0; s < samples; s++) {
		for (int i = 0; i < n; i++)
			bench_row(label, "ns", trees[i].variant,
				  sample(fn, &trees[i], paths, SAMPLE_NS));
	}
}

int main(int argc, char **argv)
{
	struct tree trees[TREES_MAX];
	struct bench_list paths;
	operation_fn *fn;
	bool once = false;
	int rounds = 5, n, option;

	while ((option = getopt(argc, argv, "1r:")) != -1) {
		if (option == '1')
			once = true;
		else if (option == 'r')
			rounds = atoi(optarg);
		else
			return 2;
	}
	n = argc - optind - 3;
	argv += optind;
	if (n < 1 || n > TREES_MAX || (once && n > 1))
		bench_die("expected: [-1] [-r ROUNDS] OPERATION LIST LABEL VARIANT=ROOT...");
	fn = find_operation(argv[0]);
	bench_list_read(&paths, argv[1]);
	bench_list_shuffle(&paths);
	for (int i = 0; i < n; i++)
		open_tree(&trees[i], argv[3 + i]);
	if (once)
		bench_row(argv[2], "ns", trees[0].variant, sample(fn, &trees[0], &paths, 0));
	else
		measure(fn, &paths, argv[2], trees, n, rounds * SAMPLES);
	bench_list_free(&paths);
	return 0;
}
