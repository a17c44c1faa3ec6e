/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learns: TURN_PEER, TURN_RELAYED, TURN_DATA, STUN_MAPPED, STUN_USERNAME.
 */
#include "dissect/relay.h"

enum { USERS_MOST = 8 };

static struct relay_peer *
add(struct relay *r)
{
	if (r->count == LIMIT_RELAY_PEERS)
		return NULL;
	return &r->peer[r->count++];
}

struct relay_peer *
relay_at(struct session *s, struct relay *r, const struct endpoint *at)
{
	for (unsigned i = 0; i < r->count; i++) {
		if (endpoint_eq(&r->peer[i].at, at))
			return &r->peer[i];
	}
	struct relay_peer *p = add(r);

	if (p == NULL)
		return NULL;
	p->at = *at;
	if (at->addr.family != 0)
		learn_bytes(s, FACT_TURN_PEER, at, sizeof(*at));
	return p;
}

struct relay_peer *
relay_keyed(struct relay *r, uint64_t key)
{
	for (unsigned i = 0; i < r->count; i++) {
		if (r->peer[i].key == key && key != 0)
			return &r->peer[i];
	}
	return NULL;
}

struct relay_peer *
relay_key(struct relay *r, uint64_t key)
{
	struct relay_peer *p = relay_keyed(r, key);

	if (p == NULL && (p = add(r)) != NULL)
		p->key = key;
	return p;
}

void
relay_payload(struct session *s, struct relay *r, struct relay_peer *p,
    enum carrier carrier, const struct chunk *payload)
{
	if (!r->data) {
		r->data = true;
		learn_number(s, FACT_TURN_DATA, 1);
	}
	if (p->inner == NULL && !p->refused) {
		struct inner how = {
			.datagram = true,
			.carrier = carrier,
			.peer = p->at,
		};

		if (r->relayed.addr.family != 0 && p->at.addr.family != 0) {
			how.tuple.src = r->relayed;
			how.tuple.dst = p->at;
			how.tuple.proto = IPPROTO_NUM_UDP;
		}
		p->inner = session_inner(s, &how);
		p->refused = p->inner == NULL;
	}
	if (p->inner != NULL)
		(void)session_feed(p->inner, payload);
}

bool
relay_learn_mapped(struct session *s, struct relay *r, const struct endpoint *e)
{
	for (unsigned i = 0; i < r->mapped_told; i++) {
		if (endpoint_eq(&r->mapped[i], e))
			return false;
	}
	if (r->mapped_told == RELAY_MAPPED_MOST)
		return false;
	r->mapped[r->mapped_told] = *e;
	r->mapped_told++;
	learn_bytes(s, FACT_STUN_MAPPED, e, sizeof(*e));
	return true;
}

void
relay_learn_relayed(struct session *s, struct relay *r,
    const struct endpoint *e)
{
	if (endpoint_eq(&r->relayed, e))
		return;
	r->relayed = *e;
	learn_bytes(s, FACT_TURN_RELAYED, e, sizeof(*e));
}

void
relay_learn_user(struct session *s, struct relay *r, struct slice name)
{
	if (r->users_told == USERS_MOST || name.n == 0)
		return;
	r->users_told++;
	learn_text_once(s, FACT_STUN_USERNAME, name);
}
