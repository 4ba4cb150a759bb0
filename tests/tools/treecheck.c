/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * treecheck [-x PATH]... ROOT - everything below ROOT as any program may read it.
 *
 * For each file: stat's size is what read() gives, in one piece and in small
 * ones, and what mmap() shows; nothing lies behind the end.  For each symlink
 * the size is that of its text.  For each directory st_nlink is 1 and st_size
 * 0, a second listing equals the first, types and inode numbers of the listing
 * are those of stat.  No two entries share an inode number; nobody stumbles
 * over extended attributes.
 *
 * -x PATH: sizes of this file are not compared (named exceptions).
 * Prints a line per finding and a closing line of counts; exits 1 on findings.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define PIECE 997	/* a prime, so that pieces straddle pages */
#define FINDINGS_SHOWN 50
#define EXCEPTIONS_MAX 16

struct check {
	const char *exceptions[EXCEPTIONS_MAX];
	size_t exception_count;
	uint64_t *inodes;
	size_t inode_count, inode_room;
	unsigned long files, dirs, links, bytes, findings;
};

__attribute__((format(printf, 3, 4)))
static void finding(struct check *check, const char *path, const char *fmt, ...)
{
	va_list args;

	if (check->findings++ >= FINDINGS_SHOWN)
		return;
	printf("%s: ", path);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

static void *allocate(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p) {
		fputs("treecheck: out of memory\n", stderr);
		exit(2);
	}
	return p;
}

static bool is_exception(const struct check *check, const char *path)
{
	for (size_t i = 0; i < check->exception_count; i++)
		if (!strcmp(check->exceptions[i], path))
			return true;
	return false;
}

/* All that read() gives from the start, in pieces of this size; NULL after a finding. */
static char *read_all(struct check *check, const char *path, int fd, size_t piece, size_t *len)
{
	size_t room = 65536;
	char *text = allocate(room);
	ssize_t n;

	*len = 0;
	if (lseek(fd, 0, SEEK_SET))
		finding(check, path, "lseek: %s", strerror(errno));
	while ((n = read(fd, text + *len, piece)) > 0) {
		*len += (size_t)n;
		if (*len + piece > room) {
			char *bigger = allocate(room * 2 + piece);

			memcpy(bigger, text, *len);
			free(text);
			text = bigger;
			room = room * 2 + piece;
		}
	}
	if (n < 0) {
		finding(check, path, "read at %zu: %s", *len, strerror(errno));
		free(text);
		return NULL;
	}
	return text;
}

static void check_map(struct check *check, const char *path, int fd, const char *text, size_t len)
{
	char *map;

	if (!len)
		return;
	map = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		finding(check, path, "mmap: %s", strerror(errno));
		return;
	}
	if (memcmp(map, text, len))
		finding(check, path, "mmap shows another content than read");
	munmap(map, len);
}

static void check_content(struct check *check, const char *path, int fd, const struct stat *seen)
{
	char *whole, *pieces, byte;
	size_t len, pieces_len;
	struct stat st;

	if (fstat(fd, &st)) {
		finding(check, path, "fstat: %s", strerror(errno));
		return;
	}
	whole = read_all(check, path, fd, 65536, &len);
	pieces = read_all(check, path, fd, PIECE, &pieces_len);
	if (whole && pieces) {
		if ((size_t)st.st_size != len || st.st_size != seen->st_size)
			finding(check, path, "lstat says %lld bytes, fstat %lld, read gives %zu",
				(long long)seen->st_size, (long long)st.st_size, len);
		if (len != pieces_len || memcmp(whole, pieces, len))
			finding(check, path,
				"read in pieces gives another content (%zu, %zu bytes)", len,
				pieces_len);
		if (pread(fd, &byte, 1, (off_t)len) != 0)
			finding(check, path, "something lies behind the end");
		if (len && (pread(fd, &byte, 1, (off_t)len - 1) != 1 || byte != whole[len - 1]))
			finding(check, path, "the last byte alone is another one");
		check_map(check, path, fd, whole, len);
		check->bytes += len;
	}
	free(whole);
	free(pieces);
}

static void check_file(struct check *check, const char *path, const struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	check->files++;
	if (fd < 0) {
		finding(check, path, "open: %s", strerror(errno));
		return;
	}
	if (!is_exception(check, path))
		check_content(check, path, fd, st);
	if (close(fd))
		finding(check, path, "close: %s", strerror(errno));
}

static void check_link(struct check *check, const char *path, const struct stat *st)
{
	char text[PATH_MAX];
	ssize_t len = readlink(path, text, sizeof(text));

	check->links++;
	if (len < 0)
		finding(check, path, "readlink: %s", strerror(errno));
	else if (len != st->st_size)
		finding(check, path, "symlink of %zd bytes says %lld", len, (long long)st->st_size);
}

static void check_attributes(struct check *check, const char *path, const struct stat *st)
{
	char names[256];

	if (st->st_nlink != 1)
		finding(check, path, "st_nlink is %lu", (unsigned long)st->st_nlink);
	if (S_ISDIR(st->st_mode) && st->st_size)
		finding(check, path, "st_size of a directory is %lld", (long long)st->st_size);
	if (st->st_blksize <= 0)
		finding(check, path, "st_blksize is %ld", (long)st->st_blksize);
	if (st->st_mtim.tv_sec < 1577836800)
		finding(check, path, "st_mtime is before 2020");
	if (llistxattr(path, names, sizeof(names)) > 0)
		finding(check, path, "there are extended attributes");
	else if (errno && errno != EOPNOTSUPP && errno != ENOSYS)
		finding(check, path, "llistxattr: %s", strerror(errno));
	if (lgetxattr(path, "security.capability", names, sizeof(names)) >= 0 ||
	    (errno != EOPNOTSUPP && errno != ENOSYS && errno != ENODATA))
		finding(check, path, "lgetxattr: %s", strerror(errno));
}

struct listing {
	struct dirent *entries;
	size_t count, room;
};

static bool list(struct check *check, const char *path, struct listing *out)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	*out = (struct listing){ 0 };
	if (!dir) {
		finding(check, path, "opendir: %s", strerror(errno));
		return false;
	}
	errno = 0;
	while ((entry = readdir(dir))) {
		if (out->count == out->room) {
			out->room = out->room ? out->room * 2 : 32;
			out->entries = realloc(out->entries, out->room * sizeof(*entry));
			if (!out->entries)
				exit(2);
		}
		memcpy(&out->entries[out->count++], entry, sizeof(*entry));
	}
	if (errno)
		finding(check, path, "readdir: %s", strerror(errno));
	closedir(dir);
	return true;
}

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

static void compare_listings(struct check *check, const char *path, const struct listing *a,
			     const struct listing *b)
{
	unsigned dots = 0;

	if (a->count != b->count) {
		finding(check, path, "one listing has %zu names, the next %zu", a->count, b->count);
		return;
	}
	for (size_t i = 0; i < a->count; i++) {
		dots += is_dots(a->entries[i].d_name);
		if (strcmp(a->entries[i].d_name, b->entries[i].d_name))
			finding(check, path, "two listings differ at '%s'", a->entries[i].d_name);
	}
	if (dots != 2)
		finding(check, path, "'.' and '..' are listed %u times", dots);
}

static unsigned char type_of(mode_t mode)
{
	return (unsigned char)((mode & S_IFMT) >> 12);
}

static void check_entry(struct check *check, const char *path, const struct dirent *listed);

static void check_dir(struct check *check, const char *path)
{
	struct listing first, second;
	char child[PATH_MAX];

	check->dirs++;
	if (!list(check, path, &first) || !list(check, path, &second))
		return;
	compare_listings(check, path, &first, &second);
	for (size_t i = 0; i < first.count; i++) {
		if (is_dots(first.entries[i].d_name))
			continue;
		snprintf(child, sizeof(child), "%s/%s", path, first.entries[i].d_name);
		check_entry(check, child, &first.entries[i]);
	}
	free(first.entries);
	free(second.entries);
}

static void remember_inode(struct check *check, uint64_t ino)
{
	if (check->inode_count == check->inode_room) {
		check->inode_room = check->inode_room ? check->inode_room * 2 : 1024;
		check->inodes = realloc(check->inodes, check->inode_room * sizeof(ino));
		if (!check->inodes)
			exit(2);
	}
	check->inodes[check->inode_count++] = ino;
}

/* listed: its entry in the listing of its directory; NULL for the root. */
static void check_entry(struct check *check, const char *path, const struct dirent *listed)
{
	struct stat st;

	if (lstat(path, &st)) {
		finding(check, path, "lstat: %s", strerror(errno));
		return;
	}
	if (listed && listed->d_ino != st.st_ino)
		finding(check, path, "the listing has inode %llx, lstat %llx",
			(unsigned long long)listed->d_ino, (unsigned long long)st.st_ino);
	if (listed && listed->d_type != DT_UNKNOWN && listed->d_type != type_of(st.st_mode))
		finding(check, path, "the listing has type %u, lstat %u", listed->d_type,
			type_of(st.st_mode));
	remember_inode(check, st.st_ino);
	check_attributes(check, path, &st);
	if (S_ISDIR(st.st_mode))
		check_dir(check, path);
	else if (S_ISREG(st.st_mode))
		check_file(check, path, &st);
	else if (S_ISLNK(st.st_mode))
		check_link(check, path, &st);
	else
		finding(check, path, "neither file, directory nor symlink");
}

static int compare_inodes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void check_inodes(struct check *check, const char *root)
{
	qsort(check->inodes, check->inode_count, sizeof(*check->inodes), compare_inodes);
	for (size_t i = 1; i < check->inode_count; i++)
		if (check->inodes[i] == check->inodes[i - 1])
			finding(check, root, "inode number %" PRIx64 " is given twice",
				check->inodes[i]);
}

int main(int argc, char **argv)
{
	struct check check = { 0 };
	int c;

	while ((c = getopt(argc, argv, "x:")) != -1) {
		if (c != 'x' || check.exception_count == EXCEPTIONS_MAX)
			return 2;
		check.exceptions[check.exception_count++] = optarg;
	}
	if (optind + 1 != argc) {
		fputs("usage: treecheck [-x PATH]... ROOT\n", stderr);
		return 2;
	}
	check_entry(&check, argv[optind], NULL);
	check_inodes(&check, argv[optind]);
	printf("%lu files, %lu directories, %lu symlinks, %lu bytes, %lu findings\n", check.files,
	       check.dirs, check.links, check.bytes, check.findings);
	free(check.inodes);
	return check.findings ? 1 : 0;
}
