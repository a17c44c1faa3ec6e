/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/words.h"

const struct word verdict_words[VERDICTS] = {
#define VERDICT(symbol, word, meaning) { word, meaning },
#include "audit/words.def"
#undef VERDICT
};

const struct word protection_words[PROTECTIONS] = {
#define PROTECTION(symbol, word, meaning) { word, meaning },
#include "audit/words.def"
#undef PROTECTION
};

const struct word role_words[ROLES] = {
#define ROLE(symbol, word, meaning) { word, meaning },
#include "audit/words.def"
#undef ROLE
};

const struct word requirement_words[REQUIREMENTS] = {
#define REQUIREMENT(symbol, word, meaning) { word, meaning },
#include "audit/words.def"
#undef REQUIREMENT
};

const struct word class_words[CLASSES] = {
#define CLASS(symbol, word, row, required) { word, row },
#include "audit/words.def"
#undef CLASS
};

const enum requirement class_required[CLASSES] = {
#define CLASS(symbol, word, row, required) required,
#include "audit/words.def"
#undef CLASS
};

const char *const certainty_words[CERTAINTIES] = { "proven", "inferred" };

const char *const severity_words[SEVERITIES] = { "high", "medium", "low",
	"info" };

const char *const client_certificate_words[CLIENT_CERTS] = {
	[CLIENT_CERT_UNKNOWN] = "",
	[CLIENT_CERT_PRESENTED] = "presented",
	[CLIENT_CERT_DECLINED] = "declined",
	[CLIENT_CERT_NOT_REQUESTED] = "not-requested",
	[CLIENT_CERT_INHERITED] = "inherited",
	[CLIENT_CERT_INFERRED_PRESENTED] = "inferred-presented",
	[CLIENT_CERT_INFERRED_DECLINED] = "inferred-declined",
	[CLIENT_CERT_INFERRED_ABSENT] = "inferred-absent",
	[CLIENT_CERT_HIDDEN] = "hidden",
};

bool
word_find(const struct word *table, size_t n, struct slice text, unsigned *at)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_is(text, table[i].word)) {
			*at = (unsigned)i;
			return true;
		}
	}
	return false;
}

bool
role_is_server(enum role r)
{
	return r != ROLE_UNKNOWN && r != ROLE_CLIENT && r != ROLE_GATEWAY;
}
