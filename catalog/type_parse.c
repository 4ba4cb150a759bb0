/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/type_table.h"

#include "base/name.h"

#include <errno.h>
#include <string.h>

#define PARAMS_MAX 3	/* one more than any type takes, to notice too many */

/* A parameter as written; value is meant for a message only unless is_count. */
struct param {
	char text[24];		/* cut when longer */
	bool is_number;		/* an integer, perhaps with a sign */
	long value;		/* of an integer; those of more than 9 digits are 10^9 */
};

struct params {
	struct param list[PARAMS_MAX];
	unsigned count;		/* may exceed PARAMS_MAX */
	bool given;		/* there were parentheses */
};

static void print_valid_types(char *out, size_t size)
{
	size_t used = 0;

	for (enum type_id id = TYPE_BOOLEAN; id < TYPE_ID_END; id++)
		used += (size_t)snprintf(out + used, size - used, "%s%s",
					 id == TYPE_BOOLEAN ? "" : ", ", type_name(id));
}

static const char *nearest_spelling(const char *found, size_t len)
{
	const char *words[TYPE_SPELLING_COUNT];

	for (size_t i = 0; i < TYPE_SPELLING_COUNT; i++)
		words[i] = type_spellings[i].word;
	return name_nearest(found, len, words, TYPE_SPELLING_COUNT);
}

/* found: how the type was written, from its first word to the end of what is wrong. */
static int unsupported(const char *found, size_t len, const char *near, long pos, struct err *err)
{
	char valid[256];

	print_valid_types(valid, sizeof(valid));
	if (len > NAME_MAX_BYTES)
		len = NAME_MAX_BYTES;
	if (near)
		return err_parse(err, pos, "Unsupported type '%.*s'. Valid types: %s. Did you mean %s?",
				 (int)len, found, valid, near);
	return err_parse(err, pos, "Unsupported type '%.*s'. Valid types: %s", (int)len, found,
			 valid);
}

static bool ends_in(const struct token *token, const char *ending)
{
	size_t len = strlen(ending);

	return token->len > len && name_is_word(token->text + token->len - len, len, ending);
}

static const struct type_spelling *find_spelling(const struct token *token)
{
	static const struct type_spelling custom_text = {
		"TEXT", TYPE_TEXT, PARAMS_LENGTH, WORDS_NONE, false,
	};

	for (size_t i = 0; i < TYPE_SPELLING_COUNT; i++) {
		if (name_is_word(token->text, token->len, type_spellings[i].word))
			return &type_spellings[i];
	}
	/* KalamDB takes MEDIUMTEXT, CITEXT and every such name for TEXT. */
	if (ends_in(token, "TEXT") || ends_in(token, "STRING"))
		return &custom_text;
	return NULL;
}

static void read_number(const struct token *token, struct param *param)
{
	long value = 0;

	param->is_number = true;
	for (size_t i = 0; i < token->len; i++) {
		if (token->text[i] < '0' || token->text[i] > '9')
			param->is_number = false;
		else if (value < 1000000000)
			value = value * 10 + (token->text[i] - '0');
	}
	param->value = value < 1000000000 ? value : 1000000000;
}

static int parse_param(struct lexer *lx, struct param *param, struct err *err)
{
	const char *start = lx->token.text;
	bool negative = lex_is_symbol(lx, '-');
	int rc = 0;

	*param = (struct param){ 0 };
	if (negative || lex_is_symbol(lx, '+'))
		rc = lex_next(lx, err);
	if (rc)
		return rc;
	if (lx->token.kind == TOKEN_NUMBER)
		read_number(&lx->token, param);
	if (negative)
		param->value = -param->value;
	if (lx->token.kind == TOKEN_END || lex_is_symbol(lx, ')') || lex_is_symbol(lx, ','))
		return err_parse(err, lx->token.pos, "Expected a number as parameter of the type");
	snprintf(param->text, sizeof(param->text), "%.*s",
		 (int)(lx->token.text + lx->token.len - start), start);
	return lex_next(lx, err);
}

static int parse_params(struct lexer *lx, const char *word, struct params *out, struct err *err)
{
	int rc;

	*out = (struct params){ 0 };
	if (!lex_is_symbol(lx, '('))
		return 0;
	out->given = true;
	rc = lex_next(lx, err);
	while (!rc && !(out->count == 0 && lex_is_symbol(lx, ')'))) {
		struct param extra;

		rc = parse_param(lx, out->count < PARAMS_MAX ? &out->list[out->count] : &extra, err);
		out->count++;
		if (rc || !lex_is_symbol(lx, ','))
			break;
		rc = lex_next(lx, err);
	}
	if (rc)
		return rc;
	if (!lex_is_symbol(lx, ')'))
		return err_parse(err, lx->token.pos, "Expected ')' after the parameters of %s", word);
	return lex_next(lx, err);
}

static int set_dimension(const struct params *params, long pos, struct type *out, struct err *err)
{
	const struct param *first = &params->list[0];

	if (!params->count)
		return err_at(err, -EINVAL, pos, "EMBEDDING type requires dimension parameter");
	if (params->count > 1)
		return err_at(err, -EINVAL, pos, "EMBEDDING type requires exactly one dimension "
			      "parameter, e.g., EMBEDDING(384)");
	if (!first->is_number)
		return err_at(err, -EINVAL, pos,
			      "EMBEDDING dimension must be a positive integer, got '%s'",
			      first->text);
	if (first->value < 1 || first->value > EMBEDDING_MAX)
		return err_at(err, -EINVAL, pos,
			      "EMBEDDING dimension must be between 1 and %d, got: %s",
			      EMBEDDING_MAX, first->text);
	out->dimension = (uint16_t)first->value;
	return 0;
}

static int set_decimal(const struct params *params, long pos, struct type *out, struct err *err)
{
	const struct param *precision = &params->list[0], *scale = &params->list[1];

	if (!params->given) {
		out->precision = DECIMAL_PRECISION_MAX;
		out->scale = 10;
		return 0;
	}
	if (!params->count)
		return err_at(err, -EINVAL, pos,
			      "DECIMAL type requires precision and scale parameters");
	if (params->count > 2)
		return err_at(err, -EINVAL, pos,
			      "DECIMAL takes two parameters, precision and scale, got %u",
			      params->count);
	if (!precision->is_number || precision->value < 1 ||
	    precision->value > DECIMAL_PRECISION_MAX)
		return err_at(err, -EINVAL, pos, "DECIMAL precision must be between 1 and 38");
	out->precision = (uint8_t)precision->value;
	if (params->count == 1)
		return 0;
	if (!scale->is_number || scale->value < 0)
		return err_at(err, -EINVAL, pos,
			      "DECIMAL scale must be a whole number from 0 to the precision, got '%s'",
			      scale->text);
	if (scale->value > precision->value)
		return err_at(err, -EINVAL, pos, "DECIMAL scale (%s) cannot exceed precision (%s)",
			      scale->text, precision->text);
	out->scale = (uint8_t)scale->value;
	return 0;
}

/* A parameter that is accepted and dropped must still make sense. */
static int check_ignored(const struct type_spelling *spelling, const struct params *params,
			 long min, long max, long pos, struct err *err)
{
	const struct param *first = &params->list[0];

	if (!params->given)
		return 0;
	if (params->count == 1 && first->is_number && first->value >= min && first->value <= max)
		return 0;
	if (params->count != 1)
		return err_at(err, -EINVAL, pos, "%s takes one parameter in parentheses, got %u",
			      spelling->word, params->count);
	if (spelling->params == PARAMS_LENGTH)
		return err_at(err, -EINVAL, pos, "%s length must be a positive integer, got '%s'",
			      spelling->word, first->text);
	return err_at(err, -EINVAL, pos, "%s precision must be between %ld and %ld, got '%s'",
		      spelling->word, min, max, first->text);
}

static int set_params(const struct type_spelling *spelling, const struct params *params, long pos,
		      struct type *out, struct err *err)
{
	switch (spelling->params) {
	case PARAMS_NONE:
		if (params->given)
			return err_at(err, -EINVAL, pos, "%s takes no parameters: write %s",
				      spelling->word, spelling->word);
		return 0;
	case PARAMS_LENGTH:
		return check_ignored(spelling, params, 1, 1000000000, pos, err);
	case PARAMS_FRACTION:
		return check_ignored(spelling, params, 0, 9, pos, err);
	case PARAMS_DIMENSION:
		return set_dimension(params, pos, out, err);
	case PARAMS_DECIMAL:
	default:
		return set_decimal(params, pos, out, err);
	}
}

static int skip_second_word(struct lexer *lx, enum type_words words, struct err *err)
{
	if ((words == WORDS_PRECISION && lex_is_word(lx, "PRECISION")) ||
	    (words == WORDS_VARYING && lex_is_word(lx, "VARYING")))
		return lex_next(lx, err);
	return 0;
}

/* WITH may as well begin the options of a table: it is taken only before TIME. */
static int skip_zone(struct lexer *lx, enum type_words words, struct err *err)
{
	struct lexer ahead = *lx;
	int rc;

	if (words != WORDS_ANY_ZONE && words != WORDS_NO_ZONE)
		return 0;
	if (!lex_is_word(lx, "WITHOUT") && !(words == WORDS_ANY_ZONE && lex_is_word(lx, "WITH")))
		return 0;
	rc = lex_next(&ahead, err);
	if (rc || !lex_is_word(&ahead, "TIME"))
		return rc;
	rc = lex_next(&ahead, err);
	if (rc)
		return rc;
	if (!lex_is_word(&ahead, "ZONE"))
		return err_parse(err, ahead.token.pos, "Expected ZONE after TIME");
	*lx = ahead;
	return lex_next(lx, err);
}

/* INT[], INT UNSIGNED, ARRAY<INT>: the words before are a type, the whole is none. */
static int refuse_suffix(const struct lexer *lx, const struct token *word, struct err *err)
{
	const char *end = lx->token.text + lx->token.len;
	struct lexer ahead = *lx;

	if (lex_is_symbol(lx, '[')) {
		if (!lex_next(&ahead, NULL) && lex_is_symbol(&ahead, ']'))
			end = ahead.token.text + 1;
	} else if (!lex_is_word(lx, "UNSIGNED") && !lex_is_word(lx, "ZEROFILL")) {
		return 0;
	}
	return unsupported(word->text, (size_t)(end - word->text), NULL, word->pos, err);
}

static int check_word(const struct token *token, struct err *err)
{
	if (token->kind == TOKEN_END)
		return err_parse(err, token->pos, "Expected a data type, found the end of the text");
	if (token->kind == TOKEN_SYMBOL)
		return err_parse(err, token->pos, "Expected a data type, found '%c'",
				 token->text[0]);
	return 0;
}

static int parse_spelling(struct lexer *lx, const struct type_spelling *spelling, long pos,
			  struct type *out, struct err *err)
{
	struct params params;
	int rc;

	*out = (struct type){ .id = spelling->id };
	rc = lex_next(lx, err);
	if (!rc)
		rc = skip_second_word(lx, spelling->words, err);
	if (!rc)
		rc = parse_params(lx, spelling->word, &params, err);
	if (!rc)
		rc = set_params(spelling, &params, pos, out, err);
	if (!rc)
		rc = skip_zone(lx, spelling->words, err);
	return rc;
}

int type_parse(struct lexer *lx, struct type *out, bool *serial, struct err *err)
{
	struct token word = lx->token;
	const struct type_spelling *spelling;
	struct type type;
	int rc = check_word(&word, err);

	if (rc)
		return rc;
	spelling = word.kind == TOKEN_WORD ? find_spelling(&word) : NULL;
	if (!spelling)
		return unsupported(word.text, word.len, nearest_spelling(word.text, word.len),
				   word.pos, err);
	rc = parse_spelling(lx, spelling, word.pos, &type, err);
	if (!rc)
		rc = refuse_suffix(lx, &word, err);
	if (rc)
		return rc;
	if (serial)
		*serial = spelling->serial;
	*out = type;
	return 0;
}

int type_parse_text(const char *text, size_t len, struct type *out, struct err *err)
{
	struct lexer lx;
	struct type type;
	bool serial;
	char sql[TYPE_SQL_SIZE];
	int rc = lex_start(&lx, text, len, err);

	if (!rc)
		rc = type_parse(&lx, &type, &serial, err);
	if (rc)
		return rc;
	if (lx.token.kind != TOKEN_END)
		return err_parse(err, lx.token.pos, "Expected nothing after type %s, found '%.*s'",
				 type_sql(&type, sql),
				 (int)(lx.token.len < 40 ? lx.token.len : 40), lx.token.text);
	if (serial)
		return err_at(err, -EINVAL, 0,
			      "'%.*s' is a type with a default: write %s and the default "
			      "SNOWFLAKE_ID()", (int)(len < 40 ? len : 40), text,
			      type_sql(&type, sql));
	*out = type;
	return 0;
}
