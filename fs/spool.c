/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/spool.h"

#include "base/stream.h"
#include "fs/node.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define TEXT_MAX (256u << 10)
#define MEMORY_MAX (16u << 20)
#define FILE_MAX 16
#define BUFFER_BYTES 65536

TAILQ_HEAD(spool_list, spool);
TAILQ_HEAD(wait_list, spool_wait);

enum spool_state { SPOOL_PRINTING, SPOOL_READY, SPOOL_FAILED };

struct spool {
	TAILQ_ENTRY(spool) link;	/* of all that are printed or being printed */
	TAILQ_ENTRY(spool) queued;	/* of those that the thread will print */
	struct spools *owner;
	/* Under the owner's lock: */
	unsigned refs;	/* one of these is the printer's */
	enum spool_state state;
	struct wait_list waits;
	/* Constant: */
	uint64_t node;
	uint32_t uid;	/* of who opened it first */
	bool is_double;	/* another one of this node was still open */
	/* Constant once it is ready: */
	uint64_t sequence;	/* of its content */
	bool is_odd;
	bool in_memory;
	char *text;	/* owned */
	int fd;		/* owned; -1 = none */
	uint64_t bytes;
	struct stat attr;
};

struct spools {
	struct tree *tree;
	struct spools_options options;
	pthread_t thread;
	atomic_bool is_running, is_stopping;
	pthread_mutex_t lock;	/* everything below */
	pthread_cond_t wake;
	struct spool_list all, queue;
	size_t memory;	/* bytes of texts in memory */
	unsigned files;
};

struct spools *spools_new(struct tree *tree, const struct spools_options *options)
{
	struct spools *spools = calloc(1, sizeof(*spools));

	if (!spools)
		return NULL;
	spools->tree = tree;
	spools->options = *options;
	if (!spools->options.text_max)
		spools->options.text_max = TEXT_MAX;
	if (!spools->options.memory_max)
		spools->options.memory_max = MEMORY_MAX;
	if (!spools->options.file_max)
		spools->options.file_max = FILE_MAX;
	pthread_mutex_init(&spools->lock, NULL);
	pthread_cond_init(&spools->wake, NULL);
	TAILQ_INIT(&spools->all);
	TAILQ_INIT(&spools->queue);
	return spools;
}

void spools_free(struct spools *spools)
{
	if (!spools)
		return;
	pthread_mutex_destroy(&spools->lock);
	pthread_cond_destroy(&spools->wake);
	free(spools);
}

static void free_spool(struct spool *spool)
{
	if (spool->fd >= 0)
		close(spool->fd);
	free(spool->text);
	free(spool);
}

/* With the lock held; true when it is the caller's to free, without the lock. */
static bool drop(struct spool *spool)
{
	struct spools *spools = spool->owner;

	if (--spool->refs)
		return false;
	TAILQ_REMOVE(&spools->all, spool, link);
	if (spool->in_memory)
		spools->memory -= spool->bytes;
	else
		spools->files--;
	return true;
}

void spool_put(struct spool *spool)
{
	struct spools *spools;
	bool is_last;

	if (!spool)
		return;
	spools = spool->owner;
	pthread_mutex_lock(&spools->lock);
	is_last = drop(spool);
	pthread_mutex_unlock(&spools->lock);
	if (is_last)
		free_spool(spool);
}

/* ----- printing ----- */

static const char *other_directory(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir == '/' ? dir : "/var/tmp";
}

/* A file without a name, also where the file system makes none by itself. */
static int open_nameless(const char *dir)
{
	char path[PATH_MAX];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);

	if (fd >= 0)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR)
		return -errno;
	if (snprintf(path, sizeof(path), "%s/spool.XXXXXX", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	(void)unlink(path);
	return fd;
}

static int open_file(const struct spools *spools, struct err *err)
{
	const char *dir = catalog_dir(spools->tree->catalog);
	int fd = open_nameless(dir);

	if (fd == -EROFS || fd == -EACCES || fd == -EPERM) {
		dir = other_directory();
		fd = open_nameless(dir);
	}
	if (fd < 0)
		return err_set(err, fd, "Cannot make a file in '%s': %s", dir, strerror(-fd));
	return fd;
}

static int no_room(uint64_t bytes, struct err *err)
{
	return err_set(err, -ENOSPC, "No room on the disk for a text of %llu bytes",
		       (unsigned long long)bytes);
}

/* What others may write meanwhile is left free. */
static bool has_room(int fd, uint64_t bytes)
{
	struct statvfs disk;

	return fstatvfs(fd, &disk) || disk.f_bavail * disk.f_frsize >= bytes + SPOOL_RESERVE;
}

/* All of its room at once, so that a full disk is found here, where the file system can. */
static int reserve(int fd, uint64_t bytes, struct err *err)
{
	if (!has_room(fd, bytes))
		return no_room(bytes, err);
	if (!bytes || !fallocate(fd, 0, 0, (off_t)bytes) || errno == EOPNOTSUPP)
		return 0;
	if (errno == ENOSPC)
		return no_room(bytes, err);
	return err_set(err, -errno, "Cannot reserve room on the disk: %s", strerror(errno));
}

/*
 * A stream onto the file, which stays open when the stream is closed.  buffer: BUFFER_BYTES,
 * which the stream borrows; one that it makes itself has the size of a block.
 */
static FILE *open_stream(int fd, char *buffer)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	FILE *out = copy < 0 ? NULL : fdopen(copy, "w");

	if (!out && copy >= 0)
		close(copy);
	if (out)
		setvbuf(out, buffer, _IOFBF, BUFFER_BYTES);
	return out;
}

static int print_to(struct spool *spool, struct view *view, FILE *out, struct err *err)
{
	int rc;

	if (!out)
		return err_set(err, -errno, "Cannot open a stream: %s", strerror(errno));
	rc = info_print(spool->owner->tree->catalog, view->txn, &view->info,
			&spool->owner->is_stopping, out, err);
	if (!rc && txn_met_damage(view->txn))
		rc = err_set(err, -EIO, "What is shown here cannot be read: the catalog is damaged");
	if (fclose(out) && !rc)
		rc = err_set(err, -errno, "Cannot write a text: %s", strerror(errno));
	return rc;
}

static int print_text(struct spool *spool, struct view *view, uint64_t *bytes, struct err *err)
{
	size_t len = 0;
	int rc = print_to(spool, view, text_stream(&spool->text, &len), err);

	*bytes = len;
	return rc;
}

static int print_file(struct spool *spool, struct view *view, uint64_t *bytes, struct err *err)
{
	char *buffer;
	int rc;

	spool->fd = open_file(spool->owner, err);
	if (spool->fd < 0)
		return spool->fd;
	rc = reserve(spool->fd, view->info_state.bytes, err);
	if (rc)
		return rc;
	buffer = malloc(BUFFER_BYTES);
	if (!buffer)
		return err_nomem(err);
	rc = print_to(spool, view, open_stream(spool->fd, buffer), err);
	free(buffer);
	/* A stream does not tell why it failed. */
	if (rc == -EIO && !has_room(spool->fd, 0)) {
		err_clear(err);
		return no_room(view->info_state.bytes, err);
	}
	/* Where the stream stopped: what was reserved may be more. */
	*bytes = (uint64_t)lseek(spool->fd, 0, SEEK_CUR);
	return rc;
}

/* Print what view shows; the snapshot is the view's. */
static int print_spool(struct spool *spool, struct view *view, struct err *err)
{
	uint64_t bytes = 0;
	int rc = node_stat(view, &spool->attr, err);

	if (!rc)
		rc = spool->in_memory ? print_text(spool, view, &bytes, err)
				      : print_file(spool, view, &bytes, err);
	if (rc)
		return rc;
	spool->is_odd = bytes != view->info_state.bytes;
	spool->sequence = view->info_state.sequence;
	spool->attr.st_size = (off_t)bytes;
	spool->attr.st_blocks = (spool->attr.st_size + 511) / 512;
	pthread_mutex_lock(&spool->owner->lock);
	if (spool->in_memory)
		spool->owner->memory += bytes - spool->bytes;
	spool->bytes = bytes;
	pthread_mutex_unlock(&spool->owner->lock);
	return 0;
}

/*
 * Everybody who waits gets a reference of his own, or the reason why there is
 * none; the printer's goes first, so that what they close is closed.
 */
static void finish(struct spool *spool, int rc, const struct err *err)
{
	struct wait_list waits = TAILQ_HEAD_INITIALIZER(waits);
	struct spools *spools = spool->owner;
	struct spool_wait *wait;
	bool is_last;

	pthread_mutex_lock(&spools->lock);
	spool->state = rc ? SPOOL_FAILED : SPOOL_READY;
	TAILQ_CONCAT(&waits, &spool->waits, link);
	TAILQ_FOREACH(wait, &waits, link)
	spool->refs += !rc;
	is_last = drop(spool);
	pthread_mutex_unlock(&spools->lock);
	if (is_last)
		free_spool(spool);
	while ((wait = TAILQ_FIRST(&waits))) {
		TAILQ_REMOVE(&waits, wait, link);
		wait->done(wait, rc ? NULL : spool, rc, err);
	}
}

/* ----- the thread ----- */

static void print_queued(struct spool *spool)
{
	struct err err = ERR_INIT;
	struct view view;
	int rc = view_open(&view, spool->owner->tree, spool->node, spool->uid, &err);

	if (!rc)
		rc = print_spool(spool, &view, &err);
	view_close(&view);
	finish(spool, rc, &err);
}

static void *run(void *arg)
{
	struct spools *spools = arg;
	struct spool *spool;

	pthread_mutex_lock(&spools->lock);
	for (;;) {
		while (TAILQ_EMPTY(&spools->queue) && !spools->is_stopping)
			pthread_cond_wait(&spools->wake, &spools->lock);
		spool = TAILQ_FIRST(&spools->queue);
		if (!spool)
			break;
		TAILQ_REMOVE(&spools->queue, spool, queued);
		pthread_mutex_unlock(&spools->lock);
		print_queued(spool);
		pthread_mutex_lock(&spools->lock);
	}
	pthread_mutex_unlock(&spools->lock);
	return NULL;
}

int spools_start(struct spools *spools, struct err *err)
{
	int rc = pthread_create(&spools->thread, NULL, run, spools);

	spools->is_running = !rc;
	return rc ? err_set(err, -rc, "Cannot start a thread: %s", strerror(rc)) : 0;
}

void spools_stop(struct spools *spools)
{
	if (!spools->is_running)
		return;
	pthread_mutex_lock(&spools->lock);
	spools->is_stopping = true;
	pthread_cond_signal(&spools->wake);
	pthread_mutex_unlock(&spools->lock);
	pthread_join(spools->thread, NULL);
	spools->is_running = false;
}

/* ----- opening ----- */

/* With the lock held: the newest spool of a node, ready or being printed. */
static struct spool *find(struct spools *spools, uint64_t node)
{
	struct spool *spool;

	TAILQ_FOREACH_REVERSE(spool, &spools->all, spool_list, link)
	{
		if (spool->node == node && spool->state != SPOOL_FAILED)
			return spool;
	}
	return NULL;
}

/* With the lock held: take room for one more text; in memory if it is short. */
static int take_room(struct spools *spools, uint64_t bytes, bool *in_memory, struct err *err)
{
	*in_memory = bytes <= spools->options.text_max &&
		     spools->memory + bytes <= spools->options.memory_max;
	if (*in_memory) {
		spools->memory += bytes;
		return 0;
	}
	if (spools->files >= spools->options.file_max || !spools->is_running || spools->is_stopping)
		return err_set(err, -EBUSY, "Too many long texts are open (max %u): try again",
			       spools->options.file_max);
	spools->files++;
	return 0;
}

/* With the lock held: a new spool with one reference, that of who prints it. */
static int add(struct spools *spools, const struct view *view, uint64_t node, struct spool **out,
	       struct err *err)
{
	struct spool *spool = calloc(1, sizeof(*spool));
	int rc = spool ? take_room(spools, view->info_state.bytes, &spool->in_memory, err)
		       : err_nomem(err);

	if (rc) {
		free(spool);
		return rc;
	}
	spool->owner = spools;
	spool->refs = 1;
	spool->fd = -1;
	spool->node = node;
	spool->uid = view->uid;
	spool->is_double = find(spools, node) != NULL;
	spool->bytes = spool->in_memory ? view->info_state.bytes : 0;
	TAILQ_INIT(&spool->waits);
	TAILQ_INSERT_TAIL(&spools->all, spool, link);
	if (!spool->in_memory) {
		TAILQ_INSERT_TAIL(&spools->queue, spool, queued);
		pthread_cond_signal(&spools->wake);
	}
	*out = spool;
	return 0;
}

/*
 * With the lock held: ids have room for some of a number's bits, so the node of
 * what is open may have come to name another content.
 */
static bool is_outdated(const struct spool *spool, const struct view *view)
{
	return spool->state == SPOOL_READY && spool->sequence != view->info_state.sequence &&
	       view->inode.sub == (view->info_state.sequence & INODE_SUB_MASK);
}

/* What to do about an open. */
enum turn {
	TURN_DONE,	/* the text is there, or cannot be had */
	TURN_PRINT,	/* the caller prints it */
	TURN_WAIT	/* somebody else does */
};

/* rc: of loading the view. */
static enum turn take_turn(struct spools *spools, const struct view *view, uint64_t node, int *rc,
			   struct spool_wait *wait, struct spool **out, struct err *err)
{
	enum turn turn = TURN_WAIT;
	struct spool *spool;

	pthread_mutex_lock(&spools->lock);
	spool = find(spools, node);
	if (spool && !*rc && is_outdated(spool, view))
		spool = NULL;
	wait->is_shared = spool;
	if (spool) {
		*rc = 0;
		turn = spool->state == SPOOL_READY ? TURN_DONE : TURN_WAIT;
	} else if (!*rc) {
		*rc = add(spools, view, node, &spool, err);
		turn = !*rc && spool->in_memory ? TURN_PRINT : TURN_WAIT;
	}
	if (*rc)
		turn = TURN_DONE;
	else if (turn == TURN_DONE)
		spool->refs++;
	else
		TAILQ_INSERT_TAIL(&spool->waits, wait, link);
	pthread_mutex_unlock(&spools->lock);
	*out = *rc ? NULL : spool;
	return turn;
}

void spools_open(struct spools *spools, uint64_t node, uint32_t uid, struct spool_wait *wait)
{
	struct err err = ERR_INIT;
	struct spool *spool;
	struct view view;
	int rc = view_open(&view, spools->tree, node, uid, &err);
	enum turn turn = take_turn(spools, &view, node, &rc, wait, &spool, &err);

	if (turn == TURN_PRINT)
		rc = print_spool(spool, &view, &err);
	view_close(&view);
	switch (turn) {
	case TURN_DONE:
		wait->done(wait, spool, rc, &err);
		break;
	case TURN_PRINT:
		finish(spool, rc, &err);
		break;
	case TURN_WAIT:
		break;
	}
}

/* ----- reading ----- */

bool spool_is_named(const struct spool *spool)
{
	struct inode inode = inode_unpack(spool->node);

	return !spool->is_odd && !spool->is_double &&
	       inode.sub == (spool->sequence & INODE_SUB_MASK);
}

bool spool_is_odd(const struct spool *spool)
{
	return spool->is_odd;
}

bool spool_is_double(const struct spool *spool)
{
	return spool->is_double;
}

void spool_attr(const struct spool *spool, struct stat *out)
{
	*out = spool->attr;
}

const char *spool_text(const struct spool *spool, size_t *len)
{
	*len = (size_t)spool->bytes;
	return spool->text;
}

ssize_t spool_read(const struct spool *spool, void *at, size_t size, uint64_t offset)
{
	ssize_t n;

	if (offset >= spool->bytes)
		return 0;
	if (size > spool->bytes - offset)
		size = (size_t)(spool->bytes - offset);
	if (spool->text) {
		memcpy(at, spool->text + offset, size);
		return (ssize_t)size;
	}
	n = pread(spool->fd, at, size, (off_t)offset);
	if (n == (ssize_t)size)
		return n;
	return n < 0 ? -errno : -EIO;
}
