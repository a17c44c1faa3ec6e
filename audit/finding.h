/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finding.h - weaknesses and remarks on a flow or a certificate.
 */
#ifndef AUDIT_FINDING_H
#define AUDIT_FINDING_H

#include "audit/words.h"

enum finding_id {
#define FINDING(symbol, id, severity, meaning, source) FINDING_##symbol,
#include "audit/findings.def"
#undef FINDING
	FINDINGS
};

enum finding_side { SIDE_NEITHER, SIDE_SERVER, SIDE_CLIENT };

struct finding {
	enum finding_id id;
	enum severity severity;
	enum finding_side side;
	uint64_t packet; /* that shows it; 0: none in particular */
	char text[200];  /* a sentence without a dot, safe for a terminal */
};

struct finding_kind {
	const char *id;
	enum severity severity;
	const char *meaning;
	const char *source;
};
extern const struct finding_kind finding_kinds[FINDINGS];
extern const char *const finding_sides[3]; /* "", "server", "client" */

enum { LIMIT_FINDINGS = 24 };
struct findings {
	unsigned count;
	struct finding f[LIMIT_FINDINGS];
};

/*
 * Adds a finding of its usual severity, once per id and side; `text` NULL
 * means the meaning of the table. Returns it for changes, or NULL if it was
 * there or there is no room.
 */
struct finding *findings_add(struct findings *fs, enum finding_id id,
    enum finding_side side, const char *text);

#endif
