/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/real_path.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LINKS_MAX 40	/* as the kernel */

/* Whether the file system with this device number is a mounted catalog. */
static bool is_catalog_device(dev_t dev)
{
	unsigned at_major, at_minor;
	bool found = false;
	char *line = NULL;
	size_t size = 0;
	FILE *mounts = fopen("/proc/self/mountinfo", "re");

	while (mounts && !found && getline(&line, &size, mounts) > 0)
		/* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers fit */
		found = sscanf(line, "%*u %*u %u:%u", &at_major, &at_minor) == 2 &&
			makedev(at_major, at_minor) == dev && strstr(line, " - fuse.kalamfs ");
	free(line);
	if (mounts)
		fclose(mounts);
	return found;
}

/* A path whose links are being followed. */
struct walk {
	char *done, *link;		/* REAL_PATH_SIZE bytes each: borrowed */
	size_t len;			/* of done */
	char rest[PATH_MAX + REAL_PATH_SIZE];
	unsigned links;
	dev_t dev;
	bool blind;			/* what comes is not there */
};

/* Put the target of the link at done in front of the rest. */
static int follow(struct walk *w, size_t parent)
{
	char target[PATH_MAX], rest[sizeof(w->rest)];
	ssize_t len = readlink(w->done, target, sizeof(target) - 1);

	if (len < 0) {
		w->blind = true;
		return 0;
	}
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	target[len] = '\0';
	if (!*w->link)
		memcpy(w->link, w->done, w->len + 1);
	snprintf(rest, sizeof(rest), "%s", w->rest);
	if ((size_t)snprintf(w->rest, sizeof(w->rest), "%s/%s", target, rest) >= sizeof(w->rest))
		return -ENAMETOOLONG;
	w->len = *target == '/' ? 0 : parent;
	w->done[w->len] = '\0';
	return 0;
}

static int look(struct walk *w, size_t parent)
{
	struct statfs fs;
	struct stat st;

	if (w->blind)
		return 0;
	if (lstat(w->done, &st)) {
		w->blind = true;
		return 0;
	}
	if (S_ISLNK(st.st_mode))
		return follow(w, parent);
	if (st.st_dev != w->dev && !statfs(w->done, &fs) && fs.f_type == FUSE_SUPER_MAGIC &&
	    is_catalog_device(st.st_dev))
		return -EDEADLK;
	w->dev = st.st_dev;
	return 0;
}

static int step(struct walk *w, const char *name, size_t len)
{
	size_t parent = w->len;

	if (len == 1 && name[0] == '.')
		return 0;
	if (len == 2 && name[0] == '.' && name[1] == '.') {
		while (w->len && w->done[--w->len] != '/')
			;
		w->done[w->len] = '\0';
		return 0;
	}
	if (len + 1 >= REAL_PATH_SIZE - w->len)
		return -ENAMETOOLONG;
	w->done[w->len++] = '/';
	memcpy(w->done + w->len, name, len);
	w->len += len;
	w->done[w->len] = '\0';
	return look(w, parent);
}

int real_path_find(const char *path, struct real_path *out)
{
	struct walk w = { .done = out->real, .link = out->link };
	int rc = 0;

	*out->real = *out->link = '\0';
	if ((size_t)snprintf(out->written, sizeof(out->written), "%s", path) >= sizeof(out->written))
		return -ENAMETOOLONG;
	snprintf(w.rest, sizeof(w.rest), "%s", path);
	while (!rc) {
		char *name = w.rest + strspn(w.rest, "/");
		size_t len = strcspn(name, "/");
		char segment[NAME_MAX + 1];

		if (!len)
			break;
		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(segment, name, len);
		memmove(w.rest, name + len, strlen(name + len) + 1);
		rc = step(&w, segment, len);
	}
	if (!rc && !w.len)
		memcpy(out->real, "/", sizeof("/"));
	return rc;
}

/* What path has behind dir, "" for dir itself; NULL if it is neither dir nor inside. */
static const char *behind(const char *path, const char *dir)
{
	size_t len = strcmp(dir, "/") ? strlen(dir) : 0;

	if (strncmp(path, dir, len) || (path[len] && path[len] != '/'))
		return NULL;
	return strcmp(path, "/") ? path + len : "";
}

static bool is_hidden_below(const struct real_path *inner, const struct real_path *outer)
{
	const char *real = behind(inner->real, outer->real);
	const char *written = behind(inner->written, outer->written);

	return real && (!written || strcmp(real, written));
}

bool real_path_is_alias(const struct real_path *a, const struct real_path *b)
{
	return is_hidden_below(a, b) || is_hidden_below(b, a);
}
