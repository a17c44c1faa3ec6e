/* SPDX-License-Identifier: Apache-2.0 */
/*
 * media_test.h - is this payload still random?
 *
 * Encryption makes payload uniform. Five tests with exact or strict bounds
 * look for anything else; each errs with p < 2e-7. Feed the payload of one
 * (SSRC, payload type), behind every header, without duplicates. Belongs to
 * one stream of one worker.
 */
#ifndef DISSECT_MEDIA_TEST_H
#define DISSECT_MEDIA_TEST_H

#include "dissect/evidence.h"

enum {
	MEDIA_TEST_ENOUGH = 100, /* packets after which it looks encrypted */
	MEDIA_TEST_TAGGED = 50,  /* the same, if the lengths show a tag */
	MEDIA_TEST_OCTETS = 1000,
	MEDIA_TEST_MOST = 200, /* packets looked at */
	MEDIA_TAG_NONE = 255,
	MEDIA_TAG_SURE = 16, /* packets whose lengths cannot agree by chance */
};

struct media_test;

struct media_verdict {
	enum media_result result;
	char test;        /* 'A' '2' 'B' 'D' 'E' if clear, else 0 */
	uint32_t packets; /* tested */
	uint32_t octets;  /* tested */
	uint32_t wanted;  /* RESULT_OPEN: packets that are missing */
	float z;          /* of the chi-square test */
};

struct media_test *media_test_new(void);
void media_test_free(struct media_test *t);
/*
 * The octets of one payload that were captured, not empty, and how many the
 * wire carried. What may be a constant trailer of SRTP (MKI) is left out.
 */
void media_test_add(struct media_test *t, struct slice payload,
    uint32_t octets);
/* Tests were made after 3, 5, 8, 10, 15, 20, 30, 50, 75, 100, 150 and 200
 * packets; this is what the last of them said. */
void media_test_verdict(const struct media_test *t, struct media_verdict *v);
enum media_result media_test_result(const struct media_test *t);
/* Decided, or MEDIA_TEST_MOST packets did not suffice. */
bool media_test_over(const struct media_test *t);
uint32_t media_test_packets(const struct media_test *t); /* looked at */

/*
 * Least count that a test rejects; 0: none can. Table look-ups, for n up to
 * MEDIA_TEST_MOST packets or MEDIA_TRIALS_MOST comparisons.
 */
enum { MEDIA_TRIALS_MOST = 65536 };
unsigned media_least_bytes(unsigned packets);       /* test A */
unsigned media_least_nibbles(unsigned packets);     /* test A2 */
unsigned media_least_repeats(unsigned long trials); /* tests D and E */

/*
 * Length arithmetic: with a codec of constant rate the payload is as long as
 * the time it covers, and what is more is the authentication tag of SRTP. An
 * embedded value.
 */
enum { LENGTH_RATIOS = 2, LENGTH_TAGS = 5 };
struct length_rule {
	uint16_t pairs;
	uint16_t hits[LENGTH_RATIOS][LENGTH_TAGS];
};
/* A payload of so many octets on the wire, `ticks` before the next one. */
void length_rule_add(struct length_rule *l, uint8_t pt, uint32_t octets,
    uint32_t ticks);
/* Tag octets (0: no tag), or MEDIA_TAG_NONE if no rule fits. */
uint8_t length_rule_tag(const struct length_rule *l, uint8_t *share);

#endif
