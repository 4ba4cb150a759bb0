/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * type_table - the one table of data types, for the files of type.h only.
 */
#ifndef KALAM_CATALOG_TYPE_TABLE_H
#define KALAM_CATALOG_TYPE_TABLE_H

#include "catalog/type.h"

/* What may stand in parentheses behind a spelling. */
enum type_params {
	PARAMS_NONE,
	PARAMS_LENGTH,		/* VARCHAR(n): a positive integer, ignored */
	PARAMS_FRACTION,	/* TIMESTAMP(p): digits of the second, 0 to 9, ignored */
	PARAMS_DIMENSION,	/* EMBEDDING(n) */
	PARAMS_DECIMAL		/* DECIMAL(p, s) */
};

/* A second word, and what may follow the parameters. */
enum type_words {
	WORDS_NONE,
	WORDS_PRECISION,	/* DOUBLE [PRECISION] */
	WORDS_VARYING,		/* CHARACTER [VARYING] */
	WORDS_ANY_ZONE,		/* TIMESTAMP [(p)] [WITH | WITHOUT TIME ZONE] */
	WORDS_NO_ZONE		/* TIME [(p)] [WITHOUT TIME ZONE] */
};

struct type_spelling {
	const char *word;	/* upper case */
	enum type_id id;
	enum type_params params;
	enum type_words words;
	bool serial;		/* implies DEFAULT SNOWFLAKE_ID() */
};

/* In the order of the tags, a type's own name first. */
#define TYPE_SPELLING_COUNT 49
extern const struct type_spelling type_spellings[TYPE_SPELLING_COUNT];

#endif
