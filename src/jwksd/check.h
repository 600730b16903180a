/* SPDX-License-Identifier: MIT */
/*
 * What jwksd does without serving: -t, --print and --acknowledge.  Each prints
 * to standard output, its complaints to standard error as "jwksd: ...", and
 * returns the exit code.
 */
#ifndef JWKSD_CHECK_H
#define JWKSD_CHECK_H

/* Read everything and say what would be served. */
int check_all(const char *config_path);

/* The exact bytes of a document: kind is "jwks" or "discovery". */
int check_print(const char *config_path, const char *issuer, const char *kind);

/* Let go of the keys that the issuer's sources lack: write the record of what
 * they say now.  A running jwksd sees it there. */
int check_acknowledge(const char *config_path, const char *issuer);

#endif
