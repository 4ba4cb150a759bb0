/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load_lex - tokens of one statement of another database.
 *
 * As lenient as catalog/lex.h is strict: takes whatever those databases write.
 * The text must have come through split_next, so that all quotes are closed.
 */
#ifndef KALAM_CATALOG_LOAD_LEX_H
#define KALAM_CATALOG_LOAD_LEX_H

#include "base/arena.h"
#include "catalog/load_split.h"

#include <stdbool.h>
#include <stddef.h>

enum load_token_kind {
	FOREIGN_END,
	FOREIGN_WORD,		/* bare name or keyword, bytes beyond ASCII included */
	FOREIGN_NAME,		/* "x", `x`, [x] */
	FOREIGN_STRING,		/* 'x', E'x', N'x', X'x', B'x', $$x$$ */
	FOREIGN_NUMBER,
	FOREIGN_SYMBOL		/* one character, or "::" */
};

struct load_token {
	enum load_token_kind kind;
	const char *text;	/* borrowed: as it stands */
	size_t len;
	size_t pos;		/* in the statement */
};

struct load_lexer {
	const char *text;	/* borrowed */
	size_t len, at;
	enum load_dialect dialect;
	struct load_token token;	/* the current one */
};

/* Stand on the first token; the end of the text is FOREIGN_END for ever. */
void load_lex_start(struct load_lexer *lx, const char *text, size_t len, enum load_dialect dialect);
void load_lex_next(struct load_lexer *lx);

/* Whether a token is this bare word, ignoring case, or this symbol. */
bool load_token_is(const struct load_token *token, const char *word);
bool load_token_is_symbol(const struct load_token *token, char symbol);

/* The letter in front of the quote ('E', 'X', 'B', 'N'), or '\0'. */
char load_token_prefix(const struct load_token *token);

/*
 * Content of a string or name, escapes undone as the dialect has them; of a
 * word and a number its text.  In arena memory; NULL when memory is out.
 */
char *load_token_content(const struct load_lexer *lx, const struct load_token *token,
			 struct arena *arena);

#endif
