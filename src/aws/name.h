/* SPDX-License-Identifier: MIT */
/*
 * The names that IAM goes by: issuers, ARNs, accounts, service accounts.
 * Pure; appended text is valid only when buf_ok() says so.
 */
#ifndef AWS_NAME_H
#define AWS_NAME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

#define AWS_AUDIENCE "sts.amazonaws.com" /* what EKS and its webhook use */
#define AWS_SUBJECT_MAX 255              /* STS: webIdentitySubjectType */
#define AWS_SUBJECT_PREFIX "system:serviceaccount:"

/* May this be the URL of an IAM OIDC provider?  The rules of config/url.h,
 * without the exceptions for trying out.  The text says what to write. */
int aws_issuer_check(const char *url, struct error *e)
	__attribute__((warn_unused_result));

/* The issuer as condition keys and ARNs have it, without https://; borrowed.
 * What has no such scheme is given back as it is. */
const char *aws_issuer_bare(const char *url);

/* NULL stands for "aws". */
int aws_partition_check(const char *partition, struct error *e)
	__attribute__((warn_unused_result));

/* Twelve digits. */
int aws_account_check(const char *account, struct error *e)
	__attribute__((warn_unused_result));

/* arn:PARTITION:iam::ACCOUNT:oidc-provider/HOST/PATH */
void aws_provider_arn(struct buf *b, const char *partition, const char *account,
	const char *issuer);

/* IAM's own rule for the name of a role. */
int aws_role_name_check(const char *name, struct error *e)
	__attribute__((warn_unused_result));

/* "NAMESPACE/NAME" -> "system:serviceaccount:NAMESPACE:NAME", appended.  Each
 * part by Kubernetes' rules; stars and question marks only if wildcard, which
 * *wide tells that there were. */
int aws_subject(struct buf *b, const char *account, bool wildcard, bool *wide,
	struct error *e) __attribute__((warn_unused_result));

#endif
