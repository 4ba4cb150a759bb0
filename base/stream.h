/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream - what stdio lacks: text in memory that tells when there is none, and
 * short pieces without locks.
 */
#ifndef KALAM_BASE_STREAM_H
#define KALAM_BASE_STREAM_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/*
 * Open a stream whose text stands in *text, with a NUL behind its *len bytes: after
 * fflush until the next write, and after fclose, from when on it is the caller's
 * to free.  When memory is out the stream has its error indicator, fflush or fclose
 * fails, and after fclose *text is NULL.  NULL when memory is out at once.
 * It can tell where it is, but not go elsewhere.  (A text that finds no room in
 * glibc's open_memstream is cut there, and neither ferror nor fclose tells.)
 */
FILE *text_stream(char **text, size_t *len);

/*
 * Where the next len bytes can be put, if the stream's buffer has room for them, else
 * NULL: stream_take says how many were.  What glibc's own putc_unlocked does for one
 * byte; there is never room in a stream that is not fully buffered, nor in that of
 * any other library.
 */
static inline char *stream_room(FILE *out, size_t len)
{
#ifdef __GLIBC__
	char *at = out->_IO_write_ptr;

	return out->_IO_write_end - at > (ptrdiff_t)len ? at : NULL;
#else
	(void)out;
	(void)len;
	return NULL;
#endif
}

/* All up to end, which lies in what stream_room gave, is written. */
static inline void stream_take(FILE *out, char *end)
{
#ifdef __GLIBC__
	out->_IO_write_ptr = end;
#else
	(void)out;
	(void)end;
#endif
}

/* fwrite without its lock: for streams that one thread uses.  Errors stay in the stream. */
static inline void stream_put(FILE *out, const void *bytes, size_t len)
{
	char *at = stream_room(out, len);

	if (at) {
		memcpy(at, bytes, len);
		stream_take(out, at + len);
	} else {
		(void)fwrite_unlocked(bytes, 1, len, out);
	}
}

/* With a constant as text this is a comparison and a few stores. */
static inline void stream_puts(FILE *out, const char *text)
{
	stream_put(out, text, strlen(text));
}

#endif
