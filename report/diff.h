/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff.h - two audits compared: what is new, fixed and unchanged.
 *
 * Cases are matched by hosts, service and cause: a violation by its class and
 * how it fails, a finding by its id, on whoever shows it. Ephemeral ports do
 * not count, nor does which of two hosts opened a media flow. Constant once
 * made; the documents must outlive it.
 */
#ifndef REPORT_DIFF_H
#define REPORT_DIFF_H

#include "report/gather.h"

enum audit_side { AUDIT_OLD, AUDIT_NEW };
enum diff_kind { DIFF_VIOLATION, DIFF_FINDING, DIFF_KINDS };
enum diff_change { DIFF_NEW, DIFF_FIXED, DIFF_UNCHANGED, DIFF_CHANGES };
extern const char *const diff_kind_words[DIFF_KINDS];
extern const char *const diff_change_words[DIFF_CHANGES];

/* How well it is known that a case is fixed. */
enum diff_proof {
	PROOF_NOT_SEEN, /* no such traffic in the new audit */
	PROOF_OPEN,     /* seen, but it could not be told */
	PROOF_SEEN,     /* seen, and in order */
	DIFF_PROOFS
};
extern const char *const diff_proof_words[DIFF_PROOFS];

struct diff_item {
	enum diff_kind kind;
	enum diff_change change;
	enum traffic_class class; /* of violations */
	enum how how;
	enum finding_id finding; /* of findings */
	const char *severity;
	const char *src, *dest; /* dest "" where one host shows it */
	const char *src_role, *dest_role;
	const char *role_before; /* of dest, else src, where it differs; "" */
	const char *service;
	uint64_t flows[2];     /* by enum audit_side */
	struct proof evidence; /* of the new audit, if it is there */
	enum diff_proof proof; /* of fixed ones */
	bool worse;            /* of new ones: a step back */
};

struct diff_cert {
	enum diff_change change; /* DIFF_FIXED: not shown any more */
	json_t *cert;
};

struct diff {
	const struct audit_doc *audits[2];
	const char *version; /* of this program */
	struct diff_item *items;
	size_t count, room;
	uint64_t sums[DIFF_KINDS][DIFF_CHANGES];
	struct diff_cert *certs;
	size_t cert_count, cert_room;
	uint64_t cert_sums[DIFF_CHANGES];
	bool same_policy;
	bool worse; /* any step back */
	struct arena texts;
};

/* NULL without memory. */
struct diff *diff_new(const struct audit_doc *before,
    const struct audit_doc *now, const char *version);
void diff_free(struct diff *d);

/* What is wrong, as a sentence without a dot. */
const char *diff_title(const struct diff_item *i);

#endif
