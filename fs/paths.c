/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/paths.h"

#include "fs/log.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define FILE_SYSTEM "fuse.kalamfs"

/* The parent resolved, the last component as it is; NULL with errno. */
static char *resolve_parent(const char *path)
{
	char *first = strdup(path), *second = strdup(path);
	char *parent = first ? realpath(dirname(first), NULL) : NULL;
	char *out = NULL;

	if (parent && second &&
	    asprintf(&out, "%s/%s", strcmp(parent, "/") ? parent : "", basename(second)) < 0)
		out = NULL;
	free(parent);
	free(first);
	free(second);
	return out;
}

int paths_catalog(const char *path, char **out, struct err *err)
{
	*out = realpath(path, NULL);
	if (!*out && errno == ENOENT)
		*out = resolve_parent(path);
	if (!*out)
		return err_set(err, -errno, "Catalog directory '%s': %s", path, strerror(errno));
	return 0;
}

/* Decode \ooo in place, as /proc/self/mountinfo writes blanks. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (*from == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /root /mount/point options ... - type source options" */
static bool is_our_mount(char *line, const char *path)
{
	const char *separator = strstr(line, " - ");
	char *point, *rest = line;

	if (!separator || strncmp(separator + 3, FILE_SYSTEM " ", strlen(FILE_SYSTEM " ")))
		return false;
	for (int field = 0; field < 4; field++)
		if (!strsep(&rest, " "))
			return false;
	point = strsep(&rest, " ");
	if (!point)
		return false;
	unescape(point);
	return !strcmp(point, path);
}

static bool is_kalamfs(const char *path)
{
	FILE *in = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	if (!in)
		return false;
	while (!found && getline(&line, &size, in) > 0)
		found = is_our_mount(line, path);
	free(line);
	fclose(in);
	return found;
}

/* Who is not root needs the helper. */
static int detach_by_helper(char *path)
{
	char name[] = "fusermount3", unmount[] = "-u", quiet[] = "-q", lazy[] = "-z", end[] = "--";
	char *argv[] = { name, unmount, quiet, lazy, end, path, NULL };
	extern char **environ;
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, name, NULL, NULL, argv, environ))
		return -EPERM;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EPERM;
}

static int detach_dead(const char *given, struct err *err)
{
	char *path = resolve_parent(given);
	int rc = 0;

	if (!path)
		return err_set(err, -errno, "Mount point '%s': %s", given, strerror(errno));
	if (!is_kalamfs(path))
		rc = err_set(err, -ENOTCONN,
			     "Mount point '%s' is dead: run 'fusermount3 -uz %s' first", path,
			     path);
	else if (umount2(path, MNT_DETACH) && detach_by_helper(path))
		rc = err_set(err, -EPERM,
			     "Mount point '%s' holds a dead kalamfs: run 'fusermount3 -uz %s' as "
			     "the one who mounted it", path, path);
	else
		log_message(LOG_NOTICE, "Detached a dead kalamfs from '%s'", path);
	free(path);
	return rc;
}

/* Its attributes may still be cached, but statvfs always asks the daemon. */
static bool is_dead(const char *path)
{
	struct statvfs st;

	return statvfs(path, &st) && (errno == ENOTCONN || errno == ECONNABORTED);
}

int paths_mountpoint(const char *path, char **out, struct err *err)
{
	struct stat st;
	int rc = 0;

	*out = NULL;
	if (is_dead(path))
		rc = detach_dead(path, err);
	if (rc)
		return rc;
	*out = realpath(path, NULL);
	if (!*out || stat(*out, &st))
		return err_set(err, -errno, "Mount point '%s': %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(err, -ENOTDIR, "Mount point '%s' is not a directory", path);
	return 0;
}

static bool is_in(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (!strcmp(dir, "/"))
		return true;
	return !strncmp(path, dir, len) && (path[len] == '/' || !path[len]);
}

int paths_check(const char *catalog, const char *mountpoint, struct err *err)
{
	if (is_in(catalog, mountpoint))
		return err_set(err, -EINVAL,
			       "The catalog '%s' would be hidden by its own mount on '%s'", catalog,
			       mountpoint);
	if (is_in(mountpoint, catalog))
		return err_set(err, -EINVAL, "The mount point '%s' lies inside the catalog '%s'",
			       mountpoint, catalog);
	return 0;
}
