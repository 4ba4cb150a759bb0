/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share.  A target is one file with one
 * LLVMFuzzerTestOneInput; what must hold is an assert.
 */
#ifndef KALAM_TESTS_FUZZ_H
#define KALAM_TESTS_FUZZ_H

#ifdef NDEBUG
#error "fuzz targets are made of asserts"
#endif

#include "base/err.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A copy in memory of exactly that size, so that the sanitizer sees a read beyond its end. */
static inline char *exact_copy(const void *bytes, size_t len)
{
	char *copy = malloc(len ? len : 1);

	assert(copy);
	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

/* The same with a NUL behind it. */
static inline char *text_copy(const void *bytes, size_t len)
{
	char *copy = malloc(len + 1);

	assert(copy);
	if (len)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

/* What was printed: open, print to .out, close; the text is NUL-terminated, free it. */
struct printed {
	FILE *out;
	char *text;
	size_t len;
};

static inline void printed_open(struct printed *p)
{
	*p = (struct printed){ .text = NULL };
	p->out = open_memstream(&p->text, &p->len);
	assert(p->out);
}

static inline void printed_close(struct printed *p)
{
	assert(!ferror(p->out));
	assert(fclose(p->out) == 0);
	p->out = NULL;
}

/* A refusal says what it is, and where: within the text. */
static inline void check_refusal(int rc, const struct err *err, size_t len)
{
	assert(rc < 0 && rc == err->code);
	assert(*err->text && !strchr(err->text, '\n'));
	assert(err->pos >= -1 && err->pos <= (long)len);
}

#endif
