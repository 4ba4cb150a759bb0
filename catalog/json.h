/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json - JSON text checked and brought into one form.
 *
 * The only place that knows the JSON library.  Limits: 32 levels of arrays and
 * objects, 100,000 values; both are counted before anything is built.
 */
#ifndef KALAM_CATALOG_JSON_H
#define KALAM_CATALOG_JSON_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define JSON_DEPTH_MAX 32
#define JSON_NODES_MAX 100000

/*
 * Check that text is one JSON value (object_only: one object) and give its
 * compact form in arena memory: ASCII only (\u escapes), no blanks, keys in
 * their order, reals with the fewest digits that read back the same and always
 * with a point or exponent.  The compact form of a compact form is itself.
 *
 * Returns 0, -ENOMEM, or -EINVAL naming line and column, with the byte offset
 * in text as position: bad syntax or UTF-8, a NUL byte or \u0000, a key twice in
 * one object, an integer beyond 64 bits, a real that overflows, a limit.
 */
int json_compact(const char *text, size_t len, bool object_only, struct arena *arena,
		 const char **out, struct err *err) MUST_CHECK;

/*
 * Check that text is one JSON value, without building anything: 0 or the
 * errors of json_compact, but a key may stand twice in one object.
 */
int json_check(const char *text, size_t len, struct err *err) MUST_CHECK;

/* Whether compact JSON text is neither an array nor an object. */
bool json_is_scalar(const char *compact);

#endif
