/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/load_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *noun, *verb;
} losses[] = {
	[LOSS_CONSTRAINT] = { "constraint", "left out" },
	[LOSS_DEFAULT] = { "default", "left out" },
	[LOSS_CLAUSE] = { "clause", "left out" },
	[LOSS_COMMENT] = { "comment", "left out" },
	[LOSS_COLUMN] = { "column", "left out" },
	[LOSS_TABLE] = { "table", "left out" },
	[LOSS_STATEMENT] = { "statement", "left out" },
	[LOSS_TYPE] = { "type", "replaced" },
	[LOSS_KEY] = { "key", "chosen" },
};
_Static_assert(countof(losses) == LOSS_COUNT, "every loss has its words");

const char *load_loss_noun(enum load_loss loss)
{
	return losses[loss].noun;
}

const char *load_loss_verb(enum load_loss loss)
{
	return losses[loss].verb;
}

/* The lexer stands at the end from now on. */
static void stop(struct load *ld, int rc)
{
	ld->rc = rc;
	ld->lx.at = ld->lx.len;
	ld->lx.token.kind = FOREIGN_END;
}

static void keep_statement(struct load *ld)
{
	struct load_result *result = ld->result;

	free(result->text);
	result->text = malloc(ld->stmt.len + 1);
	result->origin = ld->stmt.origin;
	if (!result->text)
		return;
	if (ld->stmt.len)
		memcpy(result->text, ld->stmt.text, ld->stmt.len);
	result->text[ld->stmt.len] = '\0';
	result->len = ld->stmt.len;
}

void load_refuse_err(struct load *ld, size_t pos, const struct err *err)
{
	if (ld->rc)
		return;
	keep_statement(ld);
	*ld->err = *err;
	if (ld->err->pos < 0)
		ld->err->pos = (long)pos;
	stop(ld, err->code);
}

void load_refuse(struct load *ld, int rc, size_t pos, const char *fmt, ...)
{
	struct err err = ERR_INIT;
	char text[ERR_TEXT_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (rc == -ENOMEM)
		err_nomem(&err);
	err_at(&err, rc, (long)pos, "%s", text);
	load_refuse_err(ld, pos, &err);
}

static void refuse_at(struct load *ld, int rc, const struct err_origin *origin, const char *text)
{
	if (ld->rc)
		return;
	free(ld->result->text);
	ld->result->text = NULL;
	ld->result->origin = *origin;
	stop(ld, err_set(ld->err, rc, "%s", text));
}

void load_refuse_at(struct load *ld, int rc, const struct err_origin *origin, const char *fmt, ...)
{
	char text[ERR_TEXT_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	refuse_at(ld, rc, origin, text);
}

/* Takes text. */
static void add_note(struct load *ld, enum load_loss loss, unsigned line, char *text)
{
	struct load_result *result = ld->result;
	size_t n = result->note_count;

	if (text && n % 64 == 0) {
		struct load_note *larger = realloc(result->notes, (n + 64) * sizeof(*larger));

		if (!larger) {
			free(text);
			text = NULL;
		} else {
			result->notes = larger;
		}
	}
	if (!text) {
		load_refuse(ld, -ENOMEM, 0, "Out of memory");
		return;
	}
	result->notes[n] = (struct load_note){ .loss = loss, .line = line, .number = n, .text = text };
	result->note_count++;
	result->losses[loss]++;
}

static void note(struct load *ld, enum load_loss loss, unsigned line, const char *fmt, va_list args)
	__attribute__((format(printf, 4, 0)));

static void note(struct load *ld, enum load_loss loss, unsigned line, const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	add_note(ld, loss, line, text);
}

void load_tell(struct load *ld, enum load_loss loss, unsigned line, const char *fmt, ...)
{
	va_list args;

	if (ld->rc)
		return;
	va_start(args, fmt);
	note(ld, loss, line, fmt, args);
	va_end(args);
}

static const char *way_out(enum load_loss loss)
{
	switch (loss) {
	case LOSS_TYPE:
		return "--lenient takes another type";
	case LOSS_KEY:
		return "--lenient chooses another key";
	case LOSS_CONSTRAINT:
	case LOSS_DEFAULT:
	case LOSS_CLAUSE:
	case LOSS_COMMENT:
	case LOSS_COLUMN:
	case LOSS_TABLE:
	case LOSS_STATEMENT:
	case LOSS_COUNT:
	default:
		return "--lenient leaves it out";
	}
}

bool load_lose(struct load *ld, enum load_loss loss, size_t pos, const char *why, const char *fmt, ...)
{
	va_list args;

	if (ld->rc)
		return false;
	if (!ld->options->lenient) {
		load_refuse(ld, -EINVAL, pos, "%s (%s)", why, way_out(loss));
		return false;
	}
	va_start(args, fmt);
	note(ld, loss, load_origin(ld, pos).line, fmt, args);
	va_end(args);
	return true;
}

bool load_lose_at(struct load *ld, enum load_loss loss, const struct err_origin *origin,
		  const char *why, const char *fmt, ...)
{
	va_list args;

	if (ld->rc)
		return false;
	if (!ld->options->lenient) {
		load_refuse_at(ld, -EINVAL, origin, "%s (%s)", why, way_out(loss));
		return false;
	}
	va_start(args, fmt);
	note(ld, loss, origin->line, fmt, args);
	va_end(args);
	return true;
}

void load_count(struct load *ld, const char *kind)
{
	struct load_result *result = ld->result;
	struct load_skipped *larger;

	for (size_t i = 0; i < result->skipped_count; i++) {
		if (!strcasecmp(result->skipped[i].kind, kind)) {
			result->skipped[i].count++;
			return;
		}
	}
	larger = realloc(result->skipped, (result->skipped_count + 1) * sizeof(*larger));
	if (!larger) {
		load_refuse(ld, -ENOMEM, 0, "Out of memory");
		return;
	}
	result->skipped = larger;
	larger += result->skipped_count++;
	*larger = (struct load_skipped){ .count = 1 };
	snprintf(larger->kind, sizeof(larger->kind), "%s", kind);
}
