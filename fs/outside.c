/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/outside.h"

#include "fs/agent.h"
#include "fs/userlink.h"
#include "paths/shard.h"

#include <dirent.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHARD_WORD "{shard}"
#define USER_WORD "{userId}"
#define SECOND INT64_C(1000000)

/*
 * Positions: 14 bits that tell the state of the directories from another one,
 * as fs/node_list.c has it; shard + 1; and in 43 bits the position in the
 * shard's directory, which may have 63.  Of a large one the upper 42 are taken:
 * where positions follow an order, as hashes of names do, that is at most a few
 * names too early, and the exact ones of the latest listings are kept.
 */
#define STATE_SHIFT 49
#define STATE_MASK UINT64_C(0x3fff)
#define SHARD_SHIFT 43
#define FOLDED (UINT64_C(1) << 42)
#define FOLD_BITS 21
#define KEPT 256
_Static_assert(USER_SHARDS < 1 << (STATE_SHIFT - SHARD_SHIFT), "a shard's number fits");

struct kept {
	uint32_t table_id;
	uint64_t position;	/* 0: none */
	uint64_t exact;
};

struct outside {
	sem_t readers;		/* directories that may be read at the same time */
	pthread_mutex_t lock;	/* below */
	struct kept kept[KEPT];	/* the oldest goes first */
	unsigned next;
};

/* One directory that may hold users' directories, and how their names look. */
struct place_dir {
	char path[LOCATION_SIZE];	/* the directory */
	char before[LOCATION_SIZE];	/* in front of the user id in its name */
	char after[LOCATION_SIZE];	/* behind it */
	char below[LOCATION_SIZE];	/* the rest of the path, with '/' in front, or empty */
};

struct outside *outside_new(void)
{
	struct outside *outside = calloc(1, sizeof(*outside));

	if (!outside)
		return NULL;
	sem_init(&outside->readers, 0, OUTSIDE_MAX);
	pthread_mutex_init(&outside->lock, NULL);
	return outside;
}

void outside_free(struct outside *outside)
{
	if (!outside)
		return;
	sem_destroy(&outside->readers);
	pthread_mutex_destroy(&outside->lock);
	free(outside);
}

static uint64_t fold(unsigned shard, uint64_t exact)
{
	uint64_t folded = exact < FOLDED ? exact : FOLDED | (exact >> FOLD_BITS & (FOLDED - 1));

	return (uint64_t)(shard + 1) << SHARD_SHIFT | folded;
}

/* A listing ends here for now. */
static void keep(struct outside *outside, uint32_t table_id, uint64_t position, uint64_t exact)
{
	if (exact < FOLDED)
		return;
	pthread_mutex_lock(&outside->lock);
	outside->kept[outside->next] = (struct kept){ table_id, position, exact };
	outside->next = (outside->next + 1) % KEPT;
	pthread_mutex_unlock(&outside->lock);
}

/* The position in the shard's directory.  Of two that fold alike the first: nothing is left out. */
static uint64_t unfold(struct outside *outside, uint32_t table_id, uint64_t position)
{
	uint64_t folded = position & ((UINT64_C(1) << SHARD_SHIFT) - 1);
	uint64_t exact = UINT64_MAX;

	if (folded < FOLDED)
		return folded;
	pthread_mutex_lock(&outside->lock);
	for (unsigned i = 0; i < KEPT; i++) {
		const struct kept *kept = &outside->kept[i];

		if (kept->position == position && kept->table_id == table_id && kept->exact < exact)
			exact = kept->exact;
	}
	pthread_mutex_unlock(&outside->lock);
	return exact < UINT64_MAX ? exact : (folded ^ FOLDED) << FOLD_BITS;
}

/* partial with {shard} filled in. */
static bool fill_shard(const char *partial, unsigned shard, char out[LOCATION_SIZE])
{
	const char *at = strstr(partial, SHARD_WORD);
	int len;

	if (!at)
		len = snprintf(out, LOCATION_SIZE, "%s", partial);
	else
		len = snprintf(out, LOCATION_SIZE, "%.*sshard_%u%s", (int)(at - partial), partial,
			       shard, at + strlen(SHARD_WORD));
	return len >= 0 && len < LOCATION_SIZE;
}

/* Of a place for users, which is an absolute path with {userId}. */
static bool split(const char *partial, unsigned shard, struct place_dir *out)
{
	char path[LOCATION_SIZE];
	char *user, *segment, *rest;

	if (!fill_shard(partial, shard, path))
		return false;
	user = strstr(path, USER_WORD);
	assert(user);
	*user = '\0';
	segment = strrchr(path, '/');
	assert(segment);
	rest = user + strlen(USER_WORD);
	snprintf(out->below, sizeof(out->below), "%s", strchr(rest, '/') ? strchr(rest, '/') : "");
	snprintf(out->after, sizeof(out->after), "%.*s", (int)strcspn(rest, "/"), rest);
	snprintf(out->before, sizeof(out->before), "%s", segment + 1);
	*segment = '\0';
	snprintf(out->path, sizeof(out->path), "%s", *path ? path : "/");
	return true;
}

static unsigned shard_count(const struct view *dir)
{
	return strstr(dir->place->partial, SHARD_WORD) ? USER_SHARDS : 1;
}

/* Reading our own mount from a worker would wait for a worker. */
static bool is_inside_mount(const struct tree *tree, const char *path)
{
	size_t len = strlen(tree->mountpoint);

	return !strncmp(path, tree->mountpoint, len) && (path[len] == '/' || !path[len]);
}

static bool is_readable_place(const struct view *dir)
{
	return dir->place->storage && dir->place->storage->type == STORAGE_FILESYSTEM &&
	       dir->place->per_user && !is_inside_mount(dir->tree, dir->place->base);
}

/* stat of a directory; where only its owner may look by who may.  0 or -errno. */
static int stat_dir(struct agent *agent, const char *path, struct stat *out)
{
	int fd, rc;

	if (!stat(path, out))
		return S_ISDIR(out->st_mode) ? 0 : -ENOTDIR;
	if (errno != EACCES)
		return -errno;
	fd = agent_open_dir(agent, path);
	if (fd < 0)
		return fd;
	rc = fstat(fd, out) ? -errno : 0;
	close(fd);
	return rc;
}

static bool is_directory(struct agent *agent, const struct place_dir *place,
			 const struct dirent *found)
{
	char path[LOCATION_SIZE + NAME_MAX + LOCATION_SIZE + 1];
	struct stat st;

	if (!*place->below && found->d_type == DT_DIR)
		return true;
	if (!*place->below && found->d_type != DT_UNKNOWN && found->d_type != DT_LNK)
		return false;
	snprintf(path, sizeof(path), "%s/%s%s", place->path, found->d_name, place->below);
	return !stat_dir(agent, path, &st);
}

/* The user id in a name, in out; false if the name is not a user's directory. */
static bool user_of(const struct view *dir, const struct place_dir *place, unsigned shard,
		    const struct dirent *found, char out[USER_ID_MAX_BYTES + 1])
{
	size_t len = strlen(found->d_name);
	size_t before = strlen(place->before), after = strlen(place->after);

	if (len <= before + after || strncmp(found->d_name, place->before, before) ||
	    strcmp(found->d_name + len - after, place->after))
		return false;
	len -= before + after;
	if (user_id_check(found->d_name + before, len, NULL))
		return false;
	memcpy(out, found->d_name + before, len);
	out[len] = '\0';
	if (shard_count(dir) > 1 && shard_of_user(out, len) != shard)
		return false;
	return is_directory(dir->tree->agent, place, found);
}

/* Nobody has written there yet. */
static bool is_absence(int number)
{
	return number == ENOENT || number == ENOTDIR;
}

struct listing {
	struct view *dir;
	uint64_t state;		/* its bits of positions */
	entry_fn *fn;
	void *arg;
};

static int emit_user(const struct listing *l, const char *user, uint64_t next)
{
	struct entry entry = {
		.attr = {
			.st_ino = userlink_ino(l->dir->table->id, user),
			.st_mode = S_IFLNK,
		},
	};

	return l->fn(l->arg, user, &entry, next);
}

static int emit_dots(const struct listing *l, uint64_t after)
{
	struct entry entry = { .attr = { .st_ino = node_ino(l->dir), .st_mode = S_IFDIR } };
	int rc = 0;

	if (after < 1)
		rc = l->fn(l->arg, ".", &entry, l->state | 1);
	if (!rc && after < 2) {
		entry.attr.st_ino = inode_pack(NODE_TABLE, l->dir->inode.object, 0);
		rc = l->fn(l->arg, "..", &entry, l->state | 2);
	}
	return rc;
}

/* As opendir(3), by who may. */
static DIR *open_stream(struct agent *agent, const char *path)
{
	int fd = agent_open_dir(agent, path);
	DIR *stream;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	stream = fdopendir(fd);
	if (!stream)
		close(fd);
	return stream;
}

/* The users of one shard behind a position; 0 for all. */
static int list_shard(const struct listing *l, unsigned shard, uint64_t after)
{
	const struct view *dir = l->dir;
	struct outside *outside = dir->tree->outside;
	uint64_t exact = 0;	/* behind the last user that was taken */
	struct place_dir place;
	struct dirent *found;
	DIR *stream;
	int rc = 0;

	if (!split(dir->place->partial, shard, &place))
		return 0;
	stream = open_stream(dir->tree->agent, place.path);
	if (!stream)
		return is_absence(errno) ? 0 : -errno;
	if (after)
		seekdir(stream, (long)unfold(outside, dir->table->id, after));
	while ((found = readdir(stream))) {
		char user[USER_ID_MAX_BYTES + 1];
		uint64_t behind = (uint64_t)found->d_off;

		if (!user_of(dir, &place, shard, found, user))
			continue;
		rc = emit_user(l, user, l->state | fold(shard, behind));
		if (rc)
			break;
		exact = behind;
	}
	closedir(stream);
	keep(outside, dir->table->id, l->state | fold(shard, exact), exact);
	return rc;
}

static int list_shards(const struct listing *l, uint64_t after)
{
	uint64_t within = after & ((UINT64_C(1) << STATE_SHIFT) - 1);
	unsigned begun = (unsigned)(within >> SHARD_SHIFT);	/* the shard + 1; 0 = none */
	int rc = emit_dots(l, within);

	for (unsigned shard = begun ? begun - 1 : 0; !rc && shard < shard_count(l->dir); shard++)
		rc = list_shard(l, shard, shard + 1 == begun ? after : 0);
	return rc;
}

int outside_list(struct view *dir, uint64_t after, entry_fn *fn, void *arg, struct err *err)
{
	struct listing l = { .dir = dir, .fn = fn, .arg = arg };
	uint64_t at;
	int rc = view_place(dir, err);

	if (rc)
		return rc;
	if (!is_readable_place(dir))
		return emit_dots(&l, after);
	/* Told before they are listed: who goes on here has nothing older than this. */
	at = (uint64_t)outside_mtime(dir);
	l.state = (siphash13(&at, sizeof(at)) & STATE_MASK) << STATE_SHIFT;
	if (sem_trywait(&dir->tree->outside->readers))
		return err_set(err, -EBUSY, "Too many listings of user directories at a time");
	rc = list_shards(&l, after);
	sem_post(&dir->tree->outside->readers);
	return rc;
}

int outside_find(struct view *dir, const char *name, struct view *child, struct err *err)
{
	int rc;

	*child = (struct view){ .tree = dir->tree, .txn = dir->txn, .uid = dir->uid };
	if (user_id_check(name, strlen(name), NULL))
		return -ENOENT;
	rc = view_place(dir, err);
	if (rc)
		return rc;
	if (!view_link(child))
		return err_nomem(err);
	rc = location_user(dir->place->partial, name, child->link, err);
	if (rc)
		return rc;
	return userlink_get(dir->tree->links, dir->table->id, name, child->link,
			    dir->place->changed_at, &child->inode);
}

/* What tells a listing of these directories from another one. */
struct trace {
	int64_t last;		/* when one of them last changed */
	uint64_t hash;		/* which ones they are, and their times */
	bool is_blind;		/* names in them count that change neither */
	bool is_unknown;	/* one of them could not be looked at */
};

static void look(const struct view *dir, unsigned shard, struct trace *trace)
{
	struct place_dir place;
	struct stat st;
	int64_t at;
	int rc;

	if (!split(dir->place->partial, shard, &place))
		return;
	trace->is_blind = *place.below;
	rc = stat_dir(dir->tree->agent, place.path, &st);
	trace->is_unknown |= rc && !is_absence(-rc);
	if (rc)
		return;
	at = (int64_t)st.st_mtim.tv_sec * SECOND + st.st_mtim.tv_nsec / 1000;
	trace->last = at > trace->last ? at : trace->last;
	trace->hash = siphash13((const uint64_t[]){ trace->hash, st.st_dev, st.st_ino,
						    (uint64_t)at }, 4 * sizeof(uint64_t));
}

/*
 * The kernel keeps a listing as long as this stays the same.  Directories that
 * were moved bring old times along, so which ones they are is in the fraction
 * of the second.
 */
int64_t outside_mtime(struct view *dir)
{
	int64_t now = catalog_now(dir->tree->catalog);
	struct trace trace = { 0 };
	int64_t placed;

	if (view_place(dir, NULL))
		return now;
	placed = trace.last = dir->place->changed_at;
	if (!is_readable_place(dir))
		return placed;
	if (sem_trywait(&dir->tree->outside->readers))
		return now;
	for (unsigned shard = 0; shard < shard_count(dir); shard++)
		look(dir, shard, &trace);
	sem_post(&dir->tree->outside->readers);
	if (trace.is_unknown)
		return now;
	if (trace.is_blind)
		return now - now % SECOND;
	/* Stamps of file systems are coarse: two changes may share one. */
	if (trace.last > placed && now - trace.last < SECOND)
		return now;
	return trace.last - (int64_t)(trace.hash % SECOND);
}
