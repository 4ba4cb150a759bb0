/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * corrupt - a data.mdb that is not what was written, in thousands of ways.
 *
 * A varied catalog is made, its data.mdb spoilt at random, and opened as a catalog
 * by a process of its own.  It must be refused with a sentence and stay untouched;
 * or the harm must be none: every row and every text is what it was, changes succeed
 * and leave a catalog in which `kalamctl check` would find nothing.  A crash, a hang
 * or anything else is a violation.  (Where the meta page of the last change is replaced
 * by the one that stood in its place before, the file is exactly that of the change
 * before, as if the power had failed then: no program can tell.  It must be that whole
 * state, and fit for changes.)
 *
 *   corrupt [--trials N] [--seed S] [--jobs N] [--control NAME] [FILE.sql...]
 *
 * --control takes a part of the validator away, which must show: pages (none of them
 * is looked at), order (keys may stand in any order, also beyond what their branch says),
 * number (a page may hold another one's number), sum (rows may add up to anything).
 *
 * Exit status: 0 no violation, 1 violations, 2 the run itself failed.
 */
#include "catalog/catalog.h"
#include "catalog/catalog_check.h"
#include "catalog/ddl.h"
#include "catalog/store_check.h"
#include "catalog/store_page.h"
#include "catalog/store_state.h"
#include "catalog/version.h"
#include "catalog/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#define PAGE 4096u
#define STALE_STATES 8
#define TRIAL_SECONDS 30
#define CHANGES 400

enum control { CONTROL_NONE, CONTROL_PAGES, CONTROL_ORDER, CONTROL_NUMBER, CONTROL_SUM };

static const char *const control_names[] = {
	[CONTROL_NONE] = "none", [CONTROL_PAGES] = "pages", [CONTROL_ORDER] = "order",
	[CONTROL_NUMBER] = "number", [CONTROL_SUM] = "sum",
};

static struct {
	unsigned long trials;
	unsigned seed, jobs;
	enum control control;
} options = { .trials = 5000, .seed = 1, .jobs = 2 };

enum outcome_of_trial { HARMLESS, REFUSED, BEFORE, WRONG, REFUSED_BADLY, UNUSABLE, CRASHED, HUNG, OUTCOMES };

static const char *const outcome_names[] = {
	[HARMLESS] = "harmless", [REFUSED] = "refused", [BEFORE] = "one change ago", [WRONG] = "wrong data",
	[REFUSED_BADLY] = "refused without a reason or touched", [UNUSABLE] = "not fit for changes",
	[CRASHED] = "crashed", [HUNG] = "hung",
};

/* Shared by all processes of a run. */
static struct shared {
	atomic_ulong next, outcomes[OUTCOMES];
	atomic_ulong told;
} *shared;

struct image {
	uint8_t *bytes;
	size_t size;
};

static struct image good, stale[STALE_STATES];
static unsigned stale_count;
static uint64_t good_rows, good_texts, before_rows, before_texts;

static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("corrupt: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

/* ----- what a control takes away: the linker puts these in front of the real ones ----- */

const char *__real_pages_fault(const struct walk *w, const uint8_t *page, uint64_t number, bool leaf,
			       struct bytes low, struct bytes high, unsigned *count);
const char *__wrap_pages_fault(const struct walk *w, const uint8_t *page, uint64_t number, bool leaf,
			       struct bytes low, struct bytes high, unsigned *count);
int __real_store_check_pages(int fd, uint64_t txn, enum store_check how, struct err *err);
int __wrap_store_check_pages(int fd, uint64_t txn, enum store_check how, struct err *err);
uint64_t __real_store_state_row(enum store_db db, struct bytes key, struct bytes value);
uint64_t __wrap_store_state_row(enum store_db db, struct bytes key, struct bytes value);

const char *__wrap_pages_fault(const struct walk *w, const uint8_t *page, uint64_t number, bool leaf,
			       struct bytes low, struct bytes high, unsigned *count)
{
	const char *fault = __real_pages_fault(w, page, number, leaf, low, high, count);

	if (fault && options.control == CONTROL_ORDER && !strcmp(fault, "has keys out of order"))
		return NULL;
	if (fault && options.control == CONTROL_NUMBER &&
	    !strcmp(fault, "holds another page's number"))
		return __real_pages_fault(w, page, ((const struct page_head *)page)->number, leaf,
					  low, high, count);
	return fault;
}

int __wrap_store_check_pages(int fd, uint64_t txn, enum store_check how, struct err *err)
{
	return options.control == CONTROL_PAGES ? 0 : __real_store_check_pages(fd, txn, how, err);
}

uint64_t __wrap_store_state_row(enum store_db db, struct bytes key, struct bytes value)
{
	return options.control == CONTROL_SUM ? 0 : __real_store_state_row(db, key, value);
}

/* What is on the disk does not matter here, and syncing takes its time. */
int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int fsync(int fd)
{
	(void)fd;
	return 0;
}

/* ----- random numbers: the same for the same seed and trial ----- */

static uint64_t random_state;

static uint64_t next_random(void)
{
	random_state += UINT64_C(0x9e3779b97f4a7c15);
	return XXH64(&random_state, sizeof(random_state), options.seed);
}

static size_t below(size_t limit)
{
	return (size_t)(next_random() % limit);
}

/* ----- the catalog ----- */

static int64_t clock_now = INT64_C(1763802000000000);

static int64_t ticking(void *arg)
{
	(void)arg;
	return clock_now += 1000;
}

static int open_catalog(const char *dir, bool create, struct catalog **out, struct err *err)
{
	struct catalog_options how = { .create = create, .now = ticking, .map_size = 1 << 30 };

	return catalog_open(dir, &how, out, err);
}

/* 0 when it was carried out. */
static int run(struct catalog *catalog, const char *text, size_t len)
{
	struct author author = { .uid = 1000, .pid = 42, .user = "ann", .command = "corrupt" };
	struct request request = { .text = text, .len = len, .author = author,
				   .source = SOURCE_CTL, .err = ERR_INIT };
	struct request *requests[] = { &request };
	struct script script;
	int rc = ddl_parse(text, len, SCOPE_CATALOG, ENDING_SEMICOLON, false, true, &script,
			   &request.err);

	if (rc)
		die("not a statement: %.*s: %s", (int)len, text, request.err.text);
	request.script = &script;
	request.commit_count = script.count;
	catalog_commit(catalog, requests, 1);
	rc = request.err.code;
	request_fini(&request);
	script_free(&script);
	return rc;
}

static int say(struct catalog *catalog, const char *fmt, ...)
{
	char text[8192];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return run(catalog, text, (size_t)len);
}

static void run_file(struct catalog *catalog, const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;
	ssize_t len;

	if (!in)
		die("%s: %s", path, strerror(errno));
	len = getdelim(&text, &size, '\0', in);
	if (len < 0 || run(catalog, text, (size_t)len))
		die("%s was refused", path);
	free(text);
	fclose(in);
}

static void read_image(const char *path, struct image *out)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", path, strerror(errno));
	out->size = (size_t)st.st_size;
	out->bytes = malloc(out->size);
	if (!out->bytes || read(fd, out->bytes, out->size) != st.st_size)
		die("cannot read %s", path);
	close(fd);
}

/* A change of any kind; some are refused, which does not matter. */
static void change(struct catalog *catalog, unsigned n)
{
	unsigned t = (unsigned)below(40), s = (unsigned)below(5);

	switch (below(10)) {
	case 0:
		say(catalog, "CREATE NAMESPACE IF NOT EXISTS s%u COMMENT 'space %u'", s, n);
		break;
	case 1:
	case 2:
	case 3:
		say(catalog, "CREATE NAMESPACE IF NOT EXISTS s%u; CREATE TABLE IF NOT EXISTS "
		    "s%u.t%u (id BIGINT PRIMARY KEY, name TEXT DEFAULT 'n%u' COMMENT 'made by %u')",
		    s, s, t, n, n);
		break;
	case 4:
	case 5:
		say(catalog, "ALTER TABLE IF EXISTS s%u.t%u ADD COLUMN c%u INT COMMENT '%0*u'",
		    s, t, n, (int)below(400) + 1, n);
		break;
	case 6:	/* long enough for pages of its own */
		say(catalog, "ALTER TABLE IF EXISTS s%u.t%u COMMENT '%0*u'", s, t,
		    (int)below(4000) + 1, n);
		break;
	case 7:
		say(catalog, "DROP TABLE IF EXISTS s%u.t%u", s, t);
		break;
	case 8:
		say(catalog, "DROP TABLE IF EXISTS s%u.t%u PURGE", s, t);
		break;
	default:
		say(catalog, "ALTER TABLE IF EXISTS s%u.t%u RENAME TO s%u.r%u", s, t, s, n);
		break;
	}
}

/* ----- what stands in it ----- */

static void add_row(XXH64_state_t *hash, unsigned db, struct bytes key, struct bytes value)
{
	XXH64_update(hash, &db, sizeof(db));
	XXH64_update(hash, &key.len, sizeof(key.len));
	XXH64_update(hash, key.at, key.len);
	XXH64_update(hash, &value.len, sizeof(value.len));
	XXH64_update(hash, value.at, value.len);
}

/* All rows, each also looked up by its key; 0 where one cannot be read. */
static uint64_t hash_rows(struct store *store)
{
	XXH64_state_t *hash = XXH64_createState();
	uint64_t result;
	struct txn *txn;
	bool ok = true;

	if (!hash || txn_begin_read(store, &txn, NULL))
		return 0;
	XXH64_reset(hash, 0);
	for (unsigned db = 0; db < DB_COUNT && ok; db++) {
		struct bytes key = { NULL, 0 }, value, again;
		struct cursor *cursor;
		int rc;

		if (cursor_open(txn, db, &cursor, NULL))
			ok = false;
		if (!ok)
			break;
		for (rc = cursor_seek(cursor, key, &key, &value); !rc && ok;
		     rc = cursor_next(cursor, &key, &value)) {
			add_row(hash, db, key, value);
			ok = !store_get(txn, db, key, &again) && again.at == value.at;
		}
		ok = ok && rc == -ENOENT;
		cursor_close(cursor);
	}
	txn_end(txn);
	result = XXH64_digest(hash);
	XXH64_freeState(hash);
	return ok ? result | 1 : 0;
}

static int print_all(void *arg, const struct table *table, struct err *err)
{
	(void)err;
	for (enum version_form form = FORM_SCHEMA_JSON; form < FORM_COUNT; form++)
		version_print(form, NULL, table, arg);
	return 0;
}

/* Every file of every table; 0 where one cannot be made. */
static uint64_t hash_texts(struct catalog *catalog)
{
	struct err err = ERR_INIT;
	char *text = NULL;
	struct txn *txn;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	uint64_t hash = 0;
	int rc;

	if (!out || catalog_begin(catalog, &txn, &err))
		return 0;
	rc = walk_tables_in(catalog, txn, 0, print_all, out, &err);
	txn_end(txn);
	if (!fclose(out) && !rc)
		hash = XXH64(text, len, 0) | 1;
	free(text);
	return hash;
}

static void make_catalog(const char *dir, char **files)
{
	struct err err = ERR_INIT;
	struct catalog *catalog;
	char path[8192];

	if (open_catalog(dir, true, &catalog, &err))
		die("cannot make the catalog: %s", err.text);
	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	for (; *files; files++)
		run_file(catalog, *files);
	for (unsigned n = 0; n < CHANGES; n++) {
		/* States of long ago, and of just now. */
		if (n % (CHANGES / 4) == 0 || n + 4 >= CHANGES)
			read_image(path, &stale[stale_count++ % STALE_STATES]);
		change(catalog, n);
	}
	good_rows = hash_rows(catalog_store(catalog));
	good_texts = hash_texts(catalog);
	do {
		before_rows = good_rows;
		before_texts = good_texts;
		read_image(path, &stale[stale_count++ % STALE_STATES]);
		change(catalog, CHANGES);
		good_rows = hash_rows(catalog_store(catalog));
		good_texts = hash_texts(catalog);
	} while (good_rows == before_rows);
	catalog_close(catalog);
	read_image(path, &good);
	stale_count = stale_count < STALE_STATES ? stale_count : STALE_STATES;
	if (!good_rows || !good_texts)
		die("cannot read the good catalog");
}

/* ----- what is done to it ----- */

static uint16_t flags_of(const struct image *image, size_t page)
{
	return (uint16_t)(image->bytes[page * PAGE + 10] | image->bytes[page * PAGE + 11] << 8);
}

static void flip(struct image *image, size_t at)
{
	image->bytes[at] ^= (uint8_t)(1u << below(8));
}

static void flip_bit(struct image *image)
{
	flip(image, below(image->size));
}

static void spoil_header(struct image *image)
{
	image->bytes[below(image->size / PAGE) * PAGE + below(16)] = (uint8_t)below(256);
}

static void spoil_meta(struct image *image)
{
	image->bytes[below(2) * PAGE + below(16 + 136)] = (uint8_t)below(256);
}

static void zero_page(struct image *image)
{
	memset(image->bytes + below(image->size / PAGE) * PAGE, 0, PAGE);
}

static void swap_pages(struct image *image)
{
	uint8_t *a = image->bytes + below(image->size / PAGE) * PAGE;
	uint8_t *b = image->bytes + below(image->size / PAGE) * PAGE;
	uint8_t kept[PAGE];

	memcpy(kept, a, PAGE);
	memmove(a, b, PAGE);
	memcpy(b, kept, PAGE);
}

static void copy_page(struct image *image)
{
	memmove(image->bytes + below(image->size / PAGE) * PAGE,
		image->bytes + below(image->size / PAGE) * PAGE, PAGE);
}

static void cut_off(struct image *image)
{
	image->size = below(2) ? below(image->size) : below(image->size / PAGE) * PAGE;
}

static void spoil_8_bytes(struct image *image)
{
	uint64_t value = next_random();

	memcpy(image->bytes + below(image->size - sizeof(value)), &value, sizeof(value));
}

/* An earlier state of a page, or of one sector of it. */
static void put_stale(struct image *image, size_t unit)
{
	const struct image *old = &stale[below(stale_count)];
	size_t size = old->size < image->size ? old->size : image->size, at = 0;

	for (int i = 0; i < 1000; i++) {
		at = below(size / unit) * unit;
		if (memcmp(image->bytes + at, old->bytes + at, unit))
			break;
	}
	memcpy(image->bytes + at, old->bytes + at, unit);
}

static void stale_page(struct image *image)
{
	put_stale(image, PAGE);
}

static void stale_sector(struct image *image)
{
	put_stale(image, 512);
}

static size_t word_at(const struct image *image, size_t at)
{
	return image->bytes[at] | (size_t)image->bytes[at + 1] << 8;
}

/* Somewhere in a branch page: which child has a key, and what its own keys are. */
static void spoil_branch(struct image *image)
{
	for (int i = 0; i < 10000; i++) {
		size_t page = below(image->size / PAGE);
		size_t upper = word_at(image, page * PAGE + 14);

		if (flags_of(image, page) != PAGE_BRANCH || upper >= PAGE)
			continue;
		flip(image, page * PAGE + upper + below(PAGE - upper));
		return;
	}
}

/* Where the nodes of a page are, or how long. */
static void spoil_nodes(struct image *image)
{
	size_t page = below(image->size / PAGE) * PAGE;
	size_t count = word_at(image, page + 12) / 2;
	size_t i = below(count && count < 2000 ? count : 1), node;

	node = word_at(image, page + 16 + 2 * i);
	if (below(2) || node + 8 > PAGE)
		image->bytes[page + 16 + 2 * i + below(2)] = (uint8_t)below(256);
	else
		image->bytes[page + node + below(8)] = (uint8_t)below(256);
}

static const struct {
	const char *name;
	void (*fn)(struct image *image);
} mutations[] = {
	{ "a bit flipped", flip_bit },
	{ "a byte in a page's header", spoil_header },
	{ "a byte in a meta page", spoil_meta },
	{ "a page of zeroes", zero_page },
	{ "pages swapped", swap_pages },
	{ "a page copied over another", copy_page },
	{ "the file cut off", cut_off },
	{ "8 random bytes", spoil_8_bytes },
	{ "a page of an earlier state", stale_page },
	{ "a sector of an earlier state", stale_sector },
	{ "a bit in a branch page", spoil_branch },
	{ "where or how long a node is", spoil_nodes },
};

/* ----- a trial ----- */

static void write_image(const char *path, const struct image *image)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);

	if (fd < 0 || write(fd, image->bytes, image->size) != (ssize_t)image->size)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static bool is_untouched(const char *path, const struct image *image)
{
	struct image now;
	bool same;

	read_image(path, &now);
	same = now.size == image->size && !memcmp(now.bytes, image->bytes, now.size);
	free(now.bytes);
	return same;
}

static void count_finding(void *arg, const struct finding *finding)
{
	(void)finding;
	++*(unsigned *)arg;
}

/* New rows, more versions, a page of its own, rows that go: and all adds up after that. */
static bool takes_changes(struct catalog *catalog)
{
	struct check_totals totals;
	struct err err = ERR_INIT;
	unsigned findings = 0;

	return !say(catalog, "CREATE NAMESPACE afterwards") &&
	       !say(catalog, "CREATE TABLE afterwards.t (id INT PRIMARY KEY) COMMENT '%03000u'", 1) &&
	       !say(catalog, "ALTER TABLE afterwards.t ADD COLUMN a INT") &&
	       !say(catalog, "DROP TABLE afterwards.t PURGE; DROP NAMESPACE afterwards") &&
	       !store_check(catalog_store(catalog), &err) &&
	       !store_check_rows(catalog_store(catalog), &err) &&
	       !catalog_check(catalog, count_finding, &findings, &totals, &err) && !findings;
}

/* Nothing but meta pages differs. */
static bool is_old_meta(const struct image *image)
{
	return image->size == good.size &&
	       !memcmp(image->bytes + 2 * PAGE, good.bytes + 2 * PAGE, good.size - 2 * PAGE);
}

static enum outcome_of_trial try_image(const char *dir, const char *path, const struct image *image,
				       char *why, size_t size)
{
	struct err err = ERR_INIT;
	struct catalog *catalog;
	enum outcome_of_trial outcome = HARMLESS;
	uint64_t rows, texts;
	int rc = open_catalog(dir, false, &catalog, &err);

	if (rc) {
		snprintf(why, size, "%s", err.text);
		return rc == -EUCLEAN && err.code == rc && *err.text && is_untouched(path, image) ?
			REFUSED : REFUSED_BADLY;
	}
	rows = hash_rows(catalog_store(catalog));
	texts = hash_texts(catalog);
	if (rows == before_rows && texts == before_texts && is_old_meta(image))
		outcome = BEFORE;
	else if (rows != good_rows || texts != good_texts)
		outcome = WRONG;
	if (outcome != WRONG && !takes_changes(catalog))
		outcome = UNUSABLE;
	catalog_close(catalog);
	return outcome;
}

static enum outcome_of_trial outcome_of(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGKILL ? HUNG : CRASHED;
	return WEXITSTATUS(status) < OUTCOMES ? (enum outcome_of_trial)WEXITSTATUS(status) : CRASHED;
}

static void tell(unsigned long trial, const char *what, enum outcome_of_trial outcome, int status)
{
	if (options.control != CONTROL_NONE || atomic_fetch_add(&shared->told, 1) >= 10)
		return;
	fprintf(stderr, "trial %lu of seed %u, %s: %s (wait status %#x)\n", trial, options.seed,
		what, outcome_names[outcome], (unsigned)status);
}

/* For a control only what the missing part is there for. */
static bool suits_control(void (*fn)(struct image *image))
{
	switch (options.control) {
	case CONTROL_ORDER:
		return fn == spoil_branch;
	case CONTROL_NUMBER:
		return fn == spoil_header;
	case CONTROL_NONE:
	case CONTROL_PAGES:
	case CONTROL_SUM:
		break;
	}
	return true;
}

static size_t choose(void)
{
	size_t kind = below(countof(mutations));

	while (!suits_control(mutations[kind].fn))
		kind = below(countof(mutations));
	return kind;
}

static void run_trial(const char *dir, unsigned long trial)
{
	struct image image = { .bytes = malloc(good.size), .size = good.size };
	const char *what;
	char path[8192], why[ERR_TEXT_SIZE] = "";
	enum outcome_of_trial outcome;
	size_t kind;
	int status;
	pid_t pid;

	if (!image.bytes)
		die("out of memory");
	memcpy(image.bytes, good.bytes, good.size);
	random_state = trial * UINT64_C(0xd1342543de82ef95);
	kind = choose();
	what = mutations[kind].name;
	mutations[kind].fn(&image);
	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	write_image(path, &image);
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		alarm(TRIAL_SECONDS);
		outcome = try_image(dir, path, &image, why, sizeof(why));
		if (outcome == REFUSED_BADLY)
			fprintf(stderr, "%s\n", why);
		_exit(outcome);
	}
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid: %s", strerror(errno));
	outcome = outcome_of(status);
	shared->outcomes[outcome]++;
	if (outcome > BEFORE)
		tell(trial, what, outcome, status);
	free(image.bytes);
}

static void work(const char *top, unsigned job)
{
	char dir[2100];
	unsigned long trial;

	snprintf(dir, sizeof(dir), "%s/%u", top, job);
	if (mkdir(dir, 0700))
		die("%s: %s", dir, strerror(errno));
	while ((trial = shared->next++) < options.trials)
		run_trial(dir, trial);
	_exit(0);
}

static void remove_dir(const char *dir)
{
	static const char *const files[] = { "data.mdb", "lock.mdb", "write.lock" };
	char path[8192];

	for (size_t i = 0; i < countof(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
}

static void remove_all(const char *top)
{
	char dir[2100];

	for (unsigned job = 0; job < options.jobs; job++) {
		snprintf(dir, sizeof(dir), "%s/%u", top, job);
		remove_dir(dir);
	}
	snprintf(dir, sizeof(dir), "%s/good", top);
	remove_dir(dir);
	rmdir(top);
}

static int report(void)
{
	unsigned long bad = 0;

	printf("%lu catalogs of %zu pages:", options.trials, good.size / PAGE);
	for (int i = 0; i < OUTCOMES; i++) {
		printf("%s %lu %s", i ? "," : "", (unsigned long)shared->outcomes[i],
		       outcome_names[i]);
		bad += i > BEFORE ? shared->outcomes[i] : 0;
	}
	putchar('\n');
	return bad ? 1 : 0;
}

static enum control control_named(const char *name)
{
	for (size_t i = 0; i < countof(control_names); i++)
		if (!strcmp(control_names[i], name))
			return (enum control)i;
	die("no such control: %s", name);
	return CONTROL_NONE;
}

static void read_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "trials", required_argument, NULL, 't' },
		{ "seed", required_argument, NULL, 's' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "control", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (letter == 't')
			options.trials = strtoul(optarg, NULL, 10);
		else if (letter == 's')
			options.seed = (unsigned)strtoul(optarg, NULL, 10);
		else if (letter == 'j')
			options.jobs = (unsigned)strtoul(optarg, NULL, 10);
		else if (letter == 'c')
			options.control = control_named(optarg);
		else
			exit(2);
	}
}

int main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	char top[2000], dir[2100];
	int status, failed = 0;

	read_options(argc, argv);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	snprintf(top, sizeof(top), "%s/kalam-corrupt-XXXXXX", tmp ? tmp : "/tmp");
	if (shared == MAP_FAILED || !mkdtemp(top))
		die("%s: %s", top, strerror(errno));
	snprintf(dir, sizeof(dir), "%s/good", top);
	make_catalog(dir, argv + optind);
	for (unsigned job = 0; job < options.jobs; job++)
		if (!fork())
			work(top, job);
	while (wait(&status) > 0)
		failed |= status;
	remove_all(top);
	if (failed)
		die("a worker ended with status %#x", (unsigned)failed);
	return report();
}
