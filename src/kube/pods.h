/* SPDX-License-Identifier: MIT */
/*
 * The flags of a cluster's API servers, where they run as pods that can be
 * seen: kubeadm, RKE2, Talos, kOps.
 */
#ifndef KUBE_PODS_H
#define KUBE_PODS_H

#include <jansson.h>

#include "kube/apiserver.h"

/* The pods of kube-system that are API servers, as a new array, which may be
 * empty.  NULL on failure. */
json_t *kube_read_apiserver_pods(const struct kube_apiserver *server,
	struct error *e) __attribute__((warn_unused_result));

/* Borrowed from the pod. */
const char *kube_pod_name(const json_t *pod);
/* The i-th value of --NAME=VALUE in the commands of the pod, or NULL. */
const char *kube_pod_flag(const json_t *pod, const char *name, size_t i);

#endif
