/* SPDX-License-Identifier: MIT */
/*
 * Issuer URLs.  An issuer is compared byte for byte by everybody who reads it
 * (OpenID Connect Discovery 1.0 section 4.3, RFC 8414 section 3.3), so there
 * is one form and no normalising:
 *
 *   https, no user, port, query or fragment; a host in lower case; a path
 *   without trailing slash, empty segment, "." or ".." segment or
 *   %-encoding; 255 bytes at most (IAM: OpenIDConnectProviderUrlType).
 *   http, and a port, only for localhost, 127.0.0.1 and [::1] (trying out).
 */
#ifndef CONFIG_URL_H
#define CONFIG_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define CONFIG_URL_MAX 255

/* The parts of an issuer; they point into the text. */
struct config_url {
	const char *host; /* without port; an IPv6 address with its brackets */
	size_t host_len;
	const char *path; /* "" or "/..." */
	size_t path_len;
	bool loopback; /* one of the three names above */
};

/* Check the rules.  On failure the text names the rule and shows what to
 * write instead where that is clear. */
int config_url_parse(const char *url, struct config_url *out, struct error *e)
	__attribute__((warn_unused_result));

/* The same for a fleet's pattern, "https://host/path/" and a star at the end,
 * whose place a directory's name takes. */
int config_url_pattern(const char *pattern, struct error *e)
	__attribute__((warn_unused_result));

/* May this directory name stand for the star?  [A-Za-z0-9._~-], not starting
 * with a dot. */
bool config_url_name_ok(const char *name);

#endif
