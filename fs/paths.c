/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/paths.h"

#include "fs/log.h"
#include "fs/mounts.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <syslog.h>

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

/* A link is not followed: the store says why not. */
int paths_catalog(const char *path, char **out, struct err *err)
{
	char *whole = resolve_parent(path);
	struct stat st;

	*out = NULL;
	if (whole && (lstat(whole, &st) ? errno == ENOENT : S_ISLNK(st.st_mode)))
		*out = whole;
	else
		free(whole);
	if (!*out)
		*out = realpath(path, NULL);
	if (!*out)
		return err_set(err, -errno, "Catalog directory '%s': %s", path, strerror(errno));
	return 0;
}

static int detach_dead(const char *given, struct err *err)
{
	char *path = resolve_parent(given);
	int rc = 0;

	if (!path)
		return err_set(err, -errno, "Mount point '%s': %s", given, strerror(errno));
	if (mounts_connection(path) < 0)
		rc = err_set(err, -ENOTCONN,
			     "Mount point '%s' is dead: run 'fusermount3 -uz %s' first", path,
			     path);
	else if (mounts_detach(path))
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

/*
 * Who may rename things beside the mount point, or above it, can put another
 * directory there before we mount, and lead everybody astray afterwards.
 */
static int check_above(const char *path, struct err *err)
{
	char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	struct stat st;
	int rc = dir ? 0 : err_nomem(err);

	while (!rc && slash) {
		slash[slash == dir] = '\0';
		if (!stat(dir, &st) && st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX))
			rc = err_set(err, -EACCES, "Mount point '%s': anybody may put another "
				     "directory in its place, since '%s' can be written by all; run "
				     "chmod o-w or chmod +t on it", path, dir);
		slash = dir[1] ? strrchr(dir, '/') : NULL;
	}
	free(dir);
	return rc;
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
	return check_above(*out, err);
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
