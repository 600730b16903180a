/* SPDX-License-Identifier: MIT */
/*
 * What the doctor's stages share.  A stage adds one finding or more; what a
 * later one needs is left in struct doctor.
 */
#ifndef AWS_INTERNAL_H
#define AWS_INTERNAL_H

#include "aws/doctor.h"

struct doctor {
	const struct aws_patient *patient;
	struct aws_report *report;
	enum aws_stage stage; /* the one at work */

	struct aws_site site; /* the issuer's; no host: not known */
	struct aws_tls tls;   /* of the JWKS's host; no chain: not known */
	struct aws_discovery discovery;
	struct key_set keys; /* those of the JWKS that are good */
	bool keys_known;     /* the JWKS was read */
};

void doctor_url(struct doctor *d);
void doctor_dns(struct doctor *d);
void doctor_tls(struct doctor *d);
void doctor_discovery(struct doctor *d);
void doctor_jwks(struct doctor *d);
void doctor_keyring(struct doctor *d);
void doctor_apiserver(struct doctor *d);
void doctor_token(struct doctor *d);
void doctor_provider(struct doctor *d);
void doctor_policy(struct doctor *d);

/* Look at the chain of a server; false: it failed, which is said. */
bool doctor_chain(
	struct doctor *d, const struct aws_site *site, struct aws_tls *tls);
/* Look a name up; false: likewise. */
bool doctor_lookup(struct doctor *d, const struct aws_site *site);

/* Did this stage fail? */
bool doctor_failed(const struct doctor *d, enum aws_stage stage);

/* A finding of the stage at work; the caller may set todo and sts of what it
 * gets, which is never NULL. */
struct aws_finding *doctor_say(struct doctor *d, enum aws_verdict verdict,
	const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A failure, with the message that a pod gets for it and what to do. */
void doctor_fail(struct doctor *d, enum aws_sts sts, const char *todo,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void doctor_warn(struct doctor *d, const char *todo, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A refusal of aws/sts.h. */
void doctor_refuse(
	struct doctor *d, const struct aws_refusal *r, const char *todo);

#endif
