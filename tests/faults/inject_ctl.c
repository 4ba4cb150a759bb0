/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inject-ctl FILE [DIRECTORY] : makes FILE for KALAM_INJECT, and gives its orders while a
 * program runs that has inject.so; the disk is what stands in DIRECTORY.  It reads lines
 * from stdin:
 *
 *   arm disk|write|read|memory|thread N [EIO|ENOSPC|short] [late] [forever]
 *                                    the N-th such call from now on fails, 0 = none,
 *                                    or that and all behind it; answered with an empty line
 *   disarm                           none fails; answered with a line
 *
 *     SEEN FAILED LIVE [ADDRESS ...]
 *
 * calls since it was armed, those that were made to fail, blocks of memory in use, and
 * the return addresses of the first that failed.
 */
#include "tests/faults/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *name;
	int fault;
} kinds[INJECT_KINDS] = {
	[INJECT_DISK] = { "disk", EIO },
	[INJECT_WRITE] = { "write", ENOSPC },
	[INJECT_READ] = { "read", EIO },
	[INJECT_MEMORY] = { "memory", ENOMEM },
	[INJECT_THREAD] = { "thread", EAGAIN },
};

static const struct {
	const char *name;
	int fault;
} faults[] = { { "EIO", EIO }, { "ENOSPC", ENOSPC }, { "short", INJECT_SHORT } };

static struct inject *make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct inject *orders;

	if (fd < 0 || ftruncate(fd, sizeof(*orders)))
		return NULL;
	orders = mmap(NULL, sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return orders == MAP_FAILED ? NULL : orders;
}

/* The disk is what stands there; it must be on a file system of its own, or alone. */
static int confine(struct inject *orders, const char *path)
{
	struct stat st;

	if (strlen(path) >= sizeof(orders->below) || stat(path, &st))
		return -1;
	memcpy(orders->below, path, strlen(path) + 1);
	orders->device = st.st_dev;
	orders->directory = st.st_ino;
	return 0;
}

static bool has_word(const char *line, const char *word)
{
	const char *at = strstr(line, word);

	return at && at[-1] == ' ' && strchr(" \n", at[strlen(word)]);
}

static void arm(struct inject *orders, int kind, long at, const char *line)
{
	orders->armed = false;
	orders->kind = kind;
	orders->fault = kinds[kind].fault;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		if (has_word(line, faults[i].name))
			orders->fault = faults[i].fault;
	orders->forever = has_word(line, "forever");
	orders->late = has_word(line, "late");
	orders->traced = true;
	orders->depth = 0;
	orders->at = at;
	orders->seen = 0;
	orders->failed = 0;
	for (int i = 0; i < INJECT_KINDS; i++)
		orders->of[i] = 0;
	orders->armed = true;
}

static void disarm(struct inject *orders)
{
	orders->armed = false;
	printf("%ld %ld %ld", (long)orders->seen, (long)orders->failed, (long)orders->live);
	for (int i = 0; orders->failed && i < orders->depth; i++)
		printf(" %p", orders->trace[i]);
	putchar('\n');
	fflush(stdout);
}

static int obey(struct inject *orders, const char *line)
{
	char name[16];
	long at;

	if (strcmp(line, "disarm\n") == 0) {
		disarm(orders);
		return 0;
	}
	if (sscanf(line, "arm %15s %ld", name, &at) != 2)
		return -1;
	for (int kind = 0; kind < INJECT_KINDS; kind++) {
		if (kinds[kind].name && !strcmp(name, kinds[kind].name)) {
			arm(orders, kind, at, line);
			putchar('\n');
			fflush(stdout);
			return 0;
		}
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct inject *orders = argc == 2 || argc == 3 ? make(argv[1]) : NULL;
	char line[100];

	if (!orders || (argc == 3 && confine(orders, argv[2]))) {
		fprintf(stderr, "inject-ctl: %s\n",
			argc == 2 || argc == 3 ? strerror(errno) : "usage: inject-ctl FILE [DIRECTORY]");
		return 2;
	}
	while (fgets(line, sizeof(line), stdin)) {
		if (obey(orders, line)) {
			fprintf(stderr, "inject-ctl: what is '%s'?\n", line);
			return 2;
		}
	}
	return 0;
}
