/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/stress/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const form_names[FORM_COUNT] = {
	[FORM_JSON] = "schema.json",
	[FORM_SQL] = "schema.sql",
	[FORM_DESCRIBE] = "describe",
	[FORM_ARROW] = "schema.arrow",
};

/*
 * Tables that change by files of columns, four versions at a time: the comment
 * of id is saved, a column comes, it is renamed, it goes (by a statement that
 * changes the comment of id, too).
 */
static struct shape shape_by_columns(unsigned version)
{
	unsigned step = (version - 2) % 4;

	if (version == 1)
		return (struct shape){ .columns = 1, .comment = 1 };
	return (struct shape){
		.columns = step == 1 || step == 2 ? 2 : 1,
		.newest = step == 1 || step == 2 ? version : 0,
		.comment = step == 3 ? version : version - step,
	};
}

struct shape shape_of(unsigned table, unsigned version)
{
	unsigned columns = 1 + (version - 1) % CYCLE;

	if (table >= PLAIN)
		return shape_by_columns(version);
	return (struct shape){
		.columns = columns,
		.newest = columns > 1 ? version : 0,
		.comment = version,
	};
}

bool has_column(unsigned table, unsigned version, unsigned k)
{
	if (table >= PLAIN)
		return k == shape_of(table, version).newest;
	return k <= version && k > version - (version - 1) % CYCLE;
}

void comment_of(unsigned version, char out[COMMENT_SIZE])
{
	unsigned pad = version * 37 % 600;
	int at = snprintf(out, COMMENT_SIZE, "v%u ", version);

	memset(out + at, 'x', pad);
	snprintf(out + at + pad, COMMENT_SIZE - (size_t)at - pad, " e%u", version);
}

static unsigned number_after(const char *text, size_t len, const char *mark, bool skip)
{
	const char *at = memmem(text, len, mark, strlen(mark));
	const char *end = text + len;
	unsigned n = 0;

	if (!at)
		return 0;
	at += strlen(mark);
	while (skip && at < end && (*at < '0' || *at > '9'))
		at++;
	for (; at < end && *at >= '0' && *at <= '9'; at++)
		n = n * 10 + (unsigned)(*at - '0');
	return n;
}

static unsigned occurrences(const char *text, size_t len, const char *mark)
{
	const char *end = text + len;
	unsigned n = 0;

	for (const char *at = text; (at = memmem(at, (size_t)(end - at), mark, strlen(mark))); at++)
		n++;
	return n;
}

/* The number of the newest column that a text has; 0 = none. */
static unsigned newest_in(const char *text, size_t len)
{
	const char *end = text + len;
	unsigned newest = 0, k;

	for (const char *at = text; (at = memmem(at, (size_t)(end - at), "\n  c", 4)); at++) {
		k = number_after(at, (size_t)(end - at), "c", false);
		newest = k > newest ? k : newest;
	}
	return newest;
}

/* schema.sql tells no version: comments and names of columns do. */
static unsigned version_of_sql(unsigned table, const char *text, size_t len)
{
	static const char plain[] = ") WITH (STORAGE_ID = 'local') COMMENT 'v";
	static const char key[] = "  id BIGINT PRIMARY KEY NOT NULL COMMENT 'v";
	unsigned version = number_after(text, len, table < PLAIN ? plain : key, false);
	unsigned newest = table < PLAIN ? 0 : newest_in(text, len);

	/* Version 1 has no comment yet. */
	if (!version && len && text[len - 1] == '\n')
		version = 1;
	return newest > version ? newest : version;
}

/* Which version a text is; 0 if it does not tell. */
static unsigned version_of(unsigned table, enum form form, const char *text, size_t len)
{
	static const struct {
		const char *mark;
		bool skip;	/* bytes between the mark and the number */
	} marks[FORM_COUNT] = {
		[FORM_JSON] = { "\"schema_version\": ", false },
		[FORM_DESCRIBE] = { "   version ", false },
		[FORM_ARROW] = { "kalam_schema_version", true },
	};

	if (form == FORM_SQL)
		return version_of_sql(table, text, len);
	return number_after(text, len, marks[form].mark, marks[form].skip);
}

static unsigned columns_in(enum form form, const char *text, size_t len)
{
	switch (form) {
	case FORM_JSON:
		return occurrences(text, len, "\"column_id\": ");
	case FORM_SQL:
		return occurrences(text, len, "\n  ");
	case FORM_DESCRIBE:
		return occurrences(text, len, " INT ") + occurrences(text, len, " BIGINT ");
	case FORM_ARROW:
		return occurrences(text, len, "PARQUET:field_id");
	case FORM_COUNT:
		break;
	}
	return 0;
}

/* Why a text is not version v, whole; NULL if it is. */
static const char *why_torn(unsigned table, enum form form, unsigned version, const char *text,
			    size_t len)
{
	struct shape shape;
	char comment[COMMENT_SIZE], column[16];

	if (!version)
		return "it does not tell its version";
	if (form != FORM_ARROW && memchr(text, '\0', len))
		return "there is a NUL in it";
	if (form != FORM_ARROW && text[len - 1] != '\n')
		return "it does not end with a newline";
	shape = shape_of(table, version);
	if (columns_in(form, text, len) != shape.columns)
		return "another number of columns";
	comment_of(shape.comment, comment);
	if (shape.comment > 1 && !memmem(text, len, comment, strlen(comment)))
		return "another comment";
	snprintf(column, sizeof(column), "c%u", shape.newest);
	if (shape.newest && !memmem(text, len, column, strlen(column)))
		return "its newest column is not in it";
	return NULL;
}

static uint64_t hash(const char *text, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return (h ^ h >> 40) & UINT64_C(0xffffffffff);
}

bool ring_agrees(struct ring *ring, unsigned version, uint64_t value)
{
	_Atomic uint64_t *slot = &ring->slots[version % RING];
	uint64_t mine = (uint64_t)version << 40 | value;
	uint64_t old = atomic_load(slot);

	while (old >> 40 < version)
		if (atomic_compare_exchange_weak(slot, &old, mine))
			return true;
	return old >> 40 != version || old == mine;
}

/* What a version is known to have; UINT64_MAX if it is not known. */
static uint64_t known(struct ring *ring, unsigned version)
{
	uint64_t slot = atomic_load(&ring->slots[version % RING]);

	return slot >> 40 == version ? slot & UINT64_C(0xffffffffff) : UINT64_MAX;
}

struct window window_begin(struct table *t, unsigned mount, unsigned name)
{
	return (struct window){
		.mount = mount,
		.published = atomic_load(&t->published[mount]),
		.seen = atomic_load(&t->seen[mount][name]),
	};
}

void window_end(struct table *t, struct window *w)
{
	w->started = atomic_load(&t->started);
}

/* Nothing was written meanwhile: there is one right answer. */
static bool is_still(const struct window *w)
{
	return w->published == w->started;
}

void saw(struct table *t, const struct window *w, unsigned name, unsigned version)
{
	atomic_uint *newest = &t->seen[w->mount][name];
	unsigned seen = atomic_load(newest);

	while (seen < version && !atomic_compare_exchange_weak(newest, &seen, version))
		;
}

bool check_version(const struct window *w, unsigned version, const char *what, unsigned i)
{
	if (version < w->published)
		fault(STALE, w->mount, "t%u %s: version %u, but %u had been acknowledged", i, what,
		      version, w->published);
	else if (version < w->seen)
		fault(STALE, w->mount, "t%u %s: version %u, but %u had been seen", i, what,
		      version, w->seen);
	else if (version > w->started)
		fault(TORN, w->mount, "t%u %s: version %u, but only %u was begun", i, what,
		      version, w->started);
	else
		return true;
	return false;
}

void check_text(unsigned i, const struct window *w, enum form form, const char *text, size_t len,
		uint64_t size)
{
	struct table *t = &world.tables[i];
	unsigned version = version_of(i, form, text, len);
	const char *why = len ? why_torn(i, form, version, text, len) : "it is empty";

	if (why) {
		fault(TORN, w->mount, "t%u %s: version %u, %zu bytes: %s", i, form_names[form],
		      version, len, why);
		return;
	}
	if (size != len)
		fault(TORN, w->mount, "t%u %s: fstat says %" PRIu64 " bytes, there are %zu", i,
		      form_names[form], size, len);
	if (!ring_agrees(&t->hashes[form], version, hash(text, len)) ||
	    !ring_agrees(&t->sizes[form], version, len))
		fault(TORN, w->mount, "t%u %s: version %u has another text than before", i,
		      form_names[form], version);
	if (check_version(w, version, form_names[form], i))
		saw(t, w, form, version);
}

void check_size(unsigned i, const struct window *w, enum form form, uint64_t size)
{
	for (unsigned v = w->published; v <= w->started; v++) {
		uint64_t right = known(&world.tables[i].sizes[form], v);

		if (right == size || right == UINT64_MAX)
			return;
	}
	fault(STALE, w->mount,
	      "t%u %s: stat says %" PRIu64 " bytes, which no version from %u to %u has", i,
	      form_names[form], size, w->published, w->started);
}

void check_columns(unsigned i, const struct window *w, unsigned names, unsigned newest)
{
	for (unsigned v = w->published; v <= w->started; v++) {
		struct shape shape = shape_of(i, v);

		if (names == shape.columns && newest == shape.newest)
			return;
	}
	fault(STALE, w->mount,
	      "t%u columns/: %u names up to c%u, which no version from %u to %u has", i, names,
	      newest, w->published, w->started);
}

void check_column(unsigned i, const struct window *w, unsigned k, bool found)
{
	if (is_still(w) && found != has_column(i, w->published, k))
		fault(STALE, w->mount, "t%u columns/c%u.json is %s in version %u", i, k,
		      found ? "there" : "not there", w->published);
}

void check_column_text(unsigned i, const struct window *w, const char *text, size_t len)
{
	unsigned version = number_after(text, len, "\"column_version\": ", false);
	char comment[COMMENT_SIZE];

	comment_of(version, comment);
	if (!len || text[len - 1] != '\n' ||
	    (version > 1 && !memmem(text, len, comment, strlen(comment)))) {
		fault(TORN, w->mount, "t%u columns/id.json: version %u, %zu bytes", i, version, len);
		return;
	}
	for (unsigned v = w->published; v <= w->started; v++)
		if (version == shape_of(i, v).comment)
			return;
	fault(STALE, w->mount, "t%u columns/id.json: version %u, which is in none from %u to %u", i,
	      version, w->published, w->started);
}

void check_latest(unsigned i, const struct window *w, unsigned version)
{
	if (check_version(w, version, "versions/latest", i))
		saw(&world.tables[i], w, LATEST, version);
}

void check_version_dir(unsigned i, const struct window *w, unsigned version, bool found)
{
	if ((!found && version <= w->published) || (found && version > w->started))
		fault(STALE, w->mount, "t%u versions/%u is %s, published %u, started %u", i,
		      version, found ? "there" : "not there", w->published, w->started);
}

struct churn *object_at(enum place place, unsigned k)
{
	return place == AT_NAMESPACES ? &world.namespaces_moved[k] : &world.tables_moved[k];
}

void check_presence(unsigned mount, enum place place, unsigned k, unsigned before, unsigned after,
		    bool found, const char *how)
{
	const struct churn *object = object_at(place, k);
	const char *last = atomic_load(&object->how);

	if (before != after || before & 1 || found == (before >> 1 & 1))
		return;
	fault(STALE, mount, "%s/%s%u is %s by %s, after %s on mount %u", places[place].dir,
	      places[place].prefix, k, found ? "still there" : "not there", how,
	      last ? last : "nothing", atomic_load(&object->where));
}
