/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/mounts.h"

#include <assert.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define TYPE "fuse.kalamfs"

/* Decode \ooo in place, as the kernel writes blanks. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		char digits[4] = "";

		if (*from != '\\') {
			*to = *from++;
			continue;
		}
		snprintf(digits, sizeof(digits), "%s", from + 1);
		from += 1 + strlen(digits);
		*to = (char)strtol(digits, NULL, 8);
	}
	*to = '\0';
}

/*
 * "36 35 0:98 /root /mount/point options ... - type source options": the minor number
 * if it is ours, and *point in the line; else 0.
 */
static int of_line(char *line, char **point)
{
	char *fields[5], *number, *rest = line;

	if (!strstr(line, " - " TYPE " "))
		return 0;
	for (size_t i = 0; i < countof(fields); i++)
		fields[i] = strsep(&rest, " ");
	assert(fields[4]);	/* a line of the kernel has more */
	number = strchr(fields[2], ':');
	assert(number);
	*point = fields[4];
	unescape(*point);
	return (int)strtol(number + 1, NULL, 10);
}

/* The last one on this path, or with path NULL that of this device.  0 = there is none. */
static int find(const char *path, dev_t device)
{
	FILE *in = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, *point;
	int number, found = 0;
	size_t size = 0;

	if (!in)
		return -errno;
	while (getline(&line, &size, in) > 0) {
		number = of_line(line, &point);
		if (number && (path ? !strcmp(point, path) : makedev(0, (unsigned)number) == device))
			found = number;
	}
	free(line);
	fclose(in);
	return found;
}

int mounts_connection(const char *mountpoint)
{
	int found = find(mountpoint, 0);

	return found ? found : -ENOENT;
}

bool mounts_have(dev_t device)
{
	return find(NULL, device) > 0;
}

/* Who is not root needs the helper, which knows whose mount it is. */
static int run_helper(const char *mountpoint)
{
	char name[] = "fusermount3", unmount[] = "-u", quiet[] = "-q", lazy[] = "-z", end[] = "--";
	char *argv[] = { name, unmount, quiet, lazy, end, (char *)(uintptr_t)mountpoint, NULL };
	int status = -1;
	pid_t pid;

	if (posix_spawnp(&pid, name, NULL, NULL, argv, environ))
		return -EPERM;
	(void)waitpid(pid, &status, 0);
	return status ? -EPERM : 0;
}

int mounts_detach(const char *mountpoint)
{
	if (!umount2(mountpoint, UMOUNT_NOFOLLOW | MNT_DETACH))
		return 0;
	return errno == EPERM ? run_helper(mountpoint) : -errno;
}
