/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * html - the frame of a page and escaped text in it.
 *
 * A page needs nothing but itself: its style is inside, it has no script, and it
 * forbids everything from elsewhere, so that a text which got past the
 * escaping could do nothing.
 */
#ifndef KALAM_CATALOG_HTML_H
#define KALAM_CATALOG_HTML_H

#include <stdint.h>
#include <stdio.h>

/* NUL-terminated UTF-8, safe between tags and in quoted attributes; hidden characters as \uXXXX. */
void html_text(const char *text, FILE *out);

/* <tag>text</tag>; nothing for NULL and "". */
void html_element(const char *tag, const char *text, FILE *out);

/* <time datetime="...">2026-11-22 10:00 UTC</time> */
void html_time(int64_t stamp, FILE *out);

/* From the doctype to <main>: title is escaped. */
void html_begin(const char *title, FILE *out);
void html_end(FILE *out);

#endif
