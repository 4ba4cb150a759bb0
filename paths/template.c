/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/template.h"

#include "base/name.h"

#include <errno.h>
#include <string.h>

static const char *const canonical[] = {
	[PLACEHOLDER_NAMESPACE] = "{namespace}",
	[PLACEHOLDER_TABLE] = "{tableName}",
	[PLACEHOLDER_SHARD] = "{shard}",
	[PLACEHOLDER_USER] = "{userId}",
};

_Static_assert(countof(canonical) == PLACEHOLDER_COUNT, "every placeholder has a spelling");

/* What may stand between the braces; the aliases are those of facts.md 5.2. */
static const struct spelling {
	const char *text;
	enum placeholder meaning;
} spellings[] = {
	{ "namespace", PLACEHOLDER_NAMESPACE },
	{ "namespace_id", PLACEHOLDER_NAMESPACE },
	{ "namespaceId", PLACEHOLDER_NAMESPACE },
	{ "namespace-id", PLACEHOLDER_NAMESPACE },
	{ "tableName", PLACEHOLDER_TABLE },
	{ "table_name", PLACEHOLDER_TABLE },
	{ "table-id", PLACEHOLDER_TABLE },
	{ "shard", PLACEHOLDER_SHARD },
	{ "shard_id", PLACEHOLDER_SHARD },
	{ "shard-id", PLACEHOLDER_SHARD },
	{ "userId", PLACEHOLDER_USER },
	{ "user_id", PLACEHOLDER_USER },
	{ "user-id", PLACEHOLDER_USER },
};

static const struct rules {
	const char *subject;
	const char *valid;	/* the placeholders it may hold */
	bool per_user;
} rules[] = {
	[TEMPLATE_SHARED] = {
		.subject = "Shared table template",
		.valid = "{namespace}, {tableName}",
	},
	[TEMPLATE_USER] = {
		.subject = "User table template",
		.valid = "{namespace}, {tableName}, {shard}, {userId}",
		.per_user = true,
	},
};

_Static_assert(countof(rules) == TEMPLATE_USER + 1, "every kind of template has its rules");

struct scan {
	const struct rules *rules;
	const char *text;	/* borrowed */
	size_t at, end;		/* the slash at either end is outside */
	struct template t;
	struct err *err;
};

/*
 * Bytes of the UTF-8 character at s, 0 if there is none (Unicode, table 3-7).
 * The NUL behind the text is no continuation byte, so nothing beyond is read.
 */
static size_t utf8_len(const unsigned char *s)
{
	static const struct {
		unsigned char first, last;	/* of the first byte */
		unsigned char low, high;	/* of the second byte */
		unsigned char len;
	} forms[] = {
		{ 0x00, 0x7f, 0, 0xff, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i, n;

	for (i = 0; i < countof(forms); i++) {
		if (s[0] >= forms[i].first && s[0] <= forms[i].last)
			break;
	}
	if (i == countof(forms))
		return 0;
	if (forms[i].len == 1)
		return 1;
	if (s[1] < forms[i].low || s[1] > forms[i].high)
		return 0;
	for (n = 2; n < forms[i].len; n++) {
		if ((s[n] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

/* C0, DEL, and the C1 controls U+0080 to U+009F, which terminals obey too. */
static bool is_control(const unsigned char *s)
{
	return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

int path_check_text(const char *subject, const char *text, long pos, struct err *err)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t n;

	for (; *at; at += n) {
		size_t where = (size_t)(at - (const unsigned char *)text) + 1;

		n = utf8_len(at);
		if (!n)
			return err_at(err, -EINVAL, pos,
				      "%s: Byte %zu (0x%02x) is not valid UTF-8", subject, where,
				      *at);
		if (is_control(at))
			return err_at(err, -EINVAL, pos,
				      "%s: Byte %zu is a control character (U+%04X); remove it",
				      subject, where, n == 1 ? at[0] : at[1]);
		if (*at == '\\')
			return err_at(err, -EINVAL, pos,
				      "%s: Byte %zu is a backslash; directories are separated "
				      "by '/'", subject, where);
	}
	return 0;
}

int path_check_uri_text(const char *subject, const char *text, long pos, struct err *err)
{
	size_t n = strcspn(text, "%?#");

	if (!text[n])
		return 0;
	return err_at(err, -EINVAL, pos,
		      "%s: Byte %zu is '%c', which has a meaning of its own in URIs; leave it out",
		      subject, n + 1, text[n]);
}

static int check_segment(const struct scan *s, const char *segment, size_t len)
{
	if (!len)
		return err_set(s->err, -EINVAL,
			       "%s: Empty path segment at byte %zu; write one '/' between two "
			       "names", s->rules->subject, (size_t)(segment - s->text) + 1);
	if ((len == 1 && segment[0] == '.') || (len == 2 && !memcmp(segment, "..", 2)))
		return err_set(s->err, -EINVAL,
			       "%s: Path segment '%.*s' at byte %zu is not allowed; a location "
			       "never leaves the base directory", s->rules->subject, (int)len,
			       segment, (size_t)(segment - s->text) + 1);
	return 0;
}

/*
 * Literal segments only need to be looked at here: one with a placeholder gets
 * a value that neither is empty nor begins with a dot, so it is no dot segment
 * whatever literal text stands around it ("..{userId}").
 */
static int check_segments(const struct scan *s)
{
	size_t at = s->at;

	if (at == s->end)
		return 0;
	for (;;) {
		const char *segment = s->text + at;
		const char *slash = memchr(segment, '/', s->end - at);
		size_t len = slash ? (size_t)(slash - segment) : s->end - at;
		int rc = check_segment(s, segment, len);

		if (rc || !slash)
			return rc;
		at += len + 1;
	}
}

static void add_part(struct scan *s, enum placeholder placeholder, size_t len)
{
	s->t.parts[s->t.count++] = (struct template_part){
		.placeholder = placeholder,
		.text = s->text + s->at,
		.len = len,
	};
	s->at += len;
}

static enum placeholder find_placeholder(const char *name, size_t len)
{
	for (size_t i = 0; i < countof(spellings); i++) {
		if (strlen(spellings[i].text) == len && !memcmp(spellings[i].text, name, len))
			return spellings[i].meaning;
	}
	return PLACEHOLDER_NONE;
}

static bool is_allowed(const struct rules *r, enum placeholder placeholder)
{
	return r->per_user || placeholder < PLACEHOLDER_SHARD;
}

/* The placeholder that was meant, PLACEHOLDER_NONE if none is near. */
static enum placeholder guess_placeholder(const struct rules *r, const char *name, size_t len)
{
	const char *candidates[countof(spellings)];
	const char *nearest;
	size_t count = 0;

	for (size_t i = 0; i < countof(spellings); i++) {
		if (is_allowed(r, spellings[i].meaning))
			candidates[count++] = spellings[i].text;
	}
	nearest = name_nearest(name, len, candidates, count);
	return nearest ? find_placeholder(nearest, strlen(nearest)) : PLACEHOLDER_NONE;
}

static int refuse_unknown(const struct scan *s, const char *name, size_t len)
{
	const struct rules *r = s->rules;
	enum placeholder guess;

	if (name_is_word(name, len, "storageLocation"))
		return err_set(s->err, -EINVAL,
			       "%s: Unknown placeholder '{%.*s}'. Valid placeholders: %s. The base "
			       "directory always comes first, so leave it out", r->subject,
			       (int)len, name, r->valid);
	guess = guess_placeholder(r, name, len);
	if (guess == PLACEHOLDER_NONE)
		return err_set(s->err, -EINVAL,
			       "%s: Unknown placeholder '{%.*s}'. Valid placeholders: %s",
			       r->subject, (int)len, name, r->valid);
	return err_set(s->err, -EINVAL,
		       "%s: Unknown placeholder '{%.*s}'. Valid placeholders: %s. Did you mean %s?",
		       r->subject, (int)len, name, r->valid, canonical[guess]);
}

static int check_placeholder(const struct scan *s, enum placeholder placeholder)
{
	const struct rules *r = s->rules;

	if (!is_allowed(r, placeholder))
		return err_set(s->err, -EINVAL,
			       "%s: %s is for user tables only. Valid placeholders: %s", r->subject,
			       canonical[placeholder], r->valid);
	if (template_has(&s->t, placeholder))
		return err_set(s->err, -EINVAL, "%s: %s must appear only once", r->subject,
			       canonical[placeholder]);
	return 0;
}

/* What stands at s->at, which is '{'. */
static int scan_placeholder(struct scan *s)
{
	const char *name = s->text + s->at + 1;
	size_t len = strcspn(name, "{}");
	enum placeholder placeholder;
	int rc;

	if (name[len] != '}')
		return err_set(s->err, -EINVAL, "%s: '{' at byte %zu is not closed by '}'",
			       s->rules->subject, s->at + 1);
	placeholder = find_placeholder(name, len);
	if (placeholder == PLACEHOLDER_NONE)
		return refuse_unknown(s, name, len);
	rc = check_placeholder(s, placeholder);
	if (!rc)
		add_part(s, placeholder, len + 2);
	return rc;
}

static int scan_parts(struct scan *s)
{
	int rc = 0;

	while (!rc && s->at < s->end) {
		size_t len = strcspn(s->text + s->at, "{}");

		if (len > s->end - s->at)
			len = s->end - s->at;
		if (len)
			add_part(s, PLACEHOLDER_NONE, len);
		else if (s->text[s->at] == '{')
			rc = scan_placeholder(s);
		else
			rc = err_set(s->err, -EINVAL, "%s: '}' at byte %zu has no '{' before it",
				     s->rules->subject, s->at + 1);
	}
	return rc;
}

static int check_presence(const struct scan *s)
{
	const char *subject = s->rules->subject;
	bool has_namespace = template_has(&s->t, PLACEHOLDER_NAMESPACE);
	bool has_table = template_has(&s->t, PLACEHOLDER_TABLE);

	if (s->rules->per_user && !template_has(&s->t, PLACEHOLDER_USER))
		return err_set(s->err, -EINVAL, "%s: {userId} is required", subject);
	if (!has_namespace && !has_table)
		return err_set(s->err, -EINVAL, "%s: Both {namespace} and {tableName} are required",
			       subject);
	if (!has_namespace)
		return err_set(s->err, -EINVAL, "%s: {namespace} is required", subject);
	if (!has_table)
		return err_set(s->err, -EINVAL, "%s: {tableName} is required", subject);
	return 0;
}

/* The order is that of the enum; the text names the first pair against it. */
static int check_order(const struct scan *s)
{
	size_t place[PLACEHOLDER_COUNT] = { 0 };	/* from 1; 0: absent */
	size_t before = 0, p;

	for (size_t i = 0; i < s->t.count; i++) {
		if (s->t.parts[i].placeholder != PLACEHOLDER_NONE)
			place[s->t.parts[i].placeholder] = i + 1;
	}
	for (p = 1; p < PLACEHOLDER_COUNT; p++) {
		if (!place[p])
			continue;
		if (place[p] < place[before])
			return err_set(s->err, -EINVAL, "%s: %s must appear before %s",
				       s->rules->subject, canonical[before], canonical[p]);
		before = p;
	}
	return 0;
}

/*
 * shard_1 and "2x" would read like shard_12 and "x": two users in one place.
 * Whatever else may come behind the number ends it.
 */
static int check_shard_ends(const struct scan *s)
{
	for (size_t i = 0; i + 1 < s->t.count; i++) {
		const struct template_part *next = &s->t.parts[i + 1];

		if (s->t.parts[i].placeholder != PLACEHOLDER_SHARD)
			continue;
		if (next->placeholder == PLACEHOLDER_USER ||
		    (next->text[0] >= '0' && next->text[0] <= '9'))
			return err_set(s->err, -EINVAL,
				       "%s: {shard} ends in a number, so neither {userId} nor a "
				       "digit may follow it directly; put '/' between",
				       s->rules->subject);
	}
	return 0;
}

static int check_text(const struct scan *s)
{
	size_t len = strnlen(s->text, TEMPLATE_MAX_BYTES + 1);
	int rc;

	if (len > TEMPLATE_MAX_BYTES)
		return err_set(s->err, -EINVAL, "%s: Template is too long (max %d bytes)",
			       s->rules->subject, TEMPLATE_MAX_BYTES);
	rc = path_check_text(s->rules->subject, s->text, -1, s->err);
	return rc ? rc : path_check_uri_text(s->rules->subject, s->text, -1, s->err);
}

int template_parse(enum template_kind kind, const char *text, struct template *out, struct err *err)
{
	struct scan s = { .rules = &rules[kind], .text = text, .err = err };
	int rc = check_text(&s);

	if (rc)
		return rc;
	s.end = strlen(text);
	if (s.at < s.end && text[s.at] == '/')
		s.at++;
	if (s.at < s.end && text[s.end - 1] == '/')
		s.end--;
	rc = check_segments(&s);
	if (!rc)
		rc = scan_parts(&s);
	if (!rc)
		rc = check_presence(&s);
	if (!rc)
		rc = check_order(&s);
	if (!rc)
		rc = check_shard_ends(&s);
	if (!rc)
		*out = s.t;
	return rc;
}

bool template_has(const struct template *t, enum placeholder placeholder)
{
	for (unsigned i = 0; i < t->count; i++) {
		if (t->parts[i].placeholder == placeholder)
			return true;
	}
	return false;
}

const char *placeholder_name(enum placeholder placeholder)
{
	return canonical[placeholder];
}

void template_print(const struct template *t, const char *const values[PLACEHOLDER_COUNT],
		    FILE *out)
{
	for (unsigned i = 0; i < t->count; i++) {
		const struct template_part *part = &t->parts[i];

		if (part->placeholder == PLACEHOLDER_NONE)
			fwrite(part->text, 1, part->len, out);
		else if (values[part->placeholder])
			fputs(values[part->placeholder], out);
		else
			fputs(canonical[part->placeholder], out);
	}
}
