/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any template, user id and base directory that is accepted must give a
 * location inside the base, and no value may be expanded again.
 *
 * Input: a byte that chooses kind and storage type, then template, user id and
 * base, separated by NUL; the last two may be missing.
 */
#include "paths/location.h"
#include "paths/template.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define ROOT "/srv/catalog"
#define LONGEST_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char *const user_ids[] = { "userId", "shard", "a..", "_.", "0", "2e.", LONGEST_ID };
static const char *const location_names[] = { "shard/userid", "_/_", "0/0", "namespace/tablename" };

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* Behind the base: neither an empty segment nor dots. */
static void check_inside(const char *base, const char *location)
{
	size_t len = strlen(base);

	must(strlen(location) < LOCATION_SIZE);
	must(!strncmp(location, base, len));
	if (base[len - 1] != '/')
		must(location[len++] == '/');
	for (const char *at = location + len; ; at++) {
		size_t n = strcspn(at, "/");

		must(n && strncmp(at, ".", n) && strncmp(at, "..", n));
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
	must(len >= strlen(base) && !strncmp(prefix, base, strlen(base)));
	must(!strncmp(location, prefix, len));
	must(!location[len] || location[len] == '/' || prefix[len - 1] == '/');
}

static void resolve(const char *base, const struct template *t, const char *name, const char *id)
{
	char partial[LOCATION_SIZE], location[LOCATION_SIZE];
	struct err err = ERR_INIT;

	if (location_partial(base, t, name, partial, &err)) {
		must(err.code == -ENAMETOOLONG && !*partial);
		return;
	}
	check_inside(base, partial);
	if (location_user(partial, id, location, &err)) {
		must(err.code == -ENAMETOOLONG && !*location);
		return;
	}
	check_inside(base, location);
	check_prefix(base, partial, location);
	must(!strpbrk(location, "{}"));
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
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	must(out);
	for (int p = 0; p < PLACEHOLDER_COUNT; p++)
		values[p] = placeholder_name((enum placeholder)((p + 1) % PLACEHOLDER_COUNT));
	template_print(t, values, out);
	must(!fclose(out));
	for (int p = 0; p < PLACEHOLDER_COUNT; p++)
		must(count_text(text, values[p]) == template_has(t, (enum placeholder)p));
	free(text);
}

/* The next NUL-terminated field, or NULL at the end. */
static const char *next_field(const char *field, const char *end)
{
	field += strlen(field) + 1;
	return field < end ? field : NULL;
}

static void check_accepted(const struct template *t, const char *type, const char *id,
			   const char *base)
{
	char normal[LOCATION_SIZE];

	check_single_pass(t);
	if (!id || user_id_check(id, strlen(id), NULL))
		id = "alice";
	if (!base || location_check_base(type, base, -1, NULL))
		base = strcmp(type, "s3") ? "storage" : "s3://bucket";
	if (location_base(ROOT, base, false, normal, NULL))
		return;
	must(location_is_uri(normal) == !strcmp(type, "s3"));
	for (size_t n = 0; n < countof(location_names); n++) {
		resolve(normal, t, location_names[n], id);
		for (size_t i = 0; i < countof(user_ids); i++)
			resolve(normal, t, location_names[n], user_ids[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct err err = ERR_INIT;
	struct template t;
	const char *id, *base;
	char *text;

	if (!size)
		return 0;
	text = malloc(size);
	must(text);
	memcpy(text, bytes + 1, size - 1);
	text[size - 1] = '\0';
	id = next_field(text, text + size);
	base = id ? next_field(id, text + size) : NULL;
	if (template_parse(bytes[0] & 1 ? TEMPLATE_USER : TEMPLATE_SHARED, text, &t, &err))
		must(err.code == -EINVAL && *err.text);
	else
		check_accepted(&t, bytes[0] & 2 ? "s3" : "filesystem", id, base);
	free(text);
	return 0;
}
