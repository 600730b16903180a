/* SPDX-License-Identifier: MIT */
/*
 * The daemon: reads its configuration, publishes, serves until it is told to
 * stop.  In the foreground; a service manager does the rest.
 */
#ifndef JWKSD_DAEMON_H
#define JWKSD_DAEMON_H

/* Returns the exit code. */
int daemon_run(const char *config_path);

#endif
