/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * faults - the n-th call fails, for every n: of a disk, of LMDB, or of malloc.
 *
 *   faults disk|store|memory|session [--every K] [--seed S] [--jobs N] [--control NAME]
 *                              [--step N] [--show]
 *
 * disk, store and memory: each step of steps.h is begun from the state that the one
 * before left, once for each call that could fail in it and each way to fail.
 * Afterwards the state is that before the step, and somebody was told so, or that
 * behind it; the catalog takes the next change; it opens again, and its check
 * finds nothing.  memory also counts blocks that nobody has freed.
 *
 * session: all steps one after the other with one catalog open, and one call of
 * all these fails; who was refused tries again.
 *
 * --every K looks at every K-th point only, another one for each seed.  --control
 * plants what must be found: commit, deaf (what LMDB answers to a commit, or when a row
 * is written, is ignored), malloc (nobody looks at its answer when a text is begun),
 * leak (a text that cannot be begun leaves a block behind).  --show tells where the failing call came from.
 *
 * Exit status: 0 nothing found, 1 something, 2 the run itself failed.
 */
#include "catalog/backup.h"
#include "catalog/catalog_check.h"
#include "catalog/document.h"
#include "catalog/info.h"
#include "catalog/load.h"
#include "catalog/page.h"
#include "catalog/session.h"
#include "catalog/version.h"
#include "catalog/walk.h"
#include "tests/crash/state.h"
#include "tests/faults/inject.h"
#include "tests/faults/steps.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <getopt.h>
#include <lmdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#define STEPS countof(steps)
#define BIRTH INT64_C(1763802000000000)
#define IMAGE_MAX (8u << 20)
#define HANGS 30	/* seconds that one point may take */

static struct {
	const char *mode;
	unsigned every, seed, jobs;
	const char *control;
	bool show;
	int step;	/* only this one; -1: all */
} options = { .step = -1, .every = 1, .seed = 1, .jobs = 32, .control = "" };

/* How a call fails; what may be answered then. */
struct fault {
	const char *name;
	int kind, code;
	bool forever;
	int answers[3];
};

static const struct fault disk_faults[] = {
	{ "EIO", INJECT_DISK, EIO, false, { EIO } },
	{ "EIO for ever", INJECT_DISK, EIO, true, { EIO } },
	{ "ENOSPC", INJECT_DISK, ENOSPC, false, { ENOSPC } },
	{ "ENOSPC for ever", INJECT_DISK, ENOSPC, true, { ENOSPC } },
	{ "EINTR", INJECT_DISK, EINTR, false, { EIO, EINTR } },
	{ "short", INJECT_WRITE, INJECT_SHORT, false, { EIO, ENOSPC } },
	{ "short for ever", INJECT_WRITE, INJECT_SHORT, true, { EIO, ENOSPC } },
};
static const struct fault store_faults[] = {
	{ "damage", INJECT_STORE, MDB_PAGE_NOTFOUND, false, { EUCLEAN, EIO } },
	{ "damage everywhere", INJECT_STORE, MDB_CORRUPTED, true, { EUCLEAN, EIO } },
	{ "unreadable page", INJECT_STORE, INJECT_UNREADABLE, false, { EUCLEAN, EIO } },
	{ "full map", INJECT_ROOM, MDB_MAP_FULL, false, { ENOSPC } },
	{ "full transaction", INJECT_ROOM, MDB_TXN_FULL, false, { EFBIG } },
	{ "no place for a reader", INJECT_READER, MDB_READERS_FULL, false, { EBUSY } },
};
static const struct fault memory_faults[] = {
	{ "no memory", INJECT_MEMORY, ENOMEM, false, { ENOMEM } },
	{ "no memory for ever", INJECT_MEMORY, ENOMEM, true, { ENOMEM } },
};

/* What a fault-free run left behind each step, and in front of the first. */
static struct {
	uint8_t *bytes;	/* data.mdb; NULL = there is none */
	size_t size;
	uint64_t hash;
} states[STEPS + 1];
static uint64_t read_hashes[STEPS];	/* of what reading steps printed */
static long calls[STEPS][INJECT_KINDS];		/* of each kind that they made */

/* Where a child is, for who buries it. */
static struct progress {
	unsigned step, fault;
	long point;
	bool in_point;
	unsigned long points, failures;
	struct inject inject;
} *progress;

static const char *dir;		/* of the catalog */
static int64_t now;

static void die(const char *fmt, ...)
{
	va_list args;

	inject_disarm();
	va_start(args, fmt);
	fputs("faults: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

/* ----- planted faults ----- */

static bool is_planted(const char *what)
{
	return inject->armed && strcmp(options.control, what) == 0;
}

/* In front of liblmdb's. */
int mdb_txn_commit(MDB_txn *txn)
{
	static int (*real)(MDB_txn *);
	int rc;

	if (!real)
		real = (int (*)(MDB_txn *))dlsym(RTLD_NEXT, "mdb_txn_commit");
	rc = real(txn);
	return is_planted("commit") ? 0 : rc;
}

/* What every text that is printed into memory begins with. */
FILE *fopencookie(void *cookie, const char *mode, cookie_io_functions_t how)
{
	static FILE *(*real)(void *, const char *, cookie_io_functions_t);
	char *aside = is_planted("malloc") || is_planted("leak") ? malloc(1) : NULL;
	FILE *out;

	if (!real)
		real = (FILE *(*)(void *, const char *, cookie_io_functions_t))dlsym(RTLD_NEXT, "fopencookie");
	out = real(cookie, mode, how);
	if (is_planted("malloc"))
		*(volatile char *)aside = '\0';
	if (out || !is_planted("leak"))
		free(aside);
	return out;
}

/* ----- catalogs ----- */

static int64_t standing_clock(void *arg)
{
	(void)arg;
	return now;
}

static int standing_random(void *at, size_t len)
{
	memset(at, 0x5a, len);
	return 0;
}

static int open_catalog(bool create, struct catalog **out, struct err *err)
{
	struct catalog_options how = { .create = create, .now = standing_clock,
				       .random = standing_random, .map_size = 64 << 20 };

	return catalog_open(dir, &how, out, err);
}

static void remove_below(const char *path)
{
	static const char *const names[] = { "data.new/data.mdb", "data.new/lock.mdb", "data.mdb.new",
					     "data.mdb", "lock.mdb", "write.lock" };
	char name[4096];

	for (size_t i = 0; i < countof(names); i++) {
		snprintf(name, sizeof(name), "%s/%s", path, names[i]);
		unlink(name);
	}
	snprintf(name, sizeof(name), "%s/data.new", path);
	rmdir(name);
}

/* The directory as the step before left it. */
static void restore(unsigned step)
{
	char path[4096];
	int fd;

	remove_below(dir);
	if (!states[step].bytes)
		return;
	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, states[step].bytes, states[step].size) != (ssize_t)states[step].size)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static void keep(unsigned step, uint64_t hash)
{
	static uint8_t room[IMAGE_MAX];
	char path[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, room, sizeof(room));
	if (n <= 0 || (size_t)n == sizeof(room))
		die("%s: %zd bytes", path, n);
	close(fd);
	states[step].bytes = malloc((size_t)n);
	if (!states[step].bytes)
		die("out of memory");
	memcpy(states[step].bytes, room, (size_t)n);
	states[step].size = (size_t)n;
	states[step].hash = hash;
}

/* ----- where texts go: nothing here fails by itself ----- */

static struct {
	XXH64_state_t *hash;
	FILE *out;
} sink;

static ssize_t sink_write(void *cookie, const char *bytes, size_t len)
{
	(void)cookie;
	XXH64_update(sink.hash, bytes, len);
	return (ssize_t)len;
}

static void sink_open(void)
{
	static char room[4096];

	sink.hash = XXH64_createState();
	sink.out = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = sink_write });
	if (!sink.hash || !sink.out || setvbuf(sink.out, room, _IOFBF, sizeof(room)))
		die("out of memory");
}

static void sink_clear(void)
{
	fflush(sink.out);
	clearerr(sink.out);
	XXH64_reset(sink.hash, 0);
}

/* ----- the steps ----- */

static const struct author author = { .uid = 1000, .pid = 42, .user = "ann", .command = "faults" };

static int commit(struct catalog *catalog, struct request *request, struct err *err)
{
	int rc = catalog_commit(catalog, &request, 1);

	if (request->err.code) {
		*err = request->err;
		rc = err->code;
	} else if (rc > 0) {
		rc = 0;
	}
	request_fini(request);
	return rc;
}

static struct request a_request(const char *text, bool plan)
{
	return (struct request){ .text = text, .len = strlen(text), .plan = plan, .author = author,
				 .source = SOURCE_CTL, .err = ERR_INIT };
}

static int run_sql(struct catalog *catalog, const char *text, bool plan, struct err *err)
{
	struct request request = a_request(text, plan);
	struct script script;
	int rc = ddl_parse(text, request.len, SCOPE_CATALOG, ENDING_SEMICOLON, false, true, &script, err);

	if (rc)
		return rc;
	request.script = &script;
	request.commit_count = script.count;
	rc = commit(catalog, &request, err);
	script_free(&script);
	return rc;
}

/* A client that is refused once has to begin again, as its handle does. */
static int run_block(struct catalog *catalog, const char *text, struct err *err)
{
	struct session session;
	int rc = 0;

	session_init(&session, SCOPE_CATALOG, ENDING_NEWLINE, false);
	while (*text && rc >= 0) {
		const char *end = strchr(text, '\f');
		struct request request = { .author = author, .source = SOURCE_CTL, .err = ERR_INIT };

		rc = session_write(&session, text, (size_t)(end - text), &request, err);
		if (rc > 0) {
			rc = commit(catalog, &request, err);
			session_done(&session, rc);
		}
		text = end + 1;
	}
	session_fini(&session);
	return rc;
}

/* "app.users.name" to numbers; what is not there is -ENOENT. */
static int find(struct catalog *catalog, const char *on, struct document_target *target, struct err *err)
{
	char parts[3][NAME_SIZE] = { "", "", "" };
	struct table *table = NULL;
	struct txn *txn;
	int rc;

	sscanf(on, "%64[^.].%64[^.].%64s", parts[0], parts[1], parts[2]);
	rc = catalog_begin(catalog, &txn, err);
	if (rc)
		return rc;
	if (target->kind == DOCUMENT_STORAGE)
		rc = catalog_find(catalog, txn, DIR_STORAGES, 0, parts[0], &target->storage_id);
	else
		rc = catalog_find(catalog, txn, DIR_NAMESPACES, 0, parts[0], &target->namespace_id);
	if (!rc && target->create)
		snprintf(target->name, sizeof(target->name), "%s", parts[1]);
	else if (!rc && *parts[1])
		rc = catalog_find(catalog, txn, DIR_TABLES, target->namespace_id, parts[1], &target->table_id);
	if (!rc && *parts[2])
		rc = catalog_table(catalog, txn, target->table_id, &table, err);
	for (size_t i = 0; table && i < table->column_count; i++) {
		if (strcmp(table->columns[i].name, parts[2]) == 0)
			target->column_id = table->columns[i].id;
	}
	table_put(table);
	txn_end(txn);
	return rc ? err_set(err, rc, "There is no %s", on) : 0;
}

static int run_save(struct catalog *catalog, const struct step *step, enum document_kind kind,
		    struct err *err)
{
	struct document_target target = { .kind = kind, .create = step->kind == STEP_NEW_TABLE };
	struct request request = a_request(step->text, false);
	struct document *document;
	int rc = find(catalog, step->on, &target, err);

	if (!rc)
		rc = document_request(&target, step->text, strlen(step->text), &author, &document,
				      &request, err);
	if (rc)
		return rc;
	rc = commit(catalog, &request, err);
	document_free(document);
	return rc;
}

/* The file is opened by main(): see to_load. */
static FILE *to_load;

static int run_load(struct catalog *catalog, struct err *err)
{
	struct load_options how = { .dialect = LOAD_ANY, .lenient = true, .author = author, .into = "app" };
	struct load_result result;
	int rc = load_file(catalog, to_load, &how, &result, err);

	load_result_fini(&result);
	return rc;
}

static int run_expire(struct catalog *catalog, struct err *err)
{
	bool more = true;
	int rc = 0;

	while (more && !rc)
		rc = catalog_expire(catalog, &author, SOURCE_DIRECTORY, &more, err);
	return rc;
}

static void found(void *arg, const struct finding *finding)
{
	(void)arg;
	fprintf(sink.out, "%s %u: %s\n", check_rule_name(finding->rule), finding->id, finding->text);
}

static int run_check(struct catalog *catalog, struct err *err)
{
	struct check_totals totals = { 0 };
	int rc = catalog_check(catalog, found, NULL, &totals, err);

	return rc || !totals.findings ? rc : err_set(err, -EUCLEAN, "check has findings");
}

static int run_versions(struct catalog *catalog, struct txn *txn, const char *on, struct err *err)
{
	struct document_target target = { .kind = DOCUMENT_TABLE };
	struct table *current = NULL, *table, *before = NULL;
	int rc = find(catalog, on, &target, err);

	if (!rc)
		rc = catalog_table(catalog, txn, target.table_id, &current, err);
	for (uint32_t version = 1; !rc && version <= current->version; version++) {
		rc = catalog_version(catalog, txn, target.table_id, version, &table, err);
		if (rc)
			break;
		for (unsigned form = 0; form < FORM_COUNT; form++)
			version_print(form, before, table, sink.out);
		table_put(before);
		before = table;
	}
	table_put(before);
	table_put(current);
	return rc;
}

static int run_pages(struct catalog *catalog, struct txn *txn, const char *on, struct err *err)
{
	struct namespace *ns;
	uint32_t id;
	int rc = page_print_catalog(catalog, txn, sink.out, err);

	if (!rc)
		rc = catalog_find(catalog, txn, DIR_NAMESPACES, 0, on, &id);
	if (!rc)
		rc = catalog_namespace(catalog, txn, id, &ns, err);
	if (rc)
		return txn_told(txn, err, rc);
	rc = page_print_namespace(catalog, txn, ns, sink.out, err);
	namespace_put(ns);
	return rc;
}

static int run_info(struct catalog *catalog, struct txn *txn, struct err *err)
{
	int rc = 0;

	for (unsigned view = 0; view < INFO_VIEW_COUNT; view++) {
		for (unsigned form = 0; form < INFO_FORM_COUNT && !rc; form++) {
			struct info info = { .view = view, .form = form };

			rc = info_print(catalog, txn, &info, NULL, sink.out, err);
		}
	}
	return rc;
}

/* The indicator of an error is how printers of one definition tell. */
static int run_reading(struct catalog *catalog, const struct step *step, struct err *err)
{
	struct txn *txn;
	int rc = catalog_begin(catalog, &txn, err);

	if (rc)
		return rc;
	if (step->kind == STEP_DUMP)
		rc = catalog_dump(catalog, txn, NULL, NULL, true, sink.out, err);
	else if (step->kind == STEP_PAGES)
		rc = run_pages(catalog, txn, step->on, err);
	else if (step->kind == STEP_INFO)
		rc = run_info(catalog, txn, err);
	else
		rc = run_versions(catalog, txn, step->on, err);
	txn_end(txn);
	if (!rc && ferror(sink.out))
		rc = err_nomem(err);
	return rc;
}

static const char *backup_dir(void)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s.backup", dir);
	return path;
}

/* As the user of the catalog would see it: 0 or -errno, with its sentence. */
static int run_step(struct catalog **catalog, const struct step *step, struct err *err)
{
	uint32_t id;
	struct backup copy;

	switch (step->kind) {
	case STEP_CREATE:
	case STEP_OPEN:
		return open_catalog(step->kind == STEP_CREATE, catalog, err);
	case STEP_SQL:
	case STEP_PLAN:
		return run_sql(*catalog, step->text, step->kind == STEP_PLAN, err);
	case STEP_BLOCK:
		return run_block(*catalog, step->text, err);
	case STEP_TABLE:
	case STEP_NEW_TABLE:
		return run_save(*catalog, step, DOCUMENT_TABLE, err);
	case STEP_COLUMN:
		return run_save(*catalog, step, DOCUMENT_COLUMN, err);
	case STEP_NAMESPACE:
		return run_save(*catalog, step, DOCUMENT_NAMESPACE, err);
	case STEP_STORAGE:
		return run_save(*catalog, step, DOCUMENT_STORAGE, err);
	case STEP_LOAD:
		return run_load(*catalog, err);
	case STEP_RESERVE:
		return document_reserve(*catalog, catalog_deadline(*catalog), &id, err);
	case STEP_EXPIRE:
		return run_expire(*catalog, err);
	case STEP_BACKUP:
		return catalog_backup(*catalog, backup_dir(), &copy, err);
	case STEP_CHECK:
		return run_check(*catalog, err);
	case STEP_DUMP:
	case STEP_PAGES:
	case STEP_INFO:
	case STEP_VERSIONS:
		return run_reading(*catalog, step, err);
	}
	return -ENOSYS;
}

static bool opens(const struct step *step)
{
	return step->kind == STEP_CREATE || step->kind == STEP_OPEN;
}

/* All that a step needs and that is not the catalog's. */
static void prepare(const struct step *step)
{
	bool late = false;

	for (const struct step *s = steps; s < step; s++)
		late |= s->kind == STEP_EXPIRE;
	now = BIRTH + (step - steps) * INT64_C(1000000);
	if (late || step->kind == STEP_EXPIRE)
		now += INT64_C(3) * 365 * 86400 * 1000000;
	if (step->kind == STEP_LOAD) {
		static char room[4096];

		to_load = fmemopen((void *)(uintptr_t)step->text, strlen(step->text), "r");
		if (!to_load || setvbuf(to_load, room, _IOFBF, sizeof(room)))
			die("out of memory");
	}
	if (step->kind == STEP_BACKUP) {
		remove_below(backup_dir());
		rmdir(backup_dir());
	}
	sink_clear();
}

static void finish_step(const struct step *step)
{
	if (step->kind == STEP_LOAD)
		fclose(to_load);
	fflush(sink.out);
}

/* ----- the run without faults ----- */

static void run_without_faults(void)
{
	remove_below(dir);
	for (unsigned i = 0; i < STEPS; i++) {
		struct catalog *catalog = NULL;
		struct err err = ERR_INIT;

		prepare(&steps[i]);
		if (!opens(&steps[i]) && open_catalog(false, &catalog, &err))
			die("step %u: %s", i, err.text);
		inject_arm(INJECT_MEMORY, 0, 0, false);
		if (run_step(&catalog, &steps[i], &err))
			die("step %u, %s%s: %s", i, steps[i].on, steps[i].text, err.text);
		inject_disarm();
		finish_step(&steps[i]);
		calls[i][INJECT_DISK] = inject->of[INJECT_DISK] + inject->of[INJECT_WRITE];
		calls[i][INJECT_WRITE] = inject->of[INJECT_WRITE];
		calls[i][INJECT_MEMORY] = inject->of[INJECT_MEMORY];
		calls[i][INJECT_ROOM] = inject->of[INJECT_ROOM];
		calls[i][INJECT_READER] = inject->of[INJECT_READER];
		calls[i][INJECT_STORE] = inject->of[INJECT_STORE] + calls[i][INJECT_ROOM] +
					 calls[i][INJECT_READER];
		read_hashes[i] = XXH64_digest(sink.hash);
		keep(i + 1, hash_store(catalog_store(catalog)));
		catalog_close(catalog);
	}
}

/* ----- one point ----- */

static void tell(const struct step *step, const struct fault *fault, long point, const char *fmt, ...)
{
	va_list args;

	progress->failures++;
	if (*options.control && !options.show)
		return;
	printf("step %zu (%s %.60s), %s at call %ld: ", (size_t)(step - steps), step->on, step->text,
	       fault->name, point);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	if (options.show && inject->depth)
		backtrace_symbols_fd(inject->trace, inject->depth, STDOUT_FILENO);
}

/* One sentence for people: printable, no other program's words. */
static bool is_plain(const char *text)
{
	static const char *const foreign[] = { "MDB_", "mdb_", "Bad file", "(null)", "errno" };
	size_t len = strlen(text);

	for (size_t i = 0; i < countof(foreign); i++) {
		if (strstr(text, foreign[i]))
			return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	}
	return len > 10 && len < 400;
}

static bool is_answer(const struct fault *fault, int code)
{
	for (size_t i = 0; i < countof(fault->answers); i++) {
		if (fault->answers[i] && fault->answers[i] == -code)
			return true;
	}
	return false;
}

/* What somebody was told who was refused. */
static void check_answer(const struct step *step, const struct fault *fault, long point, int rc,
			 const struct err *err)
{
	if (err->code != rc)
		tell(step, fault, point, "answers %s and tells %s: %s", err_errno_name(rc),
		     err_errno_name(err->code), err->text);
	else if (!is_answer(fault, rc) && !(rc == -EIO && fault->kind == INJECT_DISK &&
					    strstr(err->text, "it shows")))
		tell(step, fault, point, "answers %s: %s", err_errno_name(rc), err->text);
	else if (!is_plain(err->text))
		tell(step, fault, point, "is not told plainly: %s", err->text);
}

/*
 * Where the very end of a commit fails, the sentence says what became of it.  A
 * purge that is due and fails is put off, which is another state.
 */
static void check_state(const struct step *step, const struct fault *fault, long point, int rc,
			const struct err *err, uint64_t hash)
{
	uint64_t before = states[step - steps].hash, after = states[step - steps + 1].hash;
	bool shows = rc && strstr(err->text, "it shows now"), open_end = rc && strstr(err->text, "whether it shows");

	if (rc && !shows && !open_end && hash != before)
		tell(step, fault, point, "was refused (%s), and the state is %s", err->text,
		     hash == after ? "the new one" : "neither the old nor the new one");
	else if ((!rc || shows) && hash != after && step->kind != STEP_EXPIRE)
		tell(step, fault, point, "was %s, and the state is %s", shows ? "said to show" : "acknowledged",
		     hash == before ? "the old one" : "neither the old nor the new one");
	else if (open_end && hash != before && hash != after)
		tell(step, fault, point, "left a state that is neither the old nor the new one");
}

/* A failed backup leaves nothing, another one is the same catalog. */
static void check_backup(const struct step *step, const struct fault *fault, long point, int rc)
{
	struct store_options how = { .map_size = 64 << 20 };
	struct err err = ERR_INIT;
	struct store *store;

	if (step->kind != STEP_BACKUP || (inject->armed && fault->kind == INJECT_STORE))
		return;
	if (rc && access(backup_dir(), F_OK) == 0) {
		tell(step, fault, point, "left a directory behind");
	} else if (!rc && store_open(backup_dir(), &how, &store, &err)) {
		tell(step, fault, point, "made a copy that does not open: %s", err.text);
	} else if (!rc) {
		if (hash_store(store) != states[step - steps].hash)
			tell(step, fault, point, "made a copy of something else");
		store_close(store);
	}
}

static void next_change(const struct step *step, const struct fault *fault, long point,
			struct catalog *catalog)
{
	struct err err = ERR_INIT;

	if (run_sql(catalog, "CREATE NAMESPACE afterwards; DROP NAMESPACE afterwards; "
			     "ALTER STORAGE local SET DESCRIPTION 'next'", false, &err))
		tell(step, fault, point, "the next change is refused: %s", err.text);
}

static void check_here(const struct step *step, const struct fault *fault, long point,
		       struct catalog *catalog)
{
	struct err err = ERR_INIT;

	sink_clear();
	if (run_check(catalog, &err))
		tell(step, fault, point, "check: %s", err.text);
}

static void reopen(const struct step *step, const struct fault *fault, long point, uint64_t expected)
{
	struct catalog *catalog;
	struct err err = ERR_INIT;

	if (open_catalog(step->kind == STEP_CREATE, &catalog, &err)) {
		tell(step, fault, point, "does not open again: %s", err.text);
		return;
	}
	if (expected && hash_store(catalog_store(catalog)) != expected)
		tell(step, fault, point, "has another state when it is opened again");
	check_here(step, fault, point, catalog);
	if (!expected)
		next_change(step, fault, point, catalog);
	catalog_close(catalog);
}

/* More blocks in use than there were: what liburcu frees behind our back may come late. */
static bool is_lost(long live)
{
	for (unsigned tries = 0; inject->live > live && tries < 100; tries++)
		usleep(10000);
	return inject->live > live;
}

/* What is being opened has been read whole by then, and is not guarded yet. */
static bool is_out_of_reach(const struct step *step, const struct fault *fault)
{
	return fault->code == INJECT_UNREADABLE && opens(step);
}

static void look_at(const struct step *step, const struct fault *fault, long point)
{
	unsigned i = (unsigned)(step - steps);
	struct catalog *catalog = NULL;
	struct err err = ERR_INIT;
	uint64_t hash = 0;
	long live;
	bool failed, sticky;
	int rc;

	restore(i);
	prepare(step);
	live = inject->live;
	if (!opens(step) && open_catalog(false, &catalog, &err))
		die("step %u: %s", i, err.text);
	inject_arm(fault->kind, fault->code, point, fault->forever);
	rc = run_step(&catalog, step, &err);
	failed = inject->failed > 0;
	sticky = failed && fault->forever && fault->kind != INJECT_MEMORY;
	if (!sticky)
		inject_disarm();
	fflush(sink.out);
	if (rc)
		check_answer(step, fault, point, rc, &err);
	if (!rc && XXH64_digest(sink.hash) != read_hashes[i])
		tell(step, fault, point, "printed another text and told nobody");
	check_backup(step, fault, point, rc);
	if (catalog && !sticky) {
		hash = hash_store(catalog_store(catalog));
		check_state(step, fault, point, rc, &err, hash);
		next_change(step, fault, point, catalog);
		check_here(step, fault, point, catalog);
		hash = hash_store(catalog_store(catalog));
	}
	catalog_close(catalog);
	inject_disarm();
	finish_step(step);
	/* Who is thrown out of LMDB leaves a cursor behind. */
	if (is_lost(live + (fault->code == INJECT_UNREADABLE))) {
		tell(step, fault, point, "%ld blocks of memory are lost", inject->live - live);
	}
	if (fault->kind != INJECT_MEMORY || !catalog)
		reopen(step, fault, point, hash);
	progress->points += failed;
}

/* ----- all points ----- */

/* Each job has its own, so that all of them have as much to do. */
static bool is_chosen(long point, unsigned step, unsigned job)
{
	unsigned long number = (unsigned long)point + options.seed + step;

	return number % options.every == 0 && number / options.every % options.jobs == job;
}

/* The next one to look at behind `point`. */
static long next_point(long point, unsigned step, unsigned job)
{
	do
		point++;
	while (!is_chosen(point, step, job));
	return point;
}

static const struct fault *faults(unsigned *count)
{
	if (strcmp(options.mode, "memory") == 0) {
		*count = countof(memory_faults);
		return memory_faults;
	}
	if (strcmp(options.mode, "store") == 0) {
		*count = countof(store_faults);
		return store_faults;
	}
	*count = countof(disk_faults);
	return disk_faults;
}

/* From where the last child of this job died. */
static void look_at_all(unsigned job)
{
	unsigned count;
	const struct fault *all = faults(&count);

	for (; progress->step < STEPS; progress->step++, progress->fault = 0, progress->point = 0) {
		if (options.step >= 0 && (int)progress->step != options.step)
			continue;
		for (; progress->fault < count; progress->fault++, progress->point = 0) {
			const struct fault *fault = &all[progress->fault];

			while (!is_out_of_reach(&steps[progress->step], fault)) {
				progress->point = next_point(progress->point, progress->step, job);
				if (progress->point > calls[progress->step][fault->kind])
					break;
				progress->in_point = true;
				alarm(HANGS);
				look_at(&steps[progress->step], fault, progress->point);
				progress->in_point = false;
			}
		}
	}
}

/* ----- a whole session ----- */

/* True while there are more points. */
static bool look_at_session(const struct fault *fault, long point)
{
	struct catalog *catalog = NULL;
	bool failed;
	unsigned i;

	remove_below(dir);
	inject_arm(fault->kind, fault->code, point, fault->forever);
	for (i = 0; i < STEPS; i++) {
		struct err err = ERR_INIT;
		bool was_armed = inject->armed;
		uint64_t hash;
		int rc;

		inject->armed = false;
		prepare(&steps[i]);
		if (steps[i].kind == STEP_OPEN) {
			catalog_close(catalog);
			catalog = NULL;
		}
		inject->armed = was_armed;
		rc = run_step(&catalog, &steps[i], &err);
		was_armed = inject->armed;
		inject->armed = false;
		finish_step(&steps[i]);
		inject->armed = was_armed;
		if (!rc)
			continue;
		check_answer(&steps[i], fault, point, rc, &err);
		inject_disarm();
		if (!catalog) {
			i--;
			continue;
		}
		hash = hash_store(catalog_store(catalog));
		check_state(&steps[i], fault, point, rc, &err, hash);
		if (hash != states[i + 1].hash)
			i--;
	}
	failed = inject->failed > 0;
	inject_disarm();
	if (hash_store(catalog_store(catalog)) != states[STEPS].hash)
		tell(&steps[STEPS - 1], fault, point, "ended in another state");
	catalog_close(catalog);
	reopen(&steps[STEPS - 1], fault, point, states[STEPS].hash);
	progress->points += failed;
	return failed;
}

static void look_at_sessions(unsigned job)
{
	for (; progress->fault < countof(disk_faults); progress->fault++, progress->point = 0) {
		bool more = true;

		while (more) {
			progress->point = next_point(progress->point, 0, job);
			progress->in_point = true;
			alarm(HANGS);
			more = look_at_session(&disk_faults[progress->fault], progress->point);
			progress->in_point = false;
		}
	}
}

/* ----- jobs ----- */

static void show_crash(int number)
{
	void *trace[INJECT_DEPTH];

	inject_disarm();
	dprintf(STDOUT_FILENO, "crash:\n");
	backtrace_symbols_fd(trace, backtrace(trace, INJECT_DEPTH), STDOUT_FILENO);
	signal(number, SIG_DFL);
	raise(number);
}

static void bury(int status)
{
	unsigned count;
	const struct fault *all = faults(&count);

	if (WIFEXITED(status) && WEXITSTATUS(status))
		exit(2);
	if (!progress->in_point)
		die("a job died before it began: status %#x", status);
	inject = &progress->inject;
	tell(&steps[progress->step < STEPS ? progress->step : 0], &all[progress->fault], progress->point,
	     "%s", WTERMSIG(status) == SIGALRM ? "does not come to an end" : strsignal(WTERMSIG(status)));
	progress->in_point = false;
	progress->points++;
}

static void in_child(unsigned job)
{
	static char own[4096], line[1000];
	void *trace[1];

	snprintf(own, sizeof(own), "%s/job%u", dir, job);
	dir = own;
	if (mkdir(own, 0700) && errno != EEXIST)
		die("%s: %s", own, strerror(errno));
	progress->inject = (struct inject){ .traced = options.show };
	progress->inject.live = inject->live;
	inject = &progress->inject;
	(void)backtrace(trace, 1);	/* loads a library */
	setvbuf(stdout, line, _IOLBF, sizeof(line));
	if (options.show) {
		signal(SIGSEGV, show_crash);
		signal(SIGABRT, show_crash);
	}
	sink_open();
	run_without_faults();	/* here: a process that has a thread of liburcu cannot fork */
	if (strcmp(options.mode, "session") == 0)
		look_at_sessions(job);
	else
		look_at_all(job);
}

static void run_job(unsigned job, struct progress *of)
{
	int status = 0;

	progress = of;
	if (fork())
		return;
	for (unsigned deaths = 0; deaths < 200; deaths++) {
		pid_t child = fork();

		if (child == 0) {
			in_child(job);
			fflush(stdout);
			exit(0);
		}
		if (waitpid(child, &status, 0) < 0)
			die("%s", strerror(errno));
		if (WIFEXITED(status) && !WEXITSTATUS(status))
			_exit(0);
		bury(status);
	}
	_exit(2);
}

static void parse(int argc, char **argv)
{
	static const struct option known[] = {
		{ "every", required_argument, NULL, 'k' }, { "seed", required_argument, NULL, 's' },
		{ "jobs", required_argument, NULL, 'j' }, { "control", required_argument, NULL, 'c' },
		{ "step", required_argument, NULL, 'n' }, { "show", no_argument, NULL, 'v' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		unsigned number = optarg ? (unsigned)strtoul(optarg, NULL, 10) : 0;

		if (c == 'k' && number)
			options.every = number;
		else if (c == 's')
			options.seed = number;
		else if (c == 'j' && number)
			options.jobs = number;
		else if (c == 'c')
			options.control = optarg;
		else if (c == 'n')
			options.step = (int)number;
		else if (c == 'v')
			options.show = true;
		else
			exit(2);
	}
	inject_deaf = strcmp(options.control, "deaf") == 0;
	options.mode = optind < argc ? argv[optind] : "disk";
}

int main(int argc, char **argv)
{
	char root[] = "/dev/shm/kalam-faults-XXXXXX", command[100];
	unsigned long points = 0, failures = 0;
	struct progress *all;
	int status, bad = 0;

	parse(argc, argv);
	all = mmap(NULL, sizeof(*all) * options.jobs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (all == MAP_FAILED || !mkdtemp(root))
		die("%s", strerror(errno));
	dir = root;
	for (unsigned job = 0; job < options.jobs; job++)
		run_job(job, &all[job]);
	while (wait(&status) > 0)
		bad |= status;
	for (unsigned job = 0; job < options.jobs; job++) {
		points += all[job].points;
		failures += all[job].failures;
	}
	snprintf(command, sizeof(command), "rm -rf '%s' '%s.backup'", root, root);
	if (system(command))
		fprintf(stderr, "faults: %s is left behind\n", root);
	printf("%s: %lu points of %zu steps: %lu findings\n", options.mode, points, STEPS, failures);
	return bad ? 2 : failures ? 1 : 0;
}
