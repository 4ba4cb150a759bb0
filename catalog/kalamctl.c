/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kalamctl - a catalog without a mount: commands, their output and exit codes
 * (0 done, 1 refused or failed, 2 wrong usage or a damaged catalog).
 */
#include "catalog/catalog.h"
#include "catalog/peer.h"
#include "catalog/refusal.h"
#include "catalog/status.h"
#include "catalog/version.h"

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEER_TIMEOUT_MS 1000
#define SCRIPT_MAX_BYTES (256u << 20)

struct ctl {
	struct catalog *catalog;
	bool json;
	bool secrets;
	struct author author;
	int argc;
	char **argv;	/* of the command, its name left out */
};

typedef int command_fn(struct ctl *ctl);

struct command {
	const char *name;
	command_fn *run;
	int min_args, max_args;
	bool writes;	/* may create the catalog */
	const char *usage;
};

static int fail(const struct err *err)
{
	fprintf(stderr, "kalamctl: %s\n", err->text);
	return err->code == -EUCLEAN ? 2 : 1;
}

static int fail_nomem(void)
{
	fputs("kalamctl: Out of memory\n", stderr);
	return 1;
}

/* A whole file or standard input, owned; NULL after telling why not. */
static char *read_script(const char *name, size_t *len)
{
	FILE *in = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	struct buf text = { 0 };
	char piece[65536];
	size_t n;

	if (!in) {
		fprintf(stderr, "kalamctl: cannot open '%s': %s\n", name, strerror(errno));
		return NULL;
	}
	while ((n = fread(piece, 1, sizeof(piece), in)) && text.len < SCRIPT_MAX_BYTES)
		buf_bytes(&text, piece, n);
	if (ferror(in) || text.failed || text.len >= SCRIPT_MAX_BYTES) {
		fprintf(stderr, "kalamctl: cannot read '%s': %s\n", name,
			ferror(in) ? strerror(errno) : "too long for one transaction");
		buf_free(&text);
	} else if (!text.at) {
		text.at = calloc(1, 1);
	}
	if (in != stdin)
		fclose(in);
	*len = text.len;
	return (char *)text.at;
}

struct exec_file {
	struct ctl *ctl;
	const char *name;	/* for messages */
	const char *text;
	size_t len;
	uint64_t sequence;	/* of the last commit */
};

static int refused(const struct exec_file *file, const struct err *err)
{
	struct refusal refusal = {
		.time = catalog_now(file->ctl->catalog),
		.author = file->ctl->author,
		.object = "",
		.file = file->name,
		.text = file->text,
		.len = file->len,
		.err = err,
	};
	char *prefix;

	if (file->ctl->json) {
		refusal_print(&refusal, stdout);
		return 1;
	}
	if (asprintf(&prefix, "%s:", file->name) < 0)
		return fail_nomem();
	err_print(err, prefix, file->text, file->len, stderr);
	free(prefix);
	return 1;
}

static void print_outcomes(const struct ctl *ctl, const struct request *request)
{
	if (request->notes)
		fputs(request->notes, stderr);
	if (!ctl->json) {
		if (request->heads)
			fputs(request->heads, stdout);
		return;
	}
	for (const struct outcome *o = request->outcomes; o; o = o->next) {
		if (o->log_line)
			fputs(o->log_line, stdout);
	}
}

/* Statements [from, to) of a script as one transaction. */
static int run_part(struct exec_file *file, const struct script *script, size_t from, size_t to)
{
	struct script part = { .stmts = script->stmts + from, .count = to - from };
	struct request request = {
		.script = &part,
		.commit_count = part.count,
		.text = file->text,
		.len = file->len,
		.author = file->ctl->author,
		.source = SOURCE_KALAMCTL,
		.err = ERR_INIT,
	};
	struct request *requests[] = { &request };
	int rc;

	if (from == to)
		return 0;
	catalog_commit(file->ctl->catalog, requests, 1);
	if (request.sequence)
		file->sequence = request.sequence;
	rc = request.err.code ? refused(file, &request.err) : 0;
	if (!rc)
		print_outcomes(file->ctl, &request);
	request_fini(&request);
	return rc;
}

static bool has_block(const struct script *script)
{
	for (size_t i = 0; i < script->count; i++) {
		if (script->stmts[i].verb == STMT_BEGIN)
			return true;
	}
	return false;
}

static int misplaced(struct exec_file *file, const struct stmt *stmt, const char *text)
{
	struct err err = ERR_INIT;

	err_at(&err, -EINVAL, (long)stmt->start, "%s", text);
	return refused(file, &err);
}

/* With BEGIN in it a file is several transactions: its blocks, and each statement outside them. */
static int run_blocks(struct exec_file *file, const struct script *script)
{
	const struct stmt *begin = NULL;
	size_t first = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < script->count; i++) {
		const struct stmt *stmt = &script->stmts[i];
		bool ends = stmt->verb == STMT_COMMIT || stmt->verb == STMT_ROLLBACK;

		if (stmt->verb == STMT_BEGIN && begin)
			return misplaced(file, stmt, "BEGIN inside a transaction: COMMIT or ROLLBACK it first");
		if (ends && !begin)
			return misplaced(file, stmt, "COMMIT or ROLLBACK without BEGIN");
		if (stmt->verb == STMT_BEGIN) {
			begin = stmt;
			first = i + 1;
		} else if (ends) {
			if (stmt->verb == STMT_COMMIT)
				rc = run_part(file, script, first, i);
			begin = NULL;
		} else if (!begin) {
			rc = run_part(file, script, i, i + 1);
		}
	}
	if (!rc && begin)
		rc = misplaced(file, begin, "The transaction was rolled back: COMMIT is missing");
	return rc;
}

static void sync_mounts(const struct exec_file *file)
{
	unsigned late;

	if (!file->sequence)
		return;
	late = peer_sync(catalog_dir(file->ctl->catalog), file->sequence, PEER_TIMEOUT_MS);
	if (late)
		fprintf(stderr, "kalamctl: warning: %u mount(s) did not confirm the change within %d ms\n",
			late, PEER_TIMEOUT_MS);
}

static int cmd_exec(struct ctl *ctl)
{
	const char *name = ctl->argc ? ctl->argv[0] : "-";
	struct exec_file file = { .ctl = ctl, .name = strcmp(name, "-") == 0 ? "<stdin>" : name };
	struct err err = ERR_INIT;
	struct script script;
	char *text = read_script(name, &file.len);
	int rc;

	if (!text)
		return 1;
	file.text = text;
	if (ddl_parse(text, file.len, SCOPE_CATALOG, ENDING_SEMICOLON, false, true, &script, &err)) {
		rc = refused(&file, &err);
	} else {
		rc = has_block(&script) ? run_blocks(&file, &script) :
					  run_part(&file, &script, 0, script.count);
		script_free(&script);
	}
	sync_mounts(&file);
	free(text);
	return rc;
}

/* "NS.TABLE" or "NS" in two parts; false if it is neither. */
static bool split_name(const char *text, char ns[NAME_SIZE], char table[NAME_SIZE])
{
	const char *dot = strchr(text, '.');
	size_t len = dot ? (size_t)(dot - text) : strlen(text);
	struct err err = ERR_INIT;

	*table = '\0';
	if (!len || name_fold(text, len, -1, ns, &err))
		return false;
	return !dot || (dot[1] && name_fold(dot + 1, strlen(dot + 1), -1, table, &err) == 0);
}

static int bad_name(const char *text)
{
	fprintf(stderr, "kalamctl: '%s' is not a name: expected NAMESPACE or NAMESPACE.TABLE\n", text);
	return 2;
}

static int cmd_dump(struct ctl *ctl)
{
	char ns[NAME_SIZE], table[NAME_SIZE];
	const char *name = ctl->argc ? ctl->argv[0] : NULL;
	struct err err = ERR_INIT;
	struct txn *txn;
	int rc;

	if (name && !split_name(name, ns, table))
		return bad_name(name);
	rc = catalog_begin(ctl->catalog, &txn, &err);
	if (rc)
		return fail(&err);
	rc = catalog_dump(ctl->catalog, txn, name ? ns : NULL, name && *table ? table : NULL, ctl->secrets,
			  stdout, &err);
	txn_end(txn);
	return rc ? fail(&err) : 0;
}

static int describe(struct ctl *ctl, struct txn *txn, const char *ns, const char *name, struct err *err)
{
	uint32_t ns_id, id;
	struct table *table;
	int rc = catalog_find(ctl->catalog, txn, DIR_NAMESPACES, 0, ns, &ns_id);

	if (rc)
		return err_set(err, rc, "Namespace '%s' does not exist", ns);
	rc = catalog_find(ctl->catalog, txn, DIR_TABLES, ns_id, name, &id);
	if (rc)
		return err_set(err, rc, "Table '%s' not found in namespace '%s'", name, ns);
	rc = catalog_table(ctl->catalog, txn, id, &table, err);
	if (rc)
		return rc;
	version_print(ctl->json ? FORM_SCHEMA_JSON : FORM_DESCRIBE, NULL, table, stdout);
	table_put(table);
	return 0;
}

static int cmd_describe(struct ctl *ctl)
{
	char ns[NAME_SIZE], table[NAME_SIZE];
	struct err err = ERR_INIT;
	struct txn *txn;
	int rc;

	if (!split_name(ctl->argv[0], ns, table))
		return bad_name(ctl->argv[0]);
	if (!*table) {
		memcpy(table, ns, sizeof(table));
		memcpy(ns, "default", sizeof("default"));
	}
	rc = catalog_begin(ctl->catalog, &txn, &err);
	if (rc)
		return fail(&err);
	rc = describe(ctl, txn, ns, table, &err);
	txn_end(txn);
	return rc ? fail(&err) : 0;
}

static int print_mount(void *arg, const struct peer *peer)
{
	(void)arg;
	printf("mounted at:  %s (%s, pid %d)\n", peer->mountpoint, peer->read_only ? "ro" : "rw",
	       (int)peer->pid);
	return 0;
}

static void print_status(struct ctl *ctl, struct txn *txn)
{
	struct dir_state namespaces;
	struct store_stat disk;
	char uuid[37];

	catalog_uuid(ctl->catalog, uuid);
	catalog_dir_state(ctl->catalog, txn, DIR_NAMESPACES, 0, &namespaces);
	printf("catalog:     %s\nuuid:        %s\nformat:      %d\nsequence:    %llu\n",
	       catalog_dir(ctl->catalog), uuid, CATALOG_FORMAT,
	       (unsigned long long)meta_get(txn, META_SEQUENCE));
	printf("namespaces:  %u\ntables:      %llu\nin trash:    %llu\n", namespaces.count,
	       (unsigned long long)meta_get(txn, META_TABLES),
	       (unsigned long long)meta_get(txn, META_TRASH));
	if (store_statistics(catalog_store(ctl->catalog), &disk) == 0)
		printf("file:        %llu bytes\n", (unsigned long long)disk.file_bytes);
	(void)peer_list(catalog_dir(ctl->catalog), print_mount, NULL);
}

static int cmd_status(struct ctl *ctl)
{
	struct err err = ERR_INIT;
	struct txn *txn;

	if (catalog_begin(ctl->catalog, &txn, &err))
		return fail(&err);
	if (ctl->json)
		status_print(ctl->catalog, txn, &(struct status_facts){ 0 }, false, stdout);
	else
		print_status(ctl, txn);
	txn_end(txn);
	return 0;
}

static const struct command commands[] = {
	{ "exec", cmd_exec, 0, 1, true, "exec [FILE]                 run DDL from FILE or standard input" },
	{ "dump", cmd_dump, 0, 1, false, "dump [NAMESPACE[.TABLE]]    print DDL that rebuilds the catalog" },
	{ "describe", cmd_describe, 1, 1, false, "describe NAMESPACE.TABLE    print a table's definition" },
	{ "status", cmd_status, 0, 0, false, "status                      print counts, disk use and mounts" },
};

static void print_usage(FILE *out)
{
	fputs("usage: kalamctl [--json] CATALOG COMMAND [ARG...]\n\nCommands:\n", out);
	for (size_t i = 0; i < countof(commands); i++)
		fprintf(out, "  %s\n", commands[i].usage);
	fputs("\nOptions:\n"
	      "  --json          output for programs, one JSON object a line\n"
	      "  --with-secrets  dump: include storage credentials\n"
	      "  --help, --version\n"
	      "\nExit status: 0 done, 1 refused or failed, 2 wrong usage or damaged catalog.\n",
	      out);
}

static int usage_error(const char *what, const char *word)
{
	fprintf(stderr, "kalamctl: %s%s%s%s\nTry 'kalamctl --help'.\n", what, *word ? " '" : "", word,
		*word ? "'" : "");
	return 2;
}

static void fill_author(struct author *author)
{
	struct passwd *entry = getpwuid(getuid());

	author->uid = getuid();
	author->pid = (uint32_t)getpid();
	if (entry)
		snprintf(author->user, sizeof(author->user), "%s", entry->pw_name);
	else
		snprintf(author->user, sizeof(author->user), "%u", (unsigned)getuid());
	snprintf(author->command, sizeof(author->command), "kalamctl");
}

/* The store belongs to its owner alone: root opens it as that owner. */
static void become_owner(const char *dir)
{
	struct stat st;

	if (geteuid() != 0 || stat(dir, &st) || st.st_uid == 0)
		return;
	if (setegid(st.st_gid) || seteuid(st.st_uid))
		fprintf(stderr, "kalamctl: cannot become the owner of '%s': %s\n", dir, strerror(errno));
}

static int run_command(struct ctl *ctl, const char *dir, const struct command *command)
{
	struct catalog_options options = { .create = command->writes };
	struct err err = ERR_INIT;
	bool more = true;
	int rc;

	become_owner(dir);
	rc = catalog_open(dir, &options, &ctl->catalog, &err);
	if (getuid() == 0 && (seteuid(0) || setegid(getgid())))
		fprintf(stderr, "kalamctl: cannot become root again: %s\n", strerror(errno));
	if (rc == -ENOENT)
		err_set(&err, rc, "There is no catalog in '%s'", dir);
	if (rc)
		return fail(&err);
	fill_author(&ctl->author);
	while (command->writes && more && !catalog_expire(ctl->catalog, &ctl->author, SOURCE_KALAMCTL, &more, NULL))
		;
	rc = command->run(ctl);
	catalog_close(ctl->catalog);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "kalamctl: cannot write output: %s\n", strerror(errno));
		return 1;
	}
	return rc;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "with-secrets", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	struct ctl ctl = { 0 };
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			ctl.json = true;
			break;
		case 's':
			ctl.secrets = true;
			break;
		case 'h':
			print_usage(stdout);
			return 0;
		case 'V':
			puts("kalamctl " KALAMFS_VERSION);
			return 0;
		default:
			return usage_error("unknown option", argv[optind - 1]);
		}
	}
	if (argc - optind < 2)
		return usage_error(argc - optind < 1 ? "CATALOG is missing" : "COMMAND is missing", "");
	ctl.argc = argc - optind - 2;
	ctl.argv = argv + optind + 2;
	for (size_t i = 0; i < countof(commands); i++) {
		const struct command *command = &commands[i];

		if (strcmp(argv[optind + 1], command->name) != 0)
			continue;
		if (ctl.argc < command->min_args || ctl.argc > command->max_args)
			return usage_error("wrong number of arguments for", command->name);
		return run_command(&ctl, argv[optind], command);
	}
	return usage_error("unknown command", argv[optind + 1]);
}
