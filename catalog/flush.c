/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/flush.h"

#include "base/name.h"
#include "base/stream.h"
#include "catalog/number.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define ROW_LIMIT_MAX 999999
#define INTERVAL_MAX_SECONDS 86399

/* A piece of a flush policy's text. */
struct span {
	const char *at;
	size_t len;
};

static struct span trim(const char *at, size_t len)
{
	while (len && isspace((unsigned char)at[0])) {
		at++;
		len--;
	}
	while (len && isspace((unsigned char)at[len - 1]))
		len--;
	return (struct span){ at, len };
}

/* How much of a refused text is quoted: what follows it must be seen. */
#define QUOTED_MAX 200

static int shown(size_t len)
{
	return len > QUOTED_MAX ? QUOTED_MAX : (int)len;
}

enum flush_key { FLUSH_ROWS, FLUSH_INTERVAL, FLUSH_KEY_COUNT };

static const char *const flush_keys[] = {
	[FLUSH_ROWS] = "rows",
	[FLUSH_INTERVAL] = "interval",
};
_Static_assert(countof(flush_keys) == FLUSH_KEY_COUNT, "every key has a name");

/* What the text said so far. */
struct flush_text {
	bool said[FLUSH_KEY_COUNT];
	uint64_t value[FLUSH_KEY_COUNT];
};

static int parse_key(struct span key, long pos, enum flush_key *out, struct err *err)
{
	const char *near;

	for (unsigned i = 0; i < FLUSH_KEY_COUNT; i++) {
		if (name_is_word(key.at, key.len, flush_keys[i])) {
			*out = (enum flush_key)i;
			return 0;
		}
	}
	near = name_nearest(key.at, key.len, flush_keys, FLUSH_KEY_COUNT);
	return err_at(err, -EINVAL, pos, "Unknown FLUSH_POLICY key '%.*s'%s%s%s", shown(key.len),
		      key.at, near ? ". Did you mean " : "", near ? near : "", near ? "?" : "");
}

/* A number of any length; one that no limit allows becomes UINT64_MAX. */
static int parse_number(enum flush_key key, struct span text, long pos, uint64_t *out,
			struct err *err)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < text.len && isdigit((unsigned char)text.at[i]); i++)
		n = n > ROW_LIMIT_MAX ? UINT64_MAX : n * 10 + (uint64_t)(text.at[i] - '0');
	if (!text.len || i < text.len)
		return err_at(err, -EINVAL, pos,
			      "Invalid FLUSH_POLICY value '%.*s' of '%s'. Expected a whole number",
			      shown(text.len), text.at, flush_keys[key]);
	*out = n;
	return 0;
}

static int parse_element(struct span element, long pos, struct flush_text *out, struct err *err)
{
	const char *colon = element.len ? memchr(element.at, ':', element.len) : NULL;
	enum flush_key key = FLUSH_ROWS;
	size_t before;
	int rc;

	if (!colon)
		return err_at(err, -EINVAL, pos,
			      "Invalid FLUSH_POLICY format '%.*s'. Expected 'key:value'",
			      shown(element.len), element.at);
	before = (size_t)(colon - element.at);
	rc = parse_key(trim(element.at, before), pos, &key, err);
	if (rc)
		return rc;
	if (out->said[key])
		return err_at(err, -EINVAL, pos, "FLUSH_POLICY has the key '%s' twice",
			      flush_keys[key]);
	out->said[key] = true;
	return parse_number(key, trim(colon + 1, element.len - before - 1), pos, &out->value[key],
			    err);
}

static int check_limits(const struct flush_text *text, long pos, struct err *err)
{
	const uint64_t *value = text->value;

	if (!value[FLUSH_ROWS] && !value[FLUSH_INTERVAL] &&
	    text->said[FLUSH_ROWS] == text->said[FLUSH_INTERVAL])
		return err_at(err, -EINVAL, pos,
			      "FLUSH_POLICY must specify 'rows' or 'interval' > 0");
	if (text->said[FLUSH_ROWS] && !value[FLUSH_ROWS])
		return err_at(err, -EINVAL, pos, "Row limit must be greater than 0");
	if (value[FLUSH_ROWS] > ROW_LIMIT_MAX)
		return err_at(err, -EINVAL, pos, "Row limit must be less than 1,000,000");
	if (text->said[FLUSH_INTERVAL] && !value[FLUSH_INTERVAL])
		return err_at(err, -EINVAL, pos, "Interval must be greater than 0");
	if (value[FLUSH_INTERVAL] > INTERVAL_MAX_SECONDS)
		return err_at(err, -EINVAL, pos,
			      "Interval must be less than 86400 seconds (24 hours)");
	return 0;
}

int flush_parse(const char *text, size_t len, long pos, struct flush_policy *out, struct err *err)
{
	struct span left = trim(text, len);
	struct flush_text parsed = { .said = { false } };
	bool more = left.len > 0;
	int rc;

	while (more) {
		const char *comma = memchr(left.at, ',', left.len);
		size_t n = comma ? (size_t)(comma - left.at) : left.len;

		rc = parse_element(trim(left.at, n), pos, &parsed, err);
		if (rc)
			return rc;
		more = comma != NULL;
		if (more)
			left = (struct span){ comma + 1, left.len - n - 1 };
	}
	rc = check_limits(&parsed, pos, err);
	if (rc)
		return rc;
	out->row_limit = (uint32_t)parsed.value[FLUSH_ROWS];
	out->interval_seconds = (uint32_t)parsed.value[FLUSH_INTERVAL];
	return 0;
}

int flush_check(const struct flush_policy *policy, struct err *err)
{
	struct flush_text text = {
		.said = { policy->row_limit > 0, policy->interval_seconds > 0 },
		.value = { policy->row_limit, policy->interval_seconds },
	};

	if (!policy->row_limit && !policy->interval_seconds)
		return 0;
	return check_limits(&text, -1, err);
}

void flush_print(const struct flush_policy *policy, FILE *out)
{
	if (policy->row_limit) {
		stream_puts(out, "rows:");
		number_write(policy->row_limit, out);
	}
	if (policy->row_limit && policy->interval_seconds)
		putc_unlocked(',', out);
	if (policy->interval_seconds) {
		stream_puts(out, "interval:");
		number_write(policy->interval_seconds, out);
	}
}

static const char *kind_name(const struct flush_policy *policy)
{
	if (policy->row_limit && policy->interval_seconds)
		return "combined";
	return policy->row_limit ? "row_limit" : "time_interval";
}

void flush_print_to(struct emit *e, const struct flush_policy *policy)
{
	if (!policy->row_limit && !policy->interval_seconds) {
		emit_null_value(e);
		return;
	}
	emit_bracket(e, '{');
	emit_text(e, "type", kind_name(policy));
	if (policy->row_limit)
		emit_unsigned(e, "row_limit", policy->row_limit);
	if (policy->interval_seconds)
		emit_unsigned(e, "interval_seconds", policy->interval_seconds);
	emit_close(e, '}');
}
