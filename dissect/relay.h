/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay.h - the peers behind one relay allocation, whatever the dialect: each
 * has an inner session for the payload it sends and gets. Embedded in the
 * state of a dissector.
 */
#ifndef DISSECT_RELAY_H
#define DISSECT_RELAY_H

#include "dissect/dissect.h"

enum { RELAY_MAPPED_MOST = 4 };

struct relay_peer {
	struct endpoint at;    /* family 0: not known */
	uint64_t key;          /* channel or session id; 0: none */
	struct session *inner; /* NULL before the first payload */
	bool refused;          /* no inner session could be had */
};

struct relay {
	struct relay_peer peer[LIMIT_RELAY_PEERS];
	unsigned count;
	struct endpoint relayed; /* address the relay gave out */
	struct endpoint mapped[RELAY_MAPPED_MOST]; /* learnt */
	unsigned mapped_told, users_told;
	bool data; /* FACT_TURN_DATA was learnt */
};

/* The peer at an address, made and learnt if it is new; NULL: no room. */
struct relay_peer *relay_at(struct session *s, struct relay *r,
    const struct endpoint *at);
/* The peer with a key; NULL if there is none. */
struct relay_peer *relay_keyed(struct relay *r, uint64_t key);
/* The peer with a key, made without an address if it is new. */
struct relay_peer *relay_key(struct relay *r, uint64_t key);

/* `payload` (borrowed) of `wire` octets to or from a peer; goes to the inner
 * session of the peer, which is made as `carrier`. */
void relay_payload(struct session *s, struct relay *r, struct relay_peer *p,
    enum carrier carrier, const struct chunk *payload);

/* Facts that are the same in every dialect; true if one was news. */
bool relay_learn_mapped(struct session *s, struct relay *r,
    const struct endpoint *e);
void relay_learn_relayed(struct session *s, struct relay *r,
    const struct endpoint *e);
void relay_learn_user(struct session *s, struct relay *r, struct slice name);

#endif
