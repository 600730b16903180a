/* SPDX-License-Identifier: MIT */
/*
 * jwksd --self-test: is the sandbox tight, on this kernel and with this
 * configuration?  Each attempt is made by a child process that has entered the
 * sandbox as the daemon does.
 */
#ifndef JWKSD_SELFTEST_H
#define JWKSD_SELFTEST_H

/* Print a line for each attempt.  An exit status: success when all were
 * refused. */
int selftest_run(const char *config_path);

#endif
