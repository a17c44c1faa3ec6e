/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remedy.h - why a flow is a violation, as one of few causes, and what to do
 * about causes and findings (remedies.def).
 */
#ifndef REPORT_REMEDY_H
#define REPORT_REMEDY_H

#include "report/audit_doc.h"

enum how {
	HOW_KEYS_IN_CLEAR,
	HOW_NULL,
	HOW_ONE_SIDED, /* TLS where MTLS is required */
	HOW_CLEAR,
	HOW_OTHER,
	HOWS
};
extern const char *const how_words[HOWS];

struct cause {
	enum traffic_class class;
	enum how how;
};

struct remedy {
	const char *title; /* of violations: what is wrong; else NULL */
	const char *remedy;
	const char *setting; /* or cmdlet */
	const char *source;
};

/* Of a flow that is a violation. */
struct cause cause_of(const json_t *flow);
const struct remedy *remedy_of_cause(struct cause c); /* never NULL */
const struct remedy *remedy_of_finding(enum finding_id id);

#endif
