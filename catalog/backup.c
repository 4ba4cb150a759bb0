/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/backup.h"

#include "catalog/store_open.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY "data.mdb"
#define UNFINISHED "data.mdb.tmp"

/* What a backup that was killed left behind may be there. */
static int check_empty(int dirfd, const char *dir, struct err *err)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int rc = 0;

	if (!list) {
		rc = store_errno(err, -errno, "Cannot list directory '%s'", dir);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (!rc && (entry = readdir(list))) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, UNFINISHED) != 0)
			rc = err_set(err, -ENOTEMPTY,
				     "Directory '%s' is not empty: found '%s'. A backup goes into a "
				     "new or an empty one", dir, name);
	}
	closedir(list);
	return rc;
}

static int write_copy(struct catalog *catalog, int dirfd, const char *dir, struct err *err)
{
	int fd, rc;

	(void)unlinkat(dirfd, UNFINISHED, 0);
	fd = openat(dirfd, UNFINISHED, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return store_errno(err, -errno, "Cannot make '%s/%s'", dir, UNFINISHED);
	rc = store_copy(catalog_store(catalog), fd, err);
	if (!rc && fsync(fd) < 0)
		rc = store_errno(err, -errno, "Cannot sync '%s/%s'", dir, UNFINISHED);
	if (close(fd) < 0 && !rc)
		rc = store_errno(err, -errno, "Cannot write '%s/%s'", dir, UNFINISHED);
	if (!rc && renameat(dirfd, UNFINISHED, dirfd, COPY) < 0)
		rc = store_errno(err, -errno, "Cannot rename '%s/%s'", dir, UNFINISHED);
	if (!rc && fsync(dirfd) < 0)
		rc = store_errno(err, -errno, "Cannot sync directory '%s'", dir);
	return rc;
}

static int read_facts(struct catalog *copy, struct backup *out, struct err *err)
{
	struct dir_state namespaces;
	struct store_stat disk;
	struct txn *txn;
	int rc = catalog_begin(copy, &txn, err);

	if (rc)
		return rc;
	catalog_uuid(copy, out->uuid);
	catalog_dir_state(copy, txn, DIR_NAMESPACES, 0, &namespaces);
	out->namespaces = namespaces.count;
	out->sequence = meta_get(txn, META_SEQUENCE);
	out->tables = meta_get(txn, META_TABLES);
	out->trash = meta_get(txn, META_TRASH);
	txn_end(txn);
	rc = store_statistics(catalog_store(copy), &disk);
	out->bytes = disk.file_bytes;
	return rc ? err_set(err, rc, "The size of the copy cannot be read") : 0;
}

/* As a catalog, every page of it. */
static int verify(const char *dir, struct backup *out, struct err *err)
{
	const struct catalog_options options = { .read_only = true };
	struct catalog *copy;
	int rc = catalog_open(dir, &options, &copy, err);

	if (rc)
		return rc;
	rc = store_check(catalog_store(copy), err);
	if (!rc)
		rc = read_facts(copy, out, err);
	catalog_close(copy);
	return rc;
}

static void clean_up(int dirfd, const char *dir, bool made)
{
	(void)unlinkat(dirfd, UNFINISHED, 0);
	(void)unlinkat(dirfd, COPY, 0);
	(void)unlinkat(dirfd, "lock.mdb", 0);
	if (made)
		(void)rmdir(dir);
}

int catalog_backup(struct catalog *catalog, const char *dir, struct backup *out, struct err *err)
{
	bool made = access(dir, F_OK) < 0 && errno == ENOENT;
	int dirfd = store_dir_open(dir, true, err), rc;

	rc = dirfd < 0 ? dirfd : check_empty(dirfd, dir, err);
	if (rc) {
		if (made)
			(void)rmdir(dir);
		if (dirfd >= 0)
			close(dirfd);
		return rc;
	}
	rc = write_copy(catalog, dirfd, dir, err);
	if (!rc)
		rc = verify(dir, out, err);
	if (rc)
		clean_up(dirfd, dir, made);
	close(dirfd);
	return rc;
}
