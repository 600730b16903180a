/* SPDX-License-Identifier: MIT */
/*
 * The rows of the AWS side: their options stand beside the commands, in their
 * own files, and are named in the table of cmd.c.
 */
#ifndef JWKSCTL_CMD_AWS_H
#define JWKSCTL_CMD_AWS_H

#include "aws/site.h"
#include "jwksctl/cmd.h"

extern const struct ctl_option aws_provider_options[];
extern const struct ctl_option aws_thumbprint_options[];
extern const struct ctl_option aws_trust_policy_options[];
extern const struct ctl_option aws_audit_options[];
extern const struct ctl_option aws_simulate_options[];
extern const struct ctl_option doctor_options[];

enum ctl_exit cmd_aws_provider(struct ctl *ctl);
enum ctl_exit cmd_aws_thumbprint(struct ctl *ctl);
enum ctl_exit cmd_aws_trust_policy(struct ctl *ctl);
enum ctl_exit cmd_aws_audit(struct ctl *ctl);
enum ctl_exit cmd_aws_simulate(struct ctl *ctl);
enum ctl_exit cmd_doctor(struct ctl *ctl);

#define AWS_OPTION_OUTPUT                                                      \
	{                                                                      \
		"o", "FORM", false, "text (for people) or json (for programs)" \
	}
#define AWS_OPTION_EYE                                          \
	{"connect", "HOST:PORT", false,                         \
		"connect there instead, for all hosts"},        \
	{                                                       \
		"cacert", "FILE", false,                        \
			"CAs to take for the public ones (PEM)" \
	}
#define AWS_OPTION_END                  \
	{                               \
		NULL, NULL, false, NULL \
	}

/* How --connect, --cacert and the clock say to look. */
struct aws_eye aws_eye_of(const struct ctl *ctl);

#endif
