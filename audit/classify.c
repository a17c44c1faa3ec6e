/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/classify.h"

#include <stdio.h>

#include "core/buf.h"
#include "core/text.h"

struct list {
	struct candidate_class *c;
	unsigned n;
};

static struct candidate_class *
add(struct list *l, enum traffic_class class, enum basis basis, uint64_t packet)
{
	for (unsigned i = 0; i < l->n; i++) {
		if (l->c[i].class == class && l->c[i].basis == basis)
			return &l->c[i];
	}
	if (l->n == LIMIT_CANDIDATES)
		return &l->c[l->n - 1];
	struct candidate_class *c = &l->c[l->n++];

	*c = (struct candidate_class){ .class = class,
		.basis = basis,
		.packet = packet };
	return c;
}

#define WHY(c, ...) (void)snprintf((c)->why, sizeof((c)->why), __VA_ARGS__)

/* Readable on the wire, or inside the TLS of the flow? */
static enum basis
basis_of(const struct scene_of_flow *s, const struct learnt *l)
{
	unsigned scope = l->scope;

	if (evidence_cover(s->e, l) != COVER_NONE)
		return BASIS_TLS;
	/* TLS that does not encrypt is still what protects, in name only. */
	for (unsigned depth = 0; depth < LIMIT_INNER_DEPTH && scope != 0;
	     depth++) {
		if (s->e->scopes[scope].carrier == CARRIER_TLS)
			return BASIS_TLS;
		scope = s->e->scopes[scope].parent;
	}
	return BASIS_CLEAR;
}

/* ---- signalling ---- */

static bool
is_gateway_leg(const struct scene_of_flow *s)
{
	return s->src == ROLE_GATEWAY || s->dest == ROLE_GATEWAY;
}

/* Class of SIP between these two hosts. Gateways are called by servers: a
 * client that signs in at one has no exemption. */
static enum traffic_class
sip_class(const struct scene_of_flow *s)
{
	bool client = s->src == ROLE_CLIENT || s->dest == ROLE_CLIENT;

	if (is_gateway_leg(s) && !(client && s->src_listed && s->dest_listed))
		return CLASS_GATEWAY_SIGNALLING;
	if (s->for_clients)
		return CLASS_CLIENT_TO_SERVER;
	/* Nobody but another server waits for a server's calls. */
	bool called = role_is_server(s->dest) ||
	    (s->src_listed && s->dest == ROLE_UNKNOWN);

	if (role_is_server(s->src) && called)
		return CLASS_SERVER_TO_SERVER;
	return CLASS_CLIENT_TO_SERVER;
}

static void
sip(const struct scene_of_flow *s, struct list *l)
{
	const struct learnt *m = evidence_first(s->e, FACT_SIP_METHOD);
	const struct learnt *im = evidence_first(s->e, FACT_SIP_IM);
	const struct learnt *presence = evidence_first(s->e, FACT_SIP_PRESENCE);
	const struct learnt *media = NULL;
	const char *transport = s->flow->tuple.proto == IPPROTO_NUM_UDP ? "UDP"
	    : s->flow->tuple.proto == IPPROTO_NUM_SCTP                  ? "SCTP"
									: "TCP";

	if (m == NULL)
		m = evidence_first(s->e, FACT_SIP_STATUS);
	if (m == NULL)
		return;
	enum basis basis = basis_of(s, m);
	struct candidate_class *c = add(l, sip_class(s), basis, m->packet);

	if (m->fact == FACT_SIP_METHOD)
		WHY(c, "SIP %.*s readable over %s", (int)m->bytes.n,
		    (const char *)m->bytes.p, transport);
	else
		WHY(c, "SIP response %u readable over %s", (unsigned)m->number,
		    transport);
	if (im != NULL || presence != NULL) {
		c = add(l, CLASS_IM_PRESENCE, basis,
		    im != NULL ? im->packet : presence->packet);
		WHY(c, "%s readable in SIP over %s",
		    im != NULL ? "instant messages" : "presence", transport);
	}
	while ((media = evidence_next(s->e, FACT_SDP_MEDIA, media)) != NULL) {
		struct sdp_media d;

		if (media->bytes.n != sizeof(d))
			continue;
		memcpy(&d, media->bytes.p, sizeof(d));
		if (d.kind != MEDIA_APPSHARING)
			continue;
		c = add(l, CLASS_DESKTOP_SIGNALLING, basis, media->packet);
		WHY(c, "invitation to share a desktop readable in SIP over %s",
		    transport);
	}
}

static void
messages(const struct scene_of_flow *s, struct list *l)
{
	const struct learnt *x = evidence_first(s->e, FACT_XMPP_STREAM);
	const struct learnt *clear = NULL;

	if (x == NULL) {
		x = evidence_first(s->e, FACT_MSRP_METHOD);
		if (x != NULL)
			WHY(add(l, CLASS_IM_PRESENCE, basis_of(s, x),
				x->packet),
			    "MSRP messages readable");
		return;
	}
	/* A stream that begins in clear and turns to TLS protects its content
	 * (RFC 6120 5); credentials or stanzas before that are not. */
	static const enum fact content[] = { FACT_XMPP_SASL,
		FACT_XMPP_CONTENT };

	for (size_t i = 0; i < COUNT(content) && clear == NULL; i++) {
		const struct learnt *f = NULL;

		while ((f = evidence_next(s->e, content[i], f)) != NULL) {
			if (evidence_cover(s->e, f) == COVER_NONE)
				clear = f;
		}
	}
	bool internal = s->flow->tuple.dst.port == 23456 &&
	    role_is_server(s->src) && role_is_server(s->dest);
	enum traffic_class class =
	    internal ? CLASS_SERVER_TO_SERVER : CLASS_IM_PRESENCE;

	if (clear == NULL && s->has_tls &&
	    s->tls.progress != TLS_PROGRESS_NONE) {
		add(l, class, BASIS_TLS, x->packet);
		return;
	}
	struct candidate_class *c = add(l, class, BASIS_CLEAR,
	    clear != NULL ? clear->packet : x->packet);

	/* Every stream begins so; it may have gone on with STARTTLS. */
	if (clear == NULL && evidence_first(s->e, FACT_XMPP_DIALBACK) == NULL) {
		c->open = true;
		c->missing = "what follows the start of the stream";
	}
	WHY(c, "XMPP %s readable",
	    clear == NULL                       ? "stream"
		: clear->fact == FACT_XMPP_SASL ? "login (SASL)"
						: "stanzas");
}

/* Messages over WebSocket that are compressed are no less readable; which
 * protocol they follow, the handshake says. */
static void
compressed(const struct scene_of_flow *s, struct list *l)
{
	const struct learnt *up = evidence_first(s->e, FACT_HTTP_UPGRADE);
	static const char *const others[] = { "xmpp", "msrp" };

	if (l->n > 0 || up == NULL)
		return;
	if (evidence_has_text(s->e, FACT_PROTOCOL, "sip")) {
		WHY(add(l, sip_class(s), basis_of(s, up), up->packet),
		    "SIP over WebSocket, agreed in its handshake");
		return;
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		if (evidence_has_text(s->e, FACT_PROTOCOL, others[i]))
			WHY(add(l, CLASS_IM_PRESENCE, basis_of(s, up),
				up->packet),
			    "%s over WebSocket, agreed in its handshake",
			    others[i]);
	}
}

/* ---- media ---- */

static enum traffic_class
media_class(const struct scene_of_flow *s)
{
	bool desktop = s->media.kind == MEDIA_APPSHARING;

	if (is_gateway_leg(s))
		return CLASS_GATEWAY_MEDIA;
	return desktop ? CLASS_DESKTOP_MEDIA : CLASS_AV_MEDIA;
}

static void
media(const struct scene_of_flow *s, struct list *l)
{
	const struct learnt *stun = NULL;
	const uint16_t turns = 5349; /* RFC 8656 section 4: TURN over TLS */

	if (s->has_media)
		add(l, media_class(s), BASIS_MEDIA, s->media.packet);
	static const enum fact signs[] = { FACT_TURN_RELAYED, FACT_TURN_PEER,
		FACT_TURN_DATA, FACT_STUN_MAPPED, FACT_STUN_ICE,
		FACT_STUN_MICROSOFT, FACT_TLS_PSEUDO };

	for (size_t i = 0; i < COUNT(signs) && stun == NULL; i++)
		stun = evidence_first(s->e, signs[i]);
	/* A data channel (RFC 8261): DTLS for its own sake beside ICE. */
	bool channel = s->has_tls && s->tls.dtls && !s->has_media &&
	    s->tls.progress == TLS_PROGRESS_COMPLETE;

	if (channel)
		add(l, CLASS_OTHER, BASIS_TLS, s->tls.hello_packet);
	else if (stun != NULL || evidence_has_text(s->e, FACT_PROTOCOL, "stun"))
		WHY(add(l, CLASS_RELAY_CONTROL, BASIS_CLEAR,
			stun != NULL ? stun->packet : 0),
		    "STUN or TURN control messages");
	if (!s->has_media && s->has_tls && l->n == 0 &&
	    s->flow->tuple.dst.port == turns) {
		struct candidate_class *c =
		    add(l, CLASS_AV_MEDIA, BASIS_NOTHING, s->tls.hello_packet);

		c->by_port = true;
		WHY(c, "TURN over TLS: what is relayed is hidden on this leg");
		add(l, CLASS_RELAY_CONTROL, BASIS_TLS, s->tls.hello_packet);
	}
}

/* RDP that is not inside RTP. */
static void
desktop(const struct scene_of_flow *s, struct list *l)
{
	const struct learnt *x = evidence_first(s->e, FACT_RDP_SELECTED);
	const struct learnt *method = evidence_first(s->e, FACT_RDP_METHOD);
	const struct learnt *clear = evidence_first(s->e, FACT_RDP_CLEAR);
	struct candidate_class *c;

	if (s->has_media || !evidence_has_text(s->e, FACT_PROTOCOL, "rdp"))
		return;
	if (s->has_tls && method == NULL) {
		add(l, CLASS_DESKTOP_MEDIA, BASIS_TLS, s->tls.hello_packet);
		return;
	}
	if (method == NULL && x != NULL && x->number != 0) {
		c = add(l, CLASS_DESKTOP_MEDIA, BASIS_NOTHING, x->packet);
		WHY(c,
		    "RDP agreed on its own security; its start was not "
		    "captured whole");
		return;
	}
	if (method == NULL && clear == NULL && x == NULL) {
		c = add(l, CLASS_DESKTOP_MEDIA, BASIS_NOTHING, 0);
		WHY(c, "RDP connection request without an answer");
		return;
	}
	c = add(l, CLASS_DESKTOP_MEDIA, BASIS_CLEAR,
	    method != NULL      ? method->packet
		: clear != NULL ? clear->packet
				: x->packet);
	WHY(c, "%s",
	    method != NULL && method->number != 0
		? "standard RDP security (RC4), no TLS"
		: "RDP without encryption");
}

/* ---- HTTP ---- */

static bool
is_web_role(enum role r)
{
	return r == ROLE_FRONT_END || r == ROLE_DIRECTOR ||
	    r == ROLE_REVERSE_PROXY || r == ROLE_OFFICE_WEB_APPS ||
	    r == ROLE_PERSISTENT_CHAT || r == ROLE_EDGE;
}

static bool
is_web_port(const struct scene_of_flow *s)
{
	return s->service != NULL && strcmp(s->service->protocol, "http") == 0;
}

/*
 * One half of an exchange. An answer alone may belong to a first contact that
 * is allowed; a request without credentials may be sent on to HTTPS.
 */
static const char *
missing_half(const struct http_exchange *h, const struct web_request *w)
{
	if (w->method.n == 0)
		return "the request: some paths may be asked for in clear";
	if (h->status == 0 && w->bare && (h->flags & HTTP_BODY_SENT) == 0)
		return "the answer: a redirect to HTTPS is allowed in clear";
	return NULL;
}

static void
say_exchange(struct candidate_class *c, const struct http_exchange *h,
    const struct web_request *w, bool redirect)
{
	struct buf b;

	if (w->method.n == 0) {
		WHY(c, "HTTP answer %u in clear", (unsigned)h->status);
		return;
	}
	buf_init(&b);
	buf_safe(&b, slice_head(w->path, 60));
	WHY(c, "HTTP %.*s %s%s", (int)(w->method.n < 12 ? w->method.n : 12),
	    (const char *)w->method.p, b.n > 0 ? b.p : "",
	    redirect && c->class == CLASS_BOOTSTRAP
		? " answered by a redirect to HTTPS"
		: " in clear");
	buf_done(&b);
}

static void
exchange(const struct scene_of_flow *s, const struct learnt *x, struct list *l)
{
	struct http_exchange h;
	struct web_request w;

	if (x->bytes.n != sizeof(h))
		return;
	memcpy(&h, x->bytes.p, sizeof(h));
	web_request_of(&h, &w);
	/* A proxy that was asked for a tunnel: what counts is inside. */
	if (slice_is(w.method, "CONNECT") && s->has_tls)
		return;
	bool web = s->dest_listed && is_web_role(s->dest);
	bool known = w.known && (!w.common || web);
	/* Remote administration and monitoring agents speak HTTP as well. */
	bool ours = web && is_web_port(s);
	bool redirect = (h.flags & HTTP_TO_HTTPS) != 0 && w.bare;
	enum basis basis = basis_of(s, x);
	enum traffic_class class = CLASS_OTHER;
	struct candidate_class *c;

	if (basis == BASIS_CLEAR && (known || ours) &&
	    (redirect || (w.bootstrap && w.bare)))
		class = CLASS_BOOTSTRAP;
	else if (known && w.class != CLASS_OTHER)
		class = w.class;
	else if ((h.flags & HTTP_BOSH) != 0)
		class = CLASS_IM_PRESENCE;
	else if (ours)
		class = CLASS_WEB_SERVICES;
	c = add(l, class, basis, x->packet);
	if (class == CLASS_BOOTSTRAP && known && w.class != CLASS_OTHER &&
	    w.class != CLASS_WEB_SERVICES)
		add(l, w.class, BASIS_NOTHING, x->packet)->aside = true;
	const char *missing = basis == BASIS_CLEAR && class != CLASS_BOOTSTRAP
	    ? missing_half(&h, &w)
	    : NULL;

	/* A whole exchange tells more than a half one before it. */
	if (c->fact != NULL && (!c->open || missing != NULL))
		return;
	c->fact = x;
	c->bare = w.bare;
	c->open = missing != NULL;
	c->missing = missing;
	c->packet = x->packet;
	say_exchange(c, &h, &w, redirect);
}

static void
http(const struct scene_of_flow *s, struct list *l)
{
	const struct learnt *x = NULL;

	while ((x = evidence_next(s->e, FACT_HTTP_EXCHANGE, x)) != NULL)
		exchange(s, x, l);
}

/* ---- what only TLS, or nothing, shows: the port table ---- */

static bool
is_sip_row(const struct policy_service *row)
{
	return strcmp(row->protocol, "sip") == 0;
}

/* Rows of a port whatever the role of the listener: do they agree? */
static bool
port_means(const struct scene_of_flow *s, enum traffic_class *class, bool *sip_)
{
	const struct five_tuple *t = &s->flow->tuple;
	const struct policy_service *const *rows;
	size_t n = policy_port(s->policy, t->dst.port, &rows);
	bool any = false, agree = true;

	*sip_ = true;
	for (size_t i = 0; i < n; i++) {
		const struct policy_service *row = rows[i];

		if (row->proto != 0 && row->proto != t->proto)
			continue;
		*sip_ = *sip_ && is_sip_row(row);
		if (any && *class != row->class)
			agree = false;
		*class = row->class;
		any = true;
	}
	return any && (agree || *sip_);
}

/*
 * What no row of the table says of TLS: media ranges overlap and hold
 * anything, TURN on 443 is not TLS at all, and only where the listener is
 * known must everybody who calls it be a server.
 */
static bool
row_tells(const struct scene_of_flow *s, const struct policy_service *row)
{
	switch (row->class) {
	case CLASS_AV_MEDIA:
	case CLASS_DESKTOP_MEDIA:
	case CLASS_GATEWAY_MEDIA:
	case CLASS_RELAY_CONTROL:
		return !s->has_tls;
	case CLASS_SERVER_TO_SERVER:
		return is_sip_row(row) ||
		    (s->dest_listed && role_is_server(s->dest));
	default:
		return true;
	}
}

/* Class of a connection whose content is hidden or unknown. */
static bool
class_by_port(const struct scene_of_flow *s, enum traffic_class *class)
{
	const struct five_tuple *t = &s->flow->tuple;
	const struct policy_service *row = s->service;
	bool sip_;

	/* Media ranges of a role cover what any server may listen on. */
	if (row != NULL && !row_tells(s, row))
		row = policy_service(s->policy, ROLE_UNKNOWN, s->src, t->proto,
		    t->dst.port);
	if (row != NULL && row_tells(s, row)) {
		*class = is_sip_row(row) && row->class != CLASS_WEB_CONFERENCING
		    ? sip_class(s)
		    : row->class;
		if (*class == CLASS_GATEWAY_SIGNALLING && !is_gateway_leg(s))
			*class = sip_class(s);
		/* TLS where clear first contact is allowed as well. */
		if (*class == CLASS_BOOTSTRAP && s->has_tls)
			*class = CLASS_WEB_SERVICES;
		return true;
	}
	if (!port_means(s, class, &sip_))
		return false;
	if (sip_) {
		*class = sip_class(s);
		return true;
	}
	/* Many speak TLS on these ports; only the product's servers mean by it
	 * what the table does. */
	return !s->dest_listed && *class == CLASS_WEB_CONFERENCING;
}

static bool
alpn_is(const struct scene_of_flow *s, const char *name)
{
	return evidence_has_text(s->e, FACT_TLS_ALPN, name) ||
	    evidence_has_text(s->e, FACT_TLS_OFFERED_ALPN, name);
}

/*
 * TLS that is not of the product, whoever listens: ports that the registry of
 * service names (RFC 6335) gives to others, and TLS that a protocol nobody
 * here knows asked for before.
 */
static bool
belongs_to_others(const struct scene_of_flow *s)
{
	static const uint16_t ports[] = {
		1270, /* System Center Operations Manager, agents */
		2376, /* Docker */
		3269, /* Global Catalog over TLS */
		3389, /* Remote Desktop */
		5671, /* AMQP */
		5723, /* System Center Operations Manager */
		5986, /* WS-Management */
		6514, /* syslog */
		6697, /* IRC */
		8172, /* IIS remote management */
		8531, /* Windows Server Update Services */
		8883, /* MQTT */
	};
	const struct learnt *l = NULL;

	for (size_t i = 0; i < COUNT(ports); i++) {
		if (s->flow->tuple.dst.port == ports[i])
			return true;
	}
	while ((l = evidence_next(s->e, FACT_CLEAR_BYTES, l)) != NULL) {
		if (l->packet < s->tls.hello_packet)
			return true;
	}
	return false;
}

static void
hidden(const struct scene_of_flow *s, struct list *l)
{
	enum traffic_class class;
	uint64_t packet = s->tls.hello_packet;
	bool web = alpn_is(s, "h2") || alpn_is(s, "http/1.1");

	/* A data channel, or a protocol that is known and not of the table. */
	if (s->tls.dtls || evidence_first(s->e, FACT_STARTTLS) != NULL)
		return;
	if (class_by_port(s, &class)) {
		add(l, class, BASIS_TLS, packet)->by_port = true;
		return;
	}
	bool to_server = s->dest_listed && role_is_server(s->dest);

	if (belongs_to_others(s))
		return;
	if (to_server && web && is_web_role(s->dest)) {
		add(l, CLASS_WEB_SERVICES, BASIS_TLS, packet)->by_port = true;
		return;
	}
	if (!to_server || !s->src_listed)
		return;
	/* A port the table does not know, between hosts the policy knows.
	 * Low ones belong to others (IMAPS, LDAPS ...), and so may TLS that
	 * began behind what was not captured (STARTTLS). */
	bool free_port =
	    s->flow->tuple.dst.port >= 1024 && !s->flow->mid_stream;

	if (s->src == ROLE_CLIENT && s->dest != ROLE_SQL && free_port)
		add(l, CLASS_CLIENT_TO_SERVER, BASIS_TLS, packet)->by_port =
		    true;
	else if (role_is_server(s->src))
		add(l, CLASS_INFRASTRUCTURE, BASIS_TLS, packet)->by_port = true;
}

static bool in_scope_by_port(enum traffic_class class)
{
	return class != CLASS_OTHER && class != CLASS_BOOTSTRAP &&
	    class != CLASS_AV_MEDIA && class != CLASS_GATEWAY_MEDIA &&
	    class != CLASS_DESKTOP_MEDIA && class != CLASS_RELAY_CONTROL;
}

/* What belongs on this listener, but was not captured well enough. */
static bool
is_expected(const struct scene_of_flow *s)
{
	return strcmp(s->app, "tls") == 0 ||
	    strcmp(s->app, s->service->protocol) == 0;
}

/* Did both sides send bytes that nobody recognised? */
static bool
talked_in_clear(const struct scene_of_flow *s)
{
	const struct learnt *l = NULL;
	unsigned sides = 0;

	while ((l = evidence_next(s->e, FACT_CLEAR_BYTES, l)) != NULL)
		sides |= 1U << l->side;
	return sides == 3;
}

/*
 * Nobody recognised the bytes, or there are none. On a listener of the port
 * table that must be TLS, bytes from the very start that are not TLS are
 * readable: for PSOM there is no other sign.
 */
static void
unknown(const struct scene_of_flow *s, struct list *l)
{
	enum traffic_class class;
	const struct learnt *clear = evidence_first(s->e, FACT_CLEAR_BYTES);
	bool named = s->notice->guess[0] != '\0' ||
	    evidence_first(s->e, FACT_PROTOCOL) != NULL;

	if (evidence_has_text(s->e, FACT_PROTOCOL, "sip")) {
		WHY(add(l, sip_class(s), BASIS_NOTHING, s->flow->first_packet),
		    "SIP, of which no message was captured whole");
		return;
	}
	if (s->service == NULL || !class_by_port(s, &class) ||
	    !in_scope_by_port(class))
		return;
	if (class == CLASS_INFRASTRUCTURE) {
		add(l, class, BASIS_NOTHING, 0)->by_port = true;
		return;
	}
	if (named && !is_expected(s))
		return;
	/* Whoever only knocks at the door was not let in. */
	bool from_start = !named && talked_in_clear(s) &&
	    !s->flow->mid_stream && s->flow->lost[0] + s->flow->lost[1] == 0;
	struct candidate_class *c = add(l, class,
	    from_start && class == CLASS_WEB_CONFERENCING ? BASIS_CLEAR
							  : BASIS_NOTHING,
	    clear != NULL ? clear->packet : s->flow->first_packet);

	c->by_port = true;
	if (s->flow->bytes[0] + s->flow->bytes[1] == 0)
		WHY(c, "no payload at all was exchanged");
	else if (from_start)
		WHY(c,
		    "bytes that are not TLS, from the first on, at a "
		    "listener that must be TLS");
	else if (named)
		WHY(c, "%s, of which too little was captured", s->app);
	else
		WHY(c, "bytes of no known protocol");
}

static void
infrastructure(const struct scene_of_flow *s, struct list *l)
{
	static const char *const names[] = { "tds", "mssql-tds", "smbv1",
		"smbv23", "smb", "rpc", "dce_rpc", "kerberos", "ldap",
		"netbios", "msmq" };

	if (s->service != NULL && s->service->class == CLASS_INFRASTRUCTURE) {
		add(l, CLASS_INFRASTRUCTURE,
		    s->has_tls ? BASIS_TLS : BASIS_NOTHING, 0)
		    ->by_port = true;
		return;
	}
	if (!s->dest_listed || !role_is_server(s->dest))
		return;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcmp(s->app, names[i]) == 0) {
			add(l, CLASS_INFRASTRUCTURE, BASIS_NOTHING, 0);
			return;
		}
	}
}

unsigned
classify(const struct scene_of_flow *s,
    struct candidate_class out[LIMIT_CANDIDATES])
{
	struct list l = { out, 0 };

	sip(s, &l);
	messages(s, &l);
	compressed(s, &l);
	media(s, &l);
	desktop(s, &l);
	http(s, &l);
	if (l.n == 0)
		infrastructure(s, &l);
	if (l.n == 0 && s->has_tls)
		hidden(s, &l);
	else if (l.n == 0)
		unknown(s, &l);
	if (l.n == 0)
		add(&l, CLASS_OTHER, s->has_tls ? BASIS_TLS : BASIS_NOTHING,
		    s->flow->first_packet);
	return l.n;
}
