/* SPDX-License-Identifier: MIT */
/*
 * The manifests that give pods the IAM role of their service account: a
 * MutatingAdmissionPolicy, which the API server runs itself, or the webhook of
 * AWS for clusters that need one.  Both do the same to a pod, by the rules of
 * amazon-eks-pod-identity-webhook (pkg/handler/handler.go, pkg/cache/cache.go).
 */
#ifndef KUBE_IRSA_H
#define KUBE_IRSA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

#define IRSA_NAME "irsa"
#define IRSA_PREFIX "eks.amazonaws.com"
#define IRSA_AUDIENCE "sts.amazonaws.com"
#define IRSA_WEBHOOK_NAMESPACE "pod-identity-webhook"
#define IRSA_WEBHOOK_IMAGE \
	"public.ecr.aws/eks/amazon-eks-pod-identity-webhook:v0.6.17"

#define IRSA_SELECTOR_MAX 255

#define IRSA_EXPIRATION 86400 /* seconds; what the webhook asks for */
#define IRSA_EXPIRATION_MIN 600
#define IRSA_EXPIRATION_MAX 86400

/* Strings are the caller's; none is NULL but region and selector. */
struct irsa {
	const char *name;     /* of the policy, or of the webhook */
	const char *prefix;   /* of the annotations */
	const char *audience; /* of tokens, unless annotated */
	const char *region;   /* for AWS_REGION; NULL: leave it alone */
	int64_t expiration;   /* of tokens in seconds, unless annotated */
	bool regional;        /* STS of the region, unless annotated */

	/* of the policy only */
	const char *api_version; /* of admissionregistration.k8s.io */
	const char *selector;    /* KEY=VALUE, label of service accounts */
	bool session_name;       /* AWS_ROLE_SESSION_NAME is the pod's name */

	/* of the webhook only */
	const char *namespace;
	const char *image;
};

/* What is there without options. */
extern const struct irsa irsa_defaults;

/* May these be put into manifests and expressions?  The error names the
 * member and its rule. */
int irsa_check(const struct irsa *irsa, struct error *e)
	__attribute__((warn_unused_result));

/* Append YAML; irsa has passed irsa_check().  Valid only when buf_ok(). */
void irsa_policy_render(struct buf *b, const struct irsa *irsa);
void irsa_webhook_render(struct buf *b, const struct irsa *irsa);

#endif
