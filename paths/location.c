/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/location.h"

#include "paths/shard.h"

#include <errno.h>
#include <string.h>

/*
 * No value is ever expanded again.  location_partial walks the compiled
 * template and copies values without looking into them; location_user walks
 * the partial path once from left to right and never reads what it wrote.
 * Between the two only {shard} and {userId} can be in the text: literal text
 * has no braces (template_parse), nor have bases (location_check_base,
 * location_base) and names.
 *
 * No location leaves its base.  The base comes first, literal segments are no
 * dots, and a segment with a placeholder holds a value that is not empty and
 * begins with a letter, digit or '_'.  check_segments looks once more at every
 * result: a mistake elsewhere must not become a symlink to /etc.
 */

static const struct scheme {
	const char *prefix;
	const char *canonical;
	const char *storage_type;
} schemes[] = {
	{ "s3://", "s3://", "s3" },
	{ "gs://", "gs://", "gcs" },
	{ "gcs://", "gs://", "gcs" },
	{ "az://", "az://", "azure" },
	{ "azure://", "az://", "azure" },
};

static const char file_scheme[] = "file://";

struct path {
	char *out;	/* LOCATION_SIZE bytes, borrowed */
	size_t len;
	bool full;	/* something did not fit */
};

static void append(struct path *p, const char *text, size_t len)
{
	if (p->full || len > LOCATION_SIZE - 1 - p->len) {
		p->full = true;
		return;
	}
	memcpy(p->out + p->len, text, len);
	p->len += len;
}

static void append_text(struct path *p, const char *text)
{
	append(p, text, strlen(text));
}

/* Segments of text without the empty ones and "."; '/' between, as needed. */
static void append_segments(struct path *p, const char *text)
{
	for (;;) {
		size_t len;

		text += strspn(text, "/");
		len = strcspn(text, "/");
		if (!len)
			return;
		if (len > 1 || text[0] != '.') {
			if (!p->len || p->out[p->len - 1] != '/')
				append(p, "/", 1);
			append(p, text, len);
		}
		text += len;
	}
}

static bool starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static const struct scheme *find_scheme(const char *base)
{
	for (size_t i = 0; i < countof(schemes); i++) {
		if (starts_with(base, schemes[i].prefix))
			return &schemes[i];
	}
	return NULL;
}

/* The path part of a URI with its bucket; text itself if it is a path. */
static const char *after_scheme(const char *text)
{
	const struct scheme *scheme = find_scheme(text);

	return scheme ? text + strlen(scheme->prefix) : text;
}

/* "scheme:/...", also with one slash forgotten: no directory is meant by that. */
static bool looks_like_uri(const char *text)
{
	size_t n = strcspn(text, ":/");

	return n && text[n] == ':' && text[n + 1] == '/';
}

static int check_segments(const char *location, struct err *err)
{
	const char *at = after_scheme(location);

	for (at += *at == '/'; ; at++) {
		size_t len = strcspn(at, "/");

		if (!len || (len <= 2 && !memcmp(at, "..", len)))
			return err_set(err, -EINVAL,
				       "Location '%s' has an empty, '.' or '..' segment; a "
				       "location never leaves the base directory", location);
		at += len;
		if (!*at)
			return 0;
	}
}

static int finish(struct path *p, const char *subject, struct err *err)
{
	p->out[p->full ? 0 : p->len] = '\0';
	if (!p->full)
		return 0;
	return err_set(err, -ENAMETOOLONG,
		       "%s is too long (max %d bytes); choose a shorter base directory or template",
		       subject, LOCATION_SIZE - 1);
}

static int finish_location(struct path *p, struct err *err)
{
	int rc = finish(p, "Location", err);

	if (!rc)
		rc = check_segments(p->out, err);
	if (rc)
		p->out[0] = '\0';
	return rc;
}

bool location_is_uri(const char *base)
{
	return find_scheme(base);
}

static int check_no_way_up(const char *base, long pos, struct err *err)
{
	const char *at = base;

	while (*at) {
		size_t len = strcspn(at, "/");

		if (len == 2 && !memcmp(at, "..", 2))
			return err_at(err, -EINVAL, pos,
				      "Base directory '%s' has a '..' segment; write the path "
				      "without it", base);
		at += len;
		at += strspn(at, "/");
	}
	return 0;
}

static bool is_alnum(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The start of the URIs a storage type takes, for its messages. */
static const char *example_prefix(const char *storage_type)
{
	for (size_t i = 0; i < countof(schemes); i++) {
		if (!strcmp(schemes[i].storage_type, storage_type))
			return schemes[i].prefix;
	}
	return "";
}

static int check_uri_base(const char *storage_type, const char *base, long pos, struct err *err)
{
	const struct scheme *scheme = find_scheme(base);
	const char *bucket = after_scheme(base);
	size_t len = strcspn(bucket, "/");
	int rc;

	if (!scheme || strcmp(scheme->storage_type, storage_type))
		return err_at(err, -EINVAL, pos,
			      "Base directory '%s' does not fit a storage of type %s; write "
			      "%sBUCKET or %sBUCKET/PREFIX", base, storage_type,
			      example_prefix(storage_type), example_prefix(storage_type));
	if (!len)
		return err_at(err, -EINVAL, pos,
			      "Base directory '%s' has no bucket; write %sBUCKET or "
			      "%sBUCKET/PREFIX", base, scheme->prefix, scheme->prefix);
	rc = path_check_uri_text("Base directory", base, pos, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < len; i++) {
		if (!is_alnum((unsigned char)bucket[i]) && (!i || !strchr("._-", bucket[i])))
			return err_at(err, -EINVAL, pos,
				      "Bucket '%.*s' of base directory '%s' is not a bucket "
				      "name; use letters and digits, after the first also '.', "
				      "'_' and '-'", (int)len, bucket, base);
	}
	return check_no_way_up(base, pos, err);
}

static int check_path_base(const char *base, long pos, struct err *err)
{
	int rc;

	if (!looks_like_uri(base))
		return check_no_way_up(base, pos, err);
	if (!starts_with(base, file_scheme) || base[sizeof(file_scheme) - 1] != '/')
		return err_at(err, -EINVAL, pos,
			      "Base directory '%s' does not fit a storage of type filesystem; "
			      "write a path or file:///PATH", base);
	rc = path_check_uri_text("Base directory", base, pos, err);
	return rc ? rc : check_no_way_up(base, pos, err);
}

int location_check_base(const char *scheme, const char *base, long pos, struct err *err)
{
	size_t brace;
	int rc;

	if (!*base)
		return err_at(err, -EINVAL, pos,
			      "Base directory is empty; write '.' for the catalog directory "
			      "itself");
	if (strnlen(base, LOCATION_SIZE) == LOCATION_SIZE)
		return err_at(err, -EINVAL, pos, "Base directory is too long (max %d bytes)",
			      LOCATION_SIZE - 1);
	rc = path_check_text("Base directory", base, pos, err);
	if (rc)
		return rc;
	brace = strcspn(base, "{}");
	if (base[brace])
		return err_at(err, -EINVAL, pos,
			      "Base directory: Byte %zu is '%c'; placeholders belong into the "
			      "templates", brace + 1, base[brace]);
	if (strcmp(scheme, "filesystem"))
		return check_uri_base(scheme, base, pos, err);
	return check_path_base(base, pos, err);
}

static int check_root(const char *root, struct err *err)
{
	const char *shard = placeholder_name(PLACEHOLDER_SHARD);
	const char *user = placeholder_name(PLACEHOLDER_USER);

	if (!strstr(root, shard) && !strstr(root, user))
		return 0;
	return err_set(err, -EINVAL,
		       "Catalog directory '%s' has %s or %s in its name, which a location cannot "
		       "hold; use an absolute base directory elsewhere", root, shard, user);
}

int location_base(const char *root, const char *base, bool canonical, char out[LOCATION_SIZE],
		  struct err *err)
{
	const struct scheme *scheme = find_scheme(base);
	struct path p = { .out = out };

	out[0] = '\0';
	if (scheme) {
		append_text(&p, canonical ? scheme->canonical : scheme->prefix);
	} else if (starts_with(base, file_scheme)) {
		base += sizeof(file_scheme) - 1;
	} else if (base[0] != '/') {
		int rc = check_root(root, err);

		if (rc)
			return rc;
		append_segments(&p, root);
	}
	append_segments(&p, after_scheme(base));
	if (!p.len)
		append(&p, "/", 1);
	return finish(&p, "Base directory", err);
}

static bool is_name(const char *text, size_t len)
{
	return len && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") >= len;
}

static int check_location_name(const char *text, struct err *err)
{
	const char *slash = strchr(text, '/');

	if (slash && is_name(text, (size_t)(slash - text)) &&
	    is_name(slash + 1, strlen(slash + 1)))
		return 0;
	return err_set(err, -EINVAL,
		       "Location name '%s' is not of the form namespace/table, both of lower-case "
		       "letters, digits and '_'", text);
}

int location_partial(const char *base, const struct template *t, const char *location_name,
		     char out[LOCATION_SIZE], struct err *err)
{
	struct path p = { .out = out };
	int rc = check_location_name(location_name, err);

	out[0] = '\0';
	if (rc)
		return rc;
	append_text(&p, base);
	if (!p.len || p.full || out[p.len - 1] != '/')
		append(&p, "/", 1);
	for (unsigned i = 0; i < t->count; i++) {
		const struct template_part *part = &t->parts[i];

		switch (part->placeholder) {
		case PLACEHOLDER_NAMESPACE:
			append(&p, location_name, strcspn(location_name, "/"));
			break;
		case PLACEHOLDER_TABLE:
			append_text(&p, strchr(location_name, '/') + 1);
			break;
		case PLACEHOLDER_SHARD:
		case PLACEHOLDER_USER:
			append_text(&p, placeholder_name(part->placeholder));
			break;
		case PLACEHOLDER_NONE:
		default:
			append(&p, part->text, part->len);
			break;
		}
	}
	return finish_location(&p, err);
}

int location_user(const char *partial, const char *user_id, char out[LOCATION_SIZE],
		  struct err *err)
{
	const char *shard_mark = placeholder_name(PLACEHOLDER_SHARD);
	const char *user_mark = placeholder_name(PLACEHOLDER_USER);
	size_t id_len = strlen(user_id);
	struct path p = { .out = out };
	char shard[sizeof("shard_") + 10];
	int rc = user_id_check(user_id, id_len, err);

	out[0] = '\0';
	if (rc)
		return rc;
	snprintf(shard, sizeof(shard), "shard_%u", shard_of_user(user_id, id_len));
	while (*partial) {
		size_t len = strcspn(partial, "{");

		if (len) {
			append(&p, partial, len);
			partial += len;
		} else if (starts_with(partial, shard_mark)) {
			append_text(&p, shard);
			partial += strlen(shard_mark);
		} else if (starts_with(partial, user_mark)) {
			append(&p, user_id, id_len);
			partial += strlen(user_mark);
		} else {
			append(&p, partial++, 1);
		}
	}
	return finish_location(&p, err);
}

/* Where the first placeholder left begins; NULL if none is left. */
static const char *first_left(const char *partial)
{
	const char *shard = strstr(partial, placeholder_name(PLACEHOLDER_SHARD));
	const char *user = strstr(partial, placeholder_name(PLACEHOLDER_USER));

	return shard && (!user || shard < user) ? shard : user;
}

void location_prefix(const char *partial, char out[LOCATION_SIZE])
{
	const char *first = first_left(partial);
	struct path p = { .out = out };

	append(&p, partial, first ? (size_t)(first - partial) : strlen(partial));
	if (first) {
		while (p.len && out[p.len - 1] != '/')
			p.len--;
	}
	while (p.len > 1 && out[p.len - 1] == '/')
		p.len--;
	out[p.len] = '\0';
}

/* Whether a segment ends between {tableName} and the first placeholder left. */
static bool ends_behind_table(const struct template *t)
{
	bool behind = false;

	for (unsigned i = 0; i < t->count; i++) {
		const struct template_part *part = &t->parts[i];

		switch (part->placeholder) {
		case PLACEHOLDER_TABLE:
			behind = true;
			break;
		case PLACEHOLDER_NONE:
			if (behind && memchr(part->text, '/', part->len))
				return true;
			break;
		case PLACEHOLDER_SHARD:
		case PLACEHOLDER_USER:
			return false;
		case PLACEHOLDER_NAMESPACE:
		default:
			break;
		}
	}
	return true;
}

void location_claim(const struct template *t, const char *partial, char out[LOCATION_SIZE])
{
	struct path p = { .out = out };

	if (ends_behind_table(t)) {
		location_prefix(partial, out);
		return;
	}
	append(&p, partial, (size_t)(first_left(partial) - partial) + 1);
	out[p.len] = '\0';
}

static int refuse_user_byte(const char *text, size_t len, size_t at, struct err *err)
{
	unsigned char c = (unsigned char)text[at];
	char shown[8];

	if (c > 0x20 && c < 0x7f)
		snprintf(shown, sizeof(shown), "'%c'", c);
	else
		snprintf(shown, sizeof(shown), "0x%02x", c);
	return err_set(err, -EINVAL,
		       "User id '%.*s' has %s at byte %zu; use letters, digits, '_', '.', '@' and "
		       "'-'%s", (int)len, text, shown, at + 1,
		       at ? "" : ", and begin with a letter, digit or '_'");
}

int user_id_check(const char *text, size_t len, struct err *err)
{
	if (!len)
		return err_set(err, -EINVAL, "User id is empty; write 1 to %d bytes",
			       USER_ID_MAX_BYTES);
	if (len > USER_ID_MAX_BYTES)
		return err_set(err, -ENAMETOOLONG, "User id is too long (%zu bytes, max %d)", len,
			       USER_ID_MAX_BYTES);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		/* memchr, as strchr would find the NUL that ends its string. */
		if (!is_alnum(c) && c != '_' && (!i || !memchr(".@-", c, 3)))
			return refuse_user_byte(text, len, i, err);
	}
	return 0;
}
