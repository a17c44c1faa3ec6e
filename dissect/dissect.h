/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dissect.h - what a protocol must offer, and what it may ask of its session.
 *
 * A dissector is one constant struct in one file. It learns facts; it does
 * not print, log, judge, or keep static state. Its state is `state_size`
 * zeroed bytes of the flow's arena. Everything runs on the worker's thread.
 */
#ifndef DISSECT_DISSECT_H
#define DISSECT_DISSECT_H

#include "dissect/evidence.h"

struct session;

enum over { OVER_STREAM = 1, OVER_DATAGRAM = 2 };

enum probe { PROBE_NO, PROBE_MORE, PROBE_YES };

/* Bytes to recognise a protocol by. Ports are a hint, never proof. */
struct sniff {
	struct slice bytes; /* streams: all unread bytes of this direction */
	enum side side;
	bool datagram;
	bool start;   /* streams: nothing of this direction came before, and the
		       * capture has the start of the connection */
	bool segment; /* streams: bytes begin where a segment began */
	uint32_t wire; /* datagrams: length on the wire, >= bytes.n */
	const struct five_tuple *tuple; /* src is the client */
};

enum feed {
	FEED_ON,   /* go on */
	FEED_DONE, /* learnt all there is: do not feed this flow any more */
	FEED_NEXT, /* streams: from the unread bytes on another protocol
		    * speaks (STARTTLS, CONNECT, RDP to TLS): probe again */
	FEED_LOST, /* these bytes are not, or no longer, this protocol */
};

struct chunk {
	struct slice bytes; /* streams: all unread bytes of this direction;
			     * datagrams: exactly one */
	enum side side;
	bool segment;    /* streams: bytes begin where a segment began */
	uint32_t wire;   /* datagrams: length on the wire */
	uint64_t packet; /* that completed the bytes */
	int64_t time;
	/* out, streams only: */
	size_t used; /* so many were read; the rest is kept for later */
	uint64_t
	    skip; /* so many more are of no interest: not given, not kept */
};

struct dissector {
	const char *name; /* of audit.app_proto */
	unsigned over;    /* enum over */
	size_t state_size;
	/*
	 * Streams: YES binds the rest of the stream to this protocol.
	 * Datagrams: asked for each datagram, several protocols share a flow.
	 */
	enum probe (*probe)(const struct sniff *s);
	enum feed (*feed)(struct session *s, void *state, struct chunk *c);
	/* Streams: n bytes of a direction are missing. NULL: FEED_LOST. */
	enum feed (
	    *gap)(struct session *s, void *state, enum side side, uint64_t n);
	/* Streams: what stood unread before the missing bytes and will never be
	 * whole: the head of a message. Asked before gap. May be NULL. */
	void (*cut)(struct session *s, void *state, enum side side,
	    struct slice bytes);
	/* The flow ends, or its facts are collected now: learn what is only
	 * known at the end. May be called more than once; learn only news. */
	void (*end)(struct session *s, void *state);
	/* Streams: `bytes` of the sender's stream are acknowledged by the other
	 * side, counted as session_acked() does. May be NULL. */
	void (*ack)(struct session *s, void *state, enum side sender,
	    uint64_t bytes);
	/* Datagrams: true if this one can bring nothing new (settled). */
	bool (*idle)(const void *state, struct slice bytes);
	/* Frees what the state holds outside the arena. May be NULL. */
	void (*drop)(void *state);
};

/*
 * What a dissector asks of its session. Facts get packet, time and side of
 * the chunk at hand, and the scope of the session.
 */
void learn_number(struct session *s, enum fact f, uint64_t n);
void learn_text(struct session *s, enum fact f, struct slice text);
void learn_bytes(struct session *s, enum fact f, const void *p, size_t n);
/* The same for a side other than that of the chunk. */
void learn_number_of(struct session *s, enum side side, enum fact f,
    uint64_t n);
void learn_bytes_of(struct session *s, enum side side, enum fact f,
    const void *p, size_t n);
/* learn_text(), unless this scope has learnt the same text. */
void learn_text_once(struct session *s, enum fact f, struct slice text);
void learn_number_once(struct session *s, enum fact f, uint64_t n);
bool session_knows(const struct session *s, enum fact f); /* in this scope */
/* The newest number learnt of a fact in this scope. */
uint64_t session_number(const struct session *s, enum fact f,
    uint64_t otherwise);
enum carrier session_carrier(const struct session *s); /* of this scope */
struct arena *session_arena(struct session *s);
const struct five_tuple *session_tuple(const struct session *s);
enum cover session_cover(const struct session *s);
bool session_is_datagram(const struct session *s);
/* TCP connection whose start the capture does not hold. */
bool session_mid_stream(const struct session *s);
/* Key log of the audit, or NULL; constant while the audit runs. */
struct keylog;
const struct keylog *session_keylog(const struct session *s);
/* Bytes of `sender` that the other side has acknowledged, counted from the
 * first ACK of the capture: only differences mean something. */
uint64_t session_acked(const struct session *s, enum side sender);
/* Bytes of this direction given to the outermost dissector so far. */
uint64_t session_offset(const struct session *s, enum side side);

/*
 * Payload inside payload goes through the registry again. The child lives as
 * long as the flow. NULL at LIMIT_INNER_DEPTH, LIMIT_SCOPES or without memory.
 */
struct inner {
	bool datagram;
	enum carrier carrier;
	enum cover cover;        /* what hides it; the parent's stays on */
	struct endpoint peer;    /* TURN */
	struct five_tuple tuple; /* as the inner bytes would travel */
};
struct session *session_inner(struct session *s, const struct inner *how);
/*
 * Streams: appends bytes (used and skip of the chunk are not looked at);
 * datagrams: one. FEED_DONE when the child learnt all there is.
 */
enum feed session_feed(struct session *s, const struct chunk *c);
void session_gap(struct session *s, enum side side, uint64_t n);
/* Has the child recognised a protocol? */
bool session_recognised(const struct session *s);
/* Forces the protocol of a stream that was not probed yet (FEED_NEXT within
 * the child, ALPN): false if a protocol is bound already. */
bool session_bind(struct session *s, const struct dissector *d);

#endif
