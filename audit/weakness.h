/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weakness.h - findings on a flow that do not by themselves change its
 * verdict: old versions, weak suites and groups, certificates, credentials in
 * clear, SIP over UDP, prelude that is not TLS.
 */
#ifndef AUDIT_WEAKNESS_H
#define AUDIT_WEAKNESS_H

#include "audit/classify.h"
#include "audit/verdict.h"

void weaknesses(const struct bench *b, const struct scene_of_flow *s,
    struct judgement *j);

#endif
