/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict.h - rules x facts -> verdict with reasons. The only place that
 * decides what is protected.
 */
#ifndef AUDIT_VERDICT_H
#define AUDIT_VERDICT_H

#include "audit/cert.h"
#include "audit/loss.h"
#include "audit/policy.h"
#include "audit/role.h"
#include "audit/signal.h"

/* All that a verdict rests on besides the facts; constant. */
struct bench {
	const struct policy *policy;
	const struct roles *roles;
	const struct signals *signals;
	struct cert_store *certs;
	const struct loss *loss; /* or NULL */
	bool brief;              /* only the verdict counts: leave words out */
};

void verdict_judge(const struct bench *b, const struct notice *n,
    struct judgement *out);

#endif
