/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gather.h - one walk over all flows of a document, put together as a reader
 * wants them: flows that are the same case between the same two hosts as one
 * group, TLS parameters, media, findings.
 *
 * Constant once made; belongs to whoever made it. The document may go before.
 */
#ifndef REPORT_GATHER_H
#define REPORT_GATHER_H

#include <assert.h>

#include "core/arena.h"
#include "report/remedy.h"

enum { GROUP_PROOFS = 3 };

/* A packet that shows it. */
struct proof {
	uint64_t flow;   /* flow_id */
	uint64_t packet; /* 0: none in particular */
	const char *file;
	const char *time; /* when the flow began */
	const char *text;
};

/* Same verdict, class, cause, hosts and service. */
struct group {
	enum verdict verdict;
	enum traffic_class class;
	enum how how; /* of violations */
	const char *src, *dest;
	const char *src_role, *dest_role;
	const char *service; /* "TCP 5061"; "UDP media" */
	const char *app;
	const char *required, *observed, *certainty, *rule;
	const char *wanting; /* of undetermined flows */
	uint64_t flows;
	size_t first;      /* place of its first flow in the document */
	uint64_t findings; /* bits by enum finding_id */
	struct proof proofs[GROUP_PROOFS];
	unsigned proof_count;
};

/* Flows that share some words, and how many. */
struct tally {
	const char *words[4];
	uint64_t flows;
	uint64_t bad;  /* TLS: outside the approved set */
	uint64_t weak; /* TLS: with a finding on version, suite or group */
	uint64_t by_verdict[VERDICTS];
};

struct tallies {
	struct tally *list;
	size_t count, room;
};

struct gathered {
	struct group *groups; /* in the order of their first flow */
	size_t group_count;
	uint64_t left_out;             /* flows beyond LIMIT_GROUPS */
	struct tallies tls;            /* version, suite, group */
	struct tallies media;          /* kind, observed, keying, carrier */
	struct tallies talk;           /* src_role, dest_role, class, observed;
					* violations only */
	uint64_t handshakes, approved; /* flows with TLS parameters */
	/* Where a finding was seen, at most one place each. */
	struct proof example[FINDINGS];
	const char *example_ends[FINDINGS]; /* "10.1.1.1 to 10.1.1.2" */
	uint64_t severity_high[FINDINGS];   /* flows where it is high */
	struct arena texts;
};
static_assert(FINDINGS <= 64, "group.findings");

/* Only flows of these verdicts (bits). NULL without memory. */
struct gathered *gather(const struct audit_doc *d, unsigned verdicts);
void gathered_free(struct gathered *g);

#endif
