/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text is valid when the tree is built: the library has read it.  So here
 * nothing is checked but what the library is not asked for, keys given twice.
 */
#include "catalog/json_tree.h"

#include "base/utf8.h"
#include "catalog/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct builder {
	const char *text;
	size_t len, at;
	struct arena *arena;
	struct err *err;
};

static char peek(const struct builder *b)
{
	return b->at < b->len ? b->text[b->at] : '\0';
}

static void skip_blanks(struct builder *b)
{
	while (b->at < b->len && strchr(" \t\r\n", b->text[b->at]))
		b->at++;
}

static unsigned hex4(const char *at)
{
	unsigned value = 0;

	for (unsigned i = 0; i < 4; i++) {
		char c = at[i] | 0x20;

		value = value << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return value;
}

/* What follows a backslash; surrogates come in pairs, or the text would not be valid. */
static char *take_escape(struct builder *b, char *to)
{
	static const char letters[] = "b\bf\fn\nr\rt\t";
	char c = b->text[b->at++];
	unsigned cp;

	if (c != 'u') {
		for (size_t i = 0; i < sizeof(letters) - 1; i += 2) {
			if (c == letters[i]) {
				c = letters[i + 1];
				break;
			}
		}
		*to++ = c;
		return to;
	}
	cp = hex4(b->text + b->at);
	b->at += 4;
	if (cp >= 0xd800 && cp < 0xdc00) {
		cp = 0x10000 + ((cp - 0xd800) << 10) + (hex4(b->text + b->at + 2) - 0xdc00);
		b->at += 6;
	}
	return utf8_put(to, cp);
}

/* From an opening quote to behind the closing one; NULL when memory is out. */
static const char *take_string(struct builder *b, size_t *len)
{
	size_t end = b->at + 1;
	char *text, *to;

	while (b->text[end] != '"')
		end += b->text[end] == '\\' ? 2 : 1;
	/* No escape is shorter than what it means. */
	text = to = arena_alloc(b->arena, end - b->at);
	if (!text)
		return NULL;
	for (b->at++; b->at < end;) {
		if (b->text[b->at] == '\\') {
			b->at++;
			to = take_escape(b, to);
		} else {
			*to++ = b->text[b->at++];
		}
	}
	b->at = end + 1;
	*len = (size_t)(to - text);
	return text;
}

static bool is_delimiter(char c)
{
	return c == ',' || c == ']' || c == '}' || strchr(" \t\r\n", c);
}

/* A number or one of the three words. */
static int take_word(struct builder *b, struct json_value *value)
{
	size_t start = b->at;

	while (b->at < b->len && !is_delimiter(b->text[b->at]))
		b->at++;
	value->text_len = b->at - start;
	value->text = arena_strndup(b->arena, b->text + start, value->text_len);
	switch (b->text[start]) {
	case 'n':
		value->kind = TREE_NULL;
		break;
	case 't':
	case 'f':
		value->kind = TREE_BOOLEAN;
		break;
	default:
		value->kind = TREE_NUMBER;
	}
	return value->text ? 0 : err_nomem(b->err);
}

static int take_value(struct builder *b, struct json_value *value);

/* A new child of parent behind the others. */
static struct json_value *add_child(struct builder *b, struct json_value *parent,
				    struct json_value **last)
{
	struct json_value *child = arena_alloc(b->arena, sizeof(*child));

	if (!child) {
		err_nomem(b->err);
		return NULL;
	}
	child->parent = parent;
	child->index = parent->count++;
	child->key_pos = -1;
	if (*last)
		(*last)->next = child;
	else
		parent->first = child;
	*last = child;
	return child;
}

static int take_key(struct builder *b, struct json_value *child)
{
	size_t len;

	child->key_pos = (long)b->at;
	child->key = take_string(b, &len);
	if (!child->key)
		return err_nomem(b->err);
	skip_blanks(b);
	b->at++;	/* ':' */
	skip_blanks(b);
	return 0;
}

static int take_children(struct builder *b, struct json_value *value, char close)
{
	struct json_value *last = NULL;

	b->at++;
	skip_blanks(b);
	while (peek(b) != close) {
		struct json_value *child = add_child(b, value, &last);
		int rc = !child ? -ENOMEM : close == '}' ? take_key(b, child) : 0;

		if (!rc)
			rc = take_value(b, child);
		if (rc)
			return rc;
		skip_blanks(b);
		if (peek(b) == ',') {
			b->at++;
			skip_blanks(b);
		}
	}
	b->at++;
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct json_value *x = *(const struct json_value *const *)a;
	const struct json_value *y = *(const struct json_value *const *)b;
	int order = strcmp(x->key, y->key);

	if (order)
		return order;
	return (x->index > y->index) - (x->index < y->index);
}

static int key_twice(struct builder *b, const struct json_value *first,
		     const struct json_value *second)
{
	unsigned line, column;
	int rc;

	err_locate(b->text, b->len, first->key_pos, &line, &column);
	rc = err_parse(b->err, second->key_pos,
		       "Key '%.64s' is given twice: it stands at line %u, column %u already",
		       second->key, line, column);
	if (b->err)
		json_tree_pointer(second, b->err->pointer, sizeof(b->err->pointer));
	return rc;
}

static int check_keys(struct builder *b, const struct json_value *object)
{
	const struct json_value **sorted, *twice = NULL, *first = NULL;
	unsigned count = 0;

	if (object->count < 2)
		return 0;
	sorted = malloc(object->count * sizeof(*sorted));
	if (!sorted)
		return err_nomem(b->err);
	for (const struct json_value *v = object->first; v; v = v->next)
		sorted[count++] = v;
	qsort(sorted, count, sizeof(*sorted), compare_keys);
	for (unsigned i = 1; i < count; i++) {
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0 &&
		    (!twice || sorted[i]->index < twice->index)) {
			first = sorted[i - 1];
			twice = sorted[i];
		}
	}
	free(sorted);
	return twice ? key_twice(b, first, twice) : 0;
}

static int take_value(struct builder *b, struct json_value *value)
{
	int rc = 0;

	value->pos = (long)b->at;
	switch (peek(b)) {
	case '{':
		value->kind = TREE_OBJECT;
		rc = take_children(b, value, '}');
		if (!rc)
			rc = check_keys(b, value);
		break;
	case '[':
		value->kind = TREE_ARRAY;
		rc = take_children(b, value, ']');
		break;
	case '"':
		value->kind = TREE_STRING;
		value->text = take_string(b, &value->text_len);
		rc = value->text ? 0 : err_nomem(b->err);
		break;
	default:
		rc = take_word(b, value);
	}
	value->len = b->at - (size_t)value->pos;
	return rc;
}

int json_tree_parse(const char *text, size_t len, struct arena *arena,
		    const struct json_value **out, struct err *err)
{
	struct builder b = { .text = text, .len = len, .arena = arena, .err = err };
	struct json_value *root;
	int rc;

	if (len > DOCUMENT_MAX_BYTES)
		return err_set(err, -EFBIG, "Document is too long (%zu bytes, max %u)", len,
			       DOCUMENT_MAX_BYTES);
	rc = json_check(text, len, err);
	if (rc)
		return rc;
	root = arena_alloc(arena, sizeof(*root));
	if (!root)
		return err_nomem(err);
	root->key_pos = -1;
	skip_blanks(&b);
	rc = take_value(&b, root);
	if (!rc)
		*out = root;
	return rc;
}

static bool covers(const struct json_value *value, long pos)
{
	long start = value->key_pos < 0 ? value->pos : value->key_pos;

	return pos >= start && pos < value->pos + (long)value->len;
}

const struct json_value *json_tree_at(const struct json_value *root, long pos)
{
	const struct json_value *child = root->first;

	while (child) {
		if (covers(child, pos)) {
			root = child;
			child = child->first;
		} else {
			child = child->next;
		}
	}
	return root;
}

/* One "/token", escaped, what terminals obey as '?'; bytes written, 0 if it does not fit. */
static size_t put_token(const struct json_value *value, char *out, size_t size)
{
	const char *c = value->key;
	size_t n = 0, used;

	if (!c) {
		n = (size_t)snprintf(out, size, "/%u", value->index);
		return n < size ? n : 0;
	}
	for (out[n++] = '/'; *c; c += used) {
		uint32_t cp = 0;

		/* Valid, since the library has read it. */
		used = (size_t)utf8_decode(c, strlen(c), &cp);
		if (n + 1 + (used > 2 ? used : 2) > size)
			return 0;
		if (*c == '~' || *c == '/') {
			out[n++] = '~';
			out[n++] = *c == '~' ? '0' : '1';
		} else if (cp < 0x20 || utf8_is_hidden(cp)) {
			out[n++] = '?';
		} else {
			memcpy(out + n, c, used);
			n += used;
		}
	}
	return n;
}

void json_tree_pointer(const struct json_value *value, char *out, size_t size)
{
	const struct json_value *path[JSON_DEPTH_MAX + 1];
	unsigned depth = 0;
	size_t n = 0, more;

	for (; value->parent && depth < countof(path); value = value->parent)
		path[depth++] = value;
	while (depth && size - n > 2) {
		more = put_token(path[--depth], out + n, size - n - 1);
		if (!more)
			break;
		n += more;
	}
	out[n] = '\0';
}

const char *json_tree_kind_name(enum tree_kind kind)
{
	static const char *const names[] = {
		[TREE_NULL] = "null",	    [TREE_BOOLEAN] = "true or false",
		[TREE_NUMBER] = "a number", [TREE_STRING] = "a string",
		[TREE_ARRAY] = "an array",  [TREE_OBJECT] = "an object",
	};

	_Static_assert(countof(names) == TREE_KIND_COUNT, "every kind has a name");
	return names[kind];
}
