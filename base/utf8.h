/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * utf8 - bytes to code points, strictly: no overlong forms, no surrogates,
 * nothing above U+10FFFF.
 */
#ifndef KALAM_BASE_UTF8_H
#define KALAM_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bytes (1 to 4) of the sequence at text, its code point in *cp; 0 if the bytes
 * are not UTF-8; -1 if they end within a sequence that is good so far.  len > 0.
 */
int utf8_decode(const char *text, size_t len, uint32_t *cp);

/*
 * Bytes at the beginning of text that every form prints as they are: ASCII that is
 * seen, but quotes and the backslash.
 */
size_t utf8_plain(const char *text, size_t len);

/* Whether all len bytes are whole UTF-8 sequences. */
bool utf8_is_valid(const char *text, size_t len);

/*
 * Whether a code point hides what a text says: control characters except tab,
 * newline and carriage return, DEL, U+0080 to U+009F, and those that turn the
 * direction of writing (U+202A to U+202E, U+2066 to U+2069).
 */
bool utf8_is_hidden(uint32_t cp);

/* Write a code point (not checked) at to, which has room for 4 bytes; returns what follows. */
char *utf8_put(char *to, uint32_t cp);

#endif
