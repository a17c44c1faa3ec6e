/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words.h - the closed vocabulary of the audit as enums with their words.
 */
#ifndef AUDIT_WORDS_H
#define AUDIT_WORDS_H

#include "core/slice.h"

enum verdict {
#define VERDICT(symbol, word, meaning) VERDICT_##symbol,
#include "audit/words.def"
#undef VERDICT
	VERDICTS
};
enum protection {
#define PROTECTION(symbol, word, meaning) PROTECTION_##symbol,
#include "audit/words.def"
#undef PROTECTION
	PROTECTIONS
};
enum role {
#define ROLE(symbol, word, meaning) ROLE_##symbol,
#include "audit/words.def"
#undef ROLE
	ROLES
};
enum requirement {
#define REQUIREMENT(symbol, word, meaning) REQUIRE_##symbol,
#include "audit/words.def"
#undef REQUIREMENT
	REQUIREMENTS
};
enum traffic_class {
#define CLASS(symbol, word, row, required) CLASS_##symbol,
#include "audit/words.def"
#undef CLASS
	CLASSES
};
enum certainty { CERTAINTY_PROVEN, CERTAINTY_INFERRED, CERTAINTIES };
enum severity {
	SEVERITY_HIGH,
	SEVERITY_MEDIUM,
	SEVERITY_LOW,
	SEVERITY_INFO,
	SEVERITIES
};
enum client_certificate {
	CLIENT_CERT_UNKNOWN, /* no TLS: an absent key in reports */
	CLIENT_CERT_PRESENTED,
	CLIENT_CERT_DECLINED,
	CLIENT_CERT_NOT_REQUESTED,
	CLIENT_CERT_INHERITED,
	CLIENT_CERT_INFERRED_PRESENTED,
	CLIENT_CERT_INFERRED_DECLINED,
	CLIENT_CERT_INFERRED_ABSENT,
	CLIENT_CERT_HIDDEN,
	CLIENT_CERTS
};

struct word {
	const char *word;
	const char *meaning;
};
extern const struct word verdict_words[VERDICTS];
extern const struct word protection_words[PROTECTIONS];
extern const struct word role_words[ROLES];
extern const struct word requirement_words[REQUIREMENTS];
/* meaning is the row of the Lync Server 2013 table */
extern const struct word class_words[CLASSES];
extern const enum requirement class_required[CLASSES];
extern const char *const certainty_words[CERTAINTIES];
extern const char *const severity_words[SEVERITIES];
extern const char *const client_certificate_words[CLIENT_CERTS];

/* Index of `text` in a table of n words, exactly; false if it is not there. */
bool word_find(const struct word *table, size_t n, struct slice text,
    unsigned *at) MUST_CHECK;

/* A server of the deployment or of a partner, by role (not client, gateway,
 * unknown). */
bool role_is_server(enum role r);

#endif
