/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/option.h"

#include "base/name.h"
#include "base/stream.h"
#include "catalog/flush.h"
#include "catalog/number.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define ON(type) (1u << TABLE_##type)
#define STORED (ON(USER) | ON(SHARED) | ON(STREAM))

/* What every JSON reader keeps exact: 2^53 - 1. */
#define EXACT_MAX 9007199254740991

static const char *const access_levels[] = {
	[ACCESS_PUBLIC] = "public",
	[ACCESS_PRIVATE] = "private",
	[ACCESS_RESTRICTED] = "restricted",
	[ACCESS_DBA] = "dba",
	NULL,
};

static const char *const evictions[] = {
	[EVICTION_TIME_BASED] = "time_based",
	[EVICTION_SIZE_BASED] = "size_based",
	[EVICTION_HYBRID] = "hybrid",
	NULL,
};

static const char *const compressions[] = {
	[COMPRESSION_NONE] = "none",
	[COMPRESSION_SNAPPY] = "snappy",
	[COMPRESSION_LZ4] = "lz4",
	[COMPRESSION_ZSTD] = "zstd",
	NULL,
};

#define FIELD(name) .key = #name, .offset = offsetof(struct table_options, name)

const struct option table_options_rows[] = {
	{ .sql = "STORAGE_ID", FIELD(storage_id), .kind = OPTION_STORAGE, .types = STORED },
	{ .sql = "USE_USER_STORAGE", FIELD(use_user_storage), .kind = OPTION_BOOL,
	  .types = ON(USER) },
	{ .sql = "ACCESS_LEVEL", FIELD(access_level), .kind = OPTION_ENUM, .types = ON(SHARED),
	  .names = access_levels },
	{ .sql = "TTL_SECONDS", FIELD(ttl_seconds), .kind = OPTION_U64, .types = ON(STREAM),
	  .min = 1, .max = EXACT_MAX, .unit = "seconds" },
	{ .sql = "EVICTION_STRATEGY", FIELD(eviction_strategy), .kind = OPTION_ENUM,
	  .types = ON(STREAM), .names = evictions },
	{ .sql = "MAX_STREAM_SIZE_BYTES", FIELD(max_stream_size_bytes), .kind = OPTION_U64,
	  .types = ON(STREAM), .max = EXACT_MAX, .unit = "bytes", .zero = "unlimited" },
	{ .sql = "FLUSH_POLICY", FIELD(flush_policy), .kind = OPTION_FLUSH, .types = STORED },
	{ .sql = "COMPRESSION", FIELD(compression), .kind = OPTION_ENUM, .types = STORED,
	  .names = compressions },
	{ .sql = "DELETED_RETENTION_HOURS", FIELD(deleted_retention_hours), .kind = OPTION_U32,
	  .types = STORED, .max = UINT32_MAX, .unit = "hours", .zero = "purge at once" },
	{ .sql = "READ_ONLY", FIELD(read_only), .kind = OPTION_BOOL, .types = ON(SYSTEM) },
	{ .sql = "ENABLE_CACHE", FIELD(enable_cache), .kind = OPTION_BOOL, .types = ON(SYSTEM) },
	{ .sql = "CACHE_TTL_SECONDS", FIELD(cache_ttl_seconds), .kind = OPTION_U32,
	  .types = ON(SYSTEM), .max = UINT32_MAX, .unit = "seconds", .zero = "no limit" },
	{ .sql = "LOCALHOST_ONLY", FIELD(localhost_only), .kind = OPTION_BOOL,
	  .types = ON(SYSTEM) },
};
const unsigned table_options_count = countof(table_options_rows);

/* Most names a message lists or compares: all options, all names of an enum. */
#define NAMES_MAX countof(table_options_rows)

const struct option *option_find(const char *name, size_t len)
{
	for (unsigned i = 0; i < table_options_count; i++) {
		const struct option *option = &table_options_rows[i];

		if (name_is_word(name, len, option->sql) || name_is_word(name, len, option->key))
			return option;
	}
	return NULL;
}

bool option_applies(const struct option *option, enum table_type type)
{
	return option->types & (1u << type);
}

static const void *field(const struct option *option, const struct table_options *options)
{
	return (const char *)options + option->offset;
}

static uint64_t get_number(const struct option *option, const struct table_options *options)
{
	const void *at = field(option, options);
	uint64_t u64;
	uint32_t u32;

	assert(option->kind != OPTION_STORAGE && option->kind != OPTION_FLUSH);
	switch (option->kind) {
	case OPTION_BOOL:
	case OPTION_ENUM:
		return *(const uint8_t *)at;
	case OPTION_U32:
		memcpy(&u32, at, sizeof(u32));
		return u32;
	case OPTION_U64:
	case OPTION_STORAGE:
	case OPTION_FLUSH:
	default:
		memcpy(&u64, at, sizeof(u64));
		return u64;
	}
}

static void set_number(const struct option *option, struct table_options *options, uint64_t value)
{
	void *at = (char *)options + option->offset;
	uint32_t u32 = (uint32_t)value;
	uint8_t u8 = (uint8_t)value;

	assert(option->kind != OPTION_STORAGE && option->kind != OPTION_FLUSH);
	switch (option->kind) {
	case OPTION_BOOL:
	case OPTION_ENUM:
		memcpy(at, &u8, sizeof(u8));
		break;
	case OPTION_U32:
		memcpy(at, &u32, sizeof(u32));
		break;
	case OPTION_U64:
	case OPTION_STORAGE:
	case OPTION_FLUSH:
	default:
		memcpy(at, &value, sizeof(value));
		break;
	}
}

/* One sentence being put together; what does not fit is cut. */
struct sentence {
	char text[ERR_TEXT_SIZE];
	size_t len;
};

static void PRINTF_LIKE(2, 3) say(struct sentence *s, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(s->text + s->len, sizeof(s->text) - s->len, fmt, args);
	va_end(args);
	if (n > 0)
		s->len += (size_t)n;
	if (s->len >= sizeof(s->text))
		s->len = sizeof(s->text) - 1;
}

static void say_upper(struct sentence *s, const char *word)
{
	for (; *word; word++)
		say(s, "%c", toupper((unsigned char)*word));
}

/* ". Did you mean X?" if one of the names is near to what was written. */
static void say_nearest(struct sentence *s, const char *text, size_t len, const char *const *names,
			size_t count, bool upper)
{
	const char *nearest = text ? name_nearest(text, len, names, count) : NULL;

	if (!nearest)
		return;
	say(s, ". Did you mean ");
	if (upper)
		say_upper(s, nearest);
	else
		say(s, "%s", nearest);
	say(s, "?");
}

/* How a refused value is quoted: bounded, so that the advice behind it is seen. */
#define QUOTED_MAX 200

static int shown(size_t len)
{
	return len > QUOTED_MAX ? QUOTED_MAX : (int)len;
}

static void say_value(struct sentence *s, const struct literal *value)
{
	if (value->form == LITERAL_NULL)
		say(s, "NULL");
	else
		say(s, "%.*s", shown(value->len), value->text);
}

static int wrong_type(const struct option *option, long pos, struct err *err)
{
	unsigned left = option->types;
	struct sentence s = { .len = 0 };

	say(&s, "%s is only supported for ", option->sql);
	for (unsigned i = 0; i < TABLE_TYPE_COUNT; i++) {
		if (!(left & (1u << i)))
			continue;
		left &= ~(1u << i);
		say(&s, "%s%s", table_type_name((enum table_type)i),
		    !left ? " tables" : left & (left - 1) ? ", " : " and ");
	}
	return err_at(err, -EINVAL, pos, "%s", s.text);
}

/* Whether the value is one word or number, quoted or not. */
static bool is_plain(const struct literal *value)
{
	return value->form == LITERAL_BOOLEAN || value->form == LITERAL_NUMBER ||
	       value->form == LITERAL_STRING;
}

static int set_storage(const struct option *option, struct table_options *options,
		       const struct literal *value, long pos, struct err *err)
{
	char folded[NAME_SIZE];
	bool good = value->form == LITERAL_STRING && value->len > 0;
	int rc;

	for (size_t i = 0; good && i < value->len; i++) {
		unsigned char c = (unsigned char)value->text[i];

		good = c < 0x80 && (isalnum(c) || c == '_' || c == '-');
	}
	if (!good) {
		struct sentence s = { .len = 0 };

		say(&s, "Invalid %s '", option->sql);
		say_value(&s, value);
		say(&s, "'. Only alphanumeric, underscore, and hyphen allowed.");
		return err_at(err, -EINVAL, pos, "%s", s.text);
	}
	rc = name_fold(value->text, value->len, pos, folded, err);
	if (!rc)
		rc = name_check(NAME_STORAGE, folded, pos, err);
	if (!rc)
		memcpy(options->storage_id, folded, sizeof(folded));
	return rc;
}

static int set_bool(const struct option *option, struct table_options *options,
		    const struct literal *value, long pos, struct err *err)
{
	struct sentence s = { .len = 0 };

	if (value->form == LITERAL_BOOLEAN || value->form == LITERAL_STRING) {
		if (name_is_word(value->text, value->len, "true")) {
			set_number(option, options, 1);
			return 0;
		}
		if (name_is_word(value->text, value->len, "false")) {
			set_number(option, options, 0);
			return 0;
		}
	}
	say(&s, "Invalid %s '", option->sql);
	say_value(&s, value);
	say(&s, "'. Supported: TRUE, FALSE");
	return err_at(err, -EINVAL, pos, "%s", s.text);
}

static int invalid_name(const struct option *option, const struct literal *value, long pos,
			struct err *err)
{
	struct sentence s = { .len = 0 };
	size_t count = 0;

	say(&s, "Invalid %s '", option->sql);
	say_value(&s, value);
	say(&s, "'. Supported: ");
	for (; option->names[count]; count++) {
		say(&s, "%s", count ? ", " : "");
		say_upper(&s, option->names[count]);
	}
	say_nearest(&s, is_plain(value) ? value->text : NULL, value->len, option->names, count,
		    true);
	return err_at(err, -EINVAL, pos, "%s", s.text);
}

static int set_enum(const struct option *option, struct table_options *options,
		    const struct literal *value, long pos, struct err *err)
{
	for (unsigned i = 0; option->names[i] && value->form == LITERAL_STRING; i++) {
		if (name_is_word(value->text, value->len, option->names[i])) {
			set_number(option, options, i);
			return 0;
		}
	}
	return invalid_name(option, value, pos, err);
}

/* Digits only, and a number of at most max. */
static bool parse_digits(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned char)text[i] - (unsigned)'0';

		if (digit > 9 || n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return len > 0 && n <= max;
}

static int invalid_number(const struct option *option, const struct literal *value, long pos,
			  struct err *err)
{
	struct sentence s = { .len = 0 };

	say(&s, "Invalid %s '", option->sql);
	say_value(&s, value);
	say(&s, "'. Expected a whole number of %s from %" PRIu64, option->unit, option->min);
	if (!option->min && option->zero)
		say(&s, " (%s)", option->zero);
	say(&s, " to %" PRIu64, option->max);
	return err_at(err, -EINVAL, pos, "%s", s.text);
}

static int set_limited(const struct option *option, struct table_options *options,
		       const struct literal *value, long pos, struct err *err)
{
	uint64_t n;

	if (!is_plain(value) || !parse_digits(value->text, value->len, option->max, &n) ||
	    n < option->min)
		return invalid_number(option, value, pos, err);
	set_number(option, options, n);
	return 0;
}

static int set_flush(const struct option *option, struct table_options *options,
		     const struct literal *value, long pos, struct err *err)
{
	struct flush_policy policy = { .row_limit = 0 };
	int rc = 0;

	if (value->form != LITERAL_NULL && value->form != LITERAL_STRING)
		return err_at(err, -EINVAL, pos,
			      "Invalid %s format '%.*s'. Expected 'key:value'", option->sql,
			      shown(value->len), value->text);
	if (value->form == LITERAL_STRING && value->len)
		rc = flush_parse(value->text, value->len, pos, &policy, err);
	if (!rc)
		memcpy((char *)options + option->offset, &policy, sizeof(policy));
	return rc;
}

int option_set(const struct option *option, enum table_type type, struct table_options *options,
	       const struct literal *value, long pos, struct err *err)
{
	if (!option_applies(option, type))
		return wrong_type(option, pos, err);
	switch (option->kind) {
	case OPTION_STORAGE:
		return set_storage(option, options, value, pos, err);
	case OPTION_BOOL:
		return set_bool(option, options, value, pos, err);
	case OPTION_ENUM:
		return set_enum(option, options, value, pos, err);
	case OPTION_U32:
	case OPTION_U64:
		return set_limited(option, options, value, pos, err);
	case OPTION_FLUSH:
	default:
		return set_flush(option, options, value, pos, err);
	}
}

int option_unknown(const char *name, size_t len, enum table_type type, long pos, struct err *err)
{
	const char *names[NAMES_MAX];
	struct sentence s = { .len = 0 };
	size_t count = 0;

	say(&s, "Unknown table option '%.*s'. Options of %s tables: ", shown(len), name,
	    table_type_name(type));
	for (unsigned i = 0; i < table_options_count; i++) {
		if (!option_applies(&table_options_rows[i], type))
			continue;
		say(&s, "%s%s", count ? ", " : "", table_options_rows[i].sql);
		names[count++] = table_options_rows[i].sql;
	}
	say_nearest(&s, name, len, names, count, false);
	return err_at(err, -EINVAL, pos, "%s", s.text);
}

/*
 * A number, bool or name is checked by setting what is there once more: then
 * limits and texts stand in one place.
 */
static int check_number(const struct option *option, const struct table_options *options,
			struct err *err)
{
	struct table_options scratch;
	char text[NUMBER_SIZE];
	struct literal value = { .form = LITERAL_NUMBER, .text = text };

	number_print_unsigned(get_number(option, options), text);
	value.len = strlen(text);
	return set_limited(option, &scratch, &value, -1, err);
}

static int check_small(const struct option *option, const struct table_options *options,
		       struct err *err)
{
	uint64_t value = get_number(option, options);
	uint64_t count = 0;

	if (option->kind == OPTION_BOOL)
		count = 2;
	else
		while (option->names[count])
			count++;
	if (value < count)
		return 0;
	return err_set(err, -EINVAL, "%s has the unknown value %" PRIu64 "; there are %" PRIu64,
		       option->sql, value, count);
}

int option_check(const struct option *option, enum table_type type,
		 const struct table_options *options, struct err *err)
{
	struct table_options scratch;
	struct literal id = { .form = LITERAL_STRING, .text = options->storage_id };

	if (!option_applies(option, type))
		return option_is_default(option, options) ? 0 : wrong_type(option, -1, err);
	switch (option->kind) {
	case OPTION_STORAGE:
		id.len = strlen(options->storage_id);
		return set_storage(option, &scratch, &id, -1, err);
	case OPTION_BOOL:
	case OPTION_ENUM:
		return check_small(option, options, err);
	case OPTION_U32:
	case OPTION_U64:
		return check_number(option, options, err);
	case OPTION_FLUSH:
	default:
		return flush_check(&options->flush_policy, err);
	}
}

bool option_is_default(const struct option *option, const struct table_options *options)
{
	struct table_options defaults;

	table_options_init(&defaults);
	return option_equal(option, options, &defaults);
}

bool option_equal(const struct option *option, const struct table_options *a,
		  const struct table_options *b)
{
	switch (option->kind) {
	case OPTION_STORAGE:
		return !strcmp(field(option, a), field(option, b));
	case OPTION_FLUSH:
		return !memcmp(field(option, a), field(option, b), sizeof(struct flush_policy));
	case OPTION_BOOL:
	case OPTION_ENUM:
	case OPTION_U32:
	case OPTION_U64:
	default:
		return get_number(option, a) == get_number(option, b);
	}
}

static void print_quoted(const char *name, char quote, FILE *out)
{
	putc_unlocked(quote, out);
	stream_puts(out, name);
	putc_unlocked(quote, out);
}

void option_print_sql(const struct option *option, const struct table_options *options, FILE *out)
{
	switch (option->kind) {
	case OPTION_STORAGE:
		print_quoted(field(option, options), '\'', out);
		break;
	case OPTION_BOOL:
		stream_puts(out, get_number(option, options) ? "TRUE" : "FALSE");
		break;
	case OPTION_ENUM:
		print_quoted(option->names[get_number(option, options)], '\'', out);
		break;
	case OPTION_U32:
	case OPTION_U64:
		number_write(get_number(option, options), out);
		break;
	case OPTION_FLUSH:
	default:
		putc_unlocked('\'', out);
		flush_print(&options->flush_policy, out);
		putc_unlocked('\'', out);
		break;
	}
}

/* A name needs no escapes. */
void option_print_to(struct emit *e, const struct option *option,
		     const struct table_options *options)
{
	switch (option->kind) {
	case OPTION_STORAGE:
		print_quoted(field(option, options), '"', e->out);
		break;
	case OPTION_BOOL:
		emit_bool_value(e, get_number(option, options));
		break;
	case OPTION_ENUM:
		print_quoted(option->names[get_number(option, options)], '"', e->out);
		break;
	case OPTION_U32:
	case OPTION_U64:
		emit_unsigned_value(e, get_number(option, options));
		break;
	case OPTION_FLUSH:
	default:
		flush_print_to(e, &options->flush_policy);
		break;
	}
}

void option_print_json(const struct option *option, const struct table_options *options, FILE *out)
{
	struct emit e = EMIT_COMPACT(out);

	option_print_to(&e, option, options);
}
