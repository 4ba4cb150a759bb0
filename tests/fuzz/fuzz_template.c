/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any template, user id, base directory, location name and catalog directory:
 * what is accepted gives a location inside the base, and no value is expanded
 * again.
 *
 * Input: a byte that chooses kind and storage type, then template, user id,
 * base, location name and catalog directory, separated by NUL; all but the
 * template may be missing.
 */
#include "tests/fuzz/fuzz.h"

#include "paths/location.h"
#include "paths/template.h"

#include <errno.h>

#define LONGEST_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char *const user_ids[] = { "userId", "shard", "a..", "_.", "0", "2e.", LONGEST_ID };
static const char *const location_names[] = { "shard/userid", "_/_", "0/0", "namespace/tablename" };

struct input {
	const char *template, *id, *base, *name, *root;	/* borrowed */
	enum template_kind kind;
	const char *type;	/* of the storage */
};

/* Behind the base: neither an empty segment nor dots. */
static void check_inside(const char *base, const char *location)
{
	size_t len = strlen(base);

	assert(strlen(location) < LOCATION_SIZE);
	assert(!strncmp(location, base, len));
	if (base[len - 1] != '/') {
		assert(location[len] == '/');
		len++;
	}
	for (const char *at = location + len; ; at++) {
		size_t n = strcspn(at, "/");

		assert(n && strncmp(at, ".", n) && strncmp(at, "..", n));
		at += n;
		if (!*at)
			return;
	}
}

static void check_prefix(const char *base, const char *partial, const char *location)
{
	char prefix[LOCATION_SIZE];
	size_t len;

	location_prefix(partial, prefix);
	len = strlen(prefix);
	assert(len >= strlen(base) && !strncmp(prefix, base, strlen(base)));
	assert(!strncmp(location, prefix, len));
	assert(!location[len] || location[len] == '/' || prefix[len - 1] == '/');
}

static bool has_room(int rc, const char *out)
{
	assert(!rc || (rc == -ENAMETOOLONG && !*out));
	return !rc;
}

/* What no other table may own covers the location. */
static void check_claim(const struct template *t, const char *base, const char *partial,
			const char *location)
{
	char claim[LOCATION_SIZE];
	size_t len;

	location_claim(t, partial, claim);
	len = strlen(claim);
	assert(len > strlen(base) && !strncmp(claim, base, strlen(base)));
	if (claim[len - 1] == '{') {
		assert(!strncmp(location, claim, len - 1) && location[len - 1]);
		assert(claim[len - 2] != '/');
	} else {
		assert(!strncmp(location, claim, len) && (!location[len] || location[len] == '/'));
	}
}

static void resolve_user(const char *base, const struct template *t, const char *partial,
			 const char *id)
{
	char location[LOCATION_SIZE];
	struct err err = ERR_INIT;
	int rc = location_user(partial, id, location, &err);

	if (user_id_check(id, strlen(id), NULL)) {
		assert(rc && !*location && *err.text);
		return;
	}
	if (!has_room(rc, location))
		return;
	check_inside(base, location);
	check_prefix(base, partial, location);
	check_claim(t, base, partial, location);
	assert(!strpbrk(location + strlen(base), "{}"));
}

static void resolve(const char *base, const struct template *t, const char *name, const char *id)
{
	char partial[LOCATION_SIZE];
	int rc = location_partial(base, t, name, partial, NULL);

	if (!has_room(rc, partial))
		return;
	check_inside(base, partial);
	resolve_user(base, t, partial, id);
	for (size_t i = 0; i < countof(user_ids); i++)
		resolve_user(base, t, partial, user_ids[i]);
}

/* A name from anywhere is one of two plain words, or refused. */
static bool is_location_name(const char *name)
{
	size_t first = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), second;

	if (!first || name[first] != '/')
		return false;
	second = strspn(name + first + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");
	return second && !name[first + 1 + second];
}

static void resolve_name(const char *base, const struct template *t, const char *name,
			 const char *id)
{
	char partial[LOCATION_SIZE];
	struct err err = ERR_INIT;

	if (is_location_name(name)) {
		resolve(base, t, name, id);
		return;
	}
	assert(location_partial(base, t, name, partial, &err) == -EINVAL);
	assert(!*partial && *err.text);
}

static unsigned count_text(const char *text, const char *part)
{
	unsigned n = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		n++;
	}
	return n;
}

/* Every value is the text of the next placeholder, and must come out as such. */
static void check_single_pass(const struct template *t)
{
	const char *values[PLACEHOLDER_COUNT];
	struct printed text;

	printed_open(&text);
	for (int p = 0; p < PLACEHOLDER_COUNT; p++)
		values[p] = placeholder_name((enum placeholder)((p + 1) % PLACEHOLDER_COUNT));
	template_print(t, values, text.out);
	printed_close(&text);
	for (int p = 0; p < PLACEHOLDER_COUNT; p++)
		assert(count_text(text.text, values[p]) == template_has(t, (enum placeholder)p));
	free(text.text);
}

/* The base in its normal form, from whatever was given; false if it is too long. */
static bool find_base(const struct input *in, char normal[LOCATION_SIZE])
{
	const char *base = in->base;
	struct err err = ERR_INIT;
	int rc;

	if (!base || location_check_base(in->type, base, -1, &err)) {
		assert(!base || (err.code == -EINVAL && *err.text));
		base = strcmp(in->type, "s3") ? "storage" : "s3://bucket";
	}
	err_clear(&err);
	rc = location_base(in->root, base, false, normal, &err);
	if (rc) {
		assert(!*normal && *err.text);
		assert(rc == -ENAMETOOLONG || (rc == -EINVAL && strpbrk(in->root, "{")));
		return false;
	}
	assert(location_is_uri(normal) == !strcmp(in->type, "s3"));
	return true;
}

static void check_accepted(const struct input *in, const struct template *t)
{
	char normal[LOCATION_SIZE];

	check_single_pass(t);
	if (!find_base(in, normal))
		return;
	resolve_name(normal, t, in->name, in->id);
	for (size_t i = 0; i < countof(location_names); i++)
		resolve(normal, t, location_names[i], in->id);
}

/* A catalog directory is absolute and real: without dots that go somewhere. */
static bool is_real_directory(const char *root)
{
	if (*root != '/')
		return false;
	while (*root) {
		size_t n;

		root += strspn(root, "/");
		n = strcspn(root, "/");
		if (n && n <= 2 && !memcmp(root, "..", n))
			return false;
		root += n;
	}
	return true;
}

/* Moves *at to the next NUL-terminated field; `missing` if there is none. */
static const char *next_field(const char **at, const char *end, const char *missing)
{
	*at += strlen(*at) + 1;
	if (*at < end)
		return *at;
	*at = end - 1;
	return missing;
}

static void read_input(struct input *in, uint8_t how, const char *text, size_t len)
{
	const char *at = text, *end = text + len + 1;

	in->kind = how & 1 ? TEMPLATE_USER : TEMPLATE_SHARED;
	in->type = how & 2 ? "s3" : "filesystem";
	in->template = text;
	in->id = next_field(&at, end, "alice");
	in->base = next_field(&at, end, NULL);
	in->name = next_field(&at, end, "app/messages");
	in->root = next_field(&at, end, "/srv/catalog");
	if (!is_real_directory(in->root))
		in->root = "/srv/catalog";
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct err err = ERR_INIT;
	struct template t;
	struct input in;
	char *text;

	if (!size)
		return 0;
	text = text_copy(bytes + 1, size - 1);
	read_input(&in, bytes[0], text, size - 1);
	if (template_parse(in.kind, in.template, &t, &err))
		assert(err.code == -EINVAL && *err.text);
	else
		check_accepted(&in, &t);
	free(text);
	return 0;
}
