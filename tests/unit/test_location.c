/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"

#include "paths/location.h"

#include <errno.h>

#define ROOT "/srv/catalog"
#define S3_FORM "write s3://BUCKET or s3://BUCKET/PREFIX"
#define GS_FORM "write gs://BUCKET or gs://BUCKET/PREFIX"
#define AZ_FORM "write az://BUCKET or az://BUCKET/PREFIX"
#define NO_PATH "does not fit a storage of type filesystem; write a path or file:///PATH"
#define BUCKET_RULE "is not a bucket name; use letters and digits, after the first also '.', '_' " \
	"and '-'"
#define NO_WAY_UP "has a '..' segment; write the path without it"
#define ID_RULE "; use letters, digits, '_', '.', '@' and '-'"
#define ID_START ID_RULE ", and begin with a letter, digit or '_'"
#define NAME_RULE "is not of the form namespace/table, both of lower-case letters, digits and '_'"
#define DOT_RULE "has an empty, '.' or '..' segment; a location never leaves the base directory"

static const struct base {
	const char *scheme, *base;
	const char *normal;	/* below ROOT */
	const char *canonical;	/* NULL: the same */
} bases[] = {
	{ "filesystem", "/data/storage", "/data/storage", NULL },
	{ "filesystem", "/data//storage///", "/data/storage", NULL },
	{ "filesystem", "/data/./storage/.", "/data/storage", NULL },
	{ "filesystem", "/", "/", NULL },
	{ "filesystem", "//", "/", NULL },
	{ "filesystem", "storage", ROOT "/storage", NULL },
	{ "filesystem", "./data/storage", ROOT "/data/storage", NULL },
	{ "filesystem", ".", ROOT, NULL },
	{ "filesystem", "./", ROOT, NULL },
	{ "filesystem", "...", ROOT "/...", NULL },
	{ "filesystem", "..a/b..", ROOT "/..a/b..", NULL },
	{ "filesystem", "/100%/#1", "/100%/#1", NULL },
	{ "filesystem", "/d\xc3\xa4ta", "/d\xc3\xa4ta", NULL },
	{ "filesystem", "/\xc2\xa9", "/\xc2\xa9", NULL },
	{ "filesystem", "a:b/c", ROOT "/a:b/c", NULL },
	{ "filesystem", "file:///data/storage/", "/data/storage", NULL },
	{ "filesystem", "file:///", "/", NULL },
	{ "s3", "s3://my-bucket", "s3://my-bucket", NULL },
	{ "s3", "s3://my-bucket/kalamdb/", "s3://my-bucket/kalamdb", NULL },
	{ "s3", "s3://my.bucket//a/./b//", "s3://my.bucket/a/b", NULL },
	{ "gcs", "gs://bucket/x", "gs://bucket/x", NULL },
	{ "gcs", "gcs://bucket/x", "gcs://bucket/x", "gs://bucket/x" },
	{ "azure", "az://box", "az://box", NULL },
	{ "azure", "azure://box/x/", "azure://box/x", "az://box/x" },
};

static const struct refused_base {
	const char *scheme, *base, *message;
} refused_bases[] = {
	{ "filesystem", "", "Base directory is empty; write '.' for the catalog directory itself" },
	{ "s3", "", "Base directory is empty; write '.' for the catalog directory itself" },
	{ "filesystem", "..", "Base directory '..' " NO_WAY_UP },
	{ "filesystem", "../x", "Base directory '../x' " NO_WAY_UP },
	{ "filesystem", "/data/../etc", "Base directory '/data/../etc' " NO_WAY_UP },
	{ "filesystem", "/data/..", "Base directory '/data/..' " NO_WAY_UP },
	{ "filesystem", "a//..//b", "Base directory 'a//..//b' " NO_WAY_UP },
	{ "filesystem", "file:///a/../b", "Base directory 'file:///a/../b' " NO_WAY_UP },
	{ "filesystem", "file://host/a", "Base directory 'file://host/a' " NO_PATH },
	{ "filesystem", "file:/a", "Base directory 'file:/a' " NO_PATH },
	{ "filesystem", "s3://bucket", "Base directory 's3://bucket' " NO_PATH },
	{ "filesystem", "S3:/bucket", "Base directory 'S3:/bucket' " NO_PATH },
	{ "filesystem", "file:///a%2f..",
	  "Base directory: Byte 10 is '%', which has a meaning of its own in URIs; leave it out" },
	{ "filesystem", "/a\\b",
	  "Base directory: Byte 3 is a backslash; directories are separated by '/'" },
	{ "filesystem", "/a\nb",
	  "Base directory: Byte 3 is a control character (U+000A); remove it" },
	{ "filesystem", "/\xff", "Base directory: Byte 2 (0xff) is not valid UTF-8" },
	{ "filesystem", "/data/{userId}",
	  "Base directory: Byte 7 is '{'; placeholders belong into the templates" },
	{ "filesystem", "/data/}",
	  "Base directory: Byte 7 is '}'; placeholders belong into the templates" },
	{ "s3", "/data", "Base directory '/data' does not fit a storage of type s3; " S3_FORM },
	{ "s3", "S3://b", "Base directory 'S3://b' does not fit a storage of type s3; " S3_FORM },
	{ "s3", "gs://b", "Base directory 'gs://b' does not fit a storage of type s3; " S3_FORM },
	{ "gcs", "s3://b", "Base directory 's3://b' does not fit a storage of type gcs; " GS_FORM },
	{ "azure", "data", "Base directory 'data' does not fit a storage of type azure; " AZ_FORM },
	{ "s3", "s3://", "Base directory 's3://' has no bucket; " S3_FORM },
	{ "s3", "s3:///x", "Base directory 's3:///x' has no bucket; " S3_FORM },
	{ "s3", "s3://../x", "Bucket '..' of base directory 's3://../x' " BUCKET_RULE },
	{ "s3", "s3://.", "Bucket '.' of base directory 's3://.' " BUCKET_RULE },
	{ "s3", "s3://me@b/x", "Bucket 'me@b' of base directory 's3://me@b/x' " BUCKET_RULE },
	{ "s3", "s3://b/../c", "Base directory 's3://b/../c' " NO_WAY_UP },
	{ "s3", "s3://b/%2E%2E",
	  "Base directory: Byte 8 is '%', which has a meaning of its own in URIs; leave it out" },
	{ "s3", "s3://b/?x",
	  "Base directory: Byte 8 is '?', which has a meaning of its own in URIs; leave it out" },
	{ "gcs", "gs://b/#x",
	  "Base directory: Byte 8 is '#', which has a meaning of its own in URIs; leave it out" },
};

/* facts.md sections 5.3 and 5.4, with its bad cases put right. */
static const struct vector {
	enum template_kind kind;
	const char *base, *text;	/* the base as location_base gives it */
	const char *name;
	const char *partial, *claim;
	const char *user, *location;	/* NULL: not a user table */
} vectors[] = {
	{ TEMPLATE_SHARED, ROOT "/data/storage", "{namespace}/{tableName}", "myapp/products",
	  ROOT "/data/storage/myapp/products", ROOT "/data/storage/myapp/products", NULL, NULL },
	{ TEMPLATE_SHARED, "s3://my-bucket/kalamdb", "{namespace}/{tableName}", "ns/tbl",
	  "s3://my-bucket/kalamdb/ns/tbl", "s3://my-bucket/kalamdb/ns/tbl", NULL, NULL },
	{ TEMPLATE_SHARED, "s3://b", "/{namespace}/{tableName}/", "ns/tbl",
	  "s3://b/ns/tbl", "s3://b/ns/tbl", NULL, NULL },
	{ TEMPLATE_SHARED, "/base", "/data/shared/{namespace}/tables/{tableName}/data", "ns/tbl",
	  "/base/data/shared/ns/tables/tbl/data", "/base/data/shared/ns/tables/tbl/data",
	  NULL, NULL },
	{ TEMPLATE_SHARED, "/", "{namespace}/{tableName}", "ns/tbl", "/ns/tbl", "/ns/tbl",
	  NULL, NULL },
	{ TEMPLATE_SHARED, "/base", "ns_{namespace}/table_{tableName}", "foo/bar_17",
	  "/base/ns_foo/table_bar_17", "/base/ns_foo/table_bar_17", NULL, NULL },
	{ TEMPLATE_USER, "/data/storage", "{namespace}/{tableName}/{userId}", "chat/messages",
	  "/data/storage/chat/messages/{userId}", "/data/storage/chat/messages",
	  "alice", "/data/storage/chat/messages/alice" },
	{ TEMPLATE_USER, ROOT "/data/storage", "{namespace}/{tableName}/{userId}", "chat/messages",
	  ROOT "/data/storage/chat/messages/{userId}", ROOT "/data/storage/chat/messages",
	  "alice", ROOT "/data/storage/chat/messages/alice" },
	{ TEMPLATE_USER, "/data/storage", "{namespace}/{tableName}/{userId}/", "my_ns/messages",
	  "/data/storage/my_ns/messages/{userId}", "/data/storage/my_ns/messages",
	  "user_alice", "/data/storage/my_ns/messages/user_alice" },
	{ TEMPLATE_USER, "s3://bucket/kalam", "{namespace}/{tableName}/{shard}/{userId}",
	  "app/messages", "s3://bucket/kalam/app/messages/{shard}/{userId}",
	  "s3://bucket/kalam/app/messages", "alice",
	  "s3://bucket/kalam/app/messages/shard_0/alice" },
	{ TEMPLATE_USER, "/b", "{namespace-id}/{table-id}/{shard-id}/{user-id}", "app/messages",
	  "/b/app/messages/{shard}/{userId}", "/b/app/messages",
	  "bob", "/b/app/messages/shard_17/bob" },
	{ TEMPLATE_USER, "/b", "ns_{namespace}/tbl_{tableName}/usr_{userId}", "foo/bar",
	  "/b/ns_foo/tbl_bar/usr_{userId}", "/b/ns_foo/tbl_bar",
	  "u1", "/b/ns_foo/tbl_bar/usr_u1" },
	{ TEMPLATE_USER, "/b", "{namespace}/{tableName}/..{userId}", "foo/bar",
	  "/b/foo/bar/..{userId}", "/b/foo/bar", "_", "/b/foo/bar/.._" },
	{ TEMPLATE_USER, "/b", "{namespace}/{tableName}/{userId}.", "foo/bar",
	  "/b/foo/bar/{userId}.", "/b/foo/bar", "a.", "/b/foo/bar/a.." },
	{ TEMPLATE_USER, "/b", "{namespace}/{tableName}_{userId}/x", "foo/bar",
	  "/b/foo/bar_{userId}/x", "/b/foo/bar_{", "u@x.org", "/b/foo/bar_u@x.org/x" },
	{ TEMPLATE_USER, "/", "{namespace}_{tableName}_{userId}", "foo/bar",
	  "/foo_bar_{userId}", "/foo_bar_{", "u", "/foo_bar_u" },
	{ TEMPLATE_USER, "s3://b", "{namespace}_{tableName}_{shard}/{userId}", "foo/bar",
	  "s3://b/foo_bar_{shard}/{userId}", "s3://b/foo_bar_{", "root", "s3://b/foo_bar_shard_17/root" },
	{ TEMPLATE_USER, "/b", "{namespace}/{tableName}{userId}", "foo/bar",
	  "/b/foo/bar{userId}", "/b/foo/bar{", "u", "/b/foo/baru" },
	{ TEMPLATE_USER, "/b", "{namespace}/{tableName}.d/x_{shard}/{userId}", "foo/bar",
	  "/b/foo/bar.d/x_{shard}/{userId}", "/b/foo/bar.d", "u", "/b/foo/bar.d/x_shard_7/u" },
	{ TEMPLATE_USER, "/b", "{namespace}/{tableName}_{shard}_{userId}", "foo/bar",
	  "/b/foo/bar_{shard}_{userId}", "/b/foo/bar_{", "bob", "/b/foo/bar_shard_17_bob" },
	{ TEMPLATE_USER, "/b", "{namespace}/{tableName}/{userId}", "shard/userid",
	  "/b/shard/userid/{userId}", "/b/shard/userid", "userId", "/b/shard/userid/userId" },
};

static const char *const user_ids[] = {
	"a", "_", "0", "alice", "User_1", "a..b", "a.", "a@example.org", "x-y", "shard_1", "userId",
	"550e8400-e29b-41d4-a716-446655440000",
};

static const struct refused_id {
	const char *text;
	size_t len;	/* 0: that of the text */
	int code;
	const char *message;
} refused_ids[] = {
	{ "", 0, -EINVAL, "User id is empty; write 1 to 128 bytes" },
	{ ".", 0, -EINVAL, "User id '.' has '.' at byte 1" ID_START },
	{ "..", 0, -EINVAL, "User id '..' has '.' at byte 1" ID_START },
	{ "../../etc", 0, -EINVAL, "User id '../../etc' has '.' at byte 1" ID_START },
	{ ".git", 0, -EINVAL, "User id '.git' has '.' at byte 1" ID_START },
	{ "/", 0, -EINVAL, "User id '/' has '/' at byte 1" ID_START },
	{ "/etc/passwd", 0, -EINVAL, "User id '/etc/passwd' has '/' at byte 1" ID_START },
	{ "a/b", 0, -EINVAL, "User id 'a/b' has '/' at byte 2" ID_RULE },
	{ "a/..", 0, -EINVAL, "User id 'a/..' has '/' at byte 2" ID_RULE },
	{ "a\\b", 0, -EINVAL, "User id 'a\\b' has '\\' at byte 2" ID_RULE },
	{ "-rf", 0, -EINVAL, "User id '-rf' has '-' at byte 1" ID_START },
	{ "@x", 0, -EINVAL, "User id '@x' has '@' at byte 1" ID_START },
	{ "~root", 0, -EINVAL, "User id '~root' has '~' at byte 1" ID_START },
	{ "a b", 0, -EINVAL, "User id 'a b' has 0x20 at byte 2" ID_RULE },
	{ "a\0b", 3, -EINVAL, "User id 'a' has 0x00 at byte 2" ID_RULE },
	{ "\0", 1, -EINVAL, "User id '' has 0x00 at byte 1" ID_START },
	{ "a\n", 0, -EINVAL, "User id 'a\\x0a' has 0x0a at byte 2" ID_RULE },
	{ "a%2f", 0, -EINVAL, "User id 'a%2f' has '%' at byte 2" ID_RULE },
	{ "{userId}", 0, -EINVAL, "User id '{userId}' has '{' at byte 1" ID_START },
	{ "a{shard}", 0, -EINVAL, "User id 'a{shard}' has '{' at byte 2" ID_RULE },
	{ "a;b", 0, -EINVAL, "User id 'a;b' has ';' at byte 2" ID_RULE },
	{ "a'b", 0, -EINVAL, "User id 'a'b' has ''' at byte 2" ID_RULE },
};

static const char *const refused_names[] = {
	"", "/", "app", "app/", "/t", "app/t/", "app/t/u", "../etc", "app/..", "./.", "app//t",
	"App/t", "app/{userId}", "{shard}/t", "app/t\n", "a b/t", "app/t.x", "app\\t",
};

static void bases_are_accepted_and_normalised(void **state)
{
	char out[LOCATION_SIZE];

	(void)state;

	for (size_t i = 0; i < countof(bases); i++) {
		const struct base *b = &bases[i];
		struct err err = ERR_INIT;

		if (location_check_base(b->scheme, b->base, -1, &err))
			fail_msg("'%s': %s", b->base, err.text);
		assert_int_equal(location_base(ROOT, b->base, false, out, &err), 0);
		assert_string_equal(out, b->normal);
		assert_int_equal(location_base(ROOT, b->base, true, out, &err), 0);
		assert_string_equal(out, b->canonical ? b->canonical : b->normal);
	}
}

static void bases_that_leave_or_do_not_fit_are_refused(void **state)
{
	(void)state;

	for (size_t i = 0; i < countof(refused_bases); i++) {
		const struct refused_base *b = &refused_bases[i];
		struct err err = ERR_INIT;

		if (location_check_base(b->scheme, b->base, 42, &err) != -EINVAL)
			fail_msg("'%s' was not refused", b->base);
		assert_err(&err, -EINVAL, b->message);
		assert_int_equal(err.pos, 42);
	}
}

static void a_base_takes_1024_bytes_and_refuses_1025(void **state)
{
	struct err err = ERR_INIT;
	char base[1026];

	(void)state;

	memset(base, 'x', sizeof(base));
	base[0] = '/';
	base[1025] = '\0';
	assert_int_equal(location_check_base("filesystem", base, -1, &err), -EINVAL);
	assert_err(&err, -EINVAL, "Base directory is too long (max 1024 bytes)");

	base[1024] = '\0';
	assert_int_equal(location_check_base("filesystem", base, -1, NULL), 0);
}

static void a_relative_base_must_fit_below_the_root(void **state)
{
	struct err err = ERR_INIT;
	char base[1024 - sizeof(ROOT "/") + 2], out[LOCATION_SIZE];

	(void)state;

	memset(base, 'x', sizeof(base) - 1);
	base[sizeof(base) - 1] = '\0';
	assert_int_equal(location_base(ROOT, base, false, out, &err), 0);
	assert_int_equal(strlen(out), 1024);

	assert_int_equal(location_base(ROOT "y", base, false, out, &err), -ENAMETOOLONG);
	assert_err(&err, -ENAMETOOLONG, "Base directory is too long (max 1024 bytes); choose a "
		   "shorter base directory or template");
	assert_string_equal(out, "");
}

static void a_root_that_looks_like_a_placeholder_holds_no_relative_base(void **state)
{
	struct err err = ERR_INIT;
	char out[LOCATION_SIZE];

	(void)state;

	assert_int_equal(location_base("/x/{userId}", "/data", false, out, &err), 0);
	assert_int_equal(location_base("/x/{other}", "data", false, out, &err), 0);
	assert_string_equal(out, "/x/{other}/data");

	assert_int_equal(location_base("/x/{userId}", "data", false, out, &err), -EINVAL);
	assert_int_equal(location_base("/x/{shard}", "data", false, out, NULL), -EINVAL);
	assert_err(&err, -EINVAL, "Catalog directory '/x/{userId}' has {shard} or {userId} in its "
		   "name, which a location cannot hold; use an absolute base directory elsewhere");
}

static void only_object_stores_are_uris(void **state)
{
	(void)state;

	assert_true(location_is_uri("s3://b"));
	assert_true(location_is_uri("gs://b"));
	assert_true(location_is_uri("gcs://b"));
	assert_true(location_is_uri("az://b"));
	assert_true(location_is_uri("azure://b"));
	assert_false(location_is_uri("file:///b"));
	assert_false(location_is_uri("/s3://b"));
	assert_false(location_is_uri("s3:/b"));
}

static void check_vector(const struct vector *v)
{
	char partial[LOCATION_SIZE], out[LOCATION_SIZE];
	struct err err = ERR_INIT;
	struct template t;

	assert_int_equal(template_parse(v->kind, v->text, &t, &err), 0);
	assert_int_equal(location_partial(v->base, &t, v->name, partial, &err), 0);
	assert_string_equal(partial, v->partial);
	location_claim(&t, partial, out);
	assert_string_equal(out, v->claim);
	if (!v->user)
		return;
	assert_int_equal(location_user(partial, v->user, out, &err), 0);
	assert_string_equal(out, v->location);
}

static void locations_are_those_of_the_design(void **state)
{
	(void)state;

	for (size_t i = 0; i < countof(vectors); i++)
		check_vector(&vectors[i]);
}

/* The cases of facts.md section 5.4, also those template_parse keeps away. */
static void the_prefix_ends_before_the_first_placeholder_left(void **state)
{
	static const struct {
		const char *partial, *prefix;
	} rows[] = {
		{ "ns_foo/tbl_bar/usr_{userId}", "ns_foo/tbl_bar" },
		{ "ns_foo/tbl_bar/{userId}", "ns_foo/tbl_bar" },
		{ "ns_myns/tbl_mytable/shard_{shard}", "ns_myns/tbl_mytable" },
		{ "ns_myns/{userId}/shard_{shard}", "ns_myns" },
		{ "ns_myns/{shard}/{userId}", "ns_myns" },
		{ "{userId}", "" },
		{ "ns_foo/table_bar", "ns_foo/table_bar" },
		{ "ns_foo/table_bar/", "ns_foo/table_bar" },
		{ "/", "/" },
	};
	char out[LOCATION_SIZE];

	(void)state;

	for (size_t i = 0; i < countof(rows); i++) {
		location_prefix(rows[i].partial, out);
		assert_string_equal(out, rows[i].prefix);
	}
}

static void location_names_are_two_plain_names(void **state)
{
	char out[LOCATION_SIZE], message[256];
	struct template t;

	(void)state;

	assert_int_equal(template_parse(TEMPLATE_SHARED, "{namespace}/{tableName}", &t, NULL), 0);
	for (size_t i = 0; i < countof(refused_names); i++) {
		struct err err = ERR_INIT;

		if (location_partial("/b", &t, refused_names[i], out, &err) != -EINVAL)
			fail_msg("'%s' was not refused", refused_names[i]);
		if (!strchr(refused_names[i], '\n')) {
			snprintf(message, sizeof(message), "Location name '%s' " NAME_RULE,
				 refused_names[i]);
			assert_err(&err, -EINVAL, message);
		}
		assert_string_equal(out, "");
	}
}

static void a_location_with_dots_is_refused_whoever_made_it(void **state)
{
	char out[LOCATION_SIZE];
	struct err err = ERR_INIT;
	struct template t;

	(void)state;

	assert_int_equal(template_parse(TEMPLATE_SHARED, "{namespace}/{tableName}", &t, NULL), 0);
	assert_int_equal(location_partial("/b/../c", &t, "app/t", out, &err), -EINVAL);
	assert_err(&err, -EINVAL, "Location '/b/../c/app/t' " DOT_RULE);
	assert_string_equal(out, "");

	err_clear(&err);
	assert_int_equal(location_user("/b//{userId}", "u", out, &err), -EINVAL);
	assert_err(&err, -EINVAL, "Location '/b//u' " DOT_RULE);

	err_clear(&err);
	assert_int_equal(location_user("s3://b/./{userId}", "u", out, &err), -EINVAL);
	assert_err(&err, -EINVAL, "Location 's3://b/./u' " DOT_RULE);
}

static void user_ids_are_names_that_are_safe_in_a_path(void **state)
{
	(void)state;

	for (size_t i = 0; i < countof(user_ids); i++) {
		struct err err = ERR_INIT;

		if (user_id_check(user_ids[i], strlen(user_ids[i]), &err))
			fail_msg("'%s': %s", user_ids[i], err.text);
	}
}

static void hostile_user_ids_are_refused(void **state)
{
	(void)state;

	for (size_t i = 0; i < countof(refused_ids); i++) {
		const struct refused_id *id = &refused_ids[i];
		struct err err = ERR_INIT;

		if (user_id_check(id->text, id->len ? id->len : strlen(id->text), &err) != id->code)
			fail_msg("'%s' was not refused", id->text);
		assert_err(&err, id->code, id->message);
	}
}

static void a_user_id_beyond_ascii_is_refused(void **state)
{
	struct err err = ERR_INIT;

	(void)state;

	assert_int_equal(user_id_check("\xc3\xa4", 2, &err), -EINVAL);

	assert_non_null(strstr(err.text, "has 0xc3 at byte 1"));
}

static void a_user_id_takes_128_bytes_and_refuses_more(void **state)
{
	struct err err = ERR_INIT;
	char id[300];

	(void)state;

	memset(id, 'x', sizeof(id));
	assert_int_equal(user_id_check(id, 128, &err), 0);

	assert_int_equal(user_id_check(id, 129, &err), -ENAMETOOLONG);
	assert_err(&err, -ENAMETOOLONG, "User id is too long (129 bytes, max 128)");
	err_clear(&err);
	assert_int_equal(user_id_check(id, 300, &err), -ENAMETOOLONG);
	assert_err(&err, -ENAMETOOLONG, "User id is too long (300 bytes, max 128)");
}

static void the_location_of_a_refused_user_is_empty(void **state)
{
	char out[LOCATION_SIZE] = "x";
	struct err err = ERR_INIT;

	(void)state;

	assert_int_equal(location_user("/b/{userId}", "..", out, &err), -EINVAL);

	assert_err(&err, -EINVAL, "User id '..' has '.' at byte 1" ID_START);
	assert_string_equal(out, "");
}

static void other_braces_in_a_partial_path_are_copied(void **state)
{
	char out[LOCATION_SIZE];

	(void)state;

	assert_int_equal(location_user("/{x}/{/{{userId}/{shard", "u", out, NULL), 0);

	assert_string_equal(out, "/{x}/{/{u/{shard");
}

static void a_location_takes_1024_bytes_and_refuses_more(void **state)
{
	char partial[LOCATION_SIZE], out[LOCATION_SIZE];
	struct err err = ERR_INIT;

	(void)state;

	memset(partial, 'x', sizeof(partial));
	partial[0] = '/';
	memcpy(partial + 1014, "/{userId}", sizeof("/{userId}"));
	assert_int_equal(location_user(partial, "123456789", out, &err), 0);
	assert_int_equal(strlen(out), 1024);

	assert_int_equal(location_user(partial, "1234567890", out, &err), -ENAMETOOLONG);
	assert_err(&err, -ENAMETOOLONG, "Location is too long (max 1024 bytes); choose a shorter "
		   "base directory or template");
	assert_string_equal(out, "");
}

static void a_base_too_long_for_its_template_is_refused(void **state)
{
	char base[LOCATION_SIZE], out[LOCATION_SIZE];
	struct err err = ERR_INIT;
	struct template t;

	(void)state;

	assert_int_equal(template_parse(TEMPLATE_SHARED, "{namespace}/{tableName}", &t, NULL), 0);
	memset(base, 'x', sizeof(base));
	base[0] = '/';
	base[1018] = '\0';
	assert_int_equal(location_partial(base, &t, "app/t", out, &err), 0);
	assert_int_equal(strlen(out), 1024);

	assert_int_equal(location_partial(base, &t, "app/tt", out, &err), -ENAMETOOLONG);
	assert_err(&err, -ENAMETOOLONG, "Location is too long (max 1024 bytes); choose a shorter "
		   "base directory or template");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bases_are_accepted_and_normalised),
		cmocka_unit_test(bases_that_leave_or_do_not_fit_are_refused),
		cmocka_unit_test(a_base_takes_1024_bytes_and_refuses_1025),
		cmocka_unit_test(a_relative_base_must_fit_below_the_root),
		cmocka_unit_test(a_root_that_looks_like_a_placeholder_holds_no_relative_base),
		cmocka_unit_test(only_object_stores_are_uris),
		cmocka_unit_test(locations_are_those_of_the_design),
		cmocka_unit_test(the_prefix_ends_before_the_first_placeholder_left),
		cmocka_unit_test(location_names_are_two_plain_names),
		cmocka_unit_test(a_location_with_dots_is_refused_whoever_made_it),
		cmocka_unit_test(user_ids_are_names_that_are_safe_in_a_path),
		cmocka_unit_test(hostile_user_ids_are_refused),
		cmocka_unit_test(a_user_id_beyond_ascii_is_refused),
		cmocka_unit_test(a_user_id_takes_128_bytes_and_refuses_more),
		cmocka_unit_test(the_location_of_a_refused_user_is_empty),
		cmocka_unit_test(other_braces_in_a_partial_path_are_copied),
		cmocka_unit_test(a_location_takes_1024_bytes_and_refuses_more),
		cmocka_unit_test(a_base_too_long_for_its_template_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
