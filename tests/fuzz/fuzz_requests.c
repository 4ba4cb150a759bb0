/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any sequence of system calls on a mount, as the FUSE requests that the kernel
 * makes of them: a whole daemon with its threads on one end of a socket, this on
 * the other.  Every input meets a fresh copy of the catalog of
 * tests/data/document/setup.sql.  Each request is answered once, in a form that
 * the kernel takes, never with EIO; afterwards the catalog passes its check.
 *
 * Input: lines of a letter (the cases of `calls`) and words between spaces.  A
 * path is relative to the mount point; "\n" and "\\" in a text are as in C.
 */
#include "tests/fuzz/catalog.h"
#include "tests/fuzz/kernel.h"

#include "catalog/catalog_check.h"
#include "fs/serve.h"

#include <ctype.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>

#define LINES_MAX 40
#define SLOTS 4
#define DEPTH 12
#define READ_SIZE 4096
#define PAGES_MAX 400
#define NAME_BYTES 256
#define TEXT_BYTES (64u << 10)

static struct {
	char dir[4096], data[4200];
	char *bytes;		/* data.mdb as each input finds it */
	size_t size;
	int connection;		/* the daemon's end */
} world;

struct slot {
	uint64_t node, fh, at;
	uint64_t refs[KERNEL_REFS];
	unsigned ref_count;
	bool is_open, is_direct;
	int flags;		/* of open(2) */
};

struct session {
	struct kernel kernel;
	struct slot slots[SLOTS];
};

/* ----- words of a line ----- */

struct line {
	char *at;
};

/* The next word; "" at the end. */
static char *next_word(struct line *line)
{
	char *word = line->at;
	char *space = strchr(word, ' ');

	line->at = space ? space + 1 : word + strlen(word);
	if (space)
		*space = '\0';
	return word;
}

static unsigned next_number(struct line *line)
{
	return (unsigned)strtoul(next_word(line), NULL, 10);
}

/* The rest of the line. */
static size_t unescape(const char *text, char *out)
{
	size_t len = 0;

	for (; *text && len < TEXT_BYTES; text++) {
		if (*text == '\\' && (text[1] == 'n' || text[1] == '\\'))
			out[len++] = *++text == 'n' ? '\n' : '\\';
		else
			out[len++] = *text;
	}
	return len;
}

/* ----- paths ----- */

struct spot {
	uint64_t dir;
	char name[NAME_BYTES];		/* "" for the mount point itself */
	int found;			/* 0, or -errno of the last lookup */
	struct fuse_entry_out entry;	/* where found is 0 */
};

/* What the kernel does with `.`, `..` and long names it does without us. */
static bool next_name(const char **path, char out[NAME_BYTES])
{
	size_t len;

	*path += strspn(*path, "/");
	len = strcspn(*path, "/");
	if (len >= NAME_BYTES)
		return false;
	memcpy(out, *path, len);
	out[len] = '\0';
	*path += len;
	return strcmp(out, ".") && strcmp(out, "..");
}

/* -errno where not even the last name's directory is found. */
static int walk(struct kernel *k, const char *path, struct spot *spot)
{
	*spot = (struct spot){ .dir = FUSE_ROOT_ID,
				 .entry = { .nodeid = FUSE_ROOT_ID, .attr.mode = S_IFDIR } };
	for (int depth = 0; path[strspn(path, "/")]; depth++) {
		if (spot->found)
			return spot->found;
		if (!S_ISDIR(spot->entry.attr.mode) || depth == DEPTH)
			return -ENOTDIR;
		spot->dir = spot->entry.nodeid;
		if (!next_name(&path, spot->name))
			return -EINVAL;
		spot->found = kernel_lookup(k, spot->dir, spot->name, &spot->entry);
		assert(spot->found != -ESTALE);
	}
	return 0;
}

static int walk_found(struct kernel *k, const char *path, struct spot *spot)
{
	int rc = walk(k, path, spot);

	return rc ? rc : spot->found;
}

/* ----- open files ----- */

static void close_slot(struct session *s, struct slot *slot)
{
	struct fuse_flush_in flush = { .fh = slot->fh, .lock_owner = 1 };
	struct fuse_release_in release = { .fh = slot->fh, .flags = O_RDWR };

	if (!slot->is_open)
		return;
	(void)kernel_ask(&s->kernel, FUSE_FLUSH, slot->node, &flush, sizeof(flush), NULL);
	(void)kernel_ask(&s->kernel, FUSE_RELEASE, slot->node, &release, sizeof(release), NULL);
	for (unsigned i = 0; i < slot->ref_count; i++)
		kernel_forget(&s->kernel, slot->refs[i]);
	*slot = (struct slot){ 0 };
}

/* An open file keeps its node, and the names on the way to it. */
static void fill_slot(struct session *s, struct slot *slot, uint64_t node, int flags, size_t offset)
{
	struct fuse_open_out out;

	assert(s->kernel.in_len >= offset + sizeof(out));
	memcpy(&out, (const char *)kernel_body(&s->kernel) + offset, sizeof(out));
	*slot = (struct slot){ .is_open = true, .node = node, .flags = flags, .fh = out.fh,
			       .is_direct = out.open_flags & FOPEN_DIRECT_IO,
			       .ref_count = s->kernel.ref_count };
	memcpy(slot->refs, s->kernel.refs, sizeof(slot->refs[0]) * slot->ref_count);
	s->kernel.ref_count = 0;
}

static int open_once(struct session *s, struct slot *slot, const char *path, int flags, bool create)
{
	struct fuse_open_in open_in = { .flags = (uint32_t)flags };
	struct fuse_create_in create_in = { .flags = (uint32_t)(flags | O_CREAT),
					    .mode = S_IFREG | 0644, .umask = 022 };
	struct fuse_entry_out made;
	struct spot spot;
	int rc = walk(&s->kernel, path, &spot);

	if (rc || (spot.found && (!create || spot.found != -ENOENT)))
		return rc ? rc : spot.found;
	if (spot.found) {
		rc = kernel_entry(&s->kernel, kernel_ask(&s->kernel, FUSE_CREATE, spot.dir,
				  &create_in, sizeof(create_in), spot.name), &made);
		if (!rc)
			fill_slot(s, slot, made.nodeid, flags, sizeof(made));
		return rc;
	}
	if (!S_ISREG(spot.entry.attr.mode))
		return -EISDIR;
	rc = kernel_ask(&s->kernel, FUSE_OPEN, spot.entry.nodeid, &open_in, sizeof(open_in), NULL);
	if (!rc)
		fill_slot(s, slot, spot.entry.nodeid, flags, 0);
	return rc;
}

/* The kernel walks the path once more where it hears ESTALE. */
static int open_file(struct session *s, struct slot *slot, const char *path, int flags, bool create)
{
	int rc;

	close_slot(s, slot);
	rc = open_once(s, slot, path, flags, create);
	return rc == -ESTALE ? open_once(s, slot, path, flags, create) : rc;
}

/* Bytes that were read; what is read is what was announced. */
static size_t read_some(struct session *s, struct slot *slot, uint64_t at, uint32_t size)
{
	struct fuse_read_in in = { .fh = slot->fh, .offset = at, .size = size };

	if (kernel_ask(&s->kernel, FUSE_READ, slot->node, &in, sizeof(in), NULL))
		return 0;
	assert(s->kernel.in_len <= size);
	return s->kernel.in_len;
}

static void read_all(struct session *s, struct slot *slot)
{
	size_t len;

	slot->at = 0;
	for (int i = 0; i < PAGES_MAX; i++) {
		len = read_some(s, slot, slot->at, READ_SIZE);
		slot->at += len;
		if (len < READ_SIZE)
			return;
	}
}

static void write_text(struct session *s, struct slot *slot, const char *text)
{
	struct fuse_write_in in = { .fh = slot->fh, .offset = slot->at, .flags = O_WRONLY };
	struct fuse_write_out out;
	char *bytes = malloc(TEXT_BYTES);
	struct part parts[2];

	assert(bytes);
	in.size = (uint32_t)unescape(text, bytes);
	parts[0] = (struct part){ &in, sizeof(in) };
	parts[1] = (struct part){ bytes, in.size };
	if (in.size && !kernel_call(&s->kernel, FUSE_WRITE, slot->node, parts, 2)) {
		assert(s->kernel.in_len == sizeof(out));
		memcpy(&out, kernel_body(&s->kernel), sizeof(out));
		assert(out.size && out.size <= in.size);
		slot->at += out.size;
	}
	free(bytes);
}

/* ----- calls ----- */

static void cat(struct session *s, struct line *line)
{
	struct slot slot = { 0 };

	if (open_file(s, &slot, next_word(line), O_RDONLY, false))
		return;
	read_all(s, &slot);
	close_slot(s, &slot);
}

static void echo_flags(struct session *s, struct line *line, int flags)
{
	struct slot slot = { 0 };

	if (open_file(s, &slot, next_word(line), O_WRONLY | flags, true))
		return;
	write_text(s, &slot, line->at);
	close_slot(s, &slot);
}

static void echo(struct session *s, struct line *line)
{
	echo_flags(s, line, O_TRUNC);
}

static void echo_append(struct session *s, struct line *line)
{
	echo_flags(s, line, O_APPEND);
}

static void open_slot(struct session *s, struct line *line)
{
	static const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_TRUNC,
				     O_RDWR | O_TRUNC, O_WRONLY | O_APPEND, O_RDONLY | O_TRUNC,
				     O_RDWR | O_EXCL };
	struct slot *slot = &s->slots[next_number(line) % SLOTS];
	unsigned how = next_number(line);

	(void)open_file(s, slot, next_word(line), flags[how % 8], how / 8 % 2);
}

static struct slot *open_one(struct session *s, struct line *line)
{
	struct slot *slot = &s->slots[next_number(line) % SLOTS];

	return slot->is_open ? slot : NULL;
}

/* One that is not open for this is EBADF before the file system hears of it. */
static struct slot *open_for(struct session *s, struct line *line, int not_for)
{
	struct slot *slot = open_one(s, line);

	return slot && (slot->flags & O_ACCMODE) != not_for ? slot : NULL;
}

static void read_slot(struct session *s, struct line *line)
{
	struct slot *slot = open_for(s, line, O_WRONLY);
	unsigned at = next_number(line);

	if (slot)
		(void)read_some(s, slot, at, next_number(line) % (READ_SIZE * 32) + 1);
}

static void write_slot(struct session *s, struct line *line)
{
	struct slot *slot = open_for(s, line, O_RDONLY);

	if (slot)
		write_text(s, slot, line->at);
}

static void seek_slot(struct session *s, struct line *line)
{
	struct slot *slot = open_one(s, line);

	if (slot)
		slot->at = next_number(line);
}

static void sync_slot(struct session *s, struct line *line)
{
	struct slot *slot = open_one(s, line);
	struct fuse_fsync_in in = { .fh = slot ? slot->fh : 0 };

	if (slot)
		(void)kernel_ask(&s->kernel, FUSE_FSYNC, slot->node, &in, sizeof(in), NULL);
}

static void close_one(struct session *s, struct line *line)
{
	close_slot(s, &s->slots[next_number(line) % SLOTS]);
}

static void truncate_at(struct session *s, uint64_t node, const struct slot *slot, uint64_t size)
{
	struct fuse_setattr_in in = { .valid = FATTR_SIZE | (slot ? FATTR_FH : 0), .size = size,
				      .fh = slot ? slot->fh : 0 };

	(void)kernel_ask(&s->kernel, FUSE_SETATTR, node, &in, sizeof(in), NULL);
}

static void truncate_slot(struct session *s, struct line *line)
{
	struct slot *slot = open_for(s, line, O_RDONLY);

	if (slot)
		truncate_at(s, slot->node, slot, next_number(line));
}

static void truncate_path(struct session *s, struct line *line)
{
	struct spot spot;

	if (!walk_found(&s->kernel, next_word(line), &spot) && S_ISREG(spot.entry.attr.mode))
		truncate_at(s, spot.entry.nodeid, NULL, next_number(line));
}

static void chmod_path(struct session *s, struct line *line)
{
	struct fuse_setattr_in in = { .valid = FATTR_MODE };
	struct spot spot;

	if (walk_found(&s->kernel, next_word(line), &spot))
		return;
	in.mode = (spot.entry.attr.mode & S_IFMT) | (next_number(line) & 07777);
	(void)kernel_ask(&s->kernel, FUSE_SETATTR, spot.entry.nodeid, &in, sizeof(in), NULL);
}

static void touch_path(struct session *s, struct line *line)
{
	struct fuse_setattr_in in = { .valid = FATTR_ATIME | FATTR_MTIME, .mtime = 1, .atime = 1 };
	struct spot spot;

	if (!walk_found(&s->kernel, next_word(line), &spot))
		(void)kernel_ask(&s->kernel, FUSE_SETATTR, spot.entry.nodeid, &in, sizeof(in), NULL);
}

static void stat_path(struct session *s, struct line *line)
{
	struct fuse_getattr_in in = { 0 };
	struct fuse_attr_out out;
	struct spot spot;

	if (walk_found(&s->kernel, next_word(line), &spot) ||
	    kernel_ask(&s->kernel, FUSE_GETATTR, spot.entry.nodeid, &in, sizeof(in), NULL))
		return;
	assert(s->kernel.in_len == sizeof(out));
	memcpy(&out, kernel_body(&s->kernel), sizeof(out));
	check_attr(&out.attr);
	assert((out.attr.mode & S_IFMT) == (spot.entry.attr.mode & S_IFMT) ||
	       spot.entry.nodeid == FUSE_ROOT_ID);
}

static void read_link(struct session *s, struct line *line)
{
	struct spot spot;

	if (walk_found(&s->kernel, next_word(line), &spot) || !S_ISLNK(spot.entry.attr.mode) ||
	    kernel_ask(&s->kernel, FUSE_READLINK, spot.entry.nodeid, NULL, 0, NULL))
		return;
	assert(s->kernel.in_len && s->kernel.in_len < 4096);
}

static void stat_fs(struct session *s, struct line *line)
{
	struct spot spot;

	if (!walk_found(&s->kernel, next_word(line), &spot))
		(void)kernel_ask(&s->kernel, FUSE_STATFS, spot.entry.nodeid, NULL, 0, NULL);
}

/* Where to make something: the place of a name that is not there. */
static int walk_absent(struct kernel *k, const char *path, struct spot *spot)
{
	int rc = walk(k, path, spot);

	if (rc)
		return rc;
	return spot->found == -ENOENT ? 0 : -EEXIST;
}

static void make_dir(struct session *s, struct line *line)
{
	struct fuse_mkdir_in in = { .mode = 0755, .umask = 022 };
	struct fuse_entry_out made;
	struct spot spot;

	if (!walk_absent(&s->kernel, next_word(line), &spot))
		(void)kernel_entry(&s->kernel, kernel_ask(&s->kernel, FUSE_MKDIR, spot.dir, &in,
				   sizeof(in), spot.name), &made);
}

static void make_node(struct session *s, struct line *line)
{
	struct fuse_mknod_in in = { .mode = S_IFREG | 0644, .umask = 022 };
	struct fuse_entry_out made;
	struct spot spot;

	if (!walk_absent(&s->kernel, next_word(line), &spot))
		(void)kernel_entry(&s->kernel, kernel_ask(&s->kernel, FUSE_MKNOD, spot.dir, &in,
				   sizeof(in), spot.name), &made);
}

static void make_symlink(struct session *s, struct line *line)
{
	struct fuse_entry_out made;
	struct spot spot;
	struct part parts[2];

	if (walk_absent(&s->kernel, next_word(line), &spot) || !*line->at)
		return;
	parts[0] = (struct part){ spot.name, strlen(spot.name) + 1 };
	parts[1] = (struct part){ line->at, strlen(line->at) + 1 };
	(void)kernel_entry(&s->kernel, kernel_call(&s->kernel, FUSE_SYMLINK, spot.dir, parts, 2),
			   &made);
}

static void make_link(struct session *s, struct line *line)
{
	struct fuse_link_in in;
	struct fuse_entry_out made;
	struct spot from, to;

	if (walk_found(&s->kernel, next_word(line), &from) || S_ISDIR(from.entry.attr.mode) ||
	    walk_absent(&s->kernel, next_word(line), &to))
		return;
	in.oldnodeid = from.entry.nodeid;
	(void)kernel_entry(&s->kernel, kernel_ask(&s->kernel, FUSE_LINK, to.dir, &in, sizeof(in),
			   to.name), &made);
}

static int remove_once(struct session *s, const char *path, bool is_dir)
{
	struct spot spot;

	if (walk_found(&s->kernel, path, &spot) || !*spot.name ||
	    !S_ISDIR(spot.entry.attr.mode) == is_dir)
		return 0;
	return kernel_ask(&s->kernel, is_dir ? FUSE_RMDIR : FUSE_UNLINK, spot.dir, NULL, 0,
			  spot.name);
}

static void remove_file(struct session *s, struct line *line)
{
	const char *path = next_word(line);

	if (remove_once(s, path, false) == -ESTALE)
		(void)remove_once(s, path, false);
}

static void remove_dir(struct session *s, struct line *line)
{
	const char *path = next_word(line);

	if (remove_once(s, path, true) == -ESTALE)
		(void)remove_once(s, path, true);
}

/* What the kernel refuses to even ask for. */
static bool is_renamable(const struct spot *from, const struct spot *to, unsigned flags)
{
	bool is_dir = S_ISDIR(from->entry.attr.mode);

	if (from->found || !*from->name || !*to->name || (to->found && to->found != -ENOENT))
		return false;
	if (to->found)
		return !(flags & RENAME_EXCHANGE);
	if (flags & RENAME_NOREPLACE || from->entry.nodeid == to->entry.nodeid)
		return false;
	return flags & RENAME_EXCHANGE || is_dir == S_ISDIR(to->entry.attr.mode);
}

static int rename_once(struct session *s, const char *from_path, const char *to_path, unsigned flags)
{
	struct spot from, to;
	struct fuse_rename2_in in = { .flags = flags };
	struct part parts[3];

	if (walk(&s->kernel, from_path, &from) || walk(&s->kernel, to_path, &to) ||
	    !is_renamable(&from, &to, flags))
		return 0;
	in.newdir = to.dir;
	parts[0] = (struct part){ &in, sizeof(in) };
	parts[1] = (struct part){ from.name, strlen(from.name) + 1 };
	parts[2] = (struct part){ to.name, strlen(to.name) + 1 };
	return kernel_call(&s->kernel, FUSE_RENAME2, from.dir, parts, 3);
}

static void rename_path(struct session *s, struct line *line)
{
	static const unsigned flags[] = { 0, RENAME_NOREPLACE, RENAME_EXCHANGE };
	unsigned how = flags[next_number(line) % 3];
	const char *from = next_word(line), *to = next_word(line);
	size_t len = strlen(from);

	/* Nor is a directory moved below itself. */
	if (!strncmp(from, to, len) && (!len || to[len] == '/'))
		return;
	len = strlen(to);
	if (!strncmp(to, from, len) && (!len || from[len] == '/'))
		return;
	if (rename_once(s, from, to, how) == -ESTALE)
		(void)rename_once(s, from, to, how);
}

/* The entries of one answer; the offset behind the last, or 0. */
static uint64_t check_entries(struct kernel *k, bool plus)
{
	size_t head = plus ? FUSE_NAME_OFFSET_DIRENTPLUS : FUSE_NAME_OFFSET;
	uint64_t nodes[KERNEL_REFS], next = 0;
	unsigned count = 0;

	for (size_t at = 0; at < k->in_len;) {
		const uint8_t *entry = (const uint8_t *)kernel_body(k) + at;
		struct fuse_dirent dirent;
		struct fuse_entry_out out = { 0 };

		assert(k->in_len - at >= head);
		memcpy(&dirent, entry + head - FUSE_NAME_OFFSET, FUSE_NAME_OFFSET);
		if (plus)
			memcpy(&out, entry, sizeof(out));
		assert(dirent.namelen && dirent.namelen < NAME_BYTES && dirent.ino);
		assert(k->in_len - at - head >= dirent.namelen);
		assert(!memchr(entry + head, '/', dirent.namelen) &&
		       !memchr(entry + head, '\0', dirent.namelen));
		assert(count < KERNEL_REFS);
		if (out.nodeid) {
			check_attr(&out.attr);
			nodes[count++] = out.nodeid;
		}
		next = dirent.off;
		at += FUSE_DIRENT_ALIGN(head + dirent.namelen);
	}
	for (unsigned i = 0; i < count; i++)
		kernel_forget(k, nodes[i]);
	return next;
}

static void list_with(struct session *s, uint64_t node, uint64_t fh, bool plus)
{
	struct fuse_read_in in = { .fh = fh, .size = READ_SIZE };

	for (int i = 0; i < PAGES_MAX; i++) {
		if (kernel_ask(&s->kernel, plus ? FUSE_READDIRPLUS : FUSE_READDIR, node, &in,
			       sizeof(in), NULL) || !s->kernel.in_len)
			return;
		assert(s->kernel.in_len <= in.size);
		in.offset = check_entries(&s->kernel, plus);
	}
	assert(!"a listing ends");
}

static void list(struct session *s, struct line *line)
{
	struct fuse_open_in in = { .flags = O_RDONLY | O_DIRECTORY };
	struct fuse_open_out out = { 0 };
	struct fuse_release_in release = { 0 };
	struct spot spot;
	int rc;

	if (walk_found(&s->kernel, next_word(line), &spot) || !S_ISDIR(spot.entry.attr.mode))
		return;
	rc = kernel_ask(&s->kernel, FUSE_OPENDIR, spot.entry.nodeid, &in, sizeof(in), NULL);
	if (rc && rc != -ENOSYS)
		return;
	if (!rc)
		memcpy(&out, kernel_body(&s->kernel), sizeof(out));
	list_with(s, spot.entry.nodeid, out.fh, true);
	list_with(s, spot.entry.nodeid, out.fh, false);
	release.fh = out.fh;
	if (!rc)
		(void)kernel_ask(&s->kernel, FUSE_RELEASEDIR, spot.entry.nodeid, &release,
				 sizeof(release), NULL);
}

static const struct {
	char letter;
	void (*run)(struct session *s, struct line *line);
} calls[] = {
	{ 'r', cat },			/* PATH */
	{ 'w', echo },			/* PATH TEXT */
	{ 'a', echo_append },		/* PATH TEXT */
	{ 'o', open_slot },		/* SLOT FLAGS PATH */
	{ 'R', read_slot },		/* SLOT OFFSET SIZE */
	{ 'W', write_slot },		/* SLOT TEXT */
	{ 'S', seek_slot },		/* SLOT OFFSET */
	{ 'F', sync_slot },		/* SLOT */
	{ 'T', truncate_slot },		/* SLOT SIZE */
	{ 'C', close_one },		/* SLOT */
	{ 't', truncate_path },		/* PATH SIZE */
	{ 'h', chmod_path },		/* PATH MODE */
	{ 'y', touch_path },		/* PATH */
	{ 'g', stat_path },		/* PATH */
	{ 'k', read_link },		/* PATH */
	{ 'f', stat_fs },		/* PATH */
	{ 'm', make_dir },		/* PATH */
	{ 'n', make_node },		/* PATH */
	{ 's', make_symlink },		/* PATH TARGET */
	{ 'i', make_link },		/* PATH PATH */
	{ 'u', remove_file },		/* PATH */
	{ 'd', remove_dir },		/* PATH */
	{ 'v', rename_path },		/* HOW PATH PATH */
	{ 'l', list },			/* PATH */
};

static void run_line(struct session *s, char *text)
{
	struct line line;

	if (!*text)
		return;
	line.at = text + 1 + (text[1] == ' ');
	for (size_t i = 0; i < countof(calls); i++) {
		if (calls[i].letter == *text)
			calls[i].run(s, &line);
	}
	kernel_forget_all(&s->kernel);
}

static void run_lines(struct session *s, char *text)
{
	for (int i = 0; text && i < LINES_MAX; i++) {
		char *end = strchr(text, '\n');

		if (end)
			*end++ = '\0';
		run_line(s, text);
		text = end;
	}
	for (int i = 0; i < SLOTS; i++)
		close_slot(s, &s->slots[i]);
}

/* ----- the daemon ----- */

/*
 * What the kernel says of a file system that is not mounted any more; a socket
 * says 0 bytes, or ECONNRESET where we have not read all notifications.
 */
ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);

ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
	ssize_t n = __real_read(fd, bytes, size);

	if (fd != world.connection || n > 0 || (n < 0 && errno != ECONNRESET))
		return n;
	errno = ENODEV;
	return -1;
}

struct daemon {
	struct mount *mount;
	struct options options;
	pthread_t thread;
};

static void ready(void *arg)
{
	(void)arg;
}

static void *run_daemon(void *arg)
{
	struct daemon *daemon = arg;
	struct err err = ERR_INIT;
	int rc = serve(daemon->mount, &daemon->options, ready, NULL, &err);

	if (rc)
		fprintf(stderr, "%s\n", err.text);
	assert(!rc);
	return NULL;
}

/*
 * Nobody else changes the catalog, and closing a watch waits for a grace period of
 * the kernel, longer than all the rest takes.
 */
int __wrap_inotify_init1(int flags);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t events);

int __wrap_inotify_init1(int flags)
{
	(void)flags;
	return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

int __wrap_inotify_add_watch(int fd, const char *path, uint32_t events)
{
	(void)fd;
	(void)path;
	(void)events;
	return 1;
}

static void start(struct daemon *daemon, int fd)
{
	char end[40], program[] = "kalamfs", foreground[] = "-f", option[] = "-onosandbox";
	char *argv[] = { program, foreground, option, world.dir, end, NULL };
	struct err err = ERR_INIT;
	int rc;

	snprintf(end, sizeof(end), "/dev/fd/%d", fd);
	rc = options_parse(&daemon->options, 5, argv, &err);
	daemon->options.map_size = 64 << 20;
	if (!rc)
		rc = serve_new(&daemon->options, &daemon->mount, &err);
	if (rc)
		fprintf(stderr, "%s\n", err.text);
	assert(!rc);
	rc = pthread_create(&daemon->thread, NULL, run_daemon, daemon);
	assert(!rc);
}

static void join(struct daemon *daemon)
{
	assert(!pthread_join(daemon->thread, NULL));
	serve_free(daemon->mount);
	options_fini(&daemon->options);
}

/* ----- the catalog ----- */

static void print_finding(void *arg, const struct finding *finding)
{
	(void)arg;
	fprintf(stderr, "%s %s: %s\n", check_rule_name(finding->rule), finding->name, finding->text);
}

static void check_catalog(void)
{
	struct catalog_options how = { .map_size = 64 << 20, .check = STORE_CHECK_FULL };
	struct check_totals totals = { 0 };
	struct catalog *catalog;
	struct err err = ERR_INIT;
	int rc = catalog_open(world.dir, &how, &catalog, &err);

	if (!rc)
		rc = catalog_check(catalog, print_finding, NULL, &totals, &err);
	if (rc)
		fprintf(stderr, "%s\n", err.text);
	assert(!rc && !totals.findings);
	catalog_close(catalog);
}

static void put_catalog(void)
{
	FILE *out = fopen(world.data, "w");

	assert(out && fwrite(world.bytes, 1, world.size, out) == world.size);
	assert(!fclose(out));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *base = getenv("TMPDIR");
	struct catalog_options options = { .create = true, .map_size = 64 << 20, .now = fuzz_now,
					   .random = fuzz_random };
	struct catalog *catalog;
	struct stat st;
	FILE *in;
	int rc;

	(void)argc;
	(void)argv;
	umask(077);
	snprintf(world.dir, sizeof(world.dir), "%s/kalam-fuzz-XXXXXX", base ? base : "/tmp");
	assert(mkdtemp(world.dir));
	snprintf(world.data, sizeof(world.data), "%s/data.mdb", world.dir);
	rc = catalog_open(world.dir, &options, &catalog, NULL);
	assert(!rc);
	fuzz_run(catalog, "tests/data/document/setup.sql");
	catalog_close(catalog);
	in = fopen(world.data, "r");
	assert(in && !fstat(fileno(in), &st));
	world.size = (size_t)st.st_size;
	world.bytes = malloc(world.size);
	assert(world.bytes && fread(world.bytes, 1, world.size, in) == world.size);
	fclose(in);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct session *s = calloc(1, sizeof(*s));
	struct daemon daemon = { 0 };
	char *text = text_copy(bytes, size);
	int ends[2], room = 4 << 20, rc;

	assert(s);
	put_catalog();
	rc = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
	assert(!rc);
	for (int i = 0; i < 2; i++)
		(void)setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	world.connection = ends[1];
	start(&daemon, ends[1]);
	kernel_begin(&s->kernel, ends[0]);
	kernel_init(&s->kernel);
	run_lines(s, text);
	kernel_end(&s->kernel);
	join(&daemon);
	check_catalog();
	free(s);
	free(text);
	return 0;
}
