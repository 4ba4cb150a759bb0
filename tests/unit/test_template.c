/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"

#include "paths/template.h"

#include <errno.h>

#define SHARED "Shared table template: "
#define USER "User table template: "
#define SHARED_VALID "Valid placeholders: {namespace}, {tableName}"
#define USER_VALID "Valid placeholders: {namespace}, {tableName}, {shard}, {userId}"
#define OK_SHARED "{namespace}/{tableName}"
#define OK_USER "{namespace}/{tableName}/{userId}"

static const struct accepted {
	enum template_kind kind;
	const char *text;
	const char *canonical;	/* as printed without values */
} accepted[] = {
	{ TEMPLATE_SHARED, OK_SHARED, OK_SHARED },
	{ TEMPLATE_SHARED, "{namespace}/tables/{tableName}", "{namespace}/tables/{tableName}" },
	{ TEMPLATE_SHARED, "/data/shared/{namespace}/tables/{tableName}/data",
	  "data/shared/{namespace}/tables/{tableName}/data" },
	{ TEMPLATE_SHARED, "{namespace}/{tableName}/", OK_SHARED },
	{ TEMPLATE_SHARED, "{namespace}_{tableName}", "{namespace}_{tableName}" },
	{ TEMPLATE_SHARED, "{namespace}{tableName}", "{namespace}{tableName}" },
	{ TEMPLATE_SHARED, "system/{namespace}/{tableName}", "system/{namespace}/{tableName}" },
	{ TEMPLATE_SHARED, "..{namespace}/{tableName}..", "..{namespace}/{tableName}.." },
	{ TEMPLATE_SHARED, ".../.a/{namespace}/{tableName}", ".../.a/{namespace}/{tableName}" },
	{ TEMPLATE_SHARED, "a b/{namespace}/{tableName}", "a b/{namespace}/{tableName}" },
	{ TEMPLATE_SHARED, "d\xc3\xa4ta/\xe2\x82\xac/\xf0\x9f\x98\x80/{namespace}/{tableName}",
	  "d\xc3\xa4ta/\xe2\x82\xac/\xf0\x9f\x98\x80/{namespace}/{tableName}" },
	{ TEMPLATE_SHARED, "{namespace_id}/{table_name}", OK_SHARED },
	{ TEMPLATE_SHARED, "{namespaceId}/{table-id}", OK_SHARED },
	{ TEMPLATE_SHARED, "{namespace-id}/{tableName}", OK_SHARED },
	{ TEMPLATE_USER, OK_USER, OK_USER },
	{ TEMPLATE_USER, "{namespace}/{tableName}/{shard}/{userId}",
	  "{namespace}/{tableName}/{shard}/{userId}" },
	{ TEMPLATE_USER, "{namespace}/users/{tableName}/{shard}/{userId}",
	  "{namespace}/users/{tableName}/{shard}/{userId}" },
	{ TEMPLATE_USER, "ns_{namespace}/tbl_{tableName}/usr_{userId}",
	  "ns_{namespace}/tbl_{tableName}/usr_{userId}" },
	{ TEMPLATE_USER, "{namespace}/{tableName}/{shard_id}/{user_id}",
	  "{namespace}/{tableName}/{shard}/{userId}" },
	{ TEMPLATE_USER, "{namespace}/{tableName}/{shard-id}/{user-id}",
	  "{namespace}/{tableName}/{shard}/{userId}" },
	{ TEMPLATE_USER, "{namespace}/{tableName}/..{userId}.",
	  "{namespace}/{tableName}/..{userId}." },
	{ TEMPLATE_USER, "{namespace}/{tableName}/{shard}_{userId}",
	  "{namespace}/{tableName}/{shard}_{userId}" },
	{ TEMPLATE_USER, "a{namespace}b{tableName}c{shard}d{userId}e",
	  "a{namespace}b{tableName}c{shard}d{userId}e" },
};

static const struct refused {
	enum template_kind kind;
	const char *text;
	const char *message;
} refused[] = {
	/* Presence and order: the texts of facts.md section 5.2. */
	{ TEMPLATE_SHARED, "", SHARED "Both {namespace} and {tableName} are required" },
	{ TEMPLATE_SHARED, "/", SHARED "Both {namespace} and {tableName} are required" },
	{ TEMPLATE_SHARED, "//", SHARED "Both {namespace} and {tableName} are required" },
	{ TEMPLATE_SHARED, "data", SHARED "Both {namespace} and {tableName} are required" },
	{ TEMPLATE_SHARED, "data/{tableName}", SHARED "{namespace} is required" },
	{ TEMPLATE_SHARED, "{namespace}", SHARED "{tableName} is required" },
	{ TEMPLATE_SHARED, "{tableName}/{namespace}",
	  SHARED "{namespace} must appear before {tableName}" },
	{ TEMPLATE_SHARED, "{table_name}/{namespace_id}",
	  SHARED "{namespace} must appear before {tableName}" },
	{ TEMPLATE_USER, "", USER "{userId} is required" },
	{ TEMPLATE_USER, OK_SHARED, USER "{userId} is required" },
	{ TEMPLATE_USER, "{userId}", USER "Both {namespace} and {tableName} are required" },
	{ TEMPLATE_USER, "users_{userId}", USER "Both {namespace} and {tableName} are required" },
	{ TEMPLATE_USER, "{shard}/{userId}", USER "Both {namespace} and {tableName} are required" },
	{ TEMPLATE_USER, "{tableName}/{userId}", USER "{namespace} is required" },
	{ TEMPLATE_USER, "{namespace}/{userId}", USER "{tableName} is required" },
	{ TEMPLATE_USER, "ns_{namespace}/{userId}/shard_{shard}", USER "{tableName} is required" },
	{ TEMPLATE_USER, "{tableName}/{namespace}/{userId}",
	  USER "{namespace} must appear before {tableName}" },
	{ TEMPLATE_USER, "{namespace}/{userId}/{tableName}",
	  USER "{tableName} must appear before {userId}" },
	{ TEMPLATE_USER, "users/{userId}/{namespace}/{tableName}",
	  USER "{tableName} must appear before {userId}" },
	{ TEMPLATE_USER, "{namespace}/{shard}/{tableName}/{userId}",
	  USER "{tableName} must appear before {shard}" },
	{ TEMPLATE_USER, "{shard}/{namespace}/{tableName}/{userId}",
	  USER "{tableName} must appear before {shard}" },
	{ TEMPLATE_USER, "{namespace}/{tableName}/{userId}/{shard}",
	  USER "{shard} must appear before {userId}" },

	/* Ways out of the base. */
	{ TEMPLATE_SHARED, "../{namespace}/{tableName}",
	  SHARED "Path segment '..' at byte 1 is not allowed; a location never leaves the base "
	  "directory" },
	{ TEMPLATE_SHARED, "/../{namespace}/{tableName}",
	  SHARED "Path segment '..' at byte 2 is not allowed; a location never leaves the base "
	  "directory" },
	{ TEMPLATE_SHARED, "{namespace}/../{tableName}",
	  SHARED "Path segment '..' at byte 13 is not allowed; a location never leaves the base "
	  "directory" },
	{ TEMPLATE_SHARED, "{namespace}/{tableName}/..",
	  SHARED "Path segment '..' at byte 25 is not allowed; a location never leaves the base "
	  "directory" },
	{ TEMPLATE_SHARED, "{namespace}/{tableName}/../",
	  SHARED "Path segment '..' at byte 25 is not allowed; a location never leaves the base "
	  "directory" },
	{ TEMPLATE_SHARED, "./{namespace}/{tableName}",
	  SHARED "Path segment '.' at byte 1 is not allowed; a location never leaves the base "
	  "directory" },
	{ TEMPLATE_SHARED, "..",
	  SHARED "Path segment '..' at byte 1 is not allowed; a location never leaves the base "
	  "directory" },
	{ TEMPLATE_USER, "{namespace}/{tableName}/{userId}/../../../../etc",
	  USER "Path segment '..' at byte 34 is not allowed; a location never leaves the base "
	  "directory" },
	{ TEMPLATE_SHARED, "..\\{namespace}/{tableName}",
	  SHARED "Byte 3 is a backslash; directories are separated by '/'" },
	{ TEMPLATE_SHARED, "%2e%2e/{namespace}/{tableName}",
	  SHARED "Byte 1 is '%', which has a meaning of its own in URIs; leave it out" },
	{ TEMPLATE_USER, "{namespace}/{tableName}/%2{userId}",
	  USER "Byte 25 is '%', which has a meaning of its own in URIs; leave it out" },
	{ TEMPLATE_SHARED, "?{namespace}/{tableName}",
	  SHARED "Byte 1 is '?', which has a meaning of its own in URIs; leave it out" },
	{ TEMPLATE_SHARED, "{namespace}#/{tableName}",
	  SHARED "Byte 12 is '#', which has a meaning of its own in URIs; leave it out" },

	/* Empty segments. */
	{ TEMPLATE_SHARED, "///",
	  SHARED "Empty path segment at byte 2; write one '/' between two names" },
	{ TEMPLATE_SHARED, "//{namespace}/{tableName}",
	  SHARED "Empty path segment at byte 2; write one '/' between two names" },
	{ TEMPLATE_SHARED, "{namespace}//{tableName}",
	  SHARED "Empty path segment at byte 13; write one '/' between two names" },
	{ TEMPLATE_SHARED, "{namespace}/{tableName}//",
	  SHARED "Empty path segment at byte 25; write one '/' between two names" },
	{ TEMPLATE_SHARED, "s3://bucket/{namespace}/{tableName}",
	  SHARED "Empty path segment at byte 5; write one '/' between two names" },

	/* Bytes that are no text. */
	{ TEMPLATE_SHARED, "{namespace}/\n{tableName}",
	  SHARED "Byte 13 is a control character (U+000A); remove it" },
	{ TEMPLATE_SHARED, "{namespace}/\t/{tableName}",
	  SHARED "Byte 13 is a control character (U+0009); remove it" },
	{ TEMPLATE_SHARED, "\x1b[2J{namespace}/{tableName}",
	  SHARED "Byte 1 is a control character (U+001B); remove it" },
	{ TEMPLATE_SHARED, "{namespace}/{tableName}\x7f",
	  SHARED "Byte 24 is a control character (U+007F); remove it" },
	{ TEMPLATE_SHARED, "\xc2\x9b{namespace}/{tableName}",
	  SHARED "Byte 1 is a control character (U+009B); remove it" },
	{ TEMPLATE_SHARED, "\xff{namespace}/{tableName}",
	  SHARED "Byte 1 (0xff) is not valid UTF-8" },
	{ TEMPLATE_SHARED, "\x80{namespace}/{tableName}",
	  SHARED "Byte 1 (0x80) is not valid UTF-8" },
	{ TEMPLATE_SHARED, "{namespace}/{tableName}\xc3",
	  SHARED "Byte 24 (0xc3) is not valid UTF-8" },
	{ TEMPLATE_SHARED, "{namespace}/{tableName}\xe2\x82",
	  SHARED "Byte 24 (0xe2) is not valid UTF-8" },
	{ TEMPLATE_SHARED, "\xc0\xae\xc0\xae/{namespace}/{tableName}",
	  SHARED "Byte 1 (0xc0) is not valid UTF-8" },
	{ TEMPLATE_SHARED, "\xe0\x80\xae/{namespace}/{tableName}",
	  SHARED "Byte 1 (0xe0) is not valid UTF-8" },
	{ TEMPLATE_SHARED, "\xed\xa0\x80/{namespace}/{tableName}",
	  SHARED "Byte 1 (0xed) is not valid UTF-8" },
	{ TEMPLATE_SHARED, "\xf4\x90\x80\x80/{namespace}/{tableName}",
	  SHARED "Byte 1 (0xf4) is not valid UTF-8" },

	/* Braces. */
	{ TEMPLATE_SHARED, "{namespace}/{tableName",
	  SHARED "'{' at byte 13 is not closed by '}'" },
	{ TEMPLATE_SHARED, "{namespace}/{tableName/",
	  SHARED "'{' at byte 13 is not closed by '}'" },
	{ TEMPLATE_SHARED, "{namespace/{tableName}",
	  SHARED "'{' at byte 1 is not closed by '}'" },
	{ TEMPLATE_SHARED, "{{namespace}}/{tableName}",
	  SHARED "'{' at byte 1 is not closed by '}'" },
	{ TEMPLATE_SHARED, "{name{namespace}space}/{tableName}",
	  SHARED "'{' at byte 1 is not closed by '}'" },
	{ TEMPLATE_SHARED, "{", SHARED "'{' at byte 1 is not closed by '}'" },
	{ TEMPLATE_SHARED, "{namespace}}/{tableName}",
	  SHARED "'}' at byte 12 has no '{' before it" },
	{ TEMPLATE_SHARED, "}{namespace}/{tableName}",
	  SHARED "'}' at byte 1 has no '{' before it" },

	/* Placeholders that are none, or not here, or there already. */
	{ TEMPLATE_SHARED, "{}/{namespace}/{tableName}",
	  SHARED "Unknown placeholder '{}'. " SHARED_VALID },
	{ TEMPLATE_SHARED, "{../../etc}/{namespace}/{tableName}",
	  SHARED "Path segment '..' at byte 5 is not allowed; a location never leaves the base "
	  "directory" },
	{ TEMPLATE_SHARED, "{a/b}/{namespace}/{tableName}",
	  SHARED "Unknown placeholder '{a/b}'. " SHARED_VALID },
	{ TEMPLATE_USER, "{bucket}/{namespace}/{tableName}/{userId}",
	  USER "Unknown placeholder '{bucket}'. " USER_VALID },
	{ TEMPLATE_USER, "{namespace}/{tabelName}/{userId}",
	  USER "Unknown placeholder '{tabelName}'. " USER_VALID ". Did you mean {tableName}?" },
	{ TEMPLATE_USER, "{namespace}/{tableName}/{userid}",
	  USER "Unknown placeholder '{userid}'. " USER_VALID ". Did you mean {userId}?" },
	{ TEMPLATE_SHARED, "{Namespace}/{tableName}",
	  SHARED "Unknown placeholder '{Namespace}'. " SHARED_VALID ". Did you mean {namespace}?" },
	{ TEMPLATE_SHARED, "{namespace }/{tableName}",
	  SHARED "Unknown placeholder '{namespace }'. " SHARED_VALID
	  ". Did you mean {namespace}?" },
	{ TEMPLATE_SHARED, "{namespace}/{table_id}",
	  SHARED "Unknown placeholder '{table_id}'. " SHARED_VALID ". Did you mean {tableName}?" },
	{ TEMPLATE_SHARED, "{namespace}/{tableName}/{userid}",
	  SHARED "Unknown placeholder '{userid}'. " SHARED_VALID },
	{ TEMPLATE_SHARED, "{storageLocation}/{namespace}/{tableName}/",
	  SHARED "Unknown placeholder '{storageLocation}'. " SHARED_VALID
	  ". The base directory always comes first, so leave it out" },
	{ TEMPLATE_USER, "{storageLocation}/{namespace}/users/{userId}/{tableName}/",
	  USER "Unknown placeholder '{storageLocation}'. " USER_VALID
	  ". The base directory always comes first, so leave it out" },
	{ TEMPLATE_SHARED, "{namespace}/{tableName}/{userId}",
	  SHARED "{userId} is for user tables only. " SHARED_VALID },
	{ TEMPLATE_SHARED, "{namespace}/{tableName}/{shard_id}",
	  SHARED "{shard} is for user tables only. " SHARED_VALID },
	{ TEMPLATE_SHARED, "{namespace}/{tableName}/{tableName}",
	  SHARED "{tableName} must appear only once" },
	{ TEMPLATE_SHARED, "{namespace}/{namespaceId}/{tableName}",
	  SHARED "{namespace} must appear only once" },
	{ TEMPLATE_USER, "{namespace}/{tableName}/{userId}/{user_id}",
	  USER "{userId} must appear only once" },
	{ TEMPLATE_USER, "{namespace}/{tableName}/{shard}{userId}",
	  USER "{shard} ends in a number, so neither {userId} nor a digit may follow it directly; "
	  "put '/' between" },
	{ TEMPLATE_USER, "{namespace}/{tableName}/{shard}0{userId}",
	  USER "{shard} ends in a number, so neither {userId} nor a digit may follow it directly; "
	  "put '/' between" },
};

static char *printed(const struct template *t, const char *const values[PLACEHOLDER_COUNT])
{
	struct collector c;

	collect(&c);
	template_print(t, values, c.out);
	return text_of(&c);
}

static void accepts_and_compiles_what_the_rules_allow(void **state)
{
	static const char *const none[PLACEHOLDER_COUNT];

	(void)state;

	for (size_t i = 0; i < countof(accepted); i++) {
		struct err err = ERR_INIT;
		struct template t;
		char *text;

		if (template_parse(accepted[i].kind, accepted[i].text, &t, &err))
			fail_msg("'%s': %s", accepted[i].text, err.text);
		text = printed(&t, none);
		assert_string_equal(text, accepted[i].canonical);
		free(text);
	}
}

static void refuses_the_rest_and_says_why(void **state)
{
	(void)state;

	for (size_t i = 0; i < countof(refused); i++) {
		struct err err = ERR_INIT;
		struct template t;

		if (template_parse(refused[i].kind, refused[i].text, &t, &err) != -EINVAL)
			fail_msg("'%s' was not refused", refused[i].text);
		assert_err(&err, -EINVAL, refused[i].message);
	}
}

static void leaves_the_output_alone_when_it_refuses(void **state)
{
	struct template t = { .count = 77 };

	(void)state;

	assert_int_equal(template_parse(TEMPLATE_SHARED, "{namespace}", &t, NULL), -EINVAL);

	assert_int_equal(t.count, 77);
}

static void takes_512_bytes_and_refuses_513(void **state)
{
	struct err err = ERR_INIT;
	char text[514] = OK_SHARED "/";
	struct template t;

	(void)state;

	memset(text + strlen(text), 'x', 512 - strlen(text));
	assert_int_equal(template_parse(TEMPLATE_SHARED, text, &t, &err), 0);

	text[512] = 'x';
	assert_int_equal(template_parse(TEMPLATE_SHARED, text, &t, &err), -EINVAL);
	assert_err(&err, -EINVAL, SHARED "Template is too long (max 512 bytes)");
}

static void a_value_that_looks_like_a_placeholder_is_not_expanded(void **state)
{
	static const char *const values[PLACEHOLDER_COUNT] = {
		[PLACEHOLDER_NAMESPACE] = "{tableName}",
		[PLACEHOLDER_TABLE] = "{shard}{userId}",
		[PLACEHOLDER_SHARD] = "{namespace}",
		[PLACEHOLDER_USER] = "{{userId}}",
	};
	struct template t;
	char *text;

	(void)state;

	assert_int_equal(template_parse(TEMPLATE_USER, "{namespace}/{tableName}/{shard}/{userId}",
					&t, NULL), 0);
	text = printed(&t, values);

	assert_string_equal(text, "{tableName}/{shard}{userId}/{namespace}/{{userId}}");
	free(text);
}

static void prints_values_and_leaves_placeholders_without_one(void **state)
{
	static const char *const values[PLACEHOLDER_COUNT] = {
		[PLACEHOLDER_NAMESPACE] = "app",
		[PLACEHOLDER_USER] = "alice",
	};
	struct template t;
	char *text;

	(void)state;

	assert_int_equal(template_parse(TEMPLATE_USER, "/x_{namespace-id}_{table-id}/{user-id}.d/",
					&t, NULL), 0);
	text = printed(&t, values);

	assert_string_equal(text, "x_app_{tableName}/alice.d");
	free(text);
}

static void tells_which_placeholders_occur(void **state)
{
	struct template t;

	(void)state;

	assert_int_equal(template_parse(TEMPLATE_USER, OK_USER, &t, NULL), 0);

	assert_true(template_has(&t, PLACEHOLDER_NAMESPACE));
	assert_true(template_has(&t, PLACEHOLDER_TABLE));
	assert_false(template_has(&t, PLACEHOLDER_SHARD));
	assert_true(template_has(&t, PLACEHOLDER_USER));
	assert_string_equal(placeholder_name(PLACEHOLDER_USER), "{userId}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_and_compiles_what_the_rules_allow),
		cmocka_unit_test(refuses_the_rest_and_says_why),
		cmocka_unit_test(leaves_the_output_alone_when_it_refuses),
		cmocka_unit_test(takes_512_bytes_and_refuses_513),
		cmocka_unit_test(a_value_that_looks_like_a_placeholder_is_not_expanded),
		cmocka_unit_test(prints_values_and_leaves_placeholders_without_one),
		cmocka_unit_test(tells_which_placeholders_occur),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
