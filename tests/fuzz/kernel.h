/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's end of a FUSE connection, for a target: one request after the
 * other, each of which must get one answer in a form that the kernel takes.
 * It is honest: it names nodes that were looked up and not yet forgotten, and
 * asks nothing that the VFS would answer by itself.
 */
#ifndef KALAM_TESTS_FUZZ_KERNEL_H
#define KALAM_TESTS_FUZZ_KERNEL_H

#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define KERNEL_MESSAGE_MAX (2u << 20)
#define KERNEL_ANSWER_MS 30000
#define KERNEL_REFS 4096

struct kernel {
	int fd;
	uint64_t unique;
	uint8_t *in;			/* owned: the last answer */
	size_t in_len;			/* behind its header */
	uint64_t refs[KERNEL_REFS];	/* nodes to forget, once each */
	unsigned ref_count;
};

struct part {
	const void *at;
	size_t len;
};

static inline const void *kernel_body(const struct kernel *k)
{
	return k->in + sizeof(struct fuse_out_header);
}

static inline void kernel_send(struct kernel *k, uint32_t opcode, uint64_t node,
			       const struct part *parts, size_t count)
{
	struct fuse_in_header header = { .len = sizeof(header), .opcode = opcode,
					 .unique = k->unique += 2, .nodeid = node, .uid = getuid(),
					 .gid = getgid(), .pid = (uint32_t)getpid() };
	struct iovec iov[5] = { { &header, sizeof(header) } };

	assert(count < 5);
	for (size_t i = 0; i < count; i++) {
		iov[i + 1] = (struct iovec){ (void *)(uintptr_t)parts[i].at, parts[i].len };
		header.len += (uint32_t)parts[i].len;
	}
	assert(writev(k->fd, iov, (int)count + 1) == (ssize_t)header.len);
}

/* Of a healthy disk nobody hears; EINTR and ERESTART are the kernel's own. */
static inline void check_error(int32_t error)
{
	assert(error <= 0 && error > -512);
	assert(error != -EIO && error != -EUCLEAN && error != -ENOMEM && error != -EINTR &&
	       error != -EFAULT && error != -EBADF && error != -ENOTCONN);
}

/* libFuzzer's alarm interrupts what waits. */
static inline void kernel_wait(const struct kernel *k)
{
	struct pollfd end = { .fd = k->fd, .events = POLLIN };
	int count;

	do
		count = poll(&end, 1, KERNEL_ANSWER_MS);
	while (count < 0 && errno == EINTR);
	assert(count == 1);
}

/* 0 or -errno: the answer to the last request, past notifications. */
static inline int kernel_await(struct kernel *k)
{
	const struct fuse_out_header *header = (const void *)k->in;

	for (;;) {
		ssize_t len;

		kernel_wait(k);
		len = recv(k->fd, k->in, KERNEL_MESSAGE_MAX, 0);
		assert(len >= (ssize_t)sizeof(*header) && header->len == len);
		if (!header->unique)
			continue;
		assert(header->unique == k->unique);
		check_error(header->error);
		k->in_len = (size_t)len - sizeof(*header);
		assert(!header->error || !k->in_len);
		return header->error;
	}
}

static inline int kernel_call(struct kernel *k, uint32_t opcode, uint64_t node,
			      const struct part *parts, size_t count)
{
	kernel_send(k, opcode, node, parts, count);
	return kernel_await(k);
}

/* With one structure, and a name or another text behind it. */
static inline int kernel_ask(struct kernel *k, uint32_t opcode, uint64_t node, const void *in,
			     size_t size, const char *name)
{
	struct part parts[] = { { in, size }, { name, name ? strlen(name) + 1 : 0 } };

	return kernel_call(k, opcode, node, parts, 2);
}

static inline void kernel_ref(struct kernel *k, uint64_t node)
{
	assert(k->ref_count < KERNEL_REFS);
	k->refs[k->ref_count++] = node;
}

static inline void kernel_forget(struct kernel *k, uint64_t node)
{
	struct fuse_forget_in in = { .nlookup = 1 };
	struct part part = { &in, sizeof(in) };

	kernel_send(k, FUSE_FORGET, node, &part, 1);
}

static inline void kernel_forget_all(struct kernel *k)
{
	while (k->ref_count)
		kernel_forget(k, k->refs[--k->ref_count]);
}

static inline void check_attr(const struct fuse_attr *attr)
{
	mode_t kind = attr->mode & S_IFMT;

	assert(kind == S_IFDIR || kind == S_IFREG || kind == S_IFLNK);
	assert(attr->ino && (int64_t)attr->size >= 0);
}

/* What lookups and what makes something answer; a reference. */
static inline int kernel_entry(struct kernel *k, int rc, struct fuse_entry_out *out)
{
	if (rc)
		return rc;
	assert(k->in_len >= sizeof(*out));
	memcpy(out, kernel_body(k), sizeof(*out));
	if (!out->nodeid)
		return -ENOENT;
	assert(out->nodeid != FUSE_ROOT_ID);
	check_attr(&out->attr);
	kernel_ref(k, out->nodeid);
	return 0;
}

static inline int kernel_lookup(struct kernel *k, uint64_t dir, const char *name,
				struct fuse_entry_out *out)
{
	return kernel_entry(k, kernel_ask(k, FUSE_LOOKUP, dir, NULL, 0, name), out);
}

/* One end of it; the daemon gets the other. */
static inline void kernel_begin(struct kernel *k, int fd)
{
	*k = (struct kernel){ .fd = fd, .in = malloc(KERNEL_MESSAGE_MAX) };
	assert(k->in);
}

static inline void kernel_init(struct kernel *k)
{
	struct fuse_init_in in = { .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION,
				   .max_readahead = 1 << 17,
				   .flags = FUSE_ASYNC_READ | FUSE_ATOMIC_O_TRUNC | FUSE_BIG_WRITES |
					    FUSE_AUTO_INVAL_DATA | FUSE_DO_READDIRPLUS |
					    FUSE_READDIRPLUS_AUTO | FUSE_PARALLEL_DIROPS |
					    FUSE_NO_OPEN_SUPPORT | FUSE_NO_OPENDIR_SUPPORT |
					    FUSE_CACHE_SYMLINKS | FUSE_MAX_PAGES };

	assert(!kernel_ask(k, FUSE_INIT, 0, &in, sizeof(in), NULL));
}

/* The file system is unmounted. */
static inline void kernel_end(struct kernel *k)
{
	close(k->fd);
	free(k->in);
}

#endif
