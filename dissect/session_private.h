/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_private.h - what a session is made of; for session.c, which keeps
 * it and its facts, and registry.c, which finds and feeds its dissectors.
 */
#ifndef DISSECT_SESSION_PRIVATE_H
#define DISSECT_SESSION_PRIVATE_H

#include "dissect/registry.h"

enum {
	ACTIVE_MOST = 8, /* protocols that share the datagrams of a flow */
};

struct active {
	const struct dissector *d;
	void *state;
	bool done;
};

/* Unread bytes of one direction of a stream. */
struct pending {
	uint8_t *p;
	size_t n, room;
	/* where the second segment in it began, and the newest; 0: none */
	uint32_t second, newest;
	uint64_t skip;
	uint64_t taken; /* bytes that arrived, for session_offset() */
	bool started;   /* something came before */
	bool segment;   /* p[0] began a segment */
	bool told_clear;
};

/* What all sessions of a flow share. */
struct root {
	struct arena arena;
	struct arena facts; /* what the evidence is made of */
	struct evidence evidence;
	const struct keylog *keylog;
	struct session *all; /* newest first, for the end */
	uint64_t acked[2];   /* by sender, counted from the first ACK */
	uint32_t first_ack[2];
	bool has_ack[2];
	size_t collected;
	void *extra; /* of the owner of the flow */
	bool mid_stream;
};

struct session {
	struct root *root;
	struct session *next; /* root->all */
	struct five_tuple tuple;
	uint8_t scope, depth;
	uint8_t cover;
	bool datagram;
	bool over; /* nothing more to learn here */
	bool recognised;
	bool busy;        /* inside feed: no re-entry */
	unsigned unknown; /* pieces or datagrams nobody took */
	unsigned quiet;   /* datagrams of protocols that are done */
	/* of the chunk at hand */
	uint64_t packet;
	int64_t time;
	enum side side;
	/* streams */
	const struct dissector *bound;
	void *state;
	struct pending in[2];
	/* datagrams */
	struct active active[ACTIVE_MOST];
	unsigned active_count;
};

/* Zeroed state for a dissector; NULL without memory. */
void *session_state(struct session *s, const struct dissector *d);

#endif
