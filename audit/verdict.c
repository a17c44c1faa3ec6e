/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/verdict.h"

#include <stdarg.h>
#include <stdio.h>

#include "audit/classify.h"
#include "audit/weakness.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/text.h"

/* What was seen of the protection of one class. */
struct seen {
	enum protection observed;
	enum certainty certainty;
	bool open;  /* whatever was observed, the verdict stays open */
	bool brief; /* nobody reads words: there are none */
	uint64_t packet;
	char why[REASON_TEXT];
	char missing[160];
};

#define PUT(s, what, ...)                                            \
	do {                                                         \
		if (!(s)->brief)                                     \
			(void)snprintf((s)->what, sizeof((s)->what), \
			    __VA_ARGS__);                            \
	} while (0)
#define SAY(s, ...)     PUT(s, why, __VA_ARGS__)
#define MISSING(s, ...) PUT(s, missing, __VA_ARGS__)

void
judgement_reason(struct judgement *j, uint64_t packet, const char *fmt, ...)
{
	va_list ap;

	if (j->brief || j->reason_count == LIMIT_REASONS)
		return;
	struct reason *r = &j->reasons[j->reason_count++];

	va_start(ap, fmt);
	(void)vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	r->packet = packet;
}

/* ---- the scene ---- */

static void
name_protocol(struct scene_of_flow *s)
{
	/* The innermost that says what the flow is for comes first. */
	static const char *const order[] = { "sip", "xmpp", "msrp", "rdp",
		"http", "http2", "rtp", "rtcp", "turn", "ms-turn", "stun",
		"zrtp", "dtls", "tls" };
	const struct learnt *l = NULL;
	size_t best = COUNT(order);

	while ((l = evidence_next(s->e, FACT_PROTOCOL, l)) != NULL) {
		for (size_t i = 0; i < best; i++) {
			if (slice_is(l->bytes, order[i]))
				best = i;
		}
	}
	if (best < COUNT(order)) {
		text_put(s->app, sizeof(s->app), order[best]);
		return;
	}
	l = evidence_last(s->e, FACT_PROTOCOL);
	if (l != NULL)
		(void)snprintf(s->app, sizeof(s->app), "%.*s",
		    (int)(l->bytes.n < 20 ? l->bytes.n : 20),
		    (const char *)l->bytes.p);
	else
		text_put(s->app, sizeof(s->app), s->notice->guess);
}

/* How the media beside these control packets is protected (RFC 3550 11). */
static enum protection
companion_of(const struct bench *b, const struct notice *rtcp)
{
	const struct record *beside = signals_companion(b->signals, rtcp);
	struct unpacked room;
	struct promise promises[LIMIT_PROMISES];
	struct media_state m;

	if (beside == NULL)
		return PROTECTION_UNKNOWN;
	const struct notice *media = record_facts(beside, &room);
	size_t n = signals_promises(b->signals, media, promises);

	return media_judge(media, promises, n, &m) ? m.observed
						   : PROTECTION_UNKNOWN;
}

static void
set_scene(const struct bench *b, const struct notice *n,
    struct scene_of_flow *s)
{
	const struct five_tuple *t = &n->flow.tuple;
	struct role_known src = role_of(b->roles, &t->src.addr);
	struct role_known dest = role_of(b->roles, &t->dst.addr);

	memset(s, 0, offsetof(struct scene_of_flow, tls));
	s->notice = n;
	s->e = &n->news;
	s->flow = &n->flow;
	s->policy = b->policy;
	s->brief = b->brief;
	s->src = src.role;
	s->dest = dest.role;
	s->src_listed = src.from_policy;
	s->src_weak = src.weak;
	s->dest_listed = dest.from_policy;
	s->has_tls = mutual_judge(s->e, s->flow, -1, &s->tls,
	    b->brief ? NULL : &s->tls_words);
	s->promise_count = signals_promises(b->signals, n, s->promises);
	s->has_media = media_judge(n, s->promises, s->promise_count, &s->media);
	if (s->has_media && s->media.only_rtcp)
		s->companion = companion_of(b, n);
	s->service =
	    policy_service(b->policy, s->dest, s->src, t->proto, t->dst.port);
	if (s->service == NULL && s->src == ROLE_LOAD_BALANCER) {
		s->service = policy_service(b->policy, s->dest, ROLE_CLIENT,
		    t->proto, t->dst.port);
		s->for_clients = s->service != NULL;
	}
	name_protocol(s);
}

/* ---- TLS ---- */

static void
inherit(const struct bench *b, struct scene_of_flow *s, struct judgement *j)
{
	bool exact;
	struct tls_state first;
	struct tls_words words;
	const struct record *r;
	const struct notice *n;
	struct unpacked room;

	if (!s->tls.resumed || s->tls.client != CLIENT_CERT_HIDDEN)
		return;
	r = signals_first_handshake(b->signals, s->notice, &exact);
	if (r == NULL)
		return;
	n = record_facts(r, &room);
	if (!mutual_judge(&n->news, &n->flow, -1, &first,
		b->brief ? NULL : &words) ||
	    first.resumed)
		return;
	bool presented = first.client == CLIENT_CERT_PRESENTED ||
	    first.client == CLIENT_CERT_INFERRED_PRESENTED;

	j->resumed_from = r->first_packet;
	if (first.client == CLIENT_CERT_HIDDEN)
		return;
	s->tls.certainty = exact && first.certainty == CERTAINTY_PROVEN
	    ? CERTAINTY_PROVEN
	    : CERTAINTY_INFERRED;
	s->tls.packet = s->tls.hello_packet;
	s->tls.client = presented ? CLIENT_CERT_INHERITED : first.client;
	if (b->brief)
		return;
	s->tls_words.missing[0] = '\0';
	(void)snprintf(s->tls_words.why, sizeof(s->tls_words.why),
	    "resumed session (linked %s); in its first handshake, packet "
	    "%llu: %.200s",
	    exact ? "by session id or ticket"
		  : "by host, name and ticket length",
	    (unsigned long long)PACKET_FRAME(
		first.packet != 0 ? first.packet : first.hello_packet),
	    words.why);
}

static bool
is_mutual(enum client_certificate c)
{
	return c == CLIENT_CERT_PRESENTED || c == CLIENT_CERT_INHERITED ||
	    c == CLIENT_CERT_INFERRED_PRESENTED;
}

/* An exchange before TLS asked a proxy for the connection. */
static bool
is_http_inside(const struct scene_of_flow *s)
{
	const struct learnt *x = NULL;

	while ((x = evidence_next(s->e, FACT_HTTP_EXCHANGE, x)) != NULL) {
		if (evidence_cover(s->e, x) != COVER_NONE)
			return true;
	}
	return evidence_has_text(s->e, FACT_TLS_ALPN, "h2") ||
	    evidence_has_text(s->e, FACT_TLS_ALPN, "http/1.1") ||
	    evidence_has_text(s->e, FACT_TLS_OFFERED_ALPN, "h2") ||
	    evidence_has_text(s->e, FACT_TLS_OFFERED_ALPN, "http/1.1");
}

static void
tls_unfinished(const struct tls_state *t, struct seen *out)
{
	/* Both sides spoke TLS; whether it came to protect anything is another
	 * question, which the verdict leaves open. */
	out->open = true;
	out->observed =
	    t->version != 0 || t->progress == TLS_PROGRESS_MID_STREAM
	    ? PROTECTION_TLS
	    : PROTECTION_UNKNOWN;
	out->certainty = CERTAINTY_INFERRED;
	out->packet = t->fail_packet != 0 ? t->fail_packet : t->hello_packet;
	switch (t->progress) {
	case TLS_PROGRESS_MID_STREAM:
		SAY(out,
		    "TLS records, but the capture does not hold the start "
		    "of the connection");
		MISSING(out, "the handshake: a capture that begins earlier");
		return;
	case TLS_PROGRESS_FAILED:
		SAY(out,
		    "the TLS handshake failed: nothing was protected, "
		    "nothing was sent");
		MISSING(out, "a handshake that succeeds");
		return;
	case TLS_PROGRESS_INCOMPLETE:
		SAY(out, "the TLS handshake was not seen to finish");
		MISSING(out, "the rest of the handshake");
		return;
	case TLS_PROGRESS_NONE:
	case TLS_PROGRESS_COMPLETE:
		break;
	}
}

static void
see_tls(const struct scene_of_flow *s, struct seen *out)
{
	const struct tls_state *t = &s->tls;

	if (!s->has_tls || t->progress != TLS_PROGRESS_COMPLETE) {
		tls_unfinished(t, out);
		return;
	}
	out->packet = t->packet != 0 ? t->packet : t->hello_packet;
	if (t->null_cipher || t->anonymous) {
		out->observed = PROTECTION_NULL;
		out->certainty = CERTAINTY_PROVEN;
		out->packet = t->hello_packet;
		SAY(out, "%s",
		    t->null_cipher
			? "TLS was negotiated with a suite that does not "
			  "encrypt"
			: "TLS was negotiated with an anonymous key exchange: "
			  "anybody may sit in between");
		return;
	}
	out->certainty = t->certainty;
	SAY(out, "%s", s->tls_words.why);
	MISSING(out, "%s", s->tls_words.missing);
	if (t->maybe_null) {
		out->observed = PROTECTION_UNKNOWN;
		out->certainty = CERTAINTY_INFERRED;
		SAY(out,
		    "the client offered suites that protect nothing, and the "
		    "server's choice was not captured");
		MISSING(out, "the ServerHello");
		return;
	}
	/* Certificates of DTLS are made for the call and vouch for nobody. */
	if (is_mutual(t->client) && !t->dtls)
		out->observed = PROTECTION_MTLS;
	else
		out->observed =
		    is_http_inside(s) ? PROTECTION_HTTPS : PROTECTION_TLS;
	if (t->client != CLIENT_CERT_HIDDEN)
		return;
	/* TLS itself is certain; only the client's part is not. */
	out->certainty = t->version == 0 || t->resumed ? CERTAINTY_INFERRED
						       : CERTAINTY_PROVEN;
}

/*
 * Control packets alone speak for themselves, not for the media: the flow
 * beside them or signalling must agree.
 */
static void
see_control(const struct scene_of_flow *s, struct seen *out)
{
	bool promised = s->promise_count > 0 &&
	    (out->observed == PROTECTION_SRTP ? s->promises[0].secure
					      : s->promises[0].clear);

	out->open = s->companion != out->observed && !promised;
	if (out->open)
		MISSING(out, "the media that these control packets belong to");
}

static void
see(const struct scene_of_flow *s, const struct candidate_class *c,
    struct seen *out)
{
	memset(out, 0, offsetof(struct seen, why));
	out->why[0] = out->missing[0] = '\0';
	out->brief = s->brief;
	out->packet = c->packet;
	switch (c->basis) {
	case BASIS_CLEAR:
		out->observed = PROTECTION_NONE;
		out->certainty = CERTAINTY_PROVEN;
		out->open = c->open;
		SAY(out, "%s", c->why);
		MISSING(out, "%s", c->missing != NULL ? c->missing : "");
		return;
	case BASIS_TLS:
		see_tls(s, out);
		return;
	case BASIS_MEDIA:
		out->observed = s->media.observed;
		out->certainty = s->media.certainty;
		out->packet = s->media.packet;
		SAY(out, "%.*s", REASON_TEXT - 1, s->media.why);
		MISSING(out, "%s", s->media.missing);
		if (s->media.only_rtcp)
			see_control(s, out);
		return;
	case BASIS_NOTHING:
		break;
	}
	out->observed = PROTECTION_UNKNOWN;
	out->certainty = CERTAINTY_INFERRED;
	SAY(out, "%s", c->why[0] != '\0' ? c->why : "no bytes tell");
	MISSING(out, "%s",
	    s->flow->bytes[0] + s->flow->bytes[1] == 0
		? "payload"
		: "bytes that show the protocol");
}

/* ---- requirement ---- */

static int
demand(enum requirement r)
{
	static const int order[REQUIREMENTS] = {
		[REQUIRE_NONE] = 0,
		[REQUIRE_GATEWAY] = 1,
		[REQUIRE_HTTPS] = 2,
		[REQUIRE_TLS] = 3,
		[REQUIRE_SRTP] = 4,
		[REQUIRE_MTLS] = 5,
	};

	return order[r];
}

static void
rule_text(struct judgement *j, const char *policy, const char *id)
{
	if (!j->brief)
		(void)snprintf(j->rule, sizeof(j->rule), "%s/%s", policy, id);
}

static const struct policy_rule *
match_rule(const struct scene_of_flow *s, const struct candidate_class *c,
    const struct policy_rule **expired)
{
	struct policy_question q = {
		.class = c->class,
		.src = s->flow->tuple.src,
		.dest = s->flow->tuple.dst,
		.src_role = s->src,
		.dest_role = s->dest,
		.proto = s->flow->tuple.proto,
		.protocol = s->app,
		/* XMPP that goes on without TLS and without a login. */
		.bare = c->basis == BASIS_CLEAR && !c->open &&
		    evidence_first(s->e, FACT_XMPP_SASL) == NULL,
		.time = s->flow->start,
	};
	struct http_exchange h;
	struct web_request w;

	if (c->fact != NULL && c->fact->bytes.n == sizeof(h)) {
		memcpy(&h, c->fact->bytes.p, sizeof(h));
		web_request_of(&h, &w);
		q.path = w.path;
		q.bare = w.bare;
	}
	return policy_match(s->policy, &q, expired);
}

/* What this class must have here, and by which rule. */
static enum requirement
requirement(const struct scene_of_flow *s, const struct candidate_class *c,
    const struct policy_rule **rule, struct judgement *j)
{
	const struct policy_rule *expired = NULL;

	*rule = match_rule(s, c, &expired);
	if (expired != NULL) {
		char text[200], day[CLOCK_TEXT_MAX];

		(void)snprintf(text, sizeof(text),
		    "rule %s/%s would have matched but expired on %s",
		    expired->policy, expired->id,
		    clock_date(expired->expires - 1, day));
		(void)findings_add(&j->findings, FINDING_POLICY_RULE_EXPIRED,
		    SIDE_NEITHER, text);
	}
	if (*rule != NULL) {
		rule_text(j, (*rule)->policy, (*rule)->id);
		return (*rule)->require;
	}
	rule_text(j, s->policy->require_policy[c->class],
	    class_words[c->class].word);
	if (s->service != NULL && s->service->has_require &&
	    s->service->class == c->class)
		return s->service->require;
	return s->policy->require[c->class];
}

/* ---- verdict ---- */

static enum verdict
none_demanded(enum traffic_class class, enum protection p)
{
	bool strong = p == PROTECTION_MTLS || p == PROTECTION_SRTP;

	switch (class) {
	case CLASS_OTHER:
	case CLASS_INFRASTRUCTURE:
		return VERDICT_OUT_OF_SCOPE;
	case CLASS_GATEWAY_MEDIA:
	case CLASS_GATEWAY_SIGNALLING:
		return strong ? VERDICT_COMPLIANT : VERDICT_EXEMPT;
	default:
		return VERDICT_EXEMPT;
	}
}

static bool
is_tls(enum protection p)
{
	return p == PROTECTION_TLS || p == PROTECTION_HTTPS ||
	    p == PROTECTION_MTLS;
}

/*
 * Who shows no certificate may be a client: a balancer that calls in its own
 * name passes on clients and servers, and phones call each other.
 */
static bool
may_be_client(const struct scene_of_flow *s)
{
	return role_is_server(s->dest) &&
	    (s->src == ROLE_LOAD_BALANCER || s->src_weak);
}

static enum verdict
mutual_verdict(const struct scene_of_flow *s, enum protection p)
{
	if (p == PROTECTION_MTLS)
		return VERDICT_COMPLIANT;
	if (is_tls(p) &&
	    (s->tls.client == CLIENT_CERT_HIDDEN || may_be_client(s)))
		return VERDICT_UNDETERMINED;
	return VERDICT_VIOLATION;
}

static enum verdict
compare(const struct scene_of_flow *s, enum requirement need,
    enum traffic_class class, const struct seen *seen)
{
	enum protection p = seen->observed;

	if (need == REQUIRE_NONE)
		return none_demanded(class, p);
	if (p == PROTECTION_UNKNOWN || seen->open)
		return VERDICT_UNDETERMINED;
	if (need == REQUIRE_GATEWAY)
		return p == PROTECTION_NONE ? VERDICT_EXEMPT
					    : mutual_verdict(s, p);
	if (p == PROTECTION_NONE || p == PROTECTION_NULL)
		return VERDICT_VIOLATION;
	if (need == REQUIRE_MTLS)
		return mutual_verdict(s, p);
	if (need == REQUIRE_SRTP)
		return p == PROTECTION_SRTP ? VERDICT_COMPLIANT
					    : VERDICT_UNDETERMINED;
	return is_tls(p) ? VERDICT_COMPLIANT : VERDICT_UNDETERMINED;
}

/* Worse first: what a flow is known for when it carries several classes of
 * the same demand. */
static int
gravity(enum verdict v)
{
	static const int order[VERDICTS] = {
		[VERDICT_VIOLATION] = 4,
		[VERDICT_UNDETERMINED] = 3,
		[VERDICT_COMPLIANT] = 2,
		[VERDICT_EXEMPT] = 1,
		[VERDICT_OUT_OF_SCOPE] = 0,
	};

	return order[v];
}

struct opinion {
	const struct candidate_class *c;
	struct seen seen;
	enum requirement need;
	enum verdict verdict;
	const struct policy_rule *rule;
	char rule_name[RULE_TEXT];
};

static void
form_opinion(const struct scene_of_flow *s, const struct candidate_class *c,
    struct opinion *o, struct judgement *j)
{
	o->c = c;
	see(s, c, &o->seen);
	o->need = requirement(s, c, &o->rule, j);
	memcpy(o->rule_name, j->rule, sizeof(o->rule_name));
	if (c->by_port && !(s->src_listed && s->dest_listed) &&
	    o->seen.observed != PROTECTION_UNKNOWN)
		o->seen.certainty = CERTAINTY_INFERRED;
	/* Where HTTPS is what counts, a client certificate is extra. */
	if (o->need == REQUIRE_HTTPS && o->seen.observed == PROTECTION_MTLS &&
	    is_http_inside(s))
		o->seen.observed = PROTECTION_HTTPS;
	o->verdict = compare(s, o->need, c->class, &o->seen);
	if (o->verdict == VERDICT_UNDETERMINED && o->need == REQUIRE_MTLS &&
	    may_be_client(s) && o->seen.missing[0] == '\0')
		MISSING(&o->seen, "%s",
		    s->src_weak
			? "whether the caller is a server: list it in the "
			  "policy"
			: "who called the load balancer: its other side");
	if (o->rule != NULL && o->rule->exempt &&
	    o->verdict == VERDICT_OUT_OF_SCOPE && c->class != CLASS_OTHER &&
	    c->class != CLASS_INFRASTRUCTURE)
		o->verdict = VERDICT_EXEMPT;
	/* Protection that the class would have had to have anyway. */
	if (o->rule != NULL && o->need == REQUIRE_NONE &&
	    s->policy->require[c->class] != REQUIRE_NONE &&
	    compare(s, s->policy->require[c->class], c->class, &o->seen) ==
		VERDICT_COMPLIANT)
		o->verdict = VERDICT_COMPLIANT;
}

/*
 * The class of the record is the most demanding one. A violation outweighs a
 * class that demands more and was met.
 */
static bool
outweighs(const struct opinion *a, const struct opinion *b)
{
	bool va = a->verdict == VERDICT_VIOLATION;
	bool vb = b->verdict == VERDICT_VIOLATION;

	if (va != vb)
		return va;
	if (demand(a->need) != demand(b->need))
		return demand(a->need) > demand(b->need);
	return gravity(a->verdict) > gravity(b->verdict);
}

static void
list_also(struct judgement *j, const struct opinion *o, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		bool known = o[i].c->class == j->class;

		for (unsigned k = 0; k < j->also_count; k++)
			known |= j->also[k] == o[i].c->class;
		if (!known && j->also_count < LIMIT_ALSO)
			j->also[j->also_count++] = o[i].c->class;
	}
}

static void
apply(const struct opinion *o, struct judgement *j)
{
	j->class = o->c->class;
	j->required = o->need;
	j->observed = o->seen.observed;
	j->certainty = o->seen.certainty;
	j->verdict = o->verdict;
	memcpy(j->rule, o->rule_name, sizeof(j->rule));
	judgement_reason(j, o->seen.packet, "%s", o->seen.why);
	if (o->verdict == VERDICT_UNDETERMINED && !j->brief)
		(void)snprintf(j->wanting, sizeof(j->wanting), "%s",
		    o->seen.missing[0] != '\0' ? o->seen.missing
					       : "more of this flow");
	if (o->rule != NULL && o->rule->because != NULL)
		judgement_reason(j, 0, "%s: %s", o->rule_name,
		    o->rule->because);
}

/* ---- remarks that change or explain the verdict ---- */

static void
media_remarks(const struct scene_of_flow *s, struct judgement *j)
{
	const struct media_state *m = &s->media;
	bool is_media = j->class == CLASS_AV_MEDIA ||
	    j->class == CLASS_DESKTOP_MEDIA || j->class == CLASS_GATEWAY_MEDIA;

	if (!s->has_media || !is_media)
		return;
	j->has_media = true;
	j->media_kind = m->kind;
	j->media_keying = m->keying;
	j->media_carrier = m->carrier;
	if (m->promise != NULL) {
		const struct promise *p = m->promise;

		j->signalled_by = p->by->first_packet;
		judgement_reason(j, p->packet, "signalling: %s %s at %s",
		    media_kind_names[p->media->kind], p->media->profile,
		    p->answered ? "offered and answered" : "offered");
	}
	if (m->remark[0] != '\0')
		judgement_reason(j, 0, "%s", m->remark);
	if (m->keys_readable && m->observed != PROTECTION_NONE) {
		struct finding *f = findings_add(&j->findings,
		    FINDING_MEDIA_KEYS_IN_CLEAR, SIDE_NEITHER, NULL);

		if (f != NULL)
			f->packet = m->promise->packet;
		if (m->observed != PROTECTION_SRTP)
			return;
		j->verdict = VERDICT_VIOLATION;
		j->certainty = CERTAINTY_PROVEN;
		j->wanting[0] = '\0';
		judgement_reason(j, m->promise->packet,
		    "the SRTP keys of this media (%s) stand readable in clear "
		    "signalling",
		    m->promise->media->suite);
	}
	if (m->observed == PROTECTION_NONE && m->promised_srtp &&
	    m->promise->answered && !m->null_cipher)
		(void)findings_add(&j->findings,
		    FINDING_MEDIA_SIGNALLED_SENT_CLEAR, SIDE_NEITHER, NULL);
}

/* The verdict says that something did not happen: no client certificate was
 * asked for. What was readable or was negotiated stays so. */
static bool
rests_on_absence(const struct scene_of_flow *s, const struct opinion *o)
{
	enum client_certificate c = s->tls.client;

	return o->verdict == VERDICT_VIOLATION && o->c->basis == BASIS_TLS &&
	    is_tls(o->seen.observed) &&
	    (c == CLIENT_CERT_NOT_REQUESTED ||
		c == CLIENT_CERT_INFERRED_ABSENT);
}

static void
loss_remark(const struct bench *b, const struct scene_of_flow *s,
    const struct opinion *o, struct judgement *j)
{
	char text[LOSS_TEXT];

	if ((j->verdict != VERDICT_UNDETERMINED &&
		j->verdict != VERDICT_VIOLATION) ||
	    !loss_doubts(b->loss, s->flow, text))
		return;
	(void)findings_add(&j->findings, FINDING_CAPTURE_LOSS, SIDE_NEITHER,
	    text);
	if (j->verdict != VERDICT_VIOLATION || !rests_on_absence(s, o))
		return;
	j->verdict = VERDICT_UNDETERMINED;
	j->certainty = CERTAINTY_INFERRED;
	judgement_reason(j, 0, "%s", text);
	(void)snprintf(j->wanting, sizeof(j->wanting),
	    "the packets that were not captured");
}

static void
role_remark(const struct bench *b, const struct scene_of_flow *s,
    struct judgement *j)
{
	const struct five_tuple *t = &s->flow->tuple;
	char text[ADDR_TEXT_MAX];

	if (j->brief || j->class == CLASS_OTHER ||
	    j->class == CLASS_RELAY_CONTROL)
		return;
	if (!s->src_listed)
		judgement_reason(j, 0, "role of %s inferred (%s): %s",
		    addr_text(&t->src.addr, text), role_words[s->src].word,
		    role_of(b->roles, &t->src.addr).how);
	if (!s->dest_listed)
		judgement_reason(j, 0, "role of %s inferred (%s): %s",
		    addr_text(&t->dst.addr, text), role_words[s->dest].word,
		    role_of(b->roles, &t->dst.addr).how);
	/* A caller that may be a server would have to show a certificate. */
	if (!s->src_listed && j->class == CLASS_CLIENT_TO_SERVER &&
	    j->verdict == VERDICT_COMPLIANT)
		judgement_reason(j, 0,
		    "were the caller a server, mutual TLS "
		    "would be demanded: list it in the "
		    "policy to settle this");
}

static void
describe_tls(const struct scene_of_flow *s, struct judgement *j)
{
	if (!s->has_tls)
		return;
	j->has_tls = true;
	j->tls_version = s->tls.version;
	j->tls_suite = s->tls.suite;
	j->tls_resumed = s->tls.resumed;
	j->client_certificate = s->tls.client;
	if (s->tls.post_auth && j->required == REQUIRE_MTLS &&
	    !is_mutual(s->tls.client))
		judgement_reason(j, s->tls.hello_packet,
		    "the client offers post-handshake authentication, which "
		    "could follow unseen");
}

void
verdict_judge(const struct bench *b, const struct notice *n,
    struct judgement *out)
{
	struct scene_of_flow s;
	struct candidate_class candidates[LIMIT_CANDIDATES];
	struct opinion opinions[LIMIT_CANDIDATES];
	const struct opinion *best = &opinions[0];

	memset(out, 0, offsetof(struct judgement, findings.f));
	out->brief = b->brief;
	set_scene(b, n, &s);
	inherit(b, &s, out);
	unsigned count = classify(&s, candidates);

	for (unsigned i = 0; i < count; i++) {
		form_opinion(&s, &candidates[i], &opinions[i], out);
		if (!candidates[i].aside && outweighs(&opinions[i], best))
			best = &opinions[i];
	}
	out->src_role = s.src;
	out->dest_role = s.dest;
	out->roles_from_policy = s.src_listed && s.dest_listed;
	memcpy(out->app_proto, s.app, sizeof(out->app_proto));
	apply(best, out);
	list_also(out, opinions, count);
	media_remarks(&s, out);
	describe_tls(&s, out);
	weaknesses(b, &s, out);
	loss_remark(b, &s, best, out);
	role_remark(b, &s, out);
}
