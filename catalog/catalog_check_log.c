/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every transaction leaves lines in log.jsonl and rows in the list of changes, and
 * takes the next number: both go on without a gap and end with the last one.
 */
#include "catalog/catalog_check_impl.h"

#include "catalog/json.h"

#include <errno.h>
#include <string.h>

#define LL unsigned long long

/* The number in {"sequence":42,...; 0 if there is none. */
static uint64_t line_sequence(struct bytes line)
{
	static const char start[] = "{\"sequence\":";
	const char *text = line.at;
	uint64_t n = 0;
	size_t at = sizeof(start) - 1;

	if (line.len < at || memcmp(text, start, at) != 0)
		return 0;
	for (; at < line.len && text[at] >= '0' && text[at] <= '9'; at++) {
		if (n > UINT64_MAX / 10 - 1)
			return 0;
		n = 10 * n + (uint64_t)(text[at] - '0');
	}
	return n;
}

static int last_entry(struct check *c, enum store_db db, struct bytes *key, struct bytes *value)
{
	static const uint8_t beyond[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct cursor *cursor;
	int rc = cursor_open(c->txn, db, &cursor, c->err);

	if (rc)
		return rc;
	rc = cursor_seek_before(cursor, (struct bytes){ beyond, sizeof(beyond) }, key, value);
	cursor_close(cursor);
	return rc;
}

/* Two of counter, log and list of changes that agree are right; else the greatest. */
int check_last_transaction(struct check *c)
{
	uint64_t counter = meta_get(c->txn, META_SEQUENCE), log = 0, changes = 0;
	struct bytes key, value;
	int rc;

	rc = last_entry(c, DB_LOG, &key, &value);
	if (!rc)
		log = line_sequence(value);
	if (!rc || rc == -ENOENT)
		rc = last_entry(c, DB_CHANGES, &key, &value);
	if (!rc)
		changes = bytes_head_be64(key);
	rc = check_lookup(c, rc);
	if (rc)
		return rc;
	c->sequence = counter > log ? counter : log;
	if (changes > c->sequence)
		c->sequence = changes;
	if (log == changes || log == counter)
		c->sequence = log;
	else if (changes == counter)
		c->sequence = changes;
	if (counter != c->sequence)
		check_found(
			c, RULE_COUNTERS,
			"the counter 'sequence' is %llu, but the last transaction is %llu" RESTORE,
			(LL)counter, (LL)c->sequence);
	return 0;
}

struct log_walk {
	struct check *check;
	uint64_t end, sequence; /* of the lines so far */
	bool is_known;          /* the last line's transaction could be read */
};

/* False where the line is none, which has been told. */
static bool check_text(struct check *c, uint64_t start, struct bytes line)
{
	const char *text = line.at;
	struct err cause = ERR_INIT;

	if (line.len < 2 || text[line.len - 1] != '\n' || memchr(text, '\n', line.len - 1))
		check_found(c, RULE_LOG, "what log.jsonl has at byte %llu is not one line" RESTORE,
			    (LL)start);
	else if (json_check(text, line.len - 1, &cause) == -ENOMEM)
		c->is_starved = true;
	else if (cause.code)
		check_found(c, RULE_LOG,
			    "the line at byte %llu of log.jsonl is not JSON: %s" RESTORE, (LL)start,
			    cause.text);
	else if (text[0] != '{' || !line_sequence(line))
		check_found(c, RULE_LOG,
			    "the line at byte %llu of log.jsonl does not begin with its "
			    "transaction" RESTORE,
			    (LL)start);
	else
		return true;
	return false;
}

static int check_line(void *arg, struct bytes key, struct bytes line)
{
	struct log_walk *walk = arg;
	struct check *c = walk->check;
	uint64_t end = bytes_head_be64(key), start = end - line.len, sequence = line_sequence(line);

	if (key.len != sizeof(end) || !line.len || line.len > end) {
		check_found(c, RULE_LOG,
			    "log.jsonl has a line of %zu bytes that ends at byte %llu" RESTORE,
			    line.len, (LL)end);
		return 0;
	}
	if (start != walk->end)
		check_found(c, RULE_LOG,
			    "log.jsonl has a line at bytes %llu to %llu, but the lines before end "
			    "at byte %llu" RESTORE,
			    (LL)start, (LL)end, (LL)walk->end);
	walk->end = end;
	walk->is_known = check_text(c, start, line);
	if (!walk->is_known)
		return 0;
	if (sequence != walk->sequence && sequence != walk->sequence + 1)
		check_found(c, RULE_LOG,
			    "the line at byte %llu of log.jsonl is of transaction %llu, the one "
			    "before of %llu" RESTORE,
			    (LL)start, (LL)sequence, (LL)walk->sequence);
	walk->sequence = sequence;
	return 0;
}

int check_log(struct check *c)
{
	struct log_walk walk = { .check = c, .is_known = true };
	struct key first = { .len = 0 };
	int rc = check_lookup(c, entries_list(c->txn, DB_LOG, &first, NULL, check_line, &walk));
	uint64_t counter = meta_get(c->txn, META_LOG_END);

	if (rc)
		return rc;
	if (walk.end != counter)
		check_found(
			c, RULE_LOG,
			"log.jsonl ends at byte %llu, but the counter 'log_end' is %llu" RESTORE,
			(LL)walk.end, (LL)counter);
	if (walk.is_known && walk.sequence != c->sequence)
		check_found(c, RULE_LOG,
			    "log.jsonl ends with transaction %llu, but the last transaction is "
			    "%llu" RESTORE,
			    (LL)walk.sequence, (LL)c->sequence);
	return 0;
}

struct change_walk {
	struct check *check;
	uint64_t sequence; /* of the row before; 0 at first */
	uint32_t index;
};

static void check_order(const struct change_walk *walk, uint64_t sequence, uint32_t index)
{
	uint64_t first = meta_get(walk->check->txn, META_CHANGES_FIRST);

	if (!walk->sequence && (sequence != first || index))
		check_found(walk->check, RULE_CHANGES,
			    "the list of changes begins with change %u of transaction %llu instead "
			    "of change 0 of %llu" RESTORE,
			    index, (LL)sequence, (LL)first);
	if (!walk->sequence || (sequence == walk->sequence && index == walk->index + 1) ||
	    (sequence == walk->sequence + 1 && !index))
		return;
	check_found(walk->check, RULE_CHANGES,
		    "behind change %u of transaction %llu the list of changes has change %u of "
		    "transaction %llu" RESTORE,
		    walk->index, (LL)walk->sequence, index, (LL)sequence);
}

static int check_change(void *arg, struct bytes key, struct bytes value)
{
	struct change_walk *walk = arg;
	struct check *c = walk->check;
	struct reader r = { .at = key.at, .len = key.len };
	uint64_t sequence = read_be64(&r);
	uint32_t index = read_be32(&r);
	struct change_row row;

	if (r.failed || r.len) {
		check_found(c, RULE_CHANGES,
			    "the list of changes has a key of %zu bytes instead of 12" RESTORE,
			    key.len);
		return 0;
	}
	if (change_read(value, &row))
		check_found(c, RULE_CHANGES, "change %u of transaction %llu cannot be read" RESTORE,
			    index, (LL)sequence);
	check_order(walk, sequence, index);
	walk->sequence = sequence;
	walk->index = index;
	return 0;
}

int check_changes(struct check *c)
{
	struct change_walk walk = { .check = c };
	struct key first = { .len = 0 };
	int rc = check_lookup(c,
			      entries_list(c->txn, DB_CHANGES, &first, NULL, check_change, &walk));

	if (rc)
		return rc;
	if (walk.sequence != c->sequence)
		check_found(c, RULE_CHANGES,
			    "the list of changes ends with transaction %llu, but the last "
			    "transaction is %llu" RESTORE,
			    (LL)walk.sequence, (LL)c->sequence);
	return 0;
}
