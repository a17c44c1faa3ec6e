/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/role.h"

#include <stdlib.h>

#include "core/limits.h"
#include "core/map.h"

/* Signs in the order of their strength; the first that is set decides. */
enum sign {
	SIGN_MS_RELAY,   /* gave out relay addresses in Microsoft's dialect */
	SIGN_RELAY,      /* gave out relay addresses */
	SIGN_SIP_SERVER, /* sent what only a SIP server sends */
	SIGN_REGISTRAR,  /* was sent REGISTER and answered */
	SIGN_TLS_CLIENT, /* showed a TLS client certificate on a SIP port */
	SIGN_WEB,        /* served web services of the product */
	SIGN_SIP_CLIENT, /* sent what only a client sends */
	SIGN_CALLED,     /* was called by SIP */
	SIGN_CALLS,      /* calls by SIP, and nothing more is known */
	SIGN_COUNT
};

static const struct {
	enum role role;
	const char *how;
} signs[SIGN_COUNT] = {
	[SIGN_MS_RELAY] = { ROLE_EDGE,
	    "gives out relay addresses in Microsoft's TURN dialect" },
	[SIGN_RELAY] = { ROLE_SERVER, "gives out relay addresses (TURN)" },
	[SIGN_SIP_SERVER] = { ROLE_SERVER,
	    "sends what only a SIP server sends" },
	[SIGN_REGISTRAR] = { ROLE_SERVER, "answers REGISTER requests" },
	[SIGN_TLS_CLIENT] = { ROLE_SERVER,
	    "shows a certificate when it opens connections, as servers do" },
	[SIGN_WEB] = { ROLE_SERVER, "serves web services of the product" },
	[SIGN_SIP_CLIENT] = { ROLE_CLIENT,
	    "sends what only a SIP client sends" },
	[SIGN_CALLED] = { ROLE_SERVER, "is called by SIP" },
	[SIGN_CALLS] = { ROLE_CLIENT,
	    "calls by SIP and shows no sign of a server" },
};

struct roles {
	const struct policy *policy;
	struct map *hosts; /* address -> bit set of signs */
};

struct roles *
roles_new(const struct policy *p)
{
	struct roles *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->policy = p;
	r->hosts = map_new(LIMIT_HOSTS);
	if (r->hosts == NULL) {
		free(r);
		return NULL;
	}
	return r;
}

void
roles_free(struct roles *r)
{
	if (r == NULL)
		return;
	map_free(r->hosts);
	free(r);
}

static bool
add_sign(struct roles *r, const struct addr *a, enum sign s)
{
	uint64_t *bits = map_put(r->hosts, slice_of(a, sizeof(*a)));

	if (bits == NULL)
		return false;
	*bits |= UINT64_C(1) << s;
	return true;
}

/* The host that sent a fact. */
static const struct addr *
sender(const struct notice *n, const struct learnt *l)
{
	const struct five_tuple *t = &n->flow.tuple;

	return l->side == TO_SERVER ? &t->src.addr : &t->dst.addr;
}

static bool
add_of_sender(struct roles *r, const struct notice *n, enum fact f, enum sign s)
{
	const struct learnt *l = NULL;

	while ((l = evidence_next(&n->news, f, l)) != NULL) {
		if (!add_sign(r, sender(n, l), s))
			return false;
	}
	return true;
}

static bool
is_sip_port(uint16_t port)
{
	return port >= 5060 && port <= 5091;
}

static bool
add_sip(struct roles *r, const struct notice *n)
{
	const struct evidence *e = &n->news;
	const struct five_tuple *t = &n->flow.tuple;
	bool registers = evidence_has_text(e, FACT_SIP_METHOD, "REGISTER");

	if (evidence_first(e, FACT_SIP_METHOD) == NULL)
		return true;
	return add_of_sender(r, n, FACT_SIP_SERVER_SIGN, SIGN_SIP_SERVER) &&
	    add_of_sender(r, n, FACT_SIP_CLIENT_SIGN, SIGN_SIP_CLIENT) &&
	    add_sign(r, &t->dst.addr, SIGN_CALLED) &&
	    add_sign(r, &t->src.addr, SIGN_CALLS) &&
	    (!registers || evidence_first(e, FACT_SIP_STATUS) == NULL ||
		add_sign(r, &t->dst.addr, SIGN_REGISTRAR));
}

static bool
add_tls(struct roles *r, const struct notice *n)
{
	const struct evidence *e = &n->news;
	const struct five_tuple *t = &n->flow.tuple;
	const struct learnt *l = evidence_first(e, FACT_TLS_CLIENT_VERIFY);

	if (l == NULL || t->proto != IPPROTO_NUM_TCP ||
	    !is_sip_port(t->dst.port))
		return true;
	return add_sign(r, sender(n, l), SIGN_TLS_CLIENT) &&
	    add_sign(r, &t->dst.addr, SIGN_CALLED);
}

static bool
add_relay(struct roles *r, const struct notice *n)
{
	const struct evidence *e = &n->news;
	bool microsoft = evidence_first(e, FACT_STUN_MICROSOFT) != NULL;

	return add_of_sender(r, n, FACT_TURN_RELAYED,
	    microsoft ? SIGN_MS_RELAY : SIGN_RELAY);
}

bool
roles_add(struct roles *r, const struct notice *n)
{
	return add_sip(r, n) && add_tls(r, n) && add_relay(r, n);
}

bool
roles_join(struct roles *to, const struct roles *from)
{
	struct slice host;
	uint64_t signs_of_host;

	for (size_t i = 0; map_at(from->hosts, i, &host, &signs_of_host); i++) {
		uint64_t *bits = map_put(to->hosts, host);

		if (bits == NULL)
			return false;
		*bits |= signs_of_host;
	}
	return true;
}

struct role_known
role_of(const struct roles *r, const struct addr *a)
{
	struct role_known k = { .role = ROLE_UNKNOWN,
		.how = "nothing in the capture tells" };

	if (policy_role(r->policy, a, &k.role)) {
		k.from_policy = true;
		k.how = "the policy's inventory says so";
		return k;
	}
	const uint64_t *bits = map_get(r->hosts, slice_of(a, sizeof(*a)));

	for (unsigned s = 0; bits != NULL && s < SIGN_COUNT; s++) {
		if ((*bits >> s & 1) != 0) {
			k.role = signs[s].role;
			k.how = signs[s].how;
			k.weak = s == SIGN_CALLED;
			return k;
		}
	}
	return k;
}
