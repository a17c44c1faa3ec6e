/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice.h - what a worker tells the auditor of a flow: one flat block, its
 * own memory, no pointer into the worker. Whoever receives it frees it.
 */
#ifndef AUDIT_NOTICE_H
#define AUDIT_NOTICE_H

#include "dissect/evidence.h"

/* Counters and identity of a flow at one moment. */
struct flow_view {
	struct five_tuple tuple;
	uint64_t first_packet, last_packet;
	int64_t start, end;
	uint64_t packets[2], bytes[2], lost[2]; /* by enum side */
	uint64_t duplicates;
	uint64_t conflicts; /* overlapping segments that differ */
	uint32_t cut;
	uint16_t vlan[2];
	uint8_t vlans;
	uint8_t tcp_flags[2];
	bool mid_stream, opened_by_guess;
	bool ended;
	bool evicted; /* let go at the ceiling, while it may have lived */
};

struct notice {
	struct flow_view flow;
	size_t size;         /* bytes of the block */
	size_t used;         /* of them; facts have room, too */
	bool last;           /* the flow is gone: nothing more comes */
	bool mark;           /* not of a flow: audit/period.h says what */
	bool lent;           /* notice_lend() made it */
	uint32_t period;     /* of the run; 0 is the first (audit/period.h) */
	struct notice *next; /* of whoever has it */
	char guess[32];      /* nDPI's name, lower case; empty: none */
	/* Facts since the last notice. Last: only scope_count scopes of it
	 * are there. */
	struct evidence news;
};

/* Facts from number `from` on. NULL without memory. */
struct notice *notice_new(const struct flow_view *flow,
    const struct evidence *e, size_t from);
/*
 * The same without a copy, in the caller's `room`: it points into the evidence
 * and holds as long as that does not change. Whoever takes it over copies what
 * shall stay.
 */
struct notice *notice_lend(struct notice *room, const struct flow_view *flow,
    const struct evidence *e, size_t from);
/* A copy of one that is lent, else the same. NULL without memory. */
struct notice *notice_own(struct notice *n);
void notice_free(struct notice *n); /* leaves alone what is lent */
/*
 * The same with the bytes of some facts kept elsewhere: `keep` gives a copy
 * that outlives the notice, or NULL for what shall stay inside. Takes the old
 * one over.
 */
struct notice *notice_share(struct notice *n,
    const uint8_t *(*keep)(void *ctx, const struct learnt *l), void *ctx);
/* One that stands alone, whatever notice_share() did. NULL without memory. */
struct notice *notice_copy(const struct notice *n);
/* The same without the facts that `drop` is true of; asked once for each, in
 * the order learnt. */
struct notice *notice_copy_without(const struct notice *n,
    bool (*drop)(void *ctx, const struct learnt *l), void *ctx);
/*
 * `later` after `first`, as one; takes `later` over. What `first` had stays
 * where it is if there is room behind it, and `first` is returned; else it is
 * a new block, and `first` stays as it is and the caller's. Room grows with
 * the block, so that a trunk of a hundred thousand calls is not copied for each
 * of them. NULL only without memory.
 */
struct notice *notice_grow(struct notice *first, struct notice *later);
/* The same, but always in a new block. */
struct notice *notice_extend(const struct notice *first, struct notice *later);
/* The same, but `first` is freed where it is not what is returned. */
struct notice *notice_join(struct notice *first, struct notice *later);

#endif
