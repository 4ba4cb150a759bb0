/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/manager.h"

#include "fs/log.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

static int send_text(const char *name, const char *text)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	ssize_t sent;
	int fd;

	if (len >= sizeof(address.sun_path) || (*name != '/' && *name != '@'))
		return -EINVAL;
	memcpy(address.sun_path, name, len);
	/* Sockets without a file begin with a NUL, which an environment cannot hold. */
	if (*name == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	if (sent < 0)
		sent = -errno;
	close(fd);
	return sent < 0 ? (int)sent : 0;
}

void manager_ready(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int rc = name ? send_text(name, "READY=1\nSTATUS=mounted\n") : 0;

	if (rc)
		log_message(LOG_WARNING, "Cannot tell the service manager: %s", strerror(-rc));
}
