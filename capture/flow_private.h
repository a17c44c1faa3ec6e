/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_private.h - shared by the two files of the flow table: flow.c holds the
 * flows, flow_packet.c knows what one packet says about one of them.
 */
#ifndef CAPTURE_FLOW_PRIVATE_H
#define CAPTURE_FLOW_PRIVATE_H

#include "capture/flow.h"

/* Flows that grow old together. */
enum line { LINE_TCP, LINE_OTHER, LINE_ENDED, LINES };

extern const int64_t flow_idle_s[LINES];

/* a - b; no packet time is so odd that it overflows. */
static inline int64_t
since(int64_t a, int64_t b)
{
	int64_t d;

	if (__builtin_sub_overflow(a, b, &d))
		return a > b ? INT64_MAX : INT64_MIN;
	return d;
}

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Some order of endpoints, the same for both directions. */
static inline bool
is_below(const struct endpoint *a, const struct endpoint *b)
{
	uint64_t a0 = load64(a->addr.b);
	uint64_t b0 = load64(b->addr.b);
	uint64_t a1 = load64(a->addr.b + 8);
	uint64_t b1 = load64(b->addr.b + 8);

	if (a0 != b0)
		return a0 < b0;
	return a1 != b1 ? a1 < b1 : a->port < b->port;
}

/* The first packet: who called whom. */
void flow_open(struct flow *f, const struct packet *p);
/* Of what a copy has in common with its original; not 0. */
uint32_t flow_copy_hash(const struct packet *p);
/* Whether the packet is a copy of one of the last; if not it is remembered. */
bool flow_is_copy(struct flow *f, const struct packet *p);
/* Whether a packet of the same five-tuple begins another flow. */
bool flow_is_reuse(const struct flow *f, const struct packet *p,
    enum side side);
/* Counts a packet of the flow; the side may prove to be the other one. */
void flow_count(struct flow *f, const struct packet *p, enum side *side);

#endif
