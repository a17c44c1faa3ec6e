/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.h - the typed filter of the flows screen: words that must all hold.
 *
 *   verdict:violation class:av-media host:10.1.0.0/16 port:5061
 *   sni:contoso finding:certificate.* !role:client text
 *
 * Alternatives are separated by commas, * stands for any text at either end,
 * ! negates, quotes hold blanks together. Pure functions of text and rows.
 */
#ifndef UI_FILTER_H
#define UI_FILTER_H

#include "audit/view.h"

enum {
	FILTER_LINE = 256, /* longest filter, with its end */
	FILTER_TERMS = 16,
	FILTER_CHOICES = 8,
	FILTER_TEXT = 64,
};

enum filter_kind {
	FILTER_ANYWHERE, /* a word without a key */
	FILTER_VERDICT,
	FILTER_CLASS,
	FILTER_HOST,
	FILTER_SRC,
	FILTER_DST,
	FILTER_PORT,
	FILTER_NAME,
	FILTER_FINDING,
	FILTER_ROLE,
	FILTER_PROTO,
	FILTER_APP,
	FILTER_OBSERVED,
	FILTER_CERTAINTY,
	FILTER_SEVERITY,
	FILTER_CERT,
	FILTER_FLOW,
	FILTER_IS,
	FILTER_KINDS
};

struct filter_span {
	uint64_t lo, hi;
};

struct filter_term {
	enum filter_kind kind;
	bool negate;
	uint64_t mask; /* words of the vocabulary, a bit each */
	unsigned count;
	struct addr_range ranges[FILTER_CHOICES];
	struct filter_span spans[FILTER_CHOICES];
	char texts[FILTER_CHOICES][FILTER_TEXT]; /* lower case */
	/* ANYWHERE: words of the vocabulary that hold the text */
	uint64_t verdicts, classes, roles, findings, observed;
	bool is_address_like;
};

struct filter {
	struct filter_term terms[FILTER_TERMS];
	unsigned count;
};

struct filter_fault {
	size_t at; /* where the wrong word begins */
	char text[160];
	bool unfinished; /* it is the last word and may still become right */
};

/* False with a sentence that names the nearest word. An empty text is a filter
 * that everything passes. */
bool filter_parse(const char *text, struct filter *out,
    struct filter_fault *fault) MUST_CHECK;
/* `tagged`: the user marked this row. */
bool filter_match(const struct filter *f, const struct view_row *r,
    bool tagged);

/* Is there a term of this kind? */
bool filter_asks(const struct filter *f, enum filter_kind kind);

/*
 * Completes the word that ends at `at` in place, as far as it is certain, and
 * returns where the cursor stands then. `hints` gets the words that are
 * possible, separated by blanks.
 */
size_t filter_complete(char text[FILTER_LINE], size_t at, char *hints,
    size_t room);

/* For the help: the keys of the language; NULL after the last. */
const char *filter_key(size_t i, const char **about);

/* Does `text` hold `needle` (lower case)? Any case; * at the ends of the
 * needle means it is the whole text. */
bool filter_text_has(const char *text, const char *needle);

#endif
