/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every unit test needs: cmocka with its includes, output as a string. */
#ifndef KALAM_TESTS_HELPERS_H
#define KALAM_TESTS_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

/* Fails the test unless err has this code and exactly this text. */
void assert_err(const struct err *err, int code, const char *text);

/* A FILE that collects text; text_of closes it and gives the text (free it). */
struct collector {
	FILE *out;
	char *text;
	size_t len;
};

void collect(struct collector *c);
char *text_of(struct collector *c);

/* A fresh directory below $TMPDIR, owned by the caller until temp_dir_remove. */
char *temp_dir(void);
void temp_dir_remove(char *dir);

/* A whole file as a NUL-terminated string (free it); fails the test if unreadable. */
char *file_text(const char *path);

#endif
