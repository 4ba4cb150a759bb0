/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manager - the service manager that started the daemon, if one did. */
#ifndef KALAM_FS_MANAGER_H
#define KALAM_FS_MANAGER_H

/*
 * Tell it that the mount can be used: sd_notify(3)'s "READY=1" to the socket
 * that NOTIFY_SOCKET names.  Without that variable nothing happens; a failure
 * is logged, for the manager will then give up waiting by itself.
 */
void manager_ready(void);

#endif
