/* SPDX-License-Identifier: MIT */
/*
 * keyring.json as jwksctl would have left it at SAMPLE_NOW, of sample keys.
 */
#ifndef T_LIB_SAMPLE_RING_H
#define T_LIB_SAMPLE_RING_H

#include "keyring/keyring.h"

#define SAMPLE_NOW INT64_C(1795500000) /* 2026-11-24T06:00:00Z */
#define SAMPLE_MAX_AGE 1800            /* while no rotation is open */
#define SAMPLE_ROTATION_MAX_AGE 120

/* Moments of the life of every key in it that has lived so long. */
#define SAMPLE_PUBLISHED (SAMPLE_NOW - 500000)
#define SAMPLE_ACTIVATED (SAMPLE_NOW - 400000)
#define SAMPLE_SUPERSEDED (SAMPLE_NOW - 300000)
#define SAMPLE_RETIRED (SAMPLE_NOW - 200000)

/* Key i of the keyring is sample key first + i, in states[i].  Valid until the
 * next call. */
const char *sample_ring(const char *issuer, unsigned first, unsigned count,
	const enum keyring_state *states);

#endif
