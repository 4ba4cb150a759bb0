/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/stress/world.h"

#include "tests/stress/door.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_SIZE 8192

/* A way in, and who goes it. */
struct writer {
	struct random *random;
	unsigned number;
	unsigned mount;		/* of its calls */
	enum door door;
};

/* What a call has told. */
struct told {
	bool done;
	bool is_dirop;		/* the other mounts are not waited for */
	bool late;		/* one of them was, in vain */
	bool by_kalamctl;	/* no mount is its own */
};

static void entered(const struct writer *w)
{
	atomic_fetch_add_explicit(&world.entered[w->door][w->mount], 1, memory_order_relaxed);
}

static bool is_done(const struct writer *w, const char *path, int code)
{
	if (code)
		failed(w->mount, path, code);
	return !code;
}

/* A call on the writer's mount that waits for the others: at most a second. */
static struct told told(bool done, double began)
{
	return (struct told){ .done = done, .late = now() - began >= CONFIRM_SECONDS };
}

static struct told by_statement(const struct writer *w, const char *path, const char *text)
{
	double began = now();
	int code = door_ctl(path, pick(w->random, 2) ? O_TRUNC : O_APPEND, text);

	return told(is_done(w, path, code), began);
}

static struct told by_kalamctl(const struct writer *w, const char *text)
{
	struct told told = { .by_kalamctl = true };
	char said[4096];
	int status = door_kalamctl(world.kalamctl, world.catalog, text, said, sizeof(said),
				   &told.late);

	told.done = status == 0;
	if (status)
		fault(FAILED, w->mount, "kalamctl: status %d: %s", status, said);
	return told;
}

static struct told by_dirop(const struct writer *w, const char *path, int code)
{
	return (struct told){ .done = is_done(w, path, code), .is_dirop = true };
}

/*
 * Whether all mounts show what was told.  Others show a directory operation a
 * moment after it has returned; who then makes a change that they are waited
 * for with has waited for both.
 */
static bool is_shown(const struct writer *w, struct told first)
{
	char path[PATH_MAX], text[64];
	struct told then;

	if (world.mount_count == 1 || !first.is_dirop)
		return !first.late;
	snprintf(text, sizeof(text), "COMMENT '%.6f'\n", now());
	path_in(w->mount, path, "tables/b%u/ctl", w->number);
	then = by_statement(w, path, text);
	return then.done && !then.late;
}

/* ----- versions of t0 ... t15 ----- */

static void publish(struct table *t, const struct writer *w, unsigned version, struct told told)
{
	if (!told.done)
		return;
	if (!told.by_kalamctl)
		atomic_store(&t->published[w->mount], version);
	if (!is_shown(w, told)) {
		count(LATE);
		return;
	}
	for (unsigned m = 0; m < world.mount_count; m++)
		atomic_store(&t->published[m], version);
}

static void action_of(unsigned version, char *out, size_t size)
{
	struct shape shape = shape_of(0, version);
	char comment[COMMENT_SIZE];
	int at = 0;

	comment_of(version, comment);
	if (shape.newest)
		at += snprintf(out, size, "ADD COLUMN c%u INT, ", version);
	else
		for (unsigned k = version - CYCLE + 1; k < version; k++)
			at += snprintf(out + at, size - (size_t)at, "DROP COLUMN c%u, ", k);
	snprintf(out + at, size - (size_t)at, "COMMENT '%s'", comment);
}

/* What somebody has written who began with the version before. */
static void document_of(unsigned version, char *out, size_t size)
{
	char comment[COMMENT_SIZE];
	int at;

	comment_of(version, comment);
	at = snprintf(out, size,
		      "{\n  \"schema_version\": %u,\n  \"table_comment\": \"%s\",\n"
		      "  \"columns\": [\n    { \"column_name\": \"id\", \"data_type\": \"BIGINT\", "
		      "\"is_nullable\": false, \"is_primary_key\": true }", version - 1, comment);
	for (unsigned k = 2; k <= version; k++)
		if (has_column(0, version, k))
			at += snprintf(out + at, size - (size_t)at,
				       ",\n    { \"column_name\": \"c%u\", \"data_type\": \"INT\" }", k);
	snprintf(out + at, size - (size_t)at, "\n  ]\n}\n");
}

static struct told write_statement(const struct writer *w, unsigned i, unsigned version)
{
	char action[2048], text[2200], path[PATH_MAX];
	unsigned which = w->door == DOOR_KALAMCTL ? 0 : 1 + pick(w->random, 4);

	action_of(version, action, sizeof(action));
	snprintf(text, sizeof(text), "ALTER TABLE %st%u %s;\n", which < 2 ? "hot." : "", i, action);
	switch (which) {
	case 0:
		return by_kalamctl(w, text);
	case 1:
		snprintf(path, sizeof(path), "%s/ctl", world.mounts[w->mount]);
		break;
	case 2:
		path_in(w->mount, path, "ctl");
		break;
	default:
		path_in(w->mount, path, "tables/t%u/ctl", i);
		snprintf(text, sizeof(text), "%s\n", action);
		break;
	}
	return by_statement(w, path, text);
}

static struct told write_document(const struct writer *w, unsigned i, unsigned version)
{
	char path[PATH_MAX], temp[PATH_MAX], text[TEXT_SIZE];
	double began = now();

	document_of(version, text, sizeof(text));
	path_in(w->mount, path, "tables/t%u/schema.json", i);
	if (w->door == DOOR_TRUNCATE)
		return told(is_done(w, path, door_truncate(path, text)), began);
	path_in(w->mount, temp, "tables/t%u/.schema.json.%u", i, w->number);
	return by_dirop(w, path, door_rename(temp, path, text));
}

static struct told save_key_column(const struct writer *w, unsigned i, unsigned version)
{
	char path[PATH_MAX], temp[PATH_MAX], comment[COMMENT_SIZE], text[TEXT_SIZE];
	double began = now();

	comment_of(version, comment);
	snprintf(text, sizeof(text),
		 "{ \"column_id\": 1, \"column_name\": \"id\", \"column_version\": %u, "
		 "\"data_type\": \"BIGINT\", \"is_nullable\": false, \"is_primary_key\": true, "
		 "\"column_comment\": \"%s\" }\n", shape_of(i, version - 1).comment, comment);
	path_in(w->mount, path, "tables/t%u/columns/id.json", i);
	if (pick(w->random, 2))
		return told(is_done(w, path, door_truncate(path, text)), began);
	path_in(w->mount, temp, "tables/t%u/columns/.id.%u", i, w->number);
	return by_dirop(w, path, door_rename(temp, path, text));
}

/* See shape_of. */
static struct told write_column(const struct writer *w, unsigned i, unsigned version)
{
	char path[PATH_MAX], to[PATH_MAX], comment[COMMENT_SIZE], text[TEXT_SIZE];
	double began = now();

	path_in(w->mount, to, "tables/t%u/columns/c%u.json", i, version);
	path_in(w->mount, path, "tables/t%u/columns/c%u.json", i, version - 1);
	switch ((version - 2) % 4) {
	case 0:
		return save_key_column(w, i, version);
	case 1:
		return told(is_done(w, to, door_truncate(to, "{ \"data_type\": \"INT\" }\n")), began);
	case 2:
		return by_dirop(w, path, rename(path, to) ? errno : 0);
	default:
		comment_of(version, comment);
		snprintf(text, sizeof(text), "DROP COLUMN c%u, ALTER COLUMN id COMMENT '%s'\n",
			 version - 1, comment);
		path_in(w->mount, path, "tables/t%u/ctl", i);
		return by_statement(w, path, text);
	}
}

static void write_version(const struct writer *w)
{
	bool by_column = w->door == DOOR_COLUMN;
	unsigned i = by_column ? PLAIN + pick(w->random, TABLES - PLAIN) : pick(w->random, PLAIN);
	struct table *t = &world.tables[i];
	unsigned version;
	struct told told;

	pthread_mutex_lock(&t->writer);
	version = atomic_load(&t->started) + 1;
	atomic_store(&t->started, version);
	if (by_column)
		told = write_column(w, i, version);
	else if (w->door == DOOR_TRUNCATE || w->door == DOOR_RENAME)
		told = write_document(w, i, version);
	else
		told = write_statement(w, i, version);
	publish(t, w, version, told);
	if (!told.done)
		atomic_store(&t->started, version - 1);
	pthread_mutex_unlock(&t->writer);
	entered(w);
}

/* ----- x0 ... x7 and y0 ... y7 ----- */

/* Nobody is to believe anything about it, on one mount or (MOUNTS) on all. */
static void unsettle(enum place place, unsigned k, unsigned mount)
{
	for (unsigned m = 0; place != NOWHERE && m < world.mount_count; m++)
		if (m == mount || mount == MOUNTS)
			atomic_fetch_or(&world.states[place][k][m], 1);
}

static void settle(enum place place, unsigned k, unsigned mount, bool is_there)
{
	for (unsigned m = 0; place != NOWHERE && m < world.mount_count; m++) {
		atomic_uint *state = &world.states[place][k][m];

		if (m == mount || mount == MOUNTS)
			atomic_store(state, ((atomic_load(state) >> 2) + 1) << 2 |
						    (unsigned)is_there << 1);
	}
}

static void remember(const struct writer *w, struct churn *object, const char *how)
{
	atomic_store(&object->how, how);
	atomic_store(&object->where, w->mount);
}

static void unsettle_move(enum place from, enum place to, unsigned k)
{
	unsettle(from, k, MOUNTS);
	unsettle(to, k, MOUNTS);
}

static void settle_move(const struct writer *w, enum place from, enum place to, unsigned k,
			struct told told)
{
	if (!told.done)
		return;		/* nobody knows any more */
	if (!told.by_kalamctl) {
		settle(from, k, w->mount, false);
		settle(to, k, w->mount, true);
	}
	if (!is_shown(w, told)) {
		count(LATE);
		return;
	}
	settle(from, k, MOUNTS, false);
	settle(to, k, MOUNTS, true);
}

static const char *name_in(enum place place)
{
	static const char *const names[] = {
		[AT_TABLES] = "hot.x", [AT_RENAMED] = "hot.z", [AT_COLD] = "cold.x",
		[AT_TRASH] = "hot.x", [AT_NAMESPACES] = "y", [NOWHERE] = "",
	};

	return names[place];
}

/* The statement that does it. */
static void statement_of(enum place from, enum place to, unsigned k, char *out, size_t size)
{
	const char *name = from == NOWHERE ? name_in(to) : name_in(from);

	if (to == AT_NAMESPACES)
		snprintf(out, size, "CREATE NAMESPACE %s%u;\n", name, k);
	else if (from == AT_NAMESPACES)
		snprintf(out, size, "DROP NAMESPACE %s%u;\n", name, k);
	else if (from == NOWHERE)
		snprintf(out, size, "CREATE TABLE %s%u (id INT PRIMARY KEY);\n", name, k);
	else if (from == AT_TRASH)
		snprintf(out, size, "%s TABLE %s%u;\n", to == NOWHERE ? "PURGE" : "UNDROP", name, k);
	else if (to == NOWHERE)
		snprintf(out, size, "DROP TABLE %s%u PURGE;\n", name, k);
	else if (to == AT_TRASH)
		snprintf(out, size, "DROP TABLE %s%u;\n", name, k);
	else
		snprintf(out, size, "ALTER TABLE %s%u RENAME TO %s%u;\n", name, k, name_in(to), k);
}

static struct told move_by_statement(const struct writer *w, enum place from, enum place to,
				     unsigned k)
{
	char path[PATH_MAX], text[256];

	statement_of(from, to, k, text, sizeof(text));
	if (!pick(w->random, 4)) {
		remember(w, object_at(from == NOWHERE ? to : from, k), "kalamctl");
		return by_kalamctl(w, text);
	}
	remember(w, object_at(from == NOWHERE ? to : from, k), "ctl");
	snprintf(path, sizeof(path), "%s/ctl", world.mounts[w->mount]);
	return by_statement(w, path, text);
}

/* mkdir of a namespace, rmdir, mv of a table. */
static struct told move_by_hand(const struct writer *w, enum place from, enum place to, unsigned k)
{
	char path[PATH_MAX], target[PATH_MAX];
	int rc;

	path_of(w->mount, path, from == NOWHERE ? to : from, k);
	remember(w, object_at(from == NOWHERE ? to : from, k),
		 from == NOWHERE ? "mkdir" : to == NOWHERE ? "rmdir" : "mv");
	if (from == NOWHERE) {
		rc = mkdir(path, 0755);
	} else if (to == NOWHERE) {
		rc = rmdir(path);
	} else {
		path_of(w->mount, target, to, k);
		rc = rename(path, target);
	}
	return by_dirop(w, path, rc ? errno : 0);
}

/* A draft is there on its own mount; the others see the table, once there is one. */
static void make_table(const struct writer *w, struct churn *object, unsigned k)
{
	static const char text[] =
		"{ \"table_type\": \"SHARED\", \"columns\": [{ \"column_name\": \"id\", "
		"\"data_type\": \"INT\", \"is_nullable\": false, \"is_primary_key\": true }] }\n";
	char dir[PATH_MAX], path[PATH_MAX + 16];
	struct told told;
	bool is_draft;
	double began;

	path_of(w->mount, dir, AT_TABLES, k);
	snprintf(path, sizeof(path), "%s/schema.json", dir);
	remember(w, object, "mkdir of a draft");
	unsettle(AT_TABLES, k, w->mount);
	is_draft = is_done(w, dir, mkdir(dir, 0755) ? errno : 0);
	settle(AT_TABLES, k, w->mount, is_draft);
	if (!is_draft)
		return;
	if (!pick(w->random, 3)) {
		remember(w, object, "rmdir of a draft");
		unsettle(AT_TABLES, k, w->mount);
		if (is_done(w, dir, rmdir(dir) ? errno : 0))
			settle(AT_TABLES, k, w->mount, false);
		return;
	}
	remember(w, object, "save of a draft");
	for (unsigned m = 0; m < world.mount_count; m++)
		if (m != w->mount)
			unsettle(AT_TABLES, k, m);
	began = now();
	told = (struct told){ .done = is_done(w, path, door_truncate(path, text)),
			      .late = now() - began >= CONFIRM_SECONDS };
	settle_move(w, NOWHERE, AT_TABLES, k, told);
	if (told.done)
		object->at = AT_TABLES;
}

static enum place next_place(const struct writer *w, enum place at)
{
	static const enum place moves[] = { AT_RENAMED, AT_COLD, AT_TRASH };

	if (at == NOWHERE)
		return AT_TABLES;
	if (w->door == DOOR_NAMES && !pick(w->random, 2))
		return NOWHERE;
	return at == AT_TABLES ? moves[pick(w->random, 3)] : AT_TABLES;
}

static void move_table(const struct writer *w)
{
	unsigned k = pick(w->random, CHURN);
	struct churn *object = &world.tables_moved[k];
	bool by_statement = w->door == DOOR_NAMES;
	enum place from, to;
	struct told told;

	pthread_mutex_lock(&object->writer);
	from = object->at;
	to = next_place(w, from);
	/* Only a statement purges; what is to be made anew by mkdir must go first. */
	if (!by_statement && from == AT_TABLES && !pick(w->random, 4)) {
		to = NOWHERE;
		by_statement = true;
	}
	if (from == NOWHERE && !by_statement) {
		make_table(w, object, k);
	} else {
		unsettle_move(from, to, k);
		told = by_statement ? move_by_statement(w, from, to, k) :
				      move_by_hand(w, from, to, k);
		settle_move(w, from, to, k, told);
		object->at = told.done ? to : from;
	}
	pthread_mutex_unlock(&object->writer);
	entered(w);
}

static void move_namespace(const struct writer *w)
{
	unsigned k = pick(w->random, CHURN);
	struct churn *object = &world.namespaces_moved[k];
	enum place from, to;
	struct told told;

	pthread_mutex_lock(&object->writer);
	from = object->at;
	to = from == NOWHERE ? AT_NAMESPACES : NOWHERE;
	unsettle_move(from, to, k);
	told = pick(w->random, 4) ? move_by_hand(w, from, to, k) :
				    move_by_statement(w, from, to, k);
	settle_move(w, from, to, k, told);
	object->at = told.done ? to : from;
	pthread_mutex_unlock(&object->writer);
	entered(w);
}

/* kalamctl is a process each time: not as often as the others. */
static enum door pick_door(struct random *random)
{
	enum door door;

	do
		door = (enum door)pick(random, DOORS);
	while (!world.doors[door]);
	if (door == DOOR_KALAMCTL && world.doors[DOOR_CTL] && pick(random, 2))
		door = DOOR_CTL;
	return door;
}

void write_once(struct random *random, unsigned number)
{
	struct writer w = {
		.random = random, .number = number,
		.mount = pick(random, world.writable), .door = pick_door(random),
	};

	if (world.is_alone)
		pthread_mutex_lock(&world.turn);
	if (w.door == DOOR_NAMESPACES)
		move_namespace(&w);
	else if (w.door == DOOR_NAMES || w.door == DOOR_TABLES)
		move_table(&w);
	else
		write_version(&w);
	if (world.is_alone)
		pthread_mutex_unlock(&world.turn);
}
