/* SPDX-License-Identifier: MIT */
/*
 * The algorithm as AWS describes it for doing by hand; no certificate is added
 * or left out, since IAM does not either.
 */
#include "aws/thumbprint.h"

#include <limits.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#define SHA1_LEN 20

int
aws_thumbprint(const struct remote_chain *chain,
	char text[AWS_THUMBPRINT_LEN + 1], struct error *e)
{
	const struct remote_certificate *last = &chain->sent[chain->count - 1];
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0, i;

	if (EVP_Digest(last->der, last->len, hash, &len, EVP_sha1(), NULL) !=
			1 ||
		len != SHA1_LEN) {
		ERR_clear_error();
		return error_set(e, ERROR_SYS,
			"SHA-1, which IAM uses, is switched off here");
	}
	for (i = 0; i < len; i++)
		snprintf(text + (size_t)i * 2, 3, "%02X", hash[i]);
	return 0;
}

bool
aws_chain_is_short(const struct remote_chain *chain)
{
	const unsigned char *p = chain->sent[0].der;
	bool alone = false;
	X509 *leaf;

	if (chain->count != 1 || chain->sent[0].len > LONG_MAX)
		return false;
	leaf = d2i_X509(NULL, &p, (long)chain->sent[0].len);
	if (leaf != NULL)
		alone = X509_NAME_cmp(X509_get_subject_name(leaf),
				X509_get_issuer_name(leaf)) != 0;
	X509_free(leaf);
	ERR_clear_error();
	return alone;
}
