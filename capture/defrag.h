/* SPDX-License-Identifier: Apache-2.0 */
/*
 * defrag.h - IP fragments on their way to being whole packets.
 *
 * Bytes that came first stay; what overlaps them with other bytes is counted
 * and not used. Copies of fragments do no harm. Bounded by LIMIT_DEFRAG_*: the
 * oldest goes first. What has come of a datagram is given after
 * LIMIT_DEFRAG_MS, or when it goes; should the rest still come, the whole is
 * given as well. Owned by the decoder; time is packet time.
 */
#ifndef CAPTURE_DEFRAG_H
#define CAPTURE_DEFRAG_H

#include "capture/packet.h"

struct defrag;

struct fragment {
	struct addr src, dst;
	uint32_t id;
	uint8_t proto;       /* IPv4: part of the key; 0 for IPv6 */
	uint8_t next;        /* IPv6: the header that follows */
	struct slice header; /* the plain IP header, 20 or 40 bytes */
	uint32_t offset;     /* in bytes */
	bool more;
	struct slice bytes; /* as far as captured */
	size_t missing;     /* that the wire had behind them */
	int64_t time;
	const struct packet *packet; /* that it came in */
};

/* The begin of a datagram whose rest did not come. */
struct remnant {
	uint64_t number; /* of its first fragment, as the next three */
	int64_t time;
	uint16_t vlan[LIMIT_VLANS];
	uint8_t vlans;
	uint32_t id;        /* that the fragments had */
	bool several;       /* it was put together from several */
	bool open;          /* nobody knows how long the datagram is */
	struct slice bytes; /* an IP packet without options */
	size_t missing;     /* that follow at least */
};

enum defrag_result {
	DEFRAG_KEPT,
	DEFRAG_WHOLE, /* *whole is an IP packet without options */
	DEFRAG_BAD    /* contradicts itself or what is there */
};

struct defrag_stats {
	uint64_t pieces;
	uint64_t whole;
	uint64_t lost;     /* pieces of what never became whole */
	uint64_t waiting;  /* pieces of what is not whole yet */
	uint64_t overlaps; /* pieces that disagreed with an earlier one */
};

struct defrag *defrag_new(void);
void defrag_free(struct defrag *d);
/*
 * *whole is lent until defrag_release(); *missing bytes behind it were not
 * captured.
 */
enum defrag_result defrag_add(struct defrag *d, const struct fragment *f,
    struct slice *whole, size_t *missing);
/*
 * The next remnant due at `now`; INT64_MAX: all that wait for anything. It is
 * lent until defrag_release(). False: there is none.
 */
bool defrag_has_remnant(const struct defrag *d, int64_t now);
bool defrag_remnant(struct defrag *d, int64_t now,
    struct remnant *out) MUST_CHECK;
void defrag_release(struct defrag *d);
void defrag_stats(const struct defrag *d, struct defrag_stats *out);

#endif
