/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/name.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }

/* facts.md section 7 and, of decisions.md 44, CONSTRAINT to PRIMARY; by their first letters. */
static const char *const *const keywords[26] = {
	['A' - 'A'] = WORDS("ALTER", "ANALYZE", "ANTI", "ASOF"),
	['C' - 'A'] = WORDS("CLUSTER", "CONNECT", "CREATE", "CROSS", "CONSTRAINT"),
	['D' - 'A'] = WORDS("DATABASE", "DELETE", "DISTRIBUTE", "DROP", "DEFAULT"),
	['E' - 'A'] = WORDS("END", "EXCEPT", "EXCLUDE", "EXISTS", "EXPLAIN"),
	['F' - 'A'] = WORDS("FETCH", "FOR", "FORMAT", "FROM", "FULL"),
	['G' - 'A'] = WORDS("GLOBAL", "GROUP"),
	['H' - 'A'] = WORDS("HAVING"),
	['I' - 'A'] = WORDS("INDEX", "INNER", "INSERT", "INTERSECT", "INTERVAL", "INTO"),
	['J' - 'A'] = WORDS("JOIN"),
	['L' - 'A'] = WORDS("LATERAL", "LEFT", "LIMIT"),
	['M' - 'A'] = WORDS("MATCH_CONDITION", "MATCH_RECOGNIZE", "MINUS"),
	['N' - 'A'] = WORDS("NATURAL", "NOT", "NULL"),
	['O' - 'A'] = WORDS("OFFSET", "ON", "OPEN", "ORDER", "OUTER"),
	['P' - 'A'] = WORDS("PARTITION", "PIVOT", "PREWHERE", "PRIMARY"),
	['Q' - 'A'] = WORDS("QUALIFY"),
	['R' - 'A'] = WORDS("RETURNING", "RIGHT"),
	['S' - 'A'] = WORDS("SAMPLE", "SCHEMA", "SELECT", "SEMI", "SET", "SETTINGS", "SORT",
			     "START", "STRUCT"),
	['T' - 'A'] = WORDS("TABLE", "TABLES", "TABLESAMPLE", "TABLESPACE", "TOP", "TRIM"),
	['U' - 'A'] = WORDS("UNION", "UNPIVOT", "UPDATE", "USING"),
	['V' - 'A'] = WORDS("VIEW"),
	['W' - 'A'] = WORDS("WHERE", "WINDOW", "WITH"),
};

/* Names a statement could not tell from its own words (decisions.md 44). */
static const char *const quoted_words[] = { "column", "comment", "if", "to" };

static const char *const reserved_namespaces[] = {
	"system", "sys", "root", "kalamdb", "kalam", "main", "default", "sql", "admin",
	"internal", "information_schema", "pg_catalog", "datafusion",
};

static const char *const reserved_columns[] = {
	"_seq", "_deleted", "_id", "_row_id", "_rowid", "_key", "_updated", "_created",
	"_timestamp", "_version", "_hash", "_commit_seq",
};

/* Looked at first: most words differ here already. */
static bool same_start(const char *text, const char *word)
{
	return (text[0] | 0x20) == (word[0] | 0x20);
}

static bool is_among(const char *name, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (same_start(name, words[i]) && !strcasecmp(name, words[i]))
			return true;
	}
	return false;
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static int too_long(size_t len, long pos, struct err *err)
{
	return err_at(err, -ENAMETOOLONG, pos, "Name is too long (%zu characters, max %d)", len,
		      NAME_MAX_BYTES);
}

int name_fold(const char *text, size_t len, long pos, char out[NAME_SIZE], struct err *err)
{
	if (len > NAME_MAX_BYTES)
		return too_long(len, pos, err);
	for (size_t i = 0; i < len; i++)
		out[i] = fold(text[i]);
	out[len] = '\0';
	return 0;
}

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* A letter, then letters, digits and '_'; not too long. */
static bool is_good(const char *name, size_t len)
{
	if (!len || len > NAME_MAX_BYTES || *name < 'a' || *name > 'z')
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_letter_or_digit(name[i]) && name[i] != '_')
			return false;
	return true;
}

/* What is wrong with it, if anything. */
static int check_characters(const char *name, long pos, struct err *err)
{
	if (is_good(name, strlen(name)))
		return 0;
	if (!*name)
		return err_at(err, -EINVAL, pos, "Name cannot be empty");
	if (strlen(name) > NAME_MAX_BYTES)
		return too_long(strlen(name), pos, err);
	if (strchr(name, ' '))
		return err_at(err, -EINVAL, pos, "Name cannot contain spaces");
	if (*name == '_')
		return err_at(err, -EINVAL, pos,
			      "Name cannot start with underscore (reserved for system columns)");
	if (*name >= '0' && *name <= '9')
		return err_at(err, -EINVAL, pos, "Name cannot start with a number");
	for (const char *c = name; *c; c++) {
		if (!is_letter_or_digit(*c) && *c != '_')
			return err_at(err, -EINVAL, pos,
				      "Name '%s' contains invalid characters (only alphanumeric "
				      "and underscore allowed)", name);
	}
	return 0;
}

static int check_storage(const char *name, long pos, struct err *err)
{
	if (!*name)
		return err_at(err, -EINVAL, pos, "Name cannot be empty");
	if (strlen(name) > NAME_MAX_BYTES)
		return too_long(strlen(name), pos, err);
	for (const char *c = name; *c; c++) {
		if (!is_letter_or_digit(*c) && *c != '_' && *c != '-')
			return err_at(err, -EINVAL, pos,
				      "Invalid STORAGE_ID '%s'. Only alphanumeric, underscore, "
				      "and hyphen allowed.", name);
	}
	if (!is_letter_or_digit(*name))
		return err_at(err, -EINVAL, pos,
			      "Invalid STORAGE_ID '%s'. It must start with a letter or a digit.",
			      name);
	return 0;
}

static int check_keyword(const char *name, long pos, struct err *err)
{
	if (!name_is_keyword(name, strlen(name)))
		return 0;
	return err_at(err, -EINVAL, pos, "Name '%s' is a reserved SQL keyword and cannot be used",
		      name);
}

/* Names that mean something already; those of storages are free. */
static int check_reserved(enum name_kind kind, const char *name, long pos, struct err *err)
{
	switch (kind) {
	case NAME_NAMESPACE:
		if (is_among(name, reserved_namespaces, countof(reserved_namespaces)))
			return err_at(err, -EINVAL, pos,
				      "Namespace '%s' is reserved and cannot be used", name);
		break;
	case NAME_COLUMN:	/* of which all begin with '_' */
		if (*name == '_' && is_among(name, reserved_columns, countof(reserved_columns)))
			return err_at(err, -EINVAL, pos,
				      "Column name '%s' is reserved and cannot be used", name);
		break;
	case NAME_TABLE:
	case NAME_STORAGE:
	default:
		break;
	}
	return 0;
}

int name_check(enum name_kind kind, const char *name, long pos, struct err *err)
{
	int rc;

	if (kind == NAME_STORAGE)
		return check_storage(name, pos, err);
	rc = check_reserved(kind, name, pos, err);
	if (!rc)
		rc = check_characters(name, pos, err);
	return rc ? rc : check_keyword(name, pos, err);
}

int name_check_exact(enum name_kind kind, const char *name, size_t len, struct err *err)
{
	char folded[NAME_SIZE];
	int rc;

	rc = name_fold(name, len, -1, folded, err);
	if (rc)
		return rc;
	/* Most names need no other look at their characters. */
	if (kind != NAME_STORAGE && is_good(name, len)) {
		rc = check_reserved(kind, folded, -1, err);
		return rc ? rc : check_keyword(folded, -1, err);
	}
	if (memchr(name, '\0', len))
		return err_set(err, -EINVAL, "Name '%s' contains a NUL byte", folded);
	rc = name_check(kind, folded, -1, err);
	if (rc)
		return rc;
	if (memcmp(name, folded, len))
		return err_set(err, -EINVAL, "Name '%.*s' is not lower case: write '%s'", (int)len,
			       name, folded);
	return 0;
}

bool name_is_keyword(const char *text, size_t len)
{
	unsigned letter = len ? (unsigned)((unsigned char)*text | 0x20) - 'a' : 26;
	const char *const *words = letter < 26 ? keywords[letter] : NULL;

	/* All of them have a second letter, in which most differ. */
	for (; words && *words; words++)
		if (len > 1 && same_start(text + 1, *words + 1) && name_is_word(text, len, *words))
			return true;
	return false;
}

bool name_needs_quotes(const char *name)
{
	return is_among(name, quoted_words, countof(quoted_words));
}

static unsigned min2(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment: edits are insert, delete, replace and the swap of
 * two neighbours.  Both texts hold at most NAME_MAX_BYTES.
 */
static unsigned edit_distance(const char *a, size_t alen, const char *b, size_t blen)
{
	unsigned rows[3][NAME_SIZE], *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= blen; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= alen; i++) {
		unsigned *free_row = before;

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= blen; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);
			unsigned d = min2(last[j - 1] + !same, min2(last[j], row[j - 1]) + 1);

			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				d = min2(d, before[j - 2] + 1);
			row[j] = d;
		}
		before = last;
		last = row;
		row = free_row;
	}
	return last[blen];
}

const char *name_nearest(const char *text, size_t len, const char *const *candidates, size_t count)
{
	const char *best = NULL;
	unsigned best_distance = 3;

	if (len > NAME_MAX_BYTES)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t other = strlen(candidates[i]);
		size_t longer = len > other ? len : other;
		unsigned d;

		if (longer > NAME_MAX_BYTES || longer - (len + other - longer) > 2)
			continue;
		d = edit_distance(text, len, candidates[i], other);
		if (d < best_distance && 2 * d < longer) {
			best_distance = d;
			best = candidates[i];
		}
	}
	return best;
}

bool name_is_word(const char *text, size_t len, const char *word)
{
	if (len && !same_start(text, word))
		return false;
	return strlen(word) == len && !strncasecmp(text, word, len);
}
