/* SPDX-License-Identifier: MIT */
/*
 * OpenSSL reports through a queue per thread that lives on until somebody
 * reads it.  Invariant: outside this file the queue is neither read nor left
 * filled by a call of this room that failed.
 */
#include "key/internal.h"

#include <openssl/err.h>

int
key_openssl_error(struct error *e, enum error_code code, const char *what)
{
	unsigned long err = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(err);

	ERR_clear_error();
	/* no entry at all: there was no memory for one */
	if (err == 0 || ERR_GET_REASON(err) == ERR_R_MALLOC_FAILURE)
		return error_nomem(e);
	if (reason == NULL)
		return error_set(e, code, "%s", what);
	return error_set(e, code, "%s (OpenSSL: %s)", what, reason);
}
