/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/stream.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>

#define FIRST_ROOM 64

struct stream {
	char **text;	/* the caller's */
	size_t *len;
	size_t room;	/* bytes at *text */
	bool failed;
};

static bool make_room(struct stream *s, size_t size)
{
	size_t room = size > 2 * s->room ? size : 2 * s->room;
	char *larger;

	if (size <= s->room)
		return true;
	larger = realloc(*s->text, room);
	if (!larger)
		return false;
	*s->text = larger;
	s->room = room;
	return true;
}

/* 0 is an error. */
static ssize_t stream_write(void *cookie, const char *bytes, size_t size)
{
	struct stream *s = cookie;

	if (s->failed || !make_room(s, *s->len + size + 1)) {
		s->failed = true;
		errno = ENOMEM;
		return 0;
	}
	memcpy(*s->text + *s->len, bytes, size);
	*s->len += size;
	(*s->text)[*s->len] = '\0';
	return (ssize_t)size;
}

/* For ftell. */
static int stream_seek(void *cookie, off64_t *at, int whence)
{
	const struct stream *s = cookie;

	if (whence == SEEK_SET ? *at != (off64_t)*s->len : *at != 0) {
		errno = ESPIPE;
		return -1;
	}
	*at = (off64_t)*s->len;
	return 0;
}

static int stream_close(void *cookie)
{
	struct stream *s = cookie;
	bool failed = s->failed;
	char *fitting;

	if (failed) {
		free(*s->text);
		*s->text = NULL;
		*s->len = 0;
		errno = ENOMEM;
	} else if (s->room > *s->len + 1) {
		/* Many of these stay in memory for long. */
		fitting = realloc(*s->text, *s->len + 1);
		if (fitting)
			*s->text = fitting;
	}
	free(s);
	return failed ? -1 : 0;
}

FILE *text_stream(char **text, size_t *len)
{
	static const cookie_io_functions_t how = { .write = stream_write, .seek = stream_seek,
						   .close = stream_close };
	struct stream *s = malloc(sizeof(*s));
	FILE *out = NULL;

	*text = malloc(FIRST_ROOM);
	*len = 0;
	if (s && *text) {
		**text = '\0';
		*s = (struct stream){ .text = text, .len = len, .room = FIRST_ROOM };
		out = fopencookie(s, "w", how);
	}
	if (!out) {
		free(*text);
		free(s);
		*text = NULL;
		errno = ENOMEM;
	}
	return out;
}
