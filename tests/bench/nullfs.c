/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nullfs - the least that a FUSE file system can do: a copy of a directory, from memory.
 *
 *	nullfs [-f] [-d] [-o OPTION[,OPTION...]] SOURCE MOUNTPOINT
 *
 * SOURCE is read once, at start.  With the options that kalamfs works like it
 * gets the same requests for the same calls, so what kalamfs takes longer is
 * what kalamfs does.  As there, requests are answered by up to 32 threads that
 * stay, and .kalamfs/metrics counts them; that name is in no listing.
 *
 *	entry_timeout=S  seconds for which names are kept (86400)
 *	attr_timeout=S   the same for attributes (86400)
 *	dir_timeout=S    attributes of directories in answers to LOOKUP and READDIRPLUS (0)
 *	no_open          the kernel opens files without asking
 *	no_opendir       the same for directories
 *	no_cache         files' pages are not kept from one open to the next
 *	plus=N           READDIRPLUS gives attributes in directories of up to N names (1000)
 *
 * and those of libfuse.
 */
#define FUSE_USE_VERSION 314

#include "tests/bench/bench.h"

#include <dirent.h>
#include <errno.h>
#include <fuse_lowlevel.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORKERS 32
#define LISTING_MAX (256u << 10)
#define METRICS_SIZE 1024u	/* that many bytes always, the rest blank */

/*
 * Ids of what is not in SOURCE; all others are places in `nodes`, plus one.
 * Each LOOKUP of metrics makes a new one, so that nothing of it is kept.
 */
#define STATE_DIR (UINT64_C(1) << 62)
#define METRICS (STATE_DIR + 1)

struct node {
	char *name;		/* owned */
	uint32_t parent;
	uint32_t first, count;	/* of a directory: its names, sorted */
	struct stat attr;
	char *text;		/* owned: a file's content, a link's text */
};

static struct node *nodes;
static size_t node_count, node_room;

struct options {
	char *source, *mountpoint;
	double entry_timeout, attr_timeout, dir_timeout;
	int no_open, no_opendir, no_cache;
	unsigned plus;
};
static struct options options = {
	.entry_timeout = 86400,
	.attr_timeout = 86400,
	.plus = 1000,
};

enum op {
	OP_LOOKUP, OP_FORGET, OP_GETATTR, OP_READLINK, OP_OPEN, OP_READ, OP_RELEASE,
	OP_OPENDIR, OP_READDIR, OP_READDIRPLUS, OP_RELEASEDIR, OP_STATFS, OP_COUNT
};
static const char *const op_names[OP_COUNT] = {
	[OP_LOOKUP] = "lookup", [OP_FORGET] = "forget", [OP_GETATTR] = "getattr",
	[OP_READLINK] = "readlink", [OP_OPEN] = "open", [OP_READ] = "read",
	[OP_RELEASE] = "release", [OP_OPENDIR] = "opendir",
	[OP_READDIR] = "readdir", [OP_READDIRPLUS] = "readdirplus",
	[OP_RELEASEDIR] = "releasedir", [OP_STATFS] = "statfs",
};
static atomic_uint_fast64_t counts[OP_COUNT];

static void count(enum op op)
{
	atomic_fetch_add_explicit(&counts[op], 1, memory_order_relaxed);
}

static void *checked(void *memory)
{
	if (!memory)
		bench_die("no memory");
	return memory;
}

/* ----- the copy ----- */

static void path_of(uint32_t at, char out[PATH_MAX])
{
	size_t len;

	if (!at) {
		snprintf(out, PATH_MAX, "%s", options.source);
		return;
	}
	path_of(nodes[at].parent, out);
	len = strlen(out);
	snprintf(out + len, PATH_MAX - len, "/%s", nodes[at].name);
}

static char *read_file(const char *path, size_t len)
{
	char *text = checked(malloc(len + 1));
	FILE *in = fopen(path, "re");

	if (!in || fread(text, 1, len, in) != len)
		bench_die("%s: cannot read %zu bytes", path, len);
	fclose(in);
	text[len] = '\0';
	return text;
}

static char *read_link(const char *path, size_t len)
{
	char *text = checked(calloc(1, len + 1));

	if (readlink(path, text, len) != (ssize_t)len)
		bench_die("%s: no link of %zu bytes", path, len);
	return text;
}

static void add_node(uint32_t parent, const char *name)
{
	char path[PATH_MAX];
	struct node *node;

	if (node_count == node_room) {
		node_room = node_room ? node_room * 2 : 4096;
		nodes = checked(reallocarray(nodes, node_room, sizeof(*nodes)));
	}
	node = &nodes[node_count];
	*node = (struct node){ .name = checked(strdup(name)), .parent = parent };
	path_of((uint32_t)node_count, path);
	if (lstat(path, &node->attr))
		bench_die("%s: %s", path, strerror(errno));
	if (S_ISREG(node->attr.st_mode))
		node->text = read_file(path, (size_t)node->attr.st_size);
	else if (S_ISLNK(node->attr.st_mode))
		node->text = read_link(path, (size_t)node->attr.st_size);
	else
		node->attr.st_size = 0;
	node->attr.st_ino = ++node_count;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_names(uint32_t dir)
{
	struct dirent **entries;
	char path[PATH_MAX];
	int n;

	path_of(dir, path);
	n = scandir(path, &entries, NULL, by_name);
	if (n < 0)
		bench_die("%s: %s", path, strerror(errno));
	nodes[dir].first = (uint32_t)node_count;
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;

		if (strcmp(name, ".") && strcmp(name, ".."))
			add_node(dir, name);
		free(entries[i]);
	}
	free(entries);
	nodes[dir].count = (uint32_t)node_count - nodes[dir].first;
}

static void load(void)
{
	add_node(0, "");
	for (uint32_t i = 0; i < node_count; i++) {
		if (S_ISDIR(nodes[i].attr.st_mode))
			add_names(i);
	}
}

static struct node *node_of(fuse_ino_t ino)
{
	return &nodes[ino - 1];
}

static struct node *find(const struct node *dir, const char *name)
{
	uint32_t low = dir->first, high = dir->first + dir->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(name, nodes[middle].name);

		if (!order)
			return &nodes[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* ----- .kalamfs/metrics ----- */

static struct fuse_entry_param state_entry(fuse_ino_t ino)
{
	mode_t mode = ino == STATE_DIR ? S_IFDIR | 0555 : S_IFREG | 0444;

	return (struct fuse_entry_param){
		.ino = ino,
		.attr = { .st_ino = ino, .st_mode = mode, .st_nlink = 1, .st_size = METRICS_SIZE },
	};
}

static fuse_ino_t new_metrics(void)
{
	static atomic_uint_fast64_t lookups;

	return METRICS + atomic_fetch_add(&lookups, 1);
}

static void print_metrics(char out[METRICS_SIZE])
{
	FILE *text;

	memset(out, '\n', METRICS_SIZE);
	text = checked(fmemopen(out, METRICS_SIZE, "r+"));
	for (enum op op = 0; op < OP_COUNT; op++)
		fprintf(text, "kalamfs_operations_total{operation=\"%s\"} %llu\n", op_names[op],
			(unsigned long long)counts[op]);
	fclose(text);
}

/* ----- what the kernel calls ----- */

static void null_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	conn->want &= ~(unsigned)(FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_WRITEBACK_CACHE |
				  FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE |
				  FUSE_CAP_SPLICE_MOVE);
	conn->want |= conn->capable & (FUSE_CAP_READDIRPLUS | FUSE_CAP_CACHE_SYMLINKS |
				       FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_ATOMIC_O_TRUNC |
				       FUSE_CAP_AUTO_INVAL_DATA);
	if (!options.plus)
		conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS;
	if (options.no_open)
		conn->want |= conn->capable & FUSE_CAP_NO_OPEN_SUPPORT;
	if (options.no_opendir)
		conn->want |= conn->capable & FUSE_CAP_NO_OPENDIR_SUPPORT;
}

static struct fuse_entry_param entry_of(const struct node *node)
{
	return (struct fuse_entry_param){
		.ino = node->attr.st_ino,
		.attr = node->attr,
		.entry_timeout = options.entry_timeout,
		.attr_timeout = S_ISDIR(node->attr.st_mode) ? options.dir_timeout :
							      options.attr_timeout,
	};
}

static void null_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = { .entry_timeout = options.entry_timeout };
	const struct node *node;

	count(OP_LOOKUP);
	if (parent == STATE_DIR && !strcmp(name, "metrics")) {
		entry = state_entry(new_metrics());
	} else if (parent == FUSE_ROOT_ID && !strcmp(name, ".kalamfs")) {
		entry = state_entry(STATE_DIR);
	} else if (parent < STATE_DIR) {
		node = find(node_of(parent), name);
		if (node)
			entry = entry_of(node);
	}
	fuse_reply_entry(req, &entry);
}

static void null_forget(fuse_req_t req, fuse_ino_t ino, uint64_t nlookup)
{
	(void)ino;
	(void)nlookup;
	count(OP_FORGET);
	fuse_reply_none(req);
}

static void null_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)fi;
	count(OP_GETATTR);
	if (ino >= STATE_DIR) {
		struct fuse_entry_param entry = state_entry(ino);

		fuse_reply_attr(req, &entry.attr, 0);
	} else {
		fuse_reply_attr(req, &node_of(ino)->attr, options.attr_timeout);
	}
}

static void null_readlink(fuse_req_t req, fuse_ino_t ino)
{
	count(OP_READLINK);
	if (ino < STATE_DIR && node_of(ino)->text)
		fuse_reply_readlink(req, node_of(ino)->text);
	else
		fuse_reply_err(req, EINVAL);
}

static void null_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	count(OP_OPEN);
	if ((fi->flags & O_ACCMODE) != O_RDONLY) {
		fuse_reply_err(req, EROFS);
	} else if (options.no_open) {
		fuse_reply_err(req, ENOSYS);
	} else {
		fi->keep_cache = !options.no_cache;
		fi->noflush = 1;
		fuse_reply_open(req, fi);
	}
}

static void reply_slice(fuse_req_t req, const char *text, size_t len, size_t size, off_t off)
{
	size_t from = (size_t)off > len ? len : (size_t)off;

	fuse_reply_buf(req, text + from, size < len - from ? size : len - from);
}

static void null_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		      struct fuse_file_info *fi)
{
	count(OP_READ);
	(void)fi;
	if (ino < STATE_DIR) {
		const struct node *node = node_of(ino);

		reply_slice(req, node->text, (size_t)node->attr.st_size, size, off);
	} else {
		char text[METRICS_SIZE];

		print_metrics(text);
		reply_slice(req, text, sizeof(text), size, off);
	}
}

static void null_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	count(OP_RELEASE);
	fuse_reply_err(req, 0);
}

static void null_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	count(OP_OPENDIR);
	if (options.no_opendir) {
		fuse_reply_err(req, ENOSYS);
		return;
	}
	fi->keep_cache = 1;
	fi->cache_readdir = 1;
	fuse_reply_open(req, fi);
}

static size_t add_entry(fuse_req_t req, char *at, size_t left, const struct node *node,
			bool plus, bool full, off_t next)
{
	struct fuse_entry_param entry = entry_of(node);

	if (!plus)
		return fuse_add_direntry(req, at, left, node->name, &node->attr, next);
	if (!full)
		entry.ino = 0;
	return fuse_add_direntry_plus(req, at, left, node->name, &entry, next);
}

/* Position n stands behind the n-th name. */
static void list(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, bool plus)
{
	const struct node *dir = ino < STATE_DIR ? node_of(ino) : NULL;
	size_t used = 0;
	char *page;

	size = size < LISTING_MAX ? size : LISTING_MAX;
	page = checked(malloc(size));
	for (uint32_t i = (uint32_t)off; dir && i < dir->count; i++) {
		size_t len = add_entry(req, page + used, size - used, &nodes[dir->first + i], plus,
				       dir->count <= options.plus, (off_t)i + 1);

		if (len > size - used)
			break;
		used += len;
	}
	fuse_reply_buf(req, page, used);
	free(page);
}

static void null_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			 struct fuse_file_info *fi)
{
	(void)fi;
	count(OP_READDIR);
	list(req, ino, size, off, false);
}

static void null_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			     struct fuse_file_info *fi)
{
	(void)fi;
	count(OP_READDIRPLUS);
	list(req, ino, size, off, true);
}

static void null_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	count(OP_RELEASEDIR);
	fuse_reply_err(req, 0);
}

static void null_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs out = { .f_bsize = 4096, .f_frsize = 4096, .f_namemax = 255 };

	(void)ino;
	count(OP_STATFS);
	fuse_reply_statfs(req, &out);
}

static const struct fuse_lowlevel_ops ops = {
	.init = null_init,
	.lookup = null_lookup,
	.forget = null_forget,
	.getattr = null_getattr,
	.readlink = null_readlink,
	.open = null_open,
	.read = null_read,
	.release = null_release,
	.opendir = null_opendir,
	.readdir = null_readdir,
	.readdirplus = null_readdirplus,
	.releasedir = null_releasedir,
	.statfs = null_statfs,
};

/* ----- the program ----- */

#define OPTION(text, member, value) { text, offsetof(struct options, member), value }

static const struct fuse_opt specs[] = {
	OPTION("entry_timeout=%lf", entry_timeout, 0),
	OPTION("attr_timeout=%lf", attr_timeout, 0),
	OPTION("dir_timeout=%lf", dir_timeout, 0),
	OPTION("no_open", no_open, 1),
	OPTION("no_opendir", no_opendir, 1),
	OPTION("no_cache", no_cache, 1),
	OPTION("plus=%u", plus, 0),
	FUSE_OPT_KEY("-f", FUSE_OPT_KEY_DISCARD),
	FUSE_OPT_END
};

static int take(void *arg, const char *text, int key, struct fuse_args *out)
{
	struct options *to = arg;

	(void)out;
	if (key != FUSE_OPT_KEY_NONOPT)
		return 1;
	if (to->mountpoint)
		bench_die("too many arguments: %s", text);
	*(to->source ? &to->mountpoint : &to->source) = checked(strdup(text));
	return 0;
}

static int answer(struct fuse_session *se)
{
	struct fuse_loop_config *config = checked(fuse_loop_cfg_create());
	int rc;

	fuse_loop_cfg_set_max_threads(config, WORKERS);
	fuse_loop_cfg_set_idle_threads(config, WORKERS);
	fuse_loop_cfg_set_clone_fd(config, 0);
	rc = fuse_session_loop_mt(se, config);
	fuse_loop_cfg_destroy(config);
	return rc;
}

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_session *se;
	int rc;

	if (fuse_opt_parse(&args, &options, specs, take) || !options.mountpoint)
		bench_die("expected: nullfs [-f] [-d] [-o OPTION...] SOURCE MOUNTPOINT");
	if (fuse_opt_add_arg(&args, "-onosuid,nodev,default_permissions,fsname=nullfs"))
		bench_die("no memory");
	load();
	se = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	if (!se || fuse_set_signal_handlers(se) || fuse_session_mount(se, options.mountpoint))
		return 1;
	rc = answer(se);
	fuse_session_unmount(se);
	fuse_remove_signal_handlers(se);
	fuse_session_destroy(se);
	fuse_opt_free_args(&args);
	return rc < 0;
}
