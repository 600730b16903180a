/* SPDX-License-Identifier: MIT */
/*
 * The rows of the Kubernetes side: their options stand beside the commands, in
 * their own files, and are named in the table of cmd.c.
 */
#ifndef JWKSCTL_CMD_KUBE_H
#define JWKSCTL_CMD_KUBE_H

#include "jwksctl/cmd.h"

extern const struct ctl_option kube_check_options[];
extern const struct ctl_option kube_irsa_policy_options[];
extern const struct ctl_option mirror_options[];

enum ctl_exit cmd_kube_check(struct ctl *ctl);
enum ctl_exit cmd_kube_irsa_policy(struct ctl *ctl);
enum ctl_exit cmd_mirror(struct ctl *ctl);

#endif
