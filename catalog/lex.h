/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lex - tokens of the DDL.
 *
 * Works on (text, length); the text need not end in NUL.  Skips blanks and the
 * comments -- and slash-star.  A token borrows the text.
 */
#ifndef KALAM_CATALOG_LEX_H
#define KALAM_CATALOG_LEX_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum token_kind {
	TOKEN_END,	/* end of the text */
	/* Bare identifier or keyword: [A-Za-z0-9_]+ (also $), at least one no digit. */
	TOKEN_WORD,
	TOKEN_QUOTED,	/* "x" or `x`: an identifier, never a keyword */
	TOKEN_STRING,	/* 'x' with '' for a quote, also E'..' with backslashes, X'..' kept as is */
	TOKEN_NUMBER,	/* digits, optional fraction and exponent, no sign */
	TOKEN_SYMBOL	/* one of ( ) , ; = . - + [ ] : and others, in .text[0] */
};

struct token {
	enum token_kind kind;
	const char *text;	/* borrowed: first byte in the input (quotes included) */
	size_t len;		/* bytes in the input (quotes included) */
	long pos;		/* byte offset of text in the input */
	bool newline_before;	/* a newline stands between the token before and this one */
};

struct lexer {
	const char *text;	/* borrowed */
	size_t len;
	size_t at;		/* where the next token is looked for */
	size_t whole;		/* where a UTF-8 sequence begins that the end cuts off, or len */
	struct token token;	/* the current one */
};

/*
 * Start at the first token.  Like lex_next: 0, or -EINVAL with err for an
 * unterminated string, quoted name or comment, a malformed number or escape,
 * a bare word with letters beyond ASCII, or a character that is not allowed
 * (NUL and utf8_is_hidden; invalid UTF-8: lex_start finds these anywhere in the
 * text).  After a failure at == len tells that the text ends too early, so
 * that more text may mend it; else at < len.
 */
int lex_start(struct lexer *lx, const char *text, size_t len, struct err *err) MUST_CHECK;

/* Go on to the next token (TOKEN_END stays). */
int lex_next(struct lexer *lx, struct err *err) MUST_CHECK;

/* Whether the current token is this bare word, ignoring case. */
bool lex_is_word(const struct lexer *lx, const char *word);

/* Whether the current token is this symbol. */
bool lex_is_symbol(const struct lexer *lx, char symbol);

/*
 * The content of a TOKEN_STRING or TOKEN_QUOTED without its quotes and with
 * doubled quotes and the escapes of E'..' undone, in arena memory; X'..' as it
 * stands.  NULL when memory is out.
 */
char *lex_content(const struct token *token, struct arena *arena);

/*
 * Print text (valid UTF-8) as a TOKEN_STRING that lex_content turns back into
 * it: 'x', or E'..' where a character may not stand in a statement as it is.
 */
void lex_print_string(const char *text, FILE *out);

#endif
