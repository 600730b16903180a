/* SPDX-License-Identifier: MIT */
/*
 * Mints a token for a test, with libjwt, which jwksd does not use: what is
 * verified with the published keys was signed by code that is not ours.
 *
 *     mint ALG KEY.pem KID < CLAIMS.json
 */
#include <errno.h>
#include <jwt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 65536

static int
complain(const char *what, int err)
{
	fprintf(stderr, "mint: %s: %s\n", what, strerror(err));
	return -1;
}

/* All of a file and a NUL; *len without it. */
static int
read_all(FILE *file, const char *name, char bytes[INPUT_MAX], size_t *len)
{
	if (file == NULL)
		return complain(name, errno);
	*len = fread(bytes, 1, INPUT_MAX - 1, file);
	if (ferror(file) || !feof(file))
		return complain(name, EFBIG);
	bytes[*len] = '\0';
	return 0;
}

static int
read_key(const char *path, char bytes[INPUT_MAX], size_t *len)
{
	FILE *file = fopen(path, "r");
	int rc = read_all(file, path, bytes, len);

	if (file != NULL)
		fclose(file);
	return rc;
}

static int
mint(char *const args[])
{
	static char key[INPUT_MAX], claims[INPUT_MAX];
	size_t key_len, claims_len;
	jwt_t *jwt = NULL;
	char *token = NULL;
	int rc = -1, err;

	if (read_key(args[1], key, &key_len) != 0 ||
		read_all(stdin, "claims", claims, &claims_len) != 0)
		return -1;
	err = jwt_new(&jwt);
	if (err == 0)
		err = jwt_add_grants_json(jwt, claims);
	if (err == 0)
		err = jwt_add_header(jwt, "kid", args[2]);
	if (err == 0)
		err = jwt_set_alg(jwt, jwt_str_alg(args[0]),
			(const unsigned char *)key, (int)key_len);
	if (err != 0) {
		complain("not a token", err);
		goto out;
	}
	token = jwt_encode_str(jwt);
	if (token == NULL) {
		complain(args[1], errno);
		goto out;
	}
	rc = puts(token) < 0 ? -1 : 0;
out:
	free(token);
	jwt_free(jwt);
	return rc;
}

int
main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: mint ALG KEY.pem KID < CLAIMS.json\n");
		return 2;
	}
	return mint(argv + 1) == 0 ? 0 : 1;
}
