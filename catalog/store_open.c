/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/store_open.h"

#include "catalog/store_check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define NEW_DIR "data.new"
#define LOCK_FILE_ROOM (256 * 1024)	/* 1024 readers of 64 bytes, with room to spare */

/* The catalogs this process has open: closing a second one would unlock the first. */
static pthread_mutex_t claims_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct store_claim *claims;

int store_errno(struct err *err, int code, const char *fmt, ...)
{
	char subject[512];
	va_list ap;

	if (code == -EDQUOT)
		code = -ENOSPC;
	va_start(ap, fmt);
	vsnprintf(subject, sizeof(subject), fmt, ap);
	va_end(ap);
	if (!err || err->code)
		return code;
	err_set(err, code, "%s: %s", subject, strerrordesc_np(-code));
	err_kind_set(err, ERR_STORE);
	return code;
}

static int denied(struct err *err)
{
	err_kind_set(err, ERR_DENIED);
	return -EACCES;
}

static int check_owner(const char *what, const char *name, const struct stat *st, struct err *err)
{
	if (st->st_uid != geteuid()) {
		err_set(err, -EACCES, "%s '%s' belongs to uid %u; expected uid %u, who runs this",
			what, name, st->st_uid, geteuid());
		return denied(err);
	}
	if (st->st_mode & (S_IWGRP | S_IWOTH)) {
		err_set(err, -EACCES, "%s '%s' has mode %04o and can be written by others; run "
			"chmod go-w on it", what, name, (unsigned)st->st_mode & 07777);
		return denied(err);
	}
	return 0;
}

/* LMDB needs coherent maps and locks. */
static int check_file_system(int fd, const char *dir, struct err *err)
{
	static const struct {
		uint32_t magic;
		const char *name;
	} refused[] = {
		{ NFS_SUPER_MAGIC, "NFS" },
		{ SMB_SUPER_MAGIC, "SMB" },
		{ CIFS_SUPER_MAGIC, "CIFS" },
		{ SMB2_SUPER_MAGIC, "SMB2" },
		{ FUSE_SUPER_MAGIC, "FUSE" },
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return store_errno(err, -errno, "Cannot examine catalog directory '%s'", dir);
	for (size_t i = 0; i < countof(refused); i++) {
		if ((uint32_t)fs.f_type == refused[i].magic)
			return err_set(err, -ENOTSUP, "Catalog directory '%s' is on a %s file "
				       "system; a catalog needs a local one", dir,
				       refused[i].name);
	}
	return 0;
}

static int check_dir(int fd, const char *dir, struct err *err)
{
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		return store_errno(err, -errno, "Cannot examine catalog directory '%s'", dir);
	rc = check_owner("Catalog directory", dir, &st, err);
	return rc ? rc : check_file_system(fd, dir, err);
}

static int dir_errno(const char *dir, int code, struct err *err)
{
	if (code == -ENOENT) {
		err_set(err, code, "There is no catalog directory '%s'", dir);
		return code;
	}
	if (code == -ELOOP || code == -ENOTDIR) {
		err_set(err, -EACCES, "Catalog '%s' is not a directory; expected a directory "
			"and no symbolic link", dir);
		return denied(err);
	}
	return store_errno(err, code, "Cannot open catalog directory '%s'", dir);
}

/* With a slash at its end a link would be followed. */
static int open_no_link(const char *dir)
{
	size_t len = strlen(dir);
	char *plain;
	int fd, code;

	while (len > 1 && dir[len - 1] == '/')
		len--;
	plain = strndup(dir, len);
	if (!plain)
		return -1;
	fd = open(plain, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	code = errno;
	free(plain);
	errno = code;
	return fd;
}

int store_dir_open(const char *dir, bool create, struct err *err)
{
	int fd, rc;

	if (create && mkdir(dir, 0700) < 0 && errno != EEXIST)
		return store_errno(err, -errno, "Cannot make catalog directory '%s'", dir);
	fd = open_no_link(dir);
	if (fd < 0)
		return dir_errno(dir, -errno, err);
	rc = check_dir(fd, dir, err);
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

static struct store_claim *find_claim(const struct store_claim *like)
{
	struct store_claim *c = claims;

	while (c && (c->dev != like->dev || c->ino != like->ino))
		c = c->next;
	return c;
}

int store_claim_dir(struct store_claim *claim, int dirfd, struct err *err)
{
	struct stat st;

	if (fstat(dirfd, &st) < 0)
		return store_errno(err, -errno, "Cannot examine the catalog directory");
	claim->dev = st.st_dev;
	claim->ino = st.st_ino;
	pthread_mutex_lock(&claims_mutex);
	claim->made = !find_claim(claim);
	if (claim->made) {
		claim->next = claims;
		claims = claim;
	}
	pthread_mutex_unlock(&claims_mutex);
	if (claim->made)
		return 0;
	err_set(err, -EBUSY, "The catalog is open in this process already");
	err_kind_set(err, ERR_BUSY);
	return -EBUSY;
}

void store_unclaim(struct store_claim *claim)
{
	struct store_claim **at = &claims;

	if (!claim->made)
		return;
	pthread_mutex_lock(&claims_mutex);
	while (*at != claim)
		at = &(*at)->next;
	*at = claim->next;
	pthread_mutex_unlock(&claims_mutex);
	claim->made = false;
}

static int check_file(int fd, const char *name, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return store_errno(err, -errno, "Cannot examine '%s' of the catalog", name);
	if (!S_ISREG(st.st_mode)) {
		err_set(err, -EACCES, "Catalog file '%s' is not a regular file", name);
		return denied(err);
	}
	if (st.st_nlink != 1) {
		err_set(err, -EACCES, "Catalog file '%s' has %lu hard links; expected one", name,
			(unsigned long)st.st_nlink);
		return denied(err);
	}
	return check_owner("Catalog file", name, &st, err);
}

int store_file_open(int dirfd, const char *name, int flags, struct err *err)
{
	/* O_NONBLOCK: a fifo must not make us wait. */
	int fd = openat(dirfd, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	int rc;

	if (fd < 0 && errno == ELOOP) {
		err_set(err, -EACCES, "Catalog file '%s' is a symbolic link; expected a regular "
			"file", name);
		return denied(err);
	}
	if (fd < 0)
		return store_errno(err, -errno, "Cannot open '%s' of the catalog", name);
	rc = check_file(fd, name, err);
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

bool store_has(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int store_data_check(int dirfd, struct err *err)
{
	int fd = store_file_open(dirfd, "data.mdb", O_RDONLY, err);
	int rc;

	if (fd < 0)
		return fd;
	rc = store_check_meta(fd, err);
	close(fd);
	return rc;
}

/*
 * Other processes may have the file mapped: only its room may change, and its
 * size only where the file system cannot reserve room otherwise (LMDB takes a
 * longer file as more readers).
 */
static int reserve_room(int fd)
{
	struct stat st;

	/* On a full disk xfs has no room even for what is reserved already. */
	if (fstat(fd, &st) == 0 && (uint64_t)st.st_blocks * 512 >= LOCK_FILE_ROOM)
		return 0;
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, LOCK_FILE_ROOM) == 0)
		return 0;
	if (errno == EOPNOTSUPP)
		return -posix_fallocate(fd, 0, LOCK_FILE_ROOM);
	return -errno;
}

int store_lock_file_prepare(int dirfd, bool read_only, struct err *err)
{
	int fd, rc;

	/* LMDB reads a catalog on a read-only file system without locks. */
	if (read_only && faccessat(dirfd, ".", W_OK, AT_EACCESS) < 0 && errno == EROFS)
		return 0;
	fd = store_file_open(dirfd, "lock.mdb", O_RDWR | O_CREAT, err);
	if (fd < 0)
		return fd;
	rc = reserve_room(fd);
	close(fd);
	return rc ? store_errno(err, rc, "No room for lock.mdb of the catalog") : 0;
}

int store_exists(int dirfd, const char *path, struct err *err)
{
	return store_has(dirfd, "data.mdb") ? 0 :
	       err_set(err, -ENOENT, "There is no catalog in '%s'", path);
}

bool store_is_settled(int dirfd)
{
	return store_has(dirfd, "data.mdb") && !store_has(dirfd, NEW_DIR);
}

static int make_aside(int dirfd, struct err *err)
{
	int fd, rc;

	if (mkdirat(dirfd, NEW_DIR, 0700) < 0)
		return store_errno(err, -errno, "Cannot make %s in the catalog", NEW_DIR);
	fd = openat(dirfd, NEW_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return store_errno(err, -errno, "Cannot open %s in the catalog", NEW_DIR);
	rc = store_lock_file_prepare(fd, false, err);
	close(fd);
	return rc;
}

static int sync_file(int dirfd, const char *name, int flags, struct err *err)
{
	int fd = openat(dirfd, name, flags | O_NOFOLLOW | O_CLOEXEC);
	int rc = 0;

	if (fd < 0 || fsync(fd) < 0)
		rc = store_errno(err, -errno, "Cannot sync '%s' of the catalog", name);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int adopt(int dirfd, struct err *err)
{
	int rc = sync_file(dirfd, NEW_DIR "/data.mdb", O_RDWR, err);

	if (!rc && renameat(dirfd, NEW_DIR "/data.mdb", dirfd, "data.mdb") < 0)
		rc = store_errno(err, -errno, "Cannot move data.mdb into the catalog");
	if (!rc)
		rc = sync_file(dirfd, ".", O_RDONLY | O_DIRECTORY, err);
	/* The catalog's own entry may be as new; its parent may be closed to us. */
	if (!rc)
		(void)sync_file(dirfd, "..", O_RDONLY | O_DIRECTORY, NULL);
	return rc;
}

static int remove_aside(int dirfd, struct err *err)
{
	if (unlinkat(dirfd, NEW_DIR, 0) == 0 || errno == ENOENT)
		return 0;
	(void)unlinkat(dirfd, NEW_DIR "/data.mdb", 0);
	(void)unlinkat(dirfd, NEW_DIR "/lock.mdb", 0);
	if (unlinkat(dirfd, NEW_DIR, AT_REMOVEDIR) < 0)
		return store_errno(err, -errno, "Cannot remove %s from the catalog", NEW_DIR);
	return 0;
}

/* What a directory may hold that is to become a catalog; mount.PID of a dead mount, too. */
static bool may_be_there(const char *name)
{
	static const char *const names[] = { ".", "..", "write.lock", "lock.mdb", NEW_DIR, "storage",
					     "lost+found" };

	for (size_t i = 0; i < countof(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return strncmp(name, "mount.", strlen("mount.")) == 0;
}

int store_check_empty(int dirfd, const char *path, struct err *err)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int rc = 0;

	if (!list) {
		rc = store_errno(err, -errno, "Cannot list catalog directory '%s'", path);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (!rc && (entry = readdir(list))) {
		if (!may_be_there(entry->d_name))
			rc = err_set(err, -ENOTEMPTY,
				     "There is no catalog in '%s', and a new one needs an empty directory: found '%s'",
				     path, entry->d_name);
	}
	closedir(list);
	return rc;
}

static int create(int dirfd, const char *path, store_build_fn *build, const void *arg,
		  struct err *err)
{
	char *aside;
	int rc = store_check_empty(dirfd, path, err);

	if (rc)
		return rc;
	if (asprintf(&aside, "%s/%s", path, NEW_DIR) < 0)
		return err_nomem(err);
	rc = make_aside(dirfd, err);
	if (!rc)
		rc = build(aside, arg, err);
	if (!rc)
		rc = adopt(dirfd, err);
	free(aside);
	return rc;
}

int store_create(int dirfd, const char *path, store_build_fn *build, const void *arg,
		 struct err *err)
{
	int rc = remove_aside(dirfd, err), removed;

	if (!rc && !store_has(dirfd, "data.mdb"))
		rc = create(dirfd, path, build, arg, err);
	removed = remove_aside(dirfd, err);
	return rc ? rc : removed;
}
