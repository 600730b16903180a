/* SPDX-License-Identifier: MIT */
/*
 * Waits are measured with the wall clock, which can be set.  Within one boot
 * the uptime tells by how much it was: the last believed pair of both is kept,
 * and a wall clock that ran differently from the uptime since then stops us.
 * A clock set forward would otherwise end a wait that has not passed.
 */
#include "keyring/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"

#define CLOCK_FILE_MAX 4096

static int
parse(const struct file_bytes *file, struct keyring_clock *out, struct error *e)
{
	json_t *root = json_loadb(file->data, file->len, 0, NULL);
	const char *boot = json_string_value(json_object_get(root, "boot"));
	json_t *now = json_object_get(root, "now");
	json_t *uptime = json_object_get(root, "uptime");
	int rc = -1;

	if (boot == NULL || strlen(boot) >= sizeof(out->boot) ||
		!json_is_integer(now) || !json_is_integer(uptime)) {
		error_set(e, ERROR_PARSE,
			"is damaged: remove it if the clock is right");
	} else {
		out->now = json_integer_value(now);
		out->uptime = json_integer_value(uptime);
		memcpy(out->boot, boot, strlen(boot) + 1);
		rc = 0;
	}
	json_decref(root);
	return rc;
}

int
keyring_clock_check(const struct keyring_clock *then,
	const struct keyring_clock *clock, int64_t tolerance, struct error *e)
{
	int64_t jump;

	if (strcmp(then->boot, clock->boot) != 0) {
		if (clock->now >= then->now)
			return 0;
		return error_set(e, ERROR_CONFLICT,
			"the clock is %lld seconds behind the time at which "
			"the keyring was last used: set the clock first "
			"(timedatectl)",
			(long long)(then->now - clock->now));
	}
	jump = (clock->now - then->now) - (clock->uptime - then->uptime);
	if (llabs(jump) <= tolerance)
		return 0;
	return error_set(e, ERROR_CONFLICT,
		"the clock was set by %+lld seconds since the keyring was last "
		"used, so no wait can be trusted: set it right, or if it was "
		"wrong before and is right now, give --force --reason TEXT",
		(long long)jump);
}

int
keyring_store_clock_check(const struct keyring_store *s,
	const struct keyring_clock *clock, int64_t tolerance, struct error *e)
{
	struct keyring_clock then = {0};
	struct file_bytes file = {0};
	struct error why = {0};
	int rc;

	errno = 0;
	if (file_read(s->fd, CLOCK_FILE, CLOCK_FILE_MAX, &file, &why) != 0) {
		if (why.code == ERROR_SYS && errno == ENOENT)
			return 0; /* never used yet */
		return error_set(
			e, why.code, "%s/%s: %s", s->dir, CLOCK_FILE, why.text);
	}
	rc = parse(&file, &then, e);
	if (rc != 0)
		error_wrap(e, "%s/%s", s->dir, CLOCK_FILE);
	else
		rc = keyring_clock_check(&then, clock, tolerance, e);
	file_bytes_release(&file);
	return rc;
}

int
keyring_store_clock_save(const struct keyring_store *s,
	const struct keyring_clock *clock, struct error *e)
{
	struct buf json = BUF_INIT;
	int rc = -1;

	buf_printf(&json,
		"{\"now\":%" PRId64 ",\"uptime\":%" PRId64 ",\"boot\":",
		clock->now, clock->uptime);
	buf_json(&json, clock->boot, strlen(clock->boot));
	buf_puts(&json, "}\n");
	if (!buf_ok(&json))
		error_nomem(e);
	else
		rc = file_replace_at(
			s->fd, CLOCK_FILE, json.data, json.len, 0644, e);
	buf_release(&json);
	return rc == 0 ? 0 : error_wrap(e, "%s/%s", s->dir, CLOCK_FILE);
}
