/* SPDX-License-Identifier: Apache-2.0 */
/*
 * addr.h - IP addresses, endpoints, ranges and five-tuples, as values.
 */
#ifndef CORE_ADDR_H
#define CORE_ADDR_H

#include "core/slice.h"

enum { ADDR_TEXT_MAX = 64 };

/* family 4 (first four bytes used, rest zero), 6, or 0 for none. */
struct addr {
	uint8_t b[16];
	uint8_t family;
};

struct endpoint {
	struct addr addr;
	uint16_t port;
};

/* Both ends included, one family. */
struct addr_range {
	struct addr lo;
	struct addr hi;
};

struct five_tuple {
	struct endpoint src;
	struct endpoint dst;
	uint8_t proto; /* IANA protocol number */
};

struct addr addr_v4(const uint8_t b[4]);
struct addr addr_v6(const uint8_t b[16]); /* v4-mapped becomes v4 */
bool addr_parse(struct slice text, struct addr *a) MUST_CHECK;
/* Canonical text (RFC 5952), "-" for none; returns buf. */
const char *addr_text(const struct addr *a, char buf[ADDR_TEXT_MAX]);
/* 10.1.1.1:5061 or [2001:db8::1]:5061 */
const char *endpoint_text(const struct endpoint *e, char buf[ADDR_TEXT_MAX]);
int addr_compare(const struct addr *a, const struct addr *b);
bool addr_eq(const struct addr *a, const struct addr *b);
bool endpoint_eq(const struct endpoint *a, const struct endpoint *b);
bool addr_is_loopback(const struct addr *a);
bool addr_is_multicast(const struct addr *a); /* and broadcast */
bool addr_is_private(const struct addr *a);   /* RFC 1918, 4193, link-local */

/* Address, prefix (10.0.0.0/8) or range (10.0.0.1-10.0.0.9). */
bool range_parse(struct slice text, struct addr_range *r) MUST_CHECK;
bool range_has(const struct addr_range *r, const struct addr *a);

/*
 * Community ID v1 (seed 0) text, "1:" and base64 of SHA-1; written by
 * core/digest. Symmetric in the two directions.
 */

#endif
