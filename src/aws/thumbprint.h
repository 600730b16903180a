/* SPDX-License-Identifier: MIT */
/*
 * IAM's thumbprint of a provider: SHA-1 over the last certificate that the
 * server of the JWKS sends, whatever that is: the top intermediate, a root, or
 * the leaf.
 */
#ifndef AWS_THUMBPRINT_H
#define AWS_THUMBPRINT_H

#include <stdbool.h>

#include "aws/provider.h"
#include "remote/chain.h"

/* Forty hexadecimal digits, upper case as in AWS' manual. */
int aws_thumbprint(const struct remote_chain *chain,
	char text[AWS_THUMBPRINT_LEN + 1], struct error *e)
	__attribute__((warn_unused_result));

/* Was a leaf sent alone that somebody else issued?  Then the server keeps its
 * intermediate certificates to itself. */
bool aws_chain_is_short(const struct remote_chain *chain);

#endif
