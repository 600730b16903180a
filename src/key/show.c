/* SPDX-License-Identifier: MIT */
/*
 * Errors end up on terminals, and the names in a key file are whatever its
 * author put there: no byte of them that could steer a terminal gets through.
 */
#include "key/internal.h"

struct key_shown
key_show(const char *text, size_t len)
{
	struct key_shown shown;
	size_t i, n = len < KEY_SHOWN_MAX ? len : KEY_SHOWN_MAX;

	for (i = 0; i < n; i++)
		shown.text[i] =
			text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	shown.text[n] = '\0';
	return shown;
}
