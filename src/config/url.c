/* SPDX-License-Identifier: MIT */
/*
 * An issuer that is a byte off is refused by STS with a message that names
 * neither byte nor place, so each rule has its own line here, with the URL to
 * write where it can be told.  Invariant: a URL that passes has one spelling,
 * so comparing bytes compares issuers.
 */
#include "config/url.h"

#include <string.h>

#include "config/internal.h"

#define HOST_MAX 253 /* RFC 1035 section 2.3.4, as text */
#define LABEL_MAX 63

static const char digits[] = "0123456789";
static const char letters_lower[] = "abcdefghijklmnopqrstuvwxyz";
static const char letters_upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* RFC 3986 pchar without %-encoding, and without the star, which stands for a
 * fleet's names. */
static const char path_marks[] = "-._~!$&'()+,;=:@/";

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool
is_label_char(char c)
{
	return is_one_of(c, letters_lower) || is_one_of(c, digits) || c == '-';
}

static bool
is_loopback(const char *host, size_t len)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && memcmp(names[i], host, len) == 0)
			return true;
	return false;
}

struct config_url
config_url_split(const char *url)
{
	struct config_url u = {0};
	const char *authority = strstr(url, "://") + 3;
	size_t len = strcspn(authority, "/");

	u.path = authority + len;
	u.path_len = strlen(u.path);
	u.host = authority;
	u.host_len = authority[0] == '[' ? strcspn(authority, "]/")
					 : strcspn(authority, ":/");
	if (authority[u.host_len] == ']')
		u.host_len++;
	u.loopback = is_loopback(u.host, u.host_len);
	return u;
}

static int
check_scheme(const char *url, struct error *e)
{
	const char *rest = strstr(url, "://");

	if (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0)
		return 0;
	return error_set(e, ERROR_INVALID,
		"does not begin with https://; write \"https://%s\"",
		rest == NULL ? url : rest + 3);
}

/* What no part of an issuer may have. */
static int
check_bytes(const char *url, struct error *e)
{
	const unsigned char *p;

	for (p = (const unsigned char *)url; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return error_set(e, ERROR_INVALID,
				"byte 0x%02x; an issuer is of printable ASCII",
				*p);
	if (strchr(url, '?') != NULL)
		return error_set(e, ERROR_INVALID, "a query; write \"%.*s\"",
			(int)strcspn(url, "?"), url);
	if (strchr(url, '#') != NULL)
		return error_set(e, ERROR_INVALID, "a fragment; write \"%.*s\"",
			(int)strcspn(url, "#"), url);
	if (strchr(url, '%') != NULL)
		return error_set(e, ERROR_INVALID,
			"%%-encoding; an issuer is compared byte for byte, so "
			"choose a path that needs none");
	return 0;
}

/* host_len bytes at host as a DNS name or IPv4 address. */
static int
check_name(const char *host, size_t len, struct error *e)
{
	size_t i, label = 0;

	if (len > HOST_MAX)
		return error_set(e, ERROR_INVALID,
			"a host of %zu bytes; %d is the most", len, HOST_MAX);
	for (i = 0; i <= len; i++) {
		if (i < len && host[i] != '.') {
			if (!is_label_char(host[i]))
				return error_set(e, ERROR_INVALID,
					"'%c' in the host", host[i]);
			label++;
			continue;
		}
		if (label == 0 || label > LABEL_MAX || host[i - 1] == '-' ||
			host[i - label] == '-')
			return error_set(e, ERROR_INVALID,
				"\"%.*s\" is not a host name", (int)len, host);
		label = 0;
	}
	return 0;
}

static int
check_host(const char *url, const struct config_url *u, struct error *e)
{
	char lower[CONFIG_URL_MAX + 1];
	size_t i;

	if (u->host_len == 0)
		return error_set(e, ERROR_INVALID, "no host");
	if (strcspn(u->host, letters_upper) < u->host_len) {
		memcpy(lower, url, strlen(url) + 1);
		for (i = 0; i < u->host_len; i++)
			if (is_one_of(u->host[i], letters_upper))
				lower[u->host - url + (ptrdiff_t)i] +=
					'a' - 'A';
		return error_set(e, ERROR_INVALID,
			"a host is in lower case; write \"%s\"", lower);
	}
	if (u->loopback)
		return 0;
	if (u->host[0] == '[')
		return error_set(e, ERROR_INVALID,
			"an IPv6 address; a host is a name (or [::1] to try "
			"out)");
	return check_name(u->host, u->host_len, e);
}

/* What follows the host: nothing or ":PORT", for a loopback host. */
static int
check_port(const char *url, const struct config_url *u, struct error *e)
{
	const char *port = u->host + u->host_len;
	size_t len = (size_t)(u->path - port), n;

	if (len == 0)
		return 0;
	if (!u->loopback)
		return error_set(e, ERROR_INVALID,
			"a port, which IAM does not take; write \"%.*s%s\"",
			(int)(port - url), url, u->path);
	n = port[0] == ':' ? strspn(port + 1, digits) : 0;
	if (n == 0 || n > 5 || n + 1 != len || port[1] == '0')
		return error_set(e, ERROR_INVALID, "\"%.*s\" is not a port",
			(int)len, port);
	return 0;
}

/* One segment, from behind its slash. */
static int
check_segment(const char *segment, size_t len, struct error *e)
{
	if (len == 0)
		return error_set(e, ERROR_INVALID, "an empty path segment");
	if ((len == 1 || len == 2) && strspn(segment, ".") == len)
		return error_set(e, ERROR_INVALID, "a \"%.*s\" path segment",
			(int)len, segment);
	return 0;
}

/* star: the path ends in one, as a pattern's does. */
static int
check_path(
	const char *url, const struct config_url *u, bool star, struct error *e)
{
	const char *p = u->path, *c,
		   *end = u->path + u->path_len - (star ? 1 : 0);
	size_t len;

	if (u->path_len > 0 && u->path[u->path_len - 1] == '/')
		return error_set(e, ERROR_INVALID,
			"a trailing slash; write \"%.*s\"",
			(int)(strlen(url) - 1), url);
	for (c = p; c < end; c++) {
		if (*c == '*')
			return error_set(e, ERROR_INVALID,
				"a star; only an issuers block has one, alone "
				"behind the last slash");
		if (!is_one_of(*c, letters_lower) &&
			!is_one_of(*c, letters_upper) &&
			!is_one_of(*c, digits) && !is_one_of(*c, path_marks))
			return error_set(
				e, ERROR_INVALID, "'%c' in the path", *c);
	}
	for (; *p != '\0'; p += len) {
		p++;
		len = strcspn(p, "/");
		if (check_segment(p, len, e) != 0)
			return -1;
	}
	return 0;
}

static int
parse(const char *url, bool star, struct config_url *out, struct error *e)
{
	struct config_url u;
	size_t len = strlen(url);
	const char *at;

	if (len == 0)
		return error_set(e, ERROR_INVALID,
			"is empty; write \"https://HOST/PATH\"");
	if (len > CONFIG_URL_MAX)
		return error_set(e, ERROR_INVALID,
			"has %zu bytes; IAM takes %d at most", len,
			CONFIG_URL_MAX);
	if (check_bytes(url, e) != 0 || check_scheme(url, e) != 0)
		return -1;
	u = config_url_split(url);
	at = strchr(u.host, '@');
	if (at != NULL && at < u.path)
		return error_set(e, ERROR_INVALID,
			"a user name; write \"https://%s\"", at + 1);
	if (check_host(url, &u, e) != 0 || check_port(url, &u, e) != 0)
		return -1;
	if (!u.loopback && strncmp(url, "https:", 6) != 0)
		return error_set(e, ERROR_INVALID,
			"http is for localhost only; write \"https://%s\"",
			u.host);
	if (check_path(url, &u, star, e) != 0)
		return -1;
	*out = u;
	return 0;
}

int
config_url_parse(const char *url, struct config_url *out, struct error *e)
{
	return parse(url, false, out, e);
}

int
config_url_pattern(const char *pattern, struct error *e)
{
	size_t len = strlen(pattern);
	struct config_url ignored;

	if (len < 2 || strcmp(pattern + len - 2, "/*") != 0)
		return error_set(e, ERROR_INVALID,
			"does not end in \"/*\"; the star stands for the names "
			"of the directories");
	return parse(pattern, true, &ignored, e);
}

bool
config_url_name_ok(const char *name)
{
	const char *p;

	for (p = name; *p != '\0'; p++)
		if (!is_one_of(*p, letters_lower) &&
			!is_one_of(*p, letters_upper) &&
			!is_one_of(*p, digits) && !is_one_of(*p, "._~-"))
			return false;
	return name[0] != '\0' && name[0] != '.';
}
