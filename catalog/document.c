/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/document_parse.h"

#include "catalog/json.h"
#include "catalog/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_one_column(struct document *document, struct err *err)
{
	struct document_table *table = &document->table;

	table->columns = arena_alloc(&document->arena, sizeof(*table->columns));
	if (!table->columns)
		return err_nomem(err);
	table->column_count = 1;
	return document_read_column(document, document->root, table->columns, err);
}

/* What stands at the place of the error may be a secret; `error` shows the line without it. */
static void quote_nothing(struct err *err)
{
	char *near = err ? strstr(err->text, " near '") : NULL;

	if (near)
		*near = '\0';
}

static int read_document(struct document *document, struct err *err)
{
	static const char *const nouns[] = {
		[DOCUMENT_TABLE] = "the table",
		[DOCUMENT_COLUMN] = "the column",
		[DOCUMENT_NAMESPACE] = "the namespace",
		[DOCUMENT_STORAGE] = "the storage",
	};
	int rc;

	_Static_assert(countof(nouns) == DOCUMENT_KIND_COUNT, "every kind has a noun");
	rc = json_tree_parse(document->text, document->len, &document->arena, &document->root, err);
	if (rc && document->target.kind == DOCUMENT_STORAGE)
		quote_nothing(err);
	if (!rc)
		rc = field_object(document->root, nouns[document->target.kind], err);
	if (rc)
		return rc;
	switch (document->target.kind) {
	case DOCUMENT_TABLE:
		return document_read_table(document, err);
	case DOCUMENT_COLUMN:
		return read_one_column(document, err);
	case DOCUMENT_NAMESPACE:
		return document_read_namespace(document, err);
	case DOCUMENT_STORAGE:
	case DOCUMENT_KIND_COUNT:
	default:
		return document_read_storage(document, err);
	}
}

/* What it amounts to is known only when it runs (exec_document). */
static void make_alter(struct document *document)
{
	static const enum stmt_verb verbs[] = {
		[DOCUMENT_TABLE] = STMT_ALTER_TABLE,
		[DOCUMENT_COLUMN] = STMT_ALTER_TABLE,
		[DOCUMENT_NAMESPACE] = STMT_ALTER_NAMESPACE,
		[DOCUMENT_STORAGE] = STMT_ALTER_STORAGE,
	};

	document->stmt.verb = verbs[document->target.kind];
}

static int make_script(struct document *document, struct err *err)
{
	int rc = 0;

	document->stmt.document = document;
	document->stmt.len = document->len;
	if (document->target.create)
		rc = document_create(document, err);
	else
		make_alter(document);
	document->script = (struct script){ .stmts = &document->stmt,
					    .count = 1,
					    .tail = document->len };
	return rc;
}

static void fill_request(const struct document *document, const struct author *author,
			 struct request *request)
{
	const struct document_target *target = &document->target;
	bool new_table = target->kind == DOCUMENT_TABLE && target->create;

	request->script = &document->script;
	request->commit_count = 1;
	request->text = document->text;
	request->len = document->len;
	request->namespace_id = target->namespace_id;
	request->table_id = new_table ? 0 : target->table_id;
	request->author = *author;
	request->source = SOURCE_DOCUMENT;
}

int document_request(const struct document_target *target, const char *text, size_t len,
		     const struct author *author, struct document **out, struct request *request,
		     struct err *err)
{
	struct document *document = calloc(1, sizeof(*document));
	int rc;

	if (!document)
		return err_nomem(err);
	document->target = *target;
	document->text = text;
	document->len = len;
	rc = read_document(document, err);
	if (!rc)
		rc = make_script(document, err);
	if (rc) {
		document_locate(document, err);
		document_free(document);
		return rc;
	}
	fill_request(document, author, request);
	*out = document;
	return 0;
}

void document_free(struct document *document)
{
	if (!document)
		return;
	arena_free(&document->arena);
	free(document);
}

bool document_is_complete(const char *text, size_t len)
{
	size_t start = 0;

	/* Most texts that are not whole yet end in something else; the rest must be read. */
	while (len && strchr(" \t\r\n", text[len - 1]) && text[len - 1])
		len--;
	while (start < len && strchr(" \t\r\n", text[start]) && text[start])
		start++;
	if (len - start < 2 || text[start] != '{' || text[len - 1] != '}' ||
	    len > DOCUMENT_MAX_BYTES)
		return false;
	return json_check(text, len, NULL) == 0;
}

void document_locate(const struct document *document, struct err *err)
{
	if (!err || err->pos < 0 || *err->pointer || !document->root)
		return;
	json_tree_pointer(json_tree_at(document->root, err->pos), err->pointer,
			  sizeof(err->pointer));
}

#define FILE_SHOWN_SIZE 600	/* of a directory and a name in it */

void document_print_error(const struct err *err, const char *file, const char *text, size_t len,
			  FILE *out)
{
	char *hidden;
	bool has_place = err->pos >= 0 || *err->pointer;
	char name[FILE_SHOWN_SIZE], prefix[FILE_SHOWN_SIZE + 2];

	err_escape(name, sizeof(name), file);
	snprintf(prefix, sizeof(prefix), "%s%s", name, has_place ? " " : ":");
	hidden = secret_hide(text, len, true);
	if (hidden)
		err_print(err, prefix, hidden, len, out);
	else
		fprintf(out, "%s\n", err->text);
	free(hidden);
}
