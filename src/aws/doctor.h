/* SPDX-License-Identifier: MIT */
/*
 * The chain that STS walks from a token to a role, link by link and in its
 * order, each looked at as STS would.  Every link that can be looked at is,
 * and the first that is broken is the one to mend: what comes behind it often
 * fails for its sake.
 *
 * Bounded: each exchange has REMOTE_TIMEOUT_MS and REMOTE_BODY_MAX, no
 * redirect is followed.  The token is read here and sent nowhere.
 */
#ifndef AWS_DOCTOR_H
#define AWS_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "aws/provider.h"
#include "aws/site.h"
#include "aws/sts.h"
#include "key/key.h"

enum aws_stage {
	AWS_STAGE_URL,
	AWS_STAGE_DNS,
	AWS_STAGE_TLS,
	AWS_STAGE_DISCOVERY,
	AWS_STAGE_JWKS,
	AWS_STAGE_KEYRING,
	AWS_STAGE_APISERVER,
	AWS_STAGE_TOKEN,
	AWS_STAGE_PROVIDER,
	AWS_STAGE_POLICY,
};
#define AWS_STAGES 10

const char *aws_stage_name(enum aws_stage stage); /* "trust-policy" */

enum aws_verdict {
	AWS_SKIPPED, /* not looked at: not asked for, or nothing to look at */
	AWS_PASSED,
	AWS_WARNED, /* works, but not as it should */
	AWS_FAILED,
};

const char *aws_verdict_name(enum aws_verdict verdict); /* "fail" */

#define AWS_SEEN_MAX 600
#define AWS_TODO_MAX 300
#define AWS_FINDINGS_MAX 64

struct aws_finding {
	enum aws_stage stage;
	enum aws_verdict verdict;
	char seen[AWS_SEEN_MAX];
	char todo[AWS_TODO_MAX]; /* "": nothing */
	enum aws_sts sts;        /* what a pod is told; OK: nothing */
	char message[AWS_STS_MESSAGE_MAX];
};

struct aws_report {
	struct aws_finding findings[AWS_FINDINGS_MAX];
	size_t count;
};

/* What is looked at; what is NULL is not.  Borrowed. */
struct aws_patient {
	const char *issuer;
	struct aws_eye eye;
	const char *token;
	size_t token_len;
	const struct aws_provider *provider;
	const json_t *policy; /* passed aws_policy_check() */
	const char *ring_issuer;
	const struct key_set *ring;      /* what the keyring publishes */
	const struct key_set *apiserver; /* what an API server shows */
	const char *apiserver_problem;   /* why that could not be had */
};

void aws_doctor(const struct aws_patient *patient, struct aws_report *report);

/* The first finding that failed, or NULL. */
const struct aws_finding *aws_report_broken(const struct aws_report *report);

#endif
