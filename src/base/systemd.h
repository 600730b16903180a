/* SPDX-License-Identifier: MIT */
/*
 * systemd's two small protocols, without libsystemd: sd_notify(3) and
 * sd_listen_fds(3).  Without systemd every call does nothing.
 */
#ifndef BASE_SYSTEMD_H
#define BASE_SYSTEMD_H

#include <stdint.h>

#include "base/error.h"

/* Send a message, lines of KEY=value, to NOTIFY_SOCKET.  Failure is nobody's
 * to mend and is not reported. */
void systemd_notify(const char *message);

/* RELOADING=1 with the moment that Type=notify-reload wants. */
void systemd_notify_reloading(void);

/* Milliseconds between two WATCHDOG=1, half of what systemd allows; 0: none
 * are expected of this process. */
int64_t systemd_watchdog_ms(void);

/* Sockets that were handed over: descriptors first .. first + count - 1.
 * Returns the count, 0 when there are none, -1 when the variables contradict
 * themselves.  They are made close-on-exec and the variables are removed. */
int systemd_listen_fds(int *first, struct error *e)
	__attribute__((warn_unused_result));

/* The FileDescriptorName= of the i-th one; "" when it has none.  Valid after
 * systemd_listen_fds. */
const char *systemd_listen_name(int i);

#endif
