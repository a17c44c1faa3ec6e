/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_private.h - one policy file before it is joined with its base; shared
 * by policy.c, policy_parse.c and the built-in texts.
 */
#ifndef AUDIT_POLICY_PRIVATE_H
#define AUDIT_POLICY_PRIVATE_H

#include "audit/policy.h"
#include "core/arena.h"

struct policy_text {
	const char *name;
	const char *about;
	const char *text;
};
extern const struct policy_text policy_texts[];
extern const size_t policy_text_count;

/* A rule or service of the base that is not wanted, and where it says so. */
struct policy_drop {
	const char *word;
	unsigned line, column;
};

struct policy_drops {
	struct policy_drop *list;
	size_t count;
};

struct policy_strings {
	const char **list;
	size_t count;
	bool given;
};

struct policy_layer {
	/* set by the caller */
	const char *shown;  /* path or built-in name, for sentences */
	const char *folder; /* of the file; NULL for a built-in */
	struct slice text;
	/* set by policy_parse() */
	const char *name;
	const char *extends; /* or NULL */
	unsigned extends_line, extends_column;
	struct policy_host *hosts;
	size_t host_count;
	struct policy_name *names;
	size_t name_count;
	struct policy_strings ca, crl;
	bool has_require[CLASSES];
	enum requirement require[CLASSES];
	struct policy_service *services;
	size_t service_count;
	struct policy_rule *rules;
	size_t rule_count;
	struct policy_drops drop_rules, drop_services;
};

/* All memory comes from the arena. False with "file:line:column: sentence". */
bool policy_parse(struct policy_layer *l, struct arena *a,
    struct fault *f) MUST_CHECK;

#endif
