/* SPDX-License-Identifier: MIT */
/*
 * Seeds for fuzz_key: keys of every form, public and private, in a directory
 * that is there.  They are made when they are needed and never committed.
 *
 *     seed_key DIRECTORY
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "key_make.h"

static int directory;

static void
save(const char *name, const char *form, const struct buf *bytes)
{
	char file[64];
	struct error e = {0};

	snprintf(file, sizeof(file), "%s-%s", name, form);
	if (file_replace_at(
		    directory, file, bytes->data, bytes->len, 0600, &e) != 0) {
		fprintf(stderr, "%s: %s\n", file, e.text);
		exit(EXIT_FAILURE);
	}
}

static void
save_der(const char *name, const char *form, struct buf der)
{
	char text[32];
	struct buf pem = key_make_pem("PUBLIC KEY", &der);

	save(name, form, &der);
	snprintf(text, sizeof(text), "%s.pem", form);
	save(name, text, &pem);
	buf_release(&pem);
	buf_release(&der);
}

static void
save_jwk(const char *name, EVP_PKEY *key)
{
	struct buf jwk = key_make_jwk(key, "k", ",\"key_ops\":[\"verify\"]");
	struct buf jwks = BUF_INIT;

	save(name, "jwk", &jwk);
	buf_printf(&jwks, "{\"keys\":[%s]}", jwk.data);
	save(name, "jwks", &jwks);
	buf_release(&jwk);
	buf_release(&jwks);
}

static void
save_forms(const char *name, EVP_PKEY *key)
{
	save_der(name, "spki", key_make_spki(key));
	save_der(name, "certificate", key_make_certificate(key));
	save_der(name, "pkcs8", key_make_pkcs8(key));
	save_der(name, "encrypted", key_make_pkcs8_encrypted(key));
	save_der(name, "traditional", key_make_traditional(key));
	save_der(name, "pkcs12", key_make_pkcs12(key));
	if (EVP_PKEY_is_a(key, "RSA") == 1)
		save_der(name, "pkcs1", key_make_pkcs1_public(key));
	save_jwk(name, key);
	EVP_PKEY_free(key);
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: seed_key DIRECTORY\n");
		return EXIT_FAILURE;
	}
	directory = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0) {
		perror(argv[1]);
		return EXIT_FAILURE;
	}
	save_forms("rsa", key_make_rsa(2048));
	save_forms("p256", key_make_ec("P-256"));
	save_forms("p384", key_make_ec("P-384"));
	save_forms("p521", key_make_ec("P-521"));
	save_der("openssh", "private", key_make_openssh());
	close(directory);
	return EXIT_SUCCESS;
}
