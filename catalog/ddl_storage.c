/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/ddl_parse.h"

#include <errno.h>
#include <string.h>

/* OPTIONS (...) or COMMENT 'text', each once; options is the word in front: WITH or SET. */
static bool namespace_clause(struct parser *p, struct stmt *stmt, const char *options)
{
	long pos = p->lx.token.pos;

	if (ddl_accept(p, options)) {
		if (stmt->setting_count)
			ddl_twice(p, pos, options);
		if (!strcmp(options, "SET"))
			ddl_expect(p, "OPTIONS");
		ddl_settings(p, &stmt->settings, &stmt->setting_count);
		return true;
	}
	if (!ddl_accept(p, "COMMENT"))
		return false;
	if (stmt->has_comment)
		ddl_twice(p, pos, "COMMENT");
	stmt->comment = ddl_comment(p, &stmt->comment_pos);
	stmt->has_comment = true;
	return true;
}

void ddl_create_namespace(struct parser *p, struct stmt *stmt)
{
	stmt->verb = STMT_CREATE_NAMESPACE;
	stmt->if_clause = ddl_if_exists(p, true);
	ddl_new_name(p, NAME_NAMESPACE, stmt->object.name, &stmt->object.pos);
	while (!ddl_ended(p) && namespace_clause(p, stmt, "WITH"))
		;
}

void ddl_alter_namespace(struct parser *p, struct stmt *stmt)
{
	static const char *const words[] = { "SET OPTIONS", "COMMENT" };

	stmt->verb = STMT_ALTER_NAMESPACE;
	ddl_old_name(p, NAME_NAMESPACE, stmt->object.name, &stmt->object.pos);
	if (ddl_is(p, "RENAME"))
		ddl_stop(p,
		         err_at(&p->err, -EPERM, p->lx.token.pos,
		                "Namespaces cannot be renamed: create "
		                "the new one and move the tables with ALTER TABLE ... RENAME TO"));
	if (!namespace_clause(p, stmt, "SET"))
		ddl_unknown(p, "change of a namespace", WORD_LIST(words));
	while (!ddl_ended(p) && namespace_clause(p, stmt, "SET"))
		;
}

void ddl_drop_namespace(struct parser *p, struct stmt *stmt)
{
	stmt->verb = STMT_DROP_NAMESPACE;
	stmt->if_clause = ddl_if_exists(p, false);
	ddl_old_name(p, NAME_NAMESPACE, stmt->object.name, &stmt->object.pos);
	stmt->cascade = ddl_accept(p, "CASCADE");
	if (!stmt->cascade)
		ddl_accept(p, "RESTRICT");
}

/* Clauses of CREATE STORAGE and fields of ALTER STORAGE ... SET; PATH and BUCKET set the base. */
enum field {
	FIELD_TYPE,
	FIELD_NAME,
	FIELD_DESCRIPTION,
	FIELD_PATH,
	FIELD_BASE,
	FIELD_BUCKET,
	FIELD_REGION,
	FIELD_SHARED,
	FIELD_USER,
	FIELD_CREDENTIALS,
	FIELD_CONFIG,
	FIELD_COUNT
};

static const char *const field_words[] = {
	[FIELD_TYPE] = "TYPE",
	[FIELD_NAME] = "NAME",
	[FIELD_DESCRIPTION] = "DESCRIPTION",
	[FIELD_PATH] = "PATH",
	[FIELD_BASE] = "BASE_DIRECTORY",
	[FIELD_BUCKET] = "BUCKET",
	[FIELD_REGION] = "REGION",
	[FIELD_SHARED] = "SHARED_TABLES_TEMPLATE",
	[FIELD_USER] = "USER_TABLES_TEMPLATE",
	[FIELD_CREDENTIALS] = "CREDENTIALS",
	[FIELD_CONFIG] = "CONFIG",
};
_Static_assert(countof(field_words) == FIELD_COUNT, "every field has its word");

#define IN_SPEC(member) offsetof(struct storage_spec, member)

/* Where the text of a field goes; TYPE, REGION and BUCKET have code of their own. */
static const struct {
	size_t text, pos;
	size_t clear; /* of the flag that NULL sets; 0 = NULL is refused */
} field_places[] = {
	[FIELD_NAME] = { IN_SPEC(name), IN_SPEC(name_pos), 0 },
	[FIELD_DESCRIPTION] = { IN_SPEC(description), IN_SPEC(description_pos),
	                        IN_SPEC(clear_description) },
	[FIELD_PATH] = { IN_SPEC(base_directory), IN_SPEC(base_pos), 0 },
	[FIELD_BASE] = { IN_SPEC(base_directory), IN_SPEC(base_pos), 0 },
	[FIELD_BUCKET] = { IN_SPEC(base_directory), IN_SPEC(base_pos), 0 },
	[FIELD_SHARED] = { IN_SPEC(shared_template), IN_SPEC(shared_pos), 0 },
	[FIELD_USER] = { IN_SPEC(user_template), IN_SPEC(user_pos), 0 },
	[FIELD_CREDENTIALS] = { IN_SPEC(credentials), IN_SPEC(credentials_pos),
	                        IN_SPEC(clear_credentials) },
	[FIELD_CONFIG] = { IN_SPEC(config), IN_SPEC(config_pos), IN_SPEC(clear_config) },
};
_Static_assert(countof(field_places) == FIELD_COUNT, "every field has its place");

struct storage_parser {
	struct parser *p;
	struct storage_spec *spec;
	bool seen[FIELD_COUNT];
	long pos[FIELD_COUNT];
};

/* TYPE s3 or TYPE 's3' */
static void parse_type(struct parser *p, struct storage_spec *spec)
{
	static const char *const types[] = { "filesystem", "s3", "gcs", "azure" };
	const struct token *token = &p->lx.token;
	const char *text = token->text, *near;
	size_t len = token->len;

	spec->has_type = true;
	spec->type_pos = token->pos;
	if (token->kind == TOKEN_STRING || token->kind == TOKEN_QUOTED) {
		text = lex_content(token, p->arena);
		if (!text)
			ddl_stop(p, err_nomem(&p->err));
		len = text ? strlen(text) : 0;
	} else if (token->kind != TOKEN_WORD) {
		ddl_expected(p, "filesystem, s3, gcs or azure");
	}
	if (p->rc)
		return;
	if (storage_type_parse(text, len, &spec->type)) {
		near = name_nearest(text, len, types, countof(types));
		ddl_error(
			p, spec->type_pos,
			"Unknown storage type '%.*s'. Expected filesystem, s3, gcs or azure%s%s%s",
			len > 40 ? 40 : (int)len, text, near ? ". Did you mean " : "",
			near ? near : "", near ? "?" : "");
	}
	ddl_next(p);
}

/* BUCKET 'name' is BASE_DIRECTORY 's3://name'. */
static const char *bucket_base(struct parser *p, const char *bucket)
{
	static const char scheme[] = "s3://";
	size_t len = strlen(bucket), lead = strlen(scheme);
	char *base;

	if (!strncmp(bucket, scheme, lead))
		return bucket;
	base = arena_alloc(p->arena, lead + len + 1);
	if (!base) {
		ddl_stop(p, err_nomem(&p->err));
		return NULL;
	}
	memcpy(base, scheme, lead);
	memcpy(base + lead, bucket, len);
	return base;
}

static void parse_text(struct parser *p, struct storage_spec *spec, enum field field)
{
	const char **text = (const char **)((char *)spec + field_places[field].text);
	long *pos = (long *)((char *)spec + field_places[field].pos);
	bool *clear = NULL;
	char what[48];

	if (field_places[field].clear)
		clear = (bool *)((char *)spec + field_places[field].clear);
	*pos = p->lx.token.pos;
	if (clear && ddl_accept(p, "NULL")) {
		*clear = true;
		return;
	}
	/* What stands in the place of a secret is not quoted. */
	if (field == FIELD_CREDENTIALS && !ddl_is_kind(p, TOKEN_STRING) && !ddl_is_kind(p, TOKEN_END)) {
		ddl_error(p, *pos, "Expected the value of CREDENTIALS in single quotes");
		return;
	}
	snprintf(what, sizeof(what), "the value of %s", field_words[field]);
	*text = ddl_string(p, what);
	if (*text && field == FIELD_BUCKET) {
		*text = bucket_base(p, *text);
		spec->bucket = true;
	}
	if (*text && clear && field == FIELD_DESCRIPTION && !**text) {
		*text = NULL;
		*clear = true;
	}
}

static bool is_base(enum field field)
{
	return field == FIELD_PATH || field == FIELD_BASE || field == FIELD_BUCKET;
}

static void check_twice(struct storage_parser *sp, enum field field)
{
	bool has_base = sp->seen[FIELD_PATH] || sp->seen[FIELD_BASE] || sp->seen[FIELD_BUCKET];
	long pos = sp->p->lx.token.pos;

	if (sp->seen[field])
		ddl_twice(sp->p, pos, field_words[field]);
	else if (is_base(field) && has_base)
		ddl_error(sp->p, pos,
		          "The location is given twice: PATH, BUCKET and BASE_DIRECTORY exclude "
		          "each other");
	sp->seen[field] = true;
	sp->pos[field] = pos;
}

/* WORD [=] value; what names the place in the message about an unknown word. */
static void parse_field(struct storage_parser *sp, const char *what)
{
	struct parser *p = sp->p;
	int field = ddl_which(p, WORD_LIST(field_words));

	if (field < 0) {
		ddl_unknown(p, what, WORD_LIST(field_words));
		return;
	}
	check_twice(sp, (enum field)field);
	ddl_next(p);
	ddl_accept_symbol(p, '=');
	if (field == FIELD_TYPE)
		parse_type(p, sp->spec);
	else if (field == FIELD_REGION)
		ddl_string(p, "the value of REGION");
	else
		parse_text(p, sp->spec, (enum field)field);
}

static void refuse_field(struct storage_parser *sp, enum field field, const char *type,
                         const char *instead)
{
	ddl_error(sp->p, sp->pos[field], "%s is for %s storages: %s", field_words[field], type,
	          instead);
}

/* Fields that only one type has (facts.md 4.6). */
static void check_fields(struct storage_parser *sp)
{
	const struct storage_spec *spec = sp->spec;

	if (sp->seen[FIELD_REGION] && !sp->seen[FIELD_BUCKET])
		ddl_error(sp->p, sp->pos[FIELD_REGION],
		          "REGION goes with BUCKET only: write it into CONFIG");
	if (!spec->has_type)
		return;
	if (sp->seen[FIELD_PATH] && spec->type != STORAGE_FILESYSTEM)
		refuse_field(sp, FIELD_PATH, "filesystem", "write BASE_DIRECTORY with the URI");
	if (sp->seen[FIELD_BUCKET] && spec->type != STORAGE_S3)
		refuse_field(sp, FIELD_BUCKET, "s3", "write BASE_DIRECTORY with the path or URI");
}

/* A word on a new line that is no clause, behind a statement that needs no more. */
static bool is_next_statement(const struct storage_parser *sp)
{
	const struct parser *p = sp->p;

	return p->newline_ends && p->lx.token.newline_before && sp->spec->has_type &&
	       sp->spec->base_directory && ddl_which(p, WORD_LIST(field_words)) < 0;
}

void ddl_create_storage(struct parser *p, struct stmt *stmt)
{
	struct storage_parser sp = { .p = p, .spec = &stmt->storage };

	stmt->verb = STMT_CREATE_STORAGE;
	stmt->if_clause = ddl_if_exists(p, true);
	ddl_new_name(p, NAME_STORAGE, stmt->object.name, &stmt->object.pos);
	while (!ddl_ended(p) && !is_next_statement(&sp)) {
		do {
			parse_field(&sp, "clause of CREATE STORAGE");
		} while (ddl_accept_symbol(p, ','));
	}
	check_fields(&sp);
	if (!stmt->storage.has_type)
		ddl_expected(p, "TYPE filesystem, s3, gcs or azure");
	if (!stmt->storage.base_directory)
		ddl_expected(p, "the location: PATH, BUCKET or BASE_DIRECTORY");
}

/* SET field [=] value [, field [=] value ...], SET again for each where it is not a list. */
void ddl_alter_storage(struct parser *p, struct stmt *stmt)
{
	struct storage_parser sp = { .p = p, .spec = &stmt->storage };

	stmt->verb = STMT_ALTER_STORAGE;
	ddl_old_name(p, NAME_STORAGE, stmt->object.name, &stmt->object.pos);
	do {
		ddl_expect(p, "SET");
		do {
			parse_field(&sp, "field of a storage");
		} while (ddl_accept_symbol(p, ','));
	} while (!ddl_ended(p) && ddl_is(p, "SET"));
	check_fields(&sp);
}

void ddl_drop_storage(struct parser *p, struct stmt *stmt)
{
	stmt->verb = STMT_DROP_STORAGE;
	stmt->if_clause = ddl_if_exists(p, false);
	ddl_old_name(p, NAME_STORAGE, stmt->object.name, &stmt->object.pos);
}
