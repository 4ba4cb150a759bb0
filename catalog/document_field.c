/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/document_parse.h"

#include "base/stamp.h"
#include "catalog/number.h"

#include <errno.h>
#include <string.h>

#define FIELDS_MAX 16
#define QUOTED_MAX 80

static const struct field *find_field(const struct field *fields, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].key, key) == 0)
			return &fields[i];
	}
	return NULL;
}

int field_unknown(const struct json_value *member, const struct field *fields, size_t count,
		  const char *where, struct err *err)
{
	const char *names[FIELDS_MAX], *near;
	char list[512];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		names[i] = fields[i].key;
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "",
				      fields[i].key);
	}
	near = name_nearest(member->key, strlen(member->key), names, count);
	return err_parse(err, member->key_pos, "Unknown key '%.*s' in %s. Keys: %s%s%s%s",
			 QUOTED_MAX, member->key, where, list, near ? ". Did you mean '" : "",
			 near ? near : "", near ? "'?" : "");
}

/* "a string", "a string or null", "a string, an object or null". */
static void list_kinds(unsigned kinds, char *out, size_t size)
{
	/* null is said last */
	static const enum tree_kind order[] = { TREE_BOOLEAN, TREE_NUMBER, TREE_STRING,
						TREE_ARRAY,   TREE_OBJECT, TREE_NULL };
	size_t n = 0;

	for (unsigned i = 0; i < countof(order); i++) {
		unsigned bit = 1u << order[i];

		if (!(kinds & bit))
			continue;
		kinds &= ~bit;
		n += (size_t)snprintf(out + n, size - n, "%s%s", !n ? "" : kinds ? ", " : " or ",
				      json_tree_kind_name(order[i]));
	}
}

int field_wrong_kind(const struct json_value *value, unsigned kinds, struct err *err)
{
	char expected[128];

	list_kinds(kinds, expected, sizeof(expected));
	return err_parse(err, value->pos, "Expected %s for %s, found %s", expected, value->key,
			 json_tree_kind_name(value->kind));
}

int fields_read(const struct json_value *object, const struct field *fields, size_t count,
		const char *where, const struct json_value **found, struct err *err)
{
	for (const struct json_value *v = object->first; v; v = v->next) {
		const struct field *field = find_field(fields, count, v->key);

		if (!field)
			return field_unknown(v, fields, count, where, err);
		if (!(field->kinds & 1u << v->kind))
			return field_wrong_kind(v, field->kinds, err);
		found[field - fields] = v;
	}
	return 0;
}

void field_forget_null(const struct json_value **value)
{
	if (*value && (*value)->kind == TREE_NULL)
		*value = NULL;
}

int field_missing(const struct json_value *object, const char *key, const char *where,
		  struct err *err)
{
	return err_parse(err, object->pos, "%s is missing in %s", key, where);
}

int field_derived(const struct json_value *value, const char *is, struct err *err)
{
	return err_at(err, -EINVAL, value->pos, "%s cannot be changed: it is %s", value->key, is);
}

int field_object(const struct json_value *value, const char *what, struct err *err)
{
	if (value->kind == TREE_OBJECT)
		return 0;
	return err_parse(err, value->pos, "Expected an object for %s, found %s", what,
			 json_tree_kind_name(value->kind));
}

int field_number(const struct json_value *value, uint32_t *out, struct err *err)
{
	uint64_t number = 0;

	*out = 0;
	if (!value)
		return 0;
	for (size_t i = 0; i < value->text_len; i++) {
		unsigned digit = (unsigned char)value->text[i] - (unsigned)'0';

		if (digit > 9 || number > UINT32_MAX) {
			number = 0;
			break;
		}
		number = number * 10 + digit;
	}
	if (!number || number > UINT32_MAX)
		return err_parse(err, value->pos,
				 "Expected a whole number from 1 to 4294967295 for %s, found %.*s",
				 value->key, QUOTED_MAX, value->text);
	*out = (uint32_t)number;
	return 0;
}

int field_adopt(const struct json_value *value, struct err *inner, struct err *err)
{
	inner->pos = value->pos;
	*inner->pointer = '\0';
	if (err && !err->code)
		*err = *inner;
	return inner->code;
}

int field_name(const struct json_value *value, enum name_kind kind, char out[NAME_SIZE],
	       struct err *err)
{
	struct err inner = ERR_INIT;

	if (name_check_exact(kind, value->text, value->text_len, &inner))
		return field_adopt(value, &inner, err);
	memcpy(out, value->text, value->text_len + 1);
	return 0;
}

const char *field_comment(const struct json_value *value)
{
	return value->kind == TREE_STRING && *value->text ? value->text : NULL;
}

int field_literal(const struct document *document, const struct json_value *value,
		  struct arena *arena, struct literal *out, struct err *err)
{
	static const enum literal_form forms[] = {
		[TREE_NULL] = LITERAL_NULL,	[TREE_BOOLEAN] = LITERAL_BOOLEAN,
		[TREE_NUMBER] = LITERAL_NUMBER, [TREE_STRING] = LITERAL_STRING,
		[TREE_ARRAY] = LITERAL_ARRAY,	[TREE_OBJECT] = LITERAL_OBJECT,
	};

	*out = (struct literal){ .form = forms[value->kind] };
	if (value->kind == TREE_NULL)
		return 0;
	out->text = value->text;
	out->len = value->text_len;
	if (!out->text) {
		out->text = arena_strndup(arena, document->text + value->pos, value->len);
		out->len = value->len;
	}
	return out->text ? 0 : err_nomem(err);
}

bool field_is_text(const struct json_value *value, const char *text)
{
	return !value || (value->kind == TREE_STRING && strcmp(value->text, text) == 0);
}

bool field_is_number(const struct json_value *value, uint64_t number)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return !value || strcmp(value->text, text) == 0;
}

int field_check_stamp(const struct json_value *value, int64_t us, struct err *err)
{
	char stamp[STAMP_SIZE];
	int64_t said;

	if (!value || (stamp_parse(value->text, value->text_len, false, &said) == 0 && said == us))
		return 0;
	return field_derived(value, stamp_format(us, stamp), err);
}
