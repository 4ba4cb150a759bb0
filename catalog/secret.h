/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * secret - where credentials stand in texts that are shown or kept.
 *
 * Works on any text: refused ones are shown, too.  What may be a secret is
 * taken for one.
 */
#ifndef KALAM_CATALOG_SECRET_H
#define KALAM_CATALOG_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Keys of JSON objects whose values are secrets ("secret_access_key"); NULL behind the last. */
extern const char *const secret_keys[];

/* A text being searched: fill text, len and json (a document, else statements); the rest is 0. */
struct secret_scan {
	const char *text;	/* borrowed */
	size_t len;
	bool json;
	size_t at;
	int state;
	unsigned depth;		/* brackets that are open in a secret value */
	size_t end;		/* of the last string */
	bool was_key;		/* it can be a key: and its value a secret */
};

/*
 * The next piece that holds a secret: text[*from, *to), quotes included.  In
 * statements what stands behind CREDENTIALS, and strings with one of the
 * secret_keys; in documents the values of "credentials" and of the secret_keys.
 */
bool secret_next(struct secret_scan *scan, size_t *from, size_t *to);

/* Whether one of the secret_keys stands in a string: it is not to be quoted. */
bool secret_is_in(const char *text, size_t len);

/*
 * A copy with '*' in the place of each byte of a secret, so that lines and
 * columns stay.  Free it; NULL when memory is out.
 */
char *secret_hide(const char *text, size_t len, bool json);

#endif
