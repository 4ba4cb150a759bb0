/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/report.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct kept_text {
	char *text;	/* owned */
	size_t len;
	int64_t at;
};

struct slot {
	TAILQ_ENTRY(slot) link;	/* touched most recently first */
	struct report_key key;
	struct kept_text texts[REPORT_WHAT_COUNT];
};

struct refusal {
	uint32_t uid;
	char *line;	/* owned */
	size_t len;
};

struct report {
	pthread_mutex_t lock;	/* all below */
	TAILQ_HEAD(slot_list, slot) slots;
	size_t slot_count, bytes;
	struct refusal refusals[REPORT_REFUSALS_MAX];
	size_t next;		/* the oldest, and where the next one goes */
	int64_t refused_at;
};

struct report *report_new(void)
{
	struct report *report = calloc(1, sizeof(*report));

	if (!report)
		return NULL;
	TAILQ_INIT(&report->slots);
	pthread_mutex_init(&report->lock, NULL);
	return report;
}

static void drop_slot(struct report *report, struct slot *slot)
{
	TAILQ_REMOVE(&report->slots, slot, link);
	report->slot_count--;
	for (int what = 0; what < REPORT_WHAT_COUNT; what++) {
		report->bytes -= slot->texts[what].len;
		free(slot->texts[what].text);
	}
	free(slot);
}

void report_free(struct report *report)
{
	struct slot *slot;

	if (!report)
		return;
	while ((slot = TAILQ_FIRST(&report->slots)))
		drop_slot(report, slot);
	for (size_t i = 0; i < REPORT_REFUSALS_MAX; i++)
		free(report->refusals[i].line);
	pthread_mutex_destroy(&report->lock);
	free(report);
}

struct report_key report_key(const struct view *view)
{
	struct report_key key = { .uid = view->uid };

	if (view->table) {
		key.object = OBJECT_TABLE;
		key.id = view->table->id;
	} else if (view->ns) {
		key.object = OBJECT_NAMESPACE;
		key.id = view->ns->id;
	}
	return key;
}

static struct slot *find_slot(struct report *report, struct report_key key)
{
	struct slot *slot;

	TAILQ_FOREACH(slot, &report->slots, link)
		if (slot->key.object == key.object && slot->key.id == key.id &&
		    slot->key.uid == key.uid)
			return slot;
	return NULL;
}

/* The slot of a key, in front of all others; NULL when memory is out. */
static struct slot *use_slot(struct report *report, struct report_key key)
{
	struct slot *slot = find_slot(report, key);

	if (slot) {
		TAILQ_REMOVE(&report->slots, slot, link);
	} else {
		slot = calloc(1, sizeof(*slot));
		if (!slot)
			return NULL;
		slot->key = key;
		report->slot_count++;
	}
	TAILQ_INSERT_HEAD(&report->slots, slot, link);
	return slot;
}

int report_set(struct report *report, struct report_key key, enum report_what what,
	       const char *text, size_t len, int64_t now)
{
	struct kept_text *kept;
	struct slot *slot;
	int rc = 0;

	pthread_mutex_lock(&report->lock);
	slot = use_slot(report, key);
	if (!slot) {
		rc = -ENOMEM;
		goto out;
	}
	kept = &slot->texts[what];
	free(kept->text);
	report->bytes -= kept->len;
	*kept = (struct kept_text){ .at = now };
	if (len) {
		kept->text = malloc(len);
		if (kept->text) {
			memcpy(kept->text, text, len);
			kept->len = len;
			report->bytes += len;
		} else {
			rc = -ENOMEM;
		}
	}
	while (report->slot_count > REPORT_KEYS_MAX ||
	       (report->bytes > REPORT_BYTES_MAX && report->slot_count > 1))
		drop_slot(report, TAILQ_LAST(&report->slots, slot_list));
out:
	pthread_mutex_unlock(&report->lock);
	return rc;
}

bool report_print(struct report *report, struct report_key key, enum report_what what, FILE *out)
{
	struct slot *slot;
	bool any = false;

	pthread_mutex_lock(&report->lock);
	slot = find_slot(report, key);
	if (slot && slot->texts[what].len) {
		fwrite(slot->texts[what].text, 1, slot->texts[what].len, out);
		any = true;
	}
	pthread_mutex_unlock(&report->lock);
	return any;
}

int64_t report_time(struct report *report, struct report_key key, enum report_what what)
{
	struct slot *slot;
	int64_t at;

	pthread_mutex_lock(&report->lock);
	slot = find_slot(report, key);
	at = slot ? slot->texts[what].at : 0;
	pthread_mutex_unlock(&report->lock);
	return at;
}

void report_refusal(struct report *report, uint32_t uid, const char *line, size_t len, int64_t now)
{
	struct refusal *refusal;
	char *copy = malloc(len);

	if (!copy)
		return;
	memcpy(copy, line, len);
	pthread_mutex_lock(&report->lock);
	refusal = &report->refusals[report->next];
	free(refusal->line);
	*refusal = (struct refusal){ .uid = uid, .line = copy, .len = len };
	report->next = (report->next + 1) % REPORT_REFUSALS_MAX;
	report->refused_at = now;
	pthread_mutex_unlock(&report->lock);
}

void report_print_refusals(struct report *report, uint32_t uid, bool all, FILE *out)
{
	pthread_mutex_lock(&report->lock);
	for (size_t i = 0; i < REPORT_REFUSALS_MAX; i++) {
		const struct refusal *refusal =
			&report->refusals[(report->next + i) % REPORT_REFUSALS_MAX];

		if (refusal->line && (all || refusal->uid == uid))
			fwrite(refusal->line, 1, refusal->len, out);
	}
	pthread_mutex_unlock(&report->lock);
}

int64_t report_refusal_time(struct report *report)
{
	int64_t at;

	pthread_mutex_lock(&report->lock);
	at = report->refused_at;
	pthread_mutex_unlock(&report->lock);
	return at;
}
