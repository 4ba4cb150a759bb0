/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/peer.h"
#include "tests/unit/helpers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A mount in a process of its own: peer_sync leaves out its own process. */
struct mount {
	pid_t pid;
	int out;  /* the sequences it was told, as le64 */
	int stop; /* a byte ends it: other children hold this end, too */
};

static char *dir;

static int set_up(void **state)
{
	(void)state;
	dir = temp_dir();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	temp_dir_remove(dir);
	return 0;
}

static void nap(unsigned ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}

/* The child: answer each request after delay_ms until a byte comes from stop. */
static void serve(const char *at, bool read_only, unsigned delay_ms, int out, int stop)
{
	struct pollfd fds[2] = { { .events = POLLIN }, { .fd = stop, .events = POLLIN } };
	char ready = 1;

	if (peer_listen(at, "/mnt/kalam with blanks", read_only, &fds[0].fd, NULL))
		_exit(1);
	if (write(out, &ready, 1) != 1)
		_exit(2);
	while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
		uint64_t sequence;
		int client;

		if (peer_accept(fds[0].fd, &client, &sequence))
			continue;
		nap(delay_ms);
		if (write(out, &sequence, sizeof(sequence)) != sizeof(sequence))
			_exit(3);
		peer_answer(client);
	}
	close(fds[0].fd);
	peer_unlisten(at);
	_exit(0);
}

static struct mount mount_at(const char *at, bool read_only, unsigned delay_ms)
{
	int out[2], stop[2];
	struct mount m;
	char ready;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
	m.pid = fork();
	assert_true(m.pid >= 0);
	if (m.pid == 0) {
		close(out[0]);
		close(stop[1]);
		serve(at, read_only, delay_ms, out[1], stop[0]);
	}
	close(out[1]);
	close(stop[0]);
	m.out = out[0];
	m.stop = stop[1];
	assert_int_equal(read(m.out, &ready, 1), 1);
	return m;
}

static void unmount(struct mount *m)
{
	int status;

	assert_int_equal(write(m->stop, "", 1), 1);
	close(m->stop);
	assert_int_equal(waitpid(m->pid, &status, 0), m->pid);
	assert_int_equal(status, 0);
	close(m->out);
}

static uint64_t told(const struct mount *m)
{
	struct pollfd fd = { .fd = m->out, .events = POLLIN };
	uint64_t sequence = 0;

	if (poll(&fd, 1, 2000) == 1)
		assert_int_equal(read(m->out, &sequence, sizeof(sequence)), sizeof(sequence));
	return sequence;
}

/* A path of the mount's socket or note, below dir. */
static const char *file_of(const char *at, pid_t pid, const char *suffix)
{
	static char path[4200];

	snprintf(path, sizeof(path), "%s/mount.%d%s", at, (int)pid, suffix);
	return path;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void without_mounts_nobody_is_waited_for(void **state)
{
	(void)state;
	assert_int_equal(peer_sync(dir, 7, 1000), 0);
	assert_int_equal(peer_sync("/nowhere", 7, 1000), 0);
}

static void every_mount_is_told_and_waited_for(void **state)
{
	struct mount a = mount_at(dir, false, 0), b = mount_at(dir, false, 150);
	int64_t start = now_ms();

	(void)state;
	assert_int_equal(peer_sync(dir, 0x1122334455667788ull, 5000), 0);
	assert_true(now_ms() - start >= 150);
	assert_true(told(&a) == 0x1122334455667788ull);
	assert_true(told(&b) == 0x1122334455667788ull);
	assert_int_equal(peer_sync(dir, 2, 5000), 0);
	assert_int_equal(told(&a), 2);
	assert_int_equal(told(&b), 2);
	unmount(&a);
	unmount(&b);
}

static void a_mount_that_is_late_is_counted_at_the_deadline(void **state)
{
	struct mount fast = mount_at(dir, false, 0), slow = mount_at(dir, false, 600);
	int64_t start = now_ms();

	(void)state;
	assert_int_equal(peer_sync(dir, 1, 200), 1);
	assert_true(now_ms() - start < 550);
	assert_int_equal(told(&fast), 1);
	assert_int_equal(told(&slow), 1);
	assert_int_equal(peer_sync(dir, 2, 5000), 0);
	unmount(&fast);
	unmount(&slow);
}

static void a_mount_does_not_wait_for_itself(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(peer_listen(dir, "/mnt/self", false, &fd, NULL), 0);
	assert_int_equal(peer_sync(dir, 1, 1000), 0);
	close(fd);
	peer_unlisten(dir);
	assert_int_not_equal(access(file_of(dir, getpid(), ".sock"), F_OK), 0);
	assert_int_not_equal(access(file_of(dir, getpid(), ""), F_OK), 0);
}

static void what_a_dead_mount_left_is_removed(void **state)
{
	struct mount m = mount_at(dir, false, 0);

	(void)state;
	assert_int_equal(kill(m.pid, SIGKILL), 0);
	assert_int_equal(waitpid(m.pid, NULL, 0), m.pid);
	assert_int_equal(access(file_of(dir, m.pid, ".sock"), F_OK), 0);
	assert_int_equal(peer_sync(dir, 1, 1000), 0);
	assert_int_not_equal(access(file_of(dir, m.pid, ".sock"), F_OK), 0);
	assert_int_not_equal(access(file_of(dir, m.pid, ""), F_OK), 0);
	close(m.out);
	close(m.stop);
}

static void a_mount_that_dies_while_it_is_waited_for_is_not_waited_for(void **state)
{
	struct mount m = mount_at(dir, false, 5000);
	int64_t start = now_ms();
	pid_t killer = fork();

	(void)state;
	if (killer == 0) {
		nap(100);
		kill(m.pid, SIGKILL);
		_exit(0);
	}
	assert_int_equal(peer_sync(dir, 1, 4000), 0);
	assert_true(now_ms() - start < 3000);
	assert_int_equal(waitpid(killer, NULL, 0), killer);
	assert_int_equal(waitpid(m.pid, NULL, 0), m.pid);
	close(m.out);
	close(m.stop);
}

static void other_files_of_the_catalog_are_left_alone(void **state)
{
	static const char *const names[] = { "mount.sock",    "mount..sock", "mount.12x.sock",
		                             "mount.-5.sock", "data.mdb",    "mount.1.sock.bak" };
	char path[4200];

	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		assert_int_equal(close(creat(path, 0600)), 0);
	}
	assert_int_equal(peer_sync(dir, 1, 100), 0);
	for (size_t i = 0; i < countof(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		assert_int_equal(access(path, F_OK), 0);
	}
}

/* The path of a socket may have 107 bytes, that of a catalog more. */
static void a_catalog_s_path_may_be_long(void **state)
{
	char name[201], path[1024];
	struct mount m;

	(void)state;
	memset(name, 'd', 200);
	name[200] = '\0';
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
	m = mount_at(path, false, 0);
	assert_int_equal(access(file_of(path, m.pid, ".sock"), F_OK), 0);
	assert_int_equal(peer_sync(path, 9, 2000), 0);
	assert_int_equal(told(&m), 9);
	unmount(&m);
	assert_int_not_equal(access(file_of(path, m.pid, ".sock"), F_OK), 0);
}

struct seen {
	unsigned count, limit;
	struct peer last;
};

static int see(void *arg, const struct peer *peer)
{
	struct seen *seen = arg;

	seen->last = *peer;
	return ++seen->count == seen->limit ? 5 : 0;
}

static void live_mounts_are_listed(void **state)
{
	struct mount a = mount_at(dir, true, 0), b;
	struct seen seen = { .count = 0 };

	(void)state;
	assert_int_equal(peer_list(dir, see, &seen), 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.last.pid, a.pid);
	assert_true(seen.last.read_only);
	assert_string_equal(seen.last.mountpoint, "/mnt/kalam with blanks");
	b = mount_at(dir, false, 0);
	seen = (struct seen){ .count = 0 };
	assert_int_equal(peer_list(dir, see, &seen), 0);
	assert_int_equal(seen.count, 2);
	seen = (struct seen){ .limit = 1 };
	assert_int_equal(peer_list(dir, see, &seen), 5);
	assert_int_equal(seen.count, 1);
	kill(b.pid, SIGKILL);
	assert_int_equal(waitpid(b.pid, NULL, 0), b.pid);
	seen = (struct seen){ .count = 0 };
	assert_int_equal(peer_list(dir, see, &seen), 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.last.pid, a.pid);
	close(b.out);
	close(b.stop);
	unmount(&a);
}

/* It must not hold up the mount, nor be taken for a sequence number. */
static void one_that_says_nothing_is_turned_away(void **state)
{
	struct mount m = mount_at(dir, false, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "%.60s/mount.%d.sock", dir,
	         (int)m.pid);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(peer_sync(dir, 3, 2000), 0);
	assert_int_equal(told(&m), 3);
	close(fd);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, "1234", 4, MSG_NOSIGNAL), 4);
	assert_int_equal(peer_sync(dir, 4, 2000), 0);
	assert_int_equal(told(&m), 4);
	close(fd);
	unmount(&m);
}

static void a_directory_that_is_not_there_is_told(void **state)
{
	struct err err = ERR_INIT;
	int fd;

	(void)state;
	assert_int_equal(peer_listen("/nowhere", "/mnt", false, &fd, &err), -ENOENT);
	assert_err(&err, -ENOENT,
	           "Cannot open catalog directory '/nowhere': No such file or directory");
}

/* So many more descriptors as `more` says; before: what to set again. */
static void leave_descriptors(unsigned more, struct rlimit *before)
{
	struct rlimit now;
	int next = dup(0);

	assert_true(next >= 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
	now = *before;
	now.rlim_cur = (rlim_t)next + more;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
}

static unsigned entries(void)
{
	DIR *list = opendir(dir);
	unsigned count = 0;

	assert_non_null(list);
	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

/* A mount has its directory, its socket and its note, or says why not; each needs a descriptor. */
static void who_has_no_descriptor_left_says_so(void **state)
{
	struct mount m = mount_at(dir, false, 0);
	struct seen seen = { .count = 0 };
	struct rlimit before;
	unsigned more = 0;
	int fd, rc;

	(void)state;
	do {
		struct err err = ERR_INIT;

		leave_descriptors(more, &before);
		rc = peer_listen(dir, "/mnt/one", false, &fd, &err);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_true(rc == 0 || rc == -EMFILE);
		if (rc)
			assert_non_null(strstr(err.text, ": Too many open files"));
	} while (rc && ++more);
	assert_true(more >= 3);
	leave_descriptors(0, &before);
	peer_unlisten(dir);
	assert_int_equal(peer_sync(dir, 1, 100), 1);
	assert_int_equal(peer_list(dir, see, &seen), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(access(file_of(dir, getpid(), ".sock"), F_OK), 0);
	assert_int_equal(seen.count, 0);

	for (more = 1; seen.count < 2; more++) {
		seen.count = 0;
		leave_descriptors(more, &before);
		rc = peer_list(dir, see, &seen);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_true(rc == 0 || rc == -EMFILE);
		assert_true(!rc || !seen.count);
	}
	close(fd);
	peer_unlisten(dir);
	assert_int_not_equal(access(file_of(dir, getpid(), ".sock"), F_OK), 0);
	unmount(&m);
}

static void a_client_without_a_descriptor_is_not_accepted(void **state)
{
	struct rlimit before;
	uint64_t sequence;
	int fd, client;

	(void)state;
	assert_int_equal(peer_listen(dir, "/mnt/one", false, &fd, NULL), 0);
	assert_int_equal(peer_accept(fd, &client, &sequence), -EAGAIN);
	leave_descriptors(0, &before);
	assert_int_equal(peer_accept(fd, &client, &sequence), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	close(fd);
	peer_unlisten(dir);
}

/* What stands where the socket is to be made, or moved to. */
static void a_socket_that_cannot_be_made_is_told(void **state)
{
	static const char *const suffixes[] = { ".new", ".sock" };
	static const int codes[] = { -EADDRINUSE, -EISDIR };
	int fd;

	(void)state;
	for (size_t i = 0; i < countof(suffixes); i++) {
		const char *path = file_of(dir, getpid(), suffixes[i]);
		struct err err = ERR_INIT;
		char said[4300];

		assert_int_equal(mkdir(path, 0700), 0);
		assert_int_equal(peer_listen(dir, "/mnt/one", false, &fd, &err), codes[i]);
		snprintf(said, sizeof(said), "Cannot make the mount's socket in '%s': %s", dir,
			 strerror(-codes[i]));
		assert_err(&err, codes[i], said);
		assert_int_equal(rmdir(file_of(dir, getpid(), suffixes[i])), 0);
	}
}

/* The note is written with the socket; what is none lists nothing. */
static void a_mount_without_a_note_is_not_listed(void **state)
{
	static const char *const notes[] = { "", "rw /mnt", "rw" };
	struct seen seen = { .count = 0 };
	int fd;

	(void)state;
	assert_int_equal(peer_listen(dir, "/mnt/one", false, &fd, NULL), 0);
	assert_int_equal(peer_list(dir, see, &seen), 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.last.pid, getpid());
	assert_false(seen.last.read_only);
	for (size_t i = 0; i < countof(notes); i++) {
		int note = open(file_of(dir, getpid(), ""), O_WRONLY | O_TRUNC);

		assert_int_equal(write(note, notes[i], strlen(notes[i])), strlen(notes[i]));
		close(note);
		assert_int_equal(peer_list(dir, see, &seen), 0);
		assert_int_equal(seen.count, 1);
	}
	assert_int_equal(unlink(file_of(dir, getpid(), "")), 0);
	assert_int_equal(peer_list(dir, see, &seen), 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(entries(), 3);
	close(fd);
	peer_unlisten(dir);
	assert_int_equal(entries(), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_mounts_nobody_is_waited_for),
		TEST(every_mount_is_told_and_waited_for),
		TEST(a_mount_that_is_late_is_counted_at_the_deadline),
		TEST(a_mount_does_not_wait_for_itself),
		TEST(what_a_dead_mount_left_is_removed),
		TEST(a_mount_that_dies_while_it_is_waited_for_is_not_waited_for),
		TEST(other_files_of_the_catalog_are_left_alone),
		TEST(a_catalog_s_path_may_be_long),
		TEST(live_mounts_are_listed),
		TEST(one_that_says_nothing_is_turned_away),
		TEST(a_directory_that_is_not_there_is_told),
		TEST(who_has_no_descriptor_left_says_so),
		TEST(a_client_without_a_descriptor_is_not_accepted),
		TEST(a_socket_that_cannot_be_made_is_told),
		TEST(a_mount_without_a_note_is_not_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
