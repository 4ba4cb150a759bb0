/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/arrow_field.h"

#include "catalog/arrow_format.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define DATA_TYPE_MAX 128

#define SUPPORTED \
	"Bool, Int16, Int32, Int64, Float32, Float64, Decimal128, Date32, Date64, Time32, " \
	"Time64, Timestamp(ms, us or ns), Utf8, LargeUtf8, Binary, LargeBinary, " \
	"FixedSizeBinary or FixedSizeList<Float32>"

static const char *const type_words[] = {
	[ARROW_NONE] = "none", [ARROW_NULL] = "Null", [ARROW_INT] = "Int",
	[ARROW_FLOATING_POINT] = "Float", [ARROW_BINARY] = "Binary", [ARROW_UTF8] = "Utf8",
	[ARROW_BOOL] = "Bool", [ARROW_DECIMAL] = "Decimal", [ARROW_DATE] = "Date",
	[ARROW_TIME] = "Time", [ARROW_TIMESTAMP] = "Timestamp", [ARROW_INTERVAL] = "Interval",
	[ARROW_LIST] = "List", [ARROW_STRUCT] = "Struct", [ARROW_UNION] = "Union",
	[ARROW_FIXED_SIZE_BINARY] = "FixedSizeBinary", [ARROW_FIXED_SIZE_LIST] = "FixedSizeList",
	[ARROW_MAP] = "Map", [ARROW_DURATION] = "Duration", [ARROW_LARGE_BINARY] = "LargeBinary",
	[ARROW_LARGE_UTF8] = "LargeUtf8", [ARROW_LARGE_LIST] = "LargeList",
	[ARROW_RUN_END_ENCODED] = "RunEndEncoded", [ARROW_BINARY_VIEW] = "BinaryView",
	[ARROW_UTF8_VIEW] = "Utf8View", [ARROW_LIST_VIEW] = "ListView",
	[ARROW_LARGE_LIST_VIEW] = "LargeListView",
};

_Static_assert(countof(type_words) == ARROW_TYPE_COUNT, "every Arrow type has a name");

static int unsupported(const struct arrow_field *field, struct err *err, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static int unsupported(const struct arrow_field *field, struct err *err, const char *fmt, ...)
{
	char found[80];
	va_list args;

	va_start(args, fmt);
	vsnprintf(found, sizeof(found), fmt, args);
	va_end(args);
	return err_set(err, -EINVAL, "Field '%s' has the unsupported Arrow type %s. "
		       "Supported types: " SUPPORTED, field->name, found);
}

static int read_int(const struct arrow_field *field, const struct flat_table *arrow,
		   struct type *out, struct err *err)
{
	uint32_t bits = (uint32_t)flat_uint(arrow, 0, 4, 0);
	bool is_signed = flat_uint(arrow, 1, 1, 0) != 0;

	out->id = bits == 16 ? TYPE_SMALLINT : bits == 32 ? TYPE_INT : TYPE_BIGINT;
	if (!is_signed || (bits != 16 && bits != 32 && bits != 64))
		return unsupported(field, err, "%sInt%" PRIu32, is_signed ? "" : "U", bits);
	return 0;
}

static int read_float(const struct arrow_field *field, const struct flat_table *arrow,
		     struct type *out, struct err *err)
{
	uint64_t precision = flat_uint(arrow, 0, 2, PRECISION_HALF);

	out->id = precision == PRECISION_SINGLE ? TYPE_FLOAT : TYPE_DOUBLE;
	if (precision == PRECISION_HALF)
		return unsupported(field, err, "Float16");
	if (precision != PRECISION_SINGLE && precision != PRECISION_DOUBLE)
		return unsupported(field, err, "Float with precision %" PRIu64, precision);
	return 0;
}

static int read_decimal(const struct arrow_field *field, const struct flat_table *arrow,
			struct type *out, struct err *err)
{
	int32_t precision = (int32_t)(uint32_t)flat_uint(arrow, 0, 4, 0);
	int32_t scale = (int32_t)(uint32_t)flat_uint(arrow, 1, 4, 0);
	uint32_t bits = (uint32_t)flat_uint(arrow, 2, 4, 128);

	if (bits != 128)
		return unsupported(field, err, "Decimal%" PRIu32, bits);
	if (precision < 1 || precision > DECIMAL_PRECISION_MAX)
		return err_set(err, -EINVAL, "DECIMAL precision must be between 1 and 38");
	if (scale > precision)
		return err_set(err, -EINVAL, "DECIMAL scale (%" PRId32 ") cannot exceed precision "
			       "(%" PRId32 ")", scale, precision);
	if (scale < 0)
		return unsupported(field, err, "Decimal128(%" PRId32 ", %" PRId32 ")", precision,
				   scale);
	*out = (struct type){ .id = TYPE_DECIMAL, .precision = (uint8_t)precision,
			      .scale = (uint8_t)scale };
	return 0;
}

static int read_date(const struct arrow_field *field, const struct flat_table *arrow,
		    struct type *out, struct err *err)
{
	uint64_t unit = flat_uint(arrow, 0, 2, DATE_MILLISECOND);

	out->id = TYPE_DATE;
	if (unit > DATE_MILLISECOND)
		return unsupported(field, err, "Date with unit %" PRIu64, unit);
	return 0;
}

static int read_time(const struct arrow_field *field, const struct flat_table *arrow,
		    struct type *out, struct err *err)
{
	uint64_t unit = flat_uint(arrow, 0, 2, UNIT_MILLISECOND);
	uint64_t bits = flat_uint(arrow, 1, 4, 32);

	out->id = TYPE_TIME;
	if (unit > UNIT_NANOSECOND || bits != (unit <= UNIT_MILLISECOND ? 32 : 64))
		return unsupported(field, err, "Time%" PRIu64 " with unit %" PRIu64, bits, unit);
	return 0;
}

static int read_timestamp(const struct arrow_field *field, const struct flat_table *arrow,
			  struct type *out, struct err *err)
{
	uint64_t unit = flat_uint(arrow, 0, 2, UNIT_SECOND);
	size_t len;

	(void)flat_string(arrow, 1, &len);
	out->id = len ? TYPE_DATETIME : TYPE_TIMESTAMP;
	if (unit == UNIT_SECOND)
		return unsupported(field, err, "Timestamp(s)");
	if (unit > UNIT_NANOSECOND)
		return unsupported(field, err, "Timestamp with unit %" PRIu64, unit);
	return 0;
}

static int read_fixed_binary(const struct arrow_field *field, const struct flat_table *arrow,
			     struct type *out, struct err *err)
{
	int32_t width = (int32_t)(uint32_t)flat_uint(arrow, 0, 4, 0);

	out->id = width == 16 ? TYPE_UUID : TYPE_BYTES;
	if (width < 1)
		return unsupported(field, err, "FixedSizeBinary(%" PRId32 ")", width);
	return 0;
}

static int read_embedding(const struct arrow_field *field, const struct flat_table *arrow,
			  struct type *out, struct err *err)
{
	int32_t dimension = (int32_t)(uint32_t)flat_uint(arrow, 0, 4, 0);
	struct flat_vector children;
	struct flat_table child, element;

	flat_children(&field->at, FIELD_CHILDREN, &children);
	flat_item(&children, 0, &child);
	flat_child(&child, FIELD_TYPE, &element);
	if (children.count != 1 ||
	    flat_uint(&child, FIELD_TYPE_TYPE, 1, ARROW_NONE) != ARROW_FLOATING_POINT ||
	    flat_uint(&element, 0, 2, PRECISION_HALF) != PRECISION_SINGLE)
		return unsupported(field, err, "FixedSizeList of something else than Float32");
	if (dimension < 1 || dimension > EMBEDDING_MAX)
		return err_set(err, -EINVAL, "EMBEDDING dimension must be between 1 and 8192, "
			       "got: %" PRId32, dimension);
	*out = (struct type){ .id = TYPE_EMBEDDING, .dimension = (uint16_t)dimension };
	return 0;
}

typedef int (*read_type_fn)(const struct arrow_field *field, const struct flat_table *arrow,
			    struct type *out, struct err *err);

/* Arrow types with parameters, and those that one type stands for. */
static const struct {
	read_type_fn read;
	enum type_id id;
} type_readers[ARROW_TYPE_COUNT] = {
	[ARROW_INT] = { .read = read_int },
	[ARROW_FLOATING_POINT] = { .read = read_float },
	[ARROW_BINARY] = { .id = TYPE_BYTES },
	[ARROW_UTF8] = { .id = TYPE_TEXT },
	[ARROW_BOOL] = { .id = TYPE_BOOLEAN },
	[ARROW_DECIMAL] = { .read = read_decimal },
	[ARROW_DATE] = { .read = read_date },
	[ARROW_TIME] = { .read = read_time },
	[ARROW_TIMESTAMP] = { .read = read_timestamp },
	[ARROW_FIXED_SIZE_BINARY] = { .read = read_fixed_binary },
	[ARROW_FIXED_SIZE_LIST] = { .read = read_embedding },
	[ARROW_LARGE_BINARY] = { .id = TYPE_BYTES },
	[ARROW_LARGE_UTF8] = { .id = TYPE_TEXT },
};

/* The type that the field alone tells. */
static int read_plain_type(const struct arrow_field *field, struct type *out, struct err *err)
{
	uint64_t number = flat_uint(&field->at, FIELD_TYPE_TYPE, 1, ARROW_NONE);
	struct flat_table arrow;

	if (number >= ARROW_TYPE_COUNT)
		return unsupported(field, err, "number %" PRIu64, number);
	if (flat_child(&field->at, FIELD_DICTIONARY, &arrow))
		return unsupported(field, err, "Dictionary<%s>", type_words[number]);
	if (!type_readers[number].read && !type_readers[number].id)
		return unsupported(field, err, "%s", type_words[number]);
	if (!flat_child(&field->at, FIELD_TYPE, &arrow))
		return err_set(err, -EINVAL, "Field '%s' says that its Arrow type is %s and gives "
			       "none", field->name, type_words[number]);
	*out = (struct type){ .id = type_readers[number].id };
	return type_readers[number].read ? type_readers[number].read(field, &arrow, out, err) : 0;
}

/* Metadata says which of the types that look the same in Arrow it is, and nothing else. */
static int refine_type(const struct arrow_field *field, struct type *type, struct err *err)
{
	struct text text = field->metadata.values[ARROW_KEY_DATA_TYPE];
	char json[DATA_TYPE_MAX], sql[TYPE_SQL_SIZE], other[TYPE_SQL_SIZE];
	struct type said;

	if (!text.at)
		return 0;
	json[0] = '\0';
	if (text.len < sizeof(json) && !memchr(text.at, '\0', text.len)) {
		memcpy(json, text.at, text.len);
		json[text.len] = '\0';
	}
	if (type_parse_kalam_json(json, &said))
		return err_set(err, -EINVAL, "Field '%s' has " KEY_DATA_TYPE " '%.*s', expected a "
			       "type such as \"BigInt\" or {\"Embedding\":384}", field->name,
			       arrow_quote(text), text.at);
	if (!type_equal(&said, type) &&
	    !(type->id == TYPE_TEXT && (said.id == TYPE_JSON || said.id == TYPE_FILE)))
		return err_set(err, -EINVAL, "Field '%s' has the Arrow type of %s, but its "
			       KEY_DATA_TYPE " says %s", field->name, type_sql(type, sql),
			       type_sql(&said, other));
	*type = said;
	return 0;
}


int arrow_read_type(const struct arrow_field *field, struct type *out, struct err *err)
{
	int rc = read_plain_type(field, out, err);

	return rc ? rc : refine_type(field, out, err);
}
