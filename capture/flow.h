/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow.h - the flows one worker has in hand.
 *
 * Both directions are one flow; VLAN tags and tunnels are not part of the key.
 * The same five-tuple used again is a new flow: a SYN with another sequence
 * number than the flow began with, or silence longer than LIMIT_FLOW_IDLE of
 * its transport (LIMIT_FLOW_ENDED after FIN or RST). Stray packets of an ended
 * connection still belong to it. Belongs to one worker.
 */
#ifndef CAPTURE_FLOW_H
#define CAPTURE_FLOW_H

#include "capture/packet.h"
#include "core/limits.h"

/* Direction of bytes. The server is the side that was called. */
enum side { TO_SERVER, TO_CLIENT };

struct session;
struct stream;

struct flow_half {
	uint64_t packets : 48;  /* without duplicates */
	uint64_t tcp_flags : 8; /* of all packets, or'ed */
	bool has_seq : 1;
	bool has_isn : 1;
	uint64_t bytes; /* of the IP payload's transport payload on the wire */
	/* TCP bytes that were sent and not captured: an estimate that needs no
	 * memory; while a stream is attached, stream_lost() knows better. */
	uint64_t lost;
	uint32_t next_seq; /* TCP: one past the highest byte seen */
	uint32_t isn;      /* TCP: of the SYN, or told by the answer to it */
};

enum { FLOW_DUP_MEMORY = 8 };

/* A million are held, and with many flows each cache line is a miss: four of
 * them, in the order of use. */
struct flow {
	_Alignas(64) struct five_tuple
	    tuple;        /* src opened the flow, as far as is known */
	uint16_t vlan[2]; /* outermost and second tag first seen */
	unsigned vlans : 2;
	unsigned dup_at : 3; /* used by the table, with all that begins dup_ */
	unsigned line : 2;   /* used by the table, as the next four */
	bool mid_stream : 1; /* TCP: the first packet was no SYN */
	/* src chosen by port, or, where ports say nothing, by who was first:
	 * every mid_stream flow, and UDP first seen from a service */
	bool opened_by_guess : 1;
	bool settled : 1;  /* nothing more to learn: only counted */
	bool reported : 1; /* the auditor knows this flow */
	bool news : 1;     /* packets since the last notice */
	bool ended : 1;    /* FIN both ways or RST */
	bool evicted : 1;  /* at a ceiling, while more could be learnt */
	uint32_t older, newer, seen, self;

	/* the last packets, to know a copy from a span port */
	uint32_t dup_hash[FLOW_DUP_MEMORY];
	uint16_t dup_ms[FLOW_DUP_MEMORY]; /* the lower bits */
	uint8_t dup_ms_high[FLOW_DUP_MEMORY];

	uint64_t last_packet;
	struct flow_half half[2]; /* by enum side */

	int64_t end;
	struct stream *stream;   /* TCP reassembly; NULL when settled */
	struct session *session; /* dissectors; NULL when settled */
	uint32_t told; /* packet time of the last notice, of the worker */
	uint32_t duplicates;
	uint64_t first_packet; /* number; names the flow within the audit */
	int64_t start;
	uint32_t cut;       /* packets whose payload was cut */
	uint32_t conflicts; /* overlapping segments that differ; without those
			     * of the stream that is attached */
	uint32_t hole[2];   /* begins of the oldest that may still fill */
};

struct flow_table;

/*
 * A flow leaves: judge and write it out, free stream and session. The flow
 * itself is the table's again afterwards; no call of the table is allowed.
 */
typedef void flow_gone(void *ctx, struct flow *f);

/* At most so many flows. NULL: memory is out. */
struct flow_table *flow_table_new(size_t most, flow_gone *gone, void *ctx);
/* Lets every flow go, oldest first packet first. NULL is allowed. */
void flow_table_free(struct flow_table *t);

/*
 * The flow of a decoded packet, made if it is new, and which way the packet
 * goes. Counts the packet, sees to the reuse of the five-tuple, lets idle
 * flows and, at the ceiling, the longest silent flow go. *duplicate: a copy of
 * a packet seen within LIMIT_DUP_MS; it was counted as such and as nothing
 * else, and must not be looked at. NULL only if memory is out and no older flow
 * could go. The pointer holds until the next call.
 */
struct flow *flow_find(struct flow_table *t, const struct packet *p,
    enum side *side, bool *duplicate);

/* Every flow once, in no order; no call of the table is allowed meanwhile. */
void flow_table_each(struct flow_table *t,
    void (*visit)(void *ctx, struct flow *f), void *ctx);

/*
 * Packet time as idle flows see it: it never goes back, and leaps only when
 * several packets in a row say so. Zeroed at first.
 */
struct flow_clock {
	bool started;
	int64_t now;      /* latest believable packet time */
	int64_t second;   /* packet time of the last full second */
	uint32_t seconds; /* since the first packet */
	unsigned leaps;   /* packets in a row far ahead of now */
};

/*
 * Moves the clock and notes it in the packet. Who deals packets out to several
 * tables keeps one clock for them, so that flows end at the same packet however
 * many there are; a table has its own for packets without.
 */
void flow_tell_time(struct flow_clock *c, struct packet *p);

/*
 * Notes the hashes of a decoded packet in it: whoever reads it has its bytes at
 * hand, and flow_find() need not. That of the tuple is keyed and the same both
 * ways; its upper half chooses the worker, the tables inside use the lower.
 */
void flow_note(struct packet *p);

/* Hashes of the tuples seen lately: most packets are of few flows. Zeroed at
 * first; of one thread. */
enum { FLOW_HASHES = 1024 };
struct flow_hashes {
	struct {
		uint64_t addresses, rest, hash;
	} of[FLOW_HASHES];
};

/* Which of so many workers has the flow of a decoded packet; notes the hash of
 * the tuple alone. */
unsigned flow_worker(struct flow_hashes *lately, struct packet *p,
    unsigned workers);
/*
 * A noted packet that will be looked for soon: fetches its entry, or, `near`,
 * its flow by the entry that was fetched before.
 */
void flow_expect(const struct flow_table *t, const struct packet *p, bool near);

size_t flow_table_count(const struct flow_table *t);
uint64_t flow_table_evicted(const struct flow_table *t); /* by the ceiling */
uint64_t flow_table_duplicates(const struct flow_table *t);

/*
 * The other side called, as bytes show (ClientHello from dst): exchanges src
 * and dst, the halves and the meaning of sides from here on. Only before
 * anything was learnt. The caller turns f->stream too, see stream_turn().
 */
void flow_turn(struct flow *f);

#endif
