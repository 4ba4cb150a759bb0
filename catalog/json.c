/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/json.h"

#include "base/stream.h"
#include "base/utf8.h"
#include "catalog/number.h"
#include "catalog/value.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int refuse(const char *text, size_t len, size_t pos, const char *why, struct err *err)
{
	unsigned line, column;

	if (pos > len)
		pos = len;
	err_locate(text, len, (long)pos, &line, &column);
	return err_parse(err, (long)pos, "JSON is not valid at line %u, column %u: %s", line,
			 column, why);
}

/*
 * From the opening quote of a string to behind the closing one, or to len if it
 * never closes.  The library would refuse \u0000, too, but in its own terms.
 */
static int skip_string(const char *text, size_t len, size_t *at, struct err *err)
{
	size_t i = *at + 1;

	for (; i < len && text[i] != '"'; i++) {
		if (text[i] != '\\')
			continue;
		if (len - i >= 6 && !memcmp(text + i, "\\u0000", 6))
			return refuse(text, len, i, "NUL is not allowed", err);
		i++;
	}
	*at = i < len ? i + 1 : len;
	return 0;
}

/*
 * Every value but the first follows a comma or an opening bracket, so counting
 * these never counts too few.
 */
static int check_limits(const char *text, size_t len, struct err *err)
{
	unsigned depth = 0, nodes = 1;
	const char *nul = len ? memchr(text, '\0', len) : NULL;

	if (nul)
		return refuse(text, len, (size_t)(nul - text), "NUL is not allowed", err);
	for (size_t at = 0; at < len;) {
		char c = text[at];

		if (c == '"') {
			int rc = skip_string(text, len, &at, err);

			if (rc)
				return rc;
			continue;
		}
		if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && depth)
			depth--;
		if (depth > JSON_DEPTH_MAX)
			return refuse(text, len, at, "more than 32 levels of nesting", err);
		nodes += c == '[' || c == '{' || c == ',';
		if (nodes > JSON_NODES_MAX)
			return refuse(text, len, at, "more than 100,000 values", err);
		at++;
	}
	return 0;
}

static size_t blanks(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && strchr(" \t\r\n", text[at]))
		at++;
	return at;
}

/*
 * The library tells how far it has read; the token it did not like, if its
 * message ends in "near '<token>'", lies right before.
 */
static size_t error_offset(const json_error_t *error)
{
	const char *token = strstr(error->text, " near '");
	size_t read = error->position > 0 ? (size_t)error->position : 0;
	size_t back = token ? strlen(token) - strlen(" near ''") : 1;

	if (strstr(error->text, "near end of file"))
		return read;
	return back < read ? read - back : 0;
}

/* Where memory is out the library often says that the text is wrong. */
static _Thread_local bool is_starved;

/*
 * The library's lexer does not look at every answer, and may abort: it goes on with
 * this to its end, and what it has made is thrown away.
 */
static _Thread_local struct {
	_Alignas(max_align_t) char bytes[64 << 10];
	size_t used;
} reserve;

static void *json_room(size_t size)
{
	void *room = malloc(size);

	if (room)
		return room;
	is_starved = true;
	size = (size + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
	if (size > sizeof(reserve.bytes) - reserve.used)
		return NULL;
	room = reserve.bytes + reserve.used;
	reserve.used += size;
	return room;
}

static void json_free(void *room)
{
	char *at = room;

	if (at < reserve.bytes || at >= reserve.bytes + sizeof(reserve.bytes))
		free(room);
}

static void watch_memory(void)
{
	json_set_alloc_funcs(json_room, json_free);
}

static int parse(const char *text, size_t len, size_t flags, json_t **out, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	json_error_t error;

	if (blanks(text, len) == len)
		return refuse(text, len, len, "a value is missing", err);
	pthread_once(&once, watch_memory);
	is_starved = false;
	reserve.used = 0;
	*out = json_loadb(text, len, JSON_DECODE_ANY | flags, &error);
	/* Even a tree that it has made may be another one then. */
	if (is_starved) {
		json_decref(*out);
		*out = NULL;
		return err_nomem(err);
	}
	if (*out)
		return 0;
	return refuse(text, len, error_offset(&error), error.text, err);
}

static void print_real(double value, FILE *out)
{
	char text[NUMBER_SIZE];

	fputs(number_print_double(value, text), out);
	if (!strpbrk(text, ".e"))
		fputs(".0", out);
}

static void print_value(const json_t *value, FILE *out);

static void print_array(const json_t *array, FILE *out)
{
	putc('[', out);
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (i)
			putc(',', out);
		print_value(json_array_get(array, i), out);
	}
	putc(']', out);
}

static void print_object(const json_t *object, FILE *out)
{
	json_t *unconst = (json_t *)(uintptr_t)object;	/* iterators are not const-correct */
	void *iter = json_object_iter(unconst);

	putc('{', out);
	for (bool first = true; iter; iter = json_object_iter_next(unconst, iter), first = false) {
		const char *key = json_object_iter_key(iter);

		if (!first)
			putc(',', out);
		json_print_string(key, strlen(key), out);
		putc(':', out);
		print_value(json_object_iter_value(iter), out);
	}
	putc('}', out);
}

static void print_value(const json_t *value, FILE *out)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		print_object(value, out);
		break;
	case JSON_ARRAY:
		print_array(value, out);
		break;
	case JSON_STRING:
		json_print_string(json_string_value(value), json_string_length(value), out);
		break;
	case JSON_INTEGER:
		fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_REAL:
		print_real(json_real_value(value), out);
		break;
	case JSON_TRUE:
		fputs("true", out);
		break;
	case JSON_FALSE:
		fputs("false", out);
		break;
	case JSON_NULL:
	default:
		fputs("null", out);
		break;
	}
}

static int print_to_arena(const json_t *root, struct arena *arena, const char **out,
			  struct err *err)
{
	char *text = NULL, *copy = NULL;
	size_t len = 0;
	FILE *stream = text_stream(&text, &len);

	if (!stream)
		return err_nomem(err);
	print_value(root, stream);
	if (!fclose(stream))
		copy = arena_strndup(arena, text, len);
	free(text);
	if (!copy)
		return err_nomem(err);
	*out = copy;
	return 0;
}

int json_compact(const char *text, size_t len, bool object_only, struct arena *arena,
		 const char **out, struct err *err)
{
	json_t *root;
	int rc = check_limits(text, len, err);

	if (!rc)
		rc = parse(text, len, JSON_REJECT_DUPLICATES, &root, err);
	if (rc)
		return rc;
	if (object_only && !json_is_object(root))
		rc = refuse(text, len, blanks(text, len), "expected an object in braces", err);
	else
		rc = print_to_arena(root, arena, out, err);
	json_decref(root);
	return rc;
}

int json_check(const char *text, size_t len, struct err *err)
{
	json_t *root;
	int rc = check_limits(text, len, err);

	if (!rc)
		rc = parse(text, len, 0, &root, err);
	if (!rc)
		json_decref(root);
	return rc;
}

bool json_is_scalar(const char *compact)
{
	return compact[0] != '[' && compact[0] != '{';
}

/* Bytes at the beginning that stand in a string as they are. */
static size_t plain_len(const char *text, size_t len)
{
	size_t plain = utf8_plain(text, len);

	while (plain < len && text[plain] == '\'') {
		plain++;
		plain += utf8_plain(text + plain, len - plain);
	}
	return plain;
}

/* \uXXXX; returns what follows. */
static char *put_unit(char *to, uint32_t unit)
{
	static const char digits[] = "0123456789abcdef";

	*to++ = '\\';
	*to++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*to++ = digits[unit >> shift & 0xf];
	return to;
}

static size_t escape(uint32_t cp, char out[JSON_ESCAPE_SIZE])
{
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char *to = out;

	for (size_t i = 0; i < sizeof(letters) - 1; i += 2) {
		if (cp == (unsigned char)letters[i]) {
			out[0] = '\\';
			out[1] = letters[i + 1];
			return 2;
		}
	}
	if (cp >= 0x10000) {
		to = put_unit(to, 0xd800 + ((cp - 0x10000) >> 10));
		cp = 0xdc00 + ((cp - 0x10000) & 0x3ff);
	}
	return (size_t)(put_unit(to, cp) - out);
}

size_t json_piece(const char **text, size_t *len, char room[JSON_ESCAPE_SIZE], const char **piece)
{
	uint32_t cp = 0xfffd;
	size_t plain = plain_len(*text, *len);
	int n;

	*piece = *text;
	if (plain) {
		*text += plain;
		*len -= plain;
		return plain;
	}
	n = utf8_decode(*text, *len, &cp);
	if (n <= 0) {
		cp = 0xfffd;
		n = 1;
	}
	*text += n;
	*len -= (size_t)n;
	*piece = room;
	return escape(cp, room);
}

void json_print_string(const char *text, size_t len, FILE *out)
{
	size_t plain = plain_len(text, len);
	char room[JSON_ESCAPE_SIZE], *at = stream_room(out, plain + 2);
	const char *piece;

	if (at && plain == len) {
		*at++ = '"';
		memcpy(at, text, len);
		at += len;
		*at++ = '"';
		stream_take(out, at);
		return;
	}
	putc_unlocked('"', out);
	while (len) {
		size_t n = json_piece(&text, &len, room, &piece);

		stream_put(out, piece, n);
	}
	putc_unlocked('"', out);
}
