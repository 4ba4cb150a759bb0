/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's messages, what it keeps of libfuse's, and its word to the service manager. */
#include "fs/fuse.h"

#include "fs/log.h"
#include "fs/manager.h"
#include "tests/unit/helpers.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define FLOOD 200

static char *dir, path[256];
static int standard_error;

/* During a test what goes to stderr is in a file. */
static int set_up(void **state)
{
	int fd;

	(void)state;
	dir = temp_dir();
	snprintf(path, sizeof(path), "%s/log", dir);
	fd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	standard_error = dup(STDERR_FILENO);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	close(fd);
	log_open(true);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_true(dup2(standard_error, STDERR_FILENO) >= 0);
	close(standard_error);
	temp_dir_remove(dir);
	return 0;
}

/* A new second, so that as many lines as one may have can be written. */
static void wait_for_second(void)
{
	struct timespec now, rest = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	rest.tv_nsec = 999999999 - now.tv_nsec;
	nanosleep(&rest, NULL);
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

/* What has been written since the last call. */
static void written(const char *text)
{
	char *all = file_text(path);

	assert_string_equal(all, text);
	free(all);
	assert_int_equal(truncate(path, 0), 0);
}

static void test_escapes(void **state)
{
	char long_text[3000], *all;

	(void)state;
	wait_for_second();
	log_message(LOG_NOTICE, "plain %d", 7);
	written("kalamfs: plain 7\n");
	log_message(LOG_NOTICE, "%s", "\033[31mred\177\303\244\tx");
	written("kalamfs: \\x1b[31mred\\x7f\\xc3\\xa4\\x09x\n");
	log_message(LOG_NOTICE, "%s", "first\nkalamfs: forged");
	written("kalamfs: first\n");
	memset(long_text, '\001', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	log_message(LOG_NOTICE, "%s", long_text);
	all = file_text(path);
	assert_true(strlen(all) < 1100 && strlen(all) > 900);
	assert_string_equal(all + strlen(all) - 5, "\\x01\n");
	free(all);
	assert_int_equal(truncate(path, 0), 0);
}

/* What is left out of a flood is counted. */
static void test_flood(void **state)
{
	unsigned lines = 0, left_out = 0, more;
	char *all, *rest, *line;

	(void)state;
	for (int i = 0; i < FLOOD; i++)
		log_message(LOG_NOTICE, "water");
	wait_for_second();
	log_message(LOG_NOTICE, "dry");
	all = rest = file_text(path);
	assert_non_null(strstr(all, "more messages were left out\nkalamfs: dry\n"));
	while ((line = strsep(&rest, "\n"))) {
		lines += !strcmp(line, "kalamfs: water");
		if (sscanf(line, "kalamfs: %u more messages were left out", &more) == 1)
			left_out += more;
	}
	assert_int_equal(lines + left_out, FLOOD);
	assert_true(left_out > 0);
	free(all);
	assert_int_equal(truncate(path, 0), 0);
}

static void test_capture(void **state)
{
	(void)state;
	wait_for_second();
	log_capture();
	fuse_log(FUSE_LOG_ERR, "fuse: the first ");
	fuse_log(FUSE_LOG_ERR, "sentence\ttells\nand no more");
	fuse_log(FUSE_LOG_ERR, "fuse: what came of it\n");
	log_release();
	written("");
	assert_string_equal(log_captured(), "the first sentence\\x09tells");
	fuse_log(FUSE_LOG_ERR, "fuse: later\n");
	written("kalamfs: fuse: later\n");
	fuse_log(FUSE_LOG_DEBUG, "as it is\n");
	written("as it is\n");
	assert_string_equal(log_captured(), "the first sentence\\x09tells");
	log_capture();
	log_release();
	assert_string_equal(log_captured(), "");
}

/* A service manager at a path, or at a name without a file; bytes of its address. */
static int manager(const struct sockaddr_un *address, size_t len)
{
	struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	return fd;
}

static void is_told(int fd)
{
	char text[256] = "";

	assert_true(recv(fd, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "READY=1\nSTATUS=mounted\n");
	close(fd);
}

static void test_manager(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char name[sizeof(address.sun_path) + 10];
	int fd, len;

	(void)state;
	wait_for_second();
	unsetenv("NOTIFY_SOCKET");
	manager_ready();
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", dir);
	fd = manager(&address, strlen(address.sun_path));
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	manager_ready();
	is_told(fd);
	len = snprintf(name, sizeof(name), "@kalam-test-%ld", (long)getpid());
	memcpy(address.sun_path, name, (size_t)len);
	address.sun_path[0] = '\0';
	fd = manager(&address, (size_t)len);
	setenv("NOTIFY_SOCKET", name, 1);
	manager_ready();
	is_told(fd);
	written("");
	manager_ready();
	written("kalamfs: Cannot tell the service manager: Connection refused\n");
	setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
	manager_ready();
	written("kalamfs: Cannot tell the service manager: Invalid argument\n");
	memset(name, 'x', sizeof(name));
	*name = '/';
	name[sizeof(name) - 1] = '\0';
	setenv("NOTIFY_SOCKET", name, 1);
	manager_ready();
	written("kalamfs: Cannot tell the service manager: Invalid argument\n");
	unsetenv("NOTIFY_SOCKET");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_escapes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_flood, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_capture, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_manager, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
