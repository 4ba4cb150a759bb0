/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load_detect - what a file is, from its first bytes.
 */
#ifndef KALAM_CATALOG_LOAD_DETECT_H
#define KALAM_CATALOG_LOAD_DETECT_H

#include "base/err.h"
#include "catalog/load_split.h"

#include <stddef.h>
#include <stdint.h>

/* -EINVAL with what to do if a file that begins so is no SQL text. */
int detect_no_text(const uint8_t *at, size_t len, struct err *err) MUST_CHECK;

/*
 * Whose dump begins so: by the comment that the program writes on top, by the
 * first statement.  LOAD_ANY if nothing tells.
 */
enum load_dialect detect_dialect(const char *text, size_t len);

#endif
