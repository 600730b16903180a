/* SPDX-License-Identifier: MIT */
/*
 * The journal says of each generation who made it, of what and why, and the
 * SHA-256 of its keyring.json.  All of that is in the keyring itself, so a line
 * that a crash lost or cut is written by the next run.  Invariant: the file is
 * only ever appended to, except for a last line without its end.
 */
#include "keyring/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/evp.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 16384 /* a reason is bounded by the command line */

static void
member(struct buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(out, ",\"%s\":", name);
	buf_json(out, value, strlen(value));
}

static int
render_hash(const struct keyring *ring, struct buf *out, struct error *e)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buf json = BUF_INIT;
	unsigned len = 0, i;
	int rc = -1;

	keyring_render(ring, &json);
	if (!buf_ok(&json)) {
		error_nomem(e);
		goto out;
	}
	if (EVP_Digest(json.data, json.len, digest, &len, EVP_sha256(), NULL) !=
		1) {
		error_set(e, ERROR_NOMEM, "SHA-256 failed");
		goto out;
	}
	for (i = 0; i < len; i++)
		buf_printf(out, "%02x", digest[i]);
	rc = 0;
out:
	buf_release(&json);
	return rc;
}

static int
render_line(const struct keyring *ring, struct buf *out, struct error *e)
{
	const struct keyring_record *r = &ring->last;
	const struct keyring_key *k;
	char time[CLOCK_TEXT_LEN + 1];

	clock_format(time, ring->updated);
	buf_printf(out, "{\"generation\":%" PRIu64 ",\"time\":\"%s\"",
		ring->generation, time);
	member(out, "step", keyring_step_name(r->step));
	member(out, "kid", r->kid);
	k = r->kid == NULL ? NULL : keyring_find(ring, r->kid);
	if (k != NULL)
		member(out, "state",
			keyring_state_name(keyring_state(k, ring->updated)));
	member(out, "by", r->by);
	member(out, "reason", r->reason);
	member(out, "waived", r->waived);
	if (r->step == KEYRING_POLICY) {
		buf_puts(out, ",\"policy\":{");
		keyring_policy_render(out, &ring->policy, ",");
		buf_puts(out, "}");
	}
	if (r->forced)
		buf_puts(out, ",\"forced\":true");
	if (r->healed)
		buf_puts(out, ",\"healed\":true");
	buf_puts(out, ",\"sha256\":\"");
	if (render_hash(ring, out, e) != 0)
		return -1;
	buf_puts(out, "\"}\n");
	return buf_ok(out) ? 0 : error_nomem(e);
}

static int
read_at(int fd, char *bytes, size_t len, off_t from, struct error *e)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = pread(fd, bytes + got, len - got, from + (off_t)got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(e, "cannot be read");
		if (n == 0)
			return error_set(e, ERROR_CONFLICT, "became shorter");
		got += (size_t)n;
	}
	return 0;
}

/* The generation of a line, 0 when it has none. */
static uint64_t
line_generation(const char *line, size_t len)
{
	json_t *root = json_loadb(line, len, 0, NULL);
	json_int_t generation =
		json_integer_value(json_object_get(root, "generation"));

	json_decref(root);
	return generation > 0 ? (uint64_t)generation : 0;
}

/* Cut a last line that has no end; *last is the generation of the line before
 * that, 0 when there is none. */
static int
find_end(int fd, uint64_t *last, struct error *e)
{
	char tail[2 * LINE_MAX_BYTES];
	size_t len, end, start;
	struct stat st;
	off_t from;

	if (fstat(fd, &st) != 0)
		return error_sys(e, "cannot be examined");
	len = st.st_size < (off_t)sizeof(tail) ? (size_t)st.st_size
					       : sizeof(tail);
	from = st.st_size - (off_t)len;
	if (read_at(fd, tail, len, from, e) != 0)
		return -1;
	for (end = len; end > 0 && tail[end - 1] != '\n'; end--)
		;
	if (end == 0 && from > 0)
		return error_set(e, ERROR_PARSE,
			"ends in a line of more than %zu bytes", sizeof(tail));
	if (end < len && ftruncate(fd, from + (off_t)end) != 0)
		return error_sys(e, "cannot be cut at its last whole line");
	for (start = end > 0 ? end - 1 : 0;
		start > 0 && tail[start - 1] != '\n'; start--)
		;
	*last = line_generation(tail + start, end - start);
	return 0;
}

static int
append(int fd, const struct buf *line, struct error *e)
{
	size_t done = 0;
	ssize_t n;

	while (done < line->len) {
		n = write(fd, line->data + done, line->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(e, "cannot be written");
		done += (size_t)n;
	}
	if (fsync(fd) != 0)
		return error_sys(e, "cannot be synced to disk");
	return 0;
}

int
keyring_journal_heal(int dirfd, const struct keyring *ring, struct error *e)
{
	struct buf line = BUF_INIT;
	uint64_t last = 0;
	int fd, rc = -1;

	fd = openat(dirfd, JOURNAL_FILE,
		O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_sys(e, "cannot be opened");
	/* whatever umask says: it is for others to read */
	if (fchmod(fd, 0644) != 0) {
		error_sys(e, "its mode cannot be set");
		goto out;
	}
	if (find_end(fd, &last, e) != 0)
		goto out;
	if (last == ring->generation) {
		rc = 0;
		goto out;
	}
	if (render_line(ring, &line, e) != 0 || append(fd, &line, e) != 0)
		goto out;
	if (fsync(dirfd) != 0) {
		error_sys(e, "its directory cannot be synced to disk");
		goto out;
	}
	rc = 0;
out:
	if (close(fd) != 0 && rc == 0)
		rc = error_sys(e, "cannot be closed");
	buf_release(&line);
	return rc;
}
