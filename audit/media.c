/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/media.h"

#include <stdio.h>

#include "audit/mutual.h"
#include "dissect/media_test.h"

enum {
	TAG_SHARE = 90, /* per cent of packets that must agree */
	/* So many packets show plain media of any codec that was measured in
	 * all but one of ten thousand cases: enough where SDP agrees. */
	AGREED_PACKETS = 50,
	AGREED_OCTETS = 512,
	DTLS_1_3 = 0xfefc,
	/* SRTP_NULL_HMAC_SHA1_80 and _32 (RFC 5764 section 4.1.2) */
	PROFILE_NULL_80 = 5,
	PROFILE_NULL_32 = 6,
	RTCP_PICTURE = 3, /* one or two clear control packets at the start or
			   * end of an SRTP call are common */
};

/* What the streams of a flow say, added up. */
struct tally {
	const struct notice *n;
	unsigned clear, random, open; /* streams by result */
	unsigned null_cipher;
	unsigned tagged;            /* random ones whose lengths show a tag */
	unsigned unsure;            /* look like RTP, but nothing confirms it */
	struct media_stream stream; /* the decisive one so far */
	uint8_t scope;
	struct rtcp_seen rtcp; /* sums over both directions */
	uint64_t rtcp_packet;
	bool zrtp_secure, zrtp_clear;
	struct tls_state dtls;
	bool has_dtls;
	bool dtls_agreed; /* the server's choice of a profile was seen */
	bool dtls_null;   /* it does not encrypt */
};

#define SAY(m, ...) (void)snprintf((m)->why, sizeof((m)->why), __VA_ARGS__)
#define MISSING(m, ...) \
	(void)snprintf((m)->missing, sizeof((m)->missing), __VA_ARGS__)

static bool
has_tag(const struct media_stream *s)
{
	uint32_t least =
	    s->result == RESULT_CLEAR ? MEDIA_TAG_SURE : MEDIA_TEST_TAGGED;

	/* 11: 80 bits and the MKI octet of Microsoft's clients. */
	return (s->tag == 4 || s->tag == 10 || s->tag == 11 || s->tag == 16) &&
	    s->packets >= least && s->tag_share >= TAG_SHARE;
}

/* Packets longer than their codec's frames: nothing plain is like that. */
static bool
may_have_tag(const struct media_stream *s)
{
	return s->tag != 0 && s->tag != MEDIA_TAG_NONE &&
	    s->tag_share >= TAG_SHARE;
}

/* A clear stream decides before an encrypted one, that before an open one. */
static int
weight(const struct media_stream *s)
{
	static const int weights
	    [] = { [RESULT_OPEN] = 0, [RESULT_RANDOM] = 1, [RESULT_CLEAR] = 2 };

	return s->result <= RESULT_RANDOM ? weights[s->result] * 2 + has_tag(s)
					  : 0;
}

static void
add_stream(struct tally *t, const struct media_stream *s, uint8_t scope,
    bool promised)
{
	if (s->signs == 0 && !promised) {
		t->unsure++;
		return;
	}
	bool first = t->clear + t->random + t->open == 0;

	if (first || weight(s) > weight(&t->stream) ||
	    (weight(s) == weight(&t->stream) &&
		s->packets > t->stream.packets)) {
		t->stream = *s;
		t->scope = scope;
	}
	switch ((enum media_result)s->result) {
	case RESULT_CLEAR:
		t->clear++;
		t->null_cipher += has_tag(s);
		break;
	case RESULT_RANDOM:
		t->random++;
		t->tagged += has_tag(s);
		break;
	case RESULT_OPEN:
		t->open++;
		break;
	}
}

/* A stream that begins anew says nothing yet, unless ZRTP made it so. */
static bool
replaces(const struct evidence *e, const struct media_stream *older,
    const struct media_stream *newer)
{
	return newer->result != RESULT_OPEN || older->result == RESULT_OPEN ||
	    evidence_first(e, FACT_ZRTP) != NULL;
}

static const struct learnt *
newer_of_same(const struct evidence *e, const struct learnt *l)
{
	struct media_stream a, b;
	const struct learnt *at = l, *found = NULL;

	memcpy(&a, l->bytes.p, sizeof(a));
	while ((at = evidence_next(e, FACT_MEDIA_STREAM, at)) != NULL) {
		if (at->bytes.n != sizeof(b) || at->side != l->side ||
		    at->scope != l->scope)
			continue;
		memcpy(&b, at->bytes.p, sizeof(b));
		if (b.ssrc == a.ssrc && b.pt == a.pt && replaces(e, &a, &b))
			found = at;
	}
	return found;
}

static void
add_streams(struct tally *t, bool promised)
{
	const struct evidence *e = &t->n->news;
	const struct learnt *l = NULL;
	struct media_stream s;

	while ((l = evidence_next(e, FACT_MEDIA_STREAM, l)) != NULL) {
		if (l->bytes.n != sizeof(s) || newer_of_same(e, l) != NULL)
			continue;
		memcpy(&s, l->bytes.p, sizeof(s));
		add_stream(t, &s, l->scope, promised);
	}
}

static void
add_rtcp(struct tally *t)
{
	const struct evidence *e = &t->n->news;

	if (!evidence_has(e, FACT_RTCP))
		return;
	for (int side = 0; side < 2; side++) {
		const struct learnt *l = NULL, *last[LIMIT_SCOPES] = { NULL };
		struct rtcp_seen s;

		while ((l = evidence_next(e, FACT_RTCP, l)) != NULL) {
			if (l->side == side && l->bytes.n == sizeof(s) &&
			    l->scope < LIMIT_SCOPES)
				last[l->scope] = l;
		}
		for (unsigned i = 0; i < LIMIT_SCOPES; i++) {
			if (last[i] == NULL)
				continue;
			memcpy(&s, last[i]->bytes.p, sizeof(s));
			for (int f = 0; f < RTCP_FORMS; f++)
				t->rtcp.count[f] += s.count[f];
			if (t->rtcp_packet == 0)
				t->rtcp_packet = s.first;
			t->scope = t->clear + t->random + t->open == 0
			    ? (uint8_t)i
			    : t->scope;
		}
	}
}

static void
add_zrtp(struct tally *t)
{
	const struct learnt *l = evidence_last(&t->n->news, FACT_ZRTP);

	t->zrtp_secure = l != NULL && l->number == ZRTP_SECURE;
	t->zrtp_clear = l != NULL && l->number == ZRTP_GO_CLEAR;
}

/* DTLS that keys SRTP, in whichever scope of the flow (RFC 5764). */
static void
add_dtls(struct tally *t)
{
	const struct evidence *e = &t->n->news;
	const struct learnt *l = evidence_first(e, FACT_TLS_SRTP_PROFILE);

	t->dtls_agreed = l != NULL;
	t->dtls_null = l != NULL &&
	    (l->number == PROFILE_NULL_80 || l->number == PROFILE_NULL_32);
	if (l == NULL)
		l = evidence_first(e, FACT_TLS_SRTP_OFFERED);
	t->has_dtls =
	    l != NULL && mutual_judge(e, &t->n->flow, l->scope, &t->dtls, NULL);
	/* A readable answer without use_srtp declines it: plain data. */
	if (!t->dtls_agreed && t->dtls.version != 0 &&
	    t->dtls.version != DTLS_1_3)
		t->has_dtls = false;
}

static unsigned
srtcp(const struct tally *t)
{
	return t->rtcp.count[RTCP_SRTCP_80] + t->rtcp.count[RTCP_SRTCP_32] +
	    t->rtcp.count[RTCP_SRTCP_GCM] + t->rtcp.count[RTCP_SRTCP_PROBABLE];
}

static unsigned
srtcp_certain(const struct tally *t)
{
	return srtcp(t) - t->rtcp.count[RTCP_SRTCP_PROBABLE];
}

static bool
dtls_finished(const struct tally *t)
{
	return t->has_dtls && t->dtls.progress == TLS_PROGRESS_COMPLETE &&
	    !t->dtls.null_cipher && !t->dtls.anonymous;
}

static bool
has_streams(const struct tally *t)
{
	return t->clear + t->random + t->open > 0;
}

/* Application data inside the DTLS and no media beside it (RFC 8261). */
static bool
is_data_channel(const struct tally *t)
{
	return !has_streams(t) && t->rtcp_packet == 0 &&
	    evidence_find(&t->n->news, FACT_TLS_APPLICATION_DATA, -1,
		t->dtls.scope) != NULL;
}

/* Streams came out of relays and frames: the word of the contract. */
static const char *
carrier_of(const struct evidence *e, unsigned scope)
{
	const char *name = "udp";

	for (unsigned depth = 0; depth <= LIMIT_INNER_DEPTH; depth++) {
		if (scope >= e->scope_count)
			break;
		switch ((enum carrier)e->scopes[scope].carrier) {
		case CARRIER_PSEUDO_TLS:
			return carrier_names[CARRIER_PSEUDO_TLS];
		case CARRIER_TURN:
		case CARRIER_MS_TURN:
			name = carrier_names[e->scopes[scope].carrier];
			break;
		case CARRIER_TCP:
			if (strcmp(name, "udp") == 0)
				name = carrier_names[CARRIER_TCP];
			break;
		case CARRIER_UDP:
		case CARRIER_TLS:
		case CARRIER_WEBSOCKET:
		case CARRIER_PROXY:
		case CARRIER_COUNT:
			break;
		}
		if (scope == 0)
			break;
		scope = e->scopes[scope].parent;
	}
	return name;
}

/* RFC 3551 table 4 and 5, where the type alone says it. */
static enum media_kind
kind_of_pt(uint8_t pt)
{
	if (pt <= 23)
		return MEDIA_AUDIO;
	if (pt >= 25 && pt <= 34)
		return MEDIA_VIDEO;
	return MEDIA_UNKNOWN;
}

/* ---- the decision ---- */

static void
observe(struct media_state *m, enum protection p, enum certainty c,
    uint64_t packet)
{
	m->observed = p;
	m->certainty = c;
	m->packet = packet;
}

/* What the test that decided found. */
static const char *
pattern(uint8_t test)
{
	switch (test) {
	case 'A':
		return "one place holds the same octet too often";
	case '2':
		return "one place holds the same half octet too often";
	case 'B':
		return "some octets are far too frequent";
	case 'D':
		return "packets repeat octets of the one before";
	case 'E':
		return "too many neighbouring octets are equal";
	default:
		return "it has a pattern";
	}
}

static void
decide_clear(struct media_state *m, const struct tally *t)
{
	const struct media_stream *s = &t->stream;

	observe(m, PROTECTION_NONE, CERTAINTY_PROVEN, s->last);
	if (t->null_cipher > 0 || t->rtcp.count[RTCP_SRTCP_NULL] > 0) {
		m->null_cipher = true;
		SAY(m,
		    "payload is readable although packets carry an "
		    "authentication tag: NULL cipher (%u packets; test %c: "
		    "%s)",
		    s->packets, s->test != 0 ? s->test : '-', pattern(s->test));
		return;
	}
	SAY(m,
	    "plain RTP: payload of %u packets is not random (test %c: %s; "
	    "odds of a mistake below one in a million)",
	    s->packets, s->test != 0 ? s->test : '-', pattern(s->test));
}

/* An answer without keys. */
static bool
agreed_plain(const struct media_state *m)
{
	return m->promise != NULL && m->promise->clear && m->promise->answered;
}

static void
decide_random(struct media_state *m, const struct tally *t)
{
	const struct media_stream *s = &t->stream;

	observe(m, PROTECTION_SRTP, CERTAINTY_INFERRED, s->last);
	if (t->tagged > 0)
		SAY(m,
		    "SRTP: %u packets with random payload, each longer than "
		    "its codec's frame by a tag of %u octets",
		    s->packets, s->tag);
	else if (srtcp(t) > 0)
		SAY(m,
		    "SRTP: random payload in %u packets and encrypted "
		    "control packets (SRTCP)",
		    s->packets);
	else if (t->zrtp_secure)
		SAY(m,
		    "SRTP: random payload in %u packets after a ZRTP key "
		    "agreement",
		    s->packets);
	else if (m->promised_srtp)
		SAY(m,
		    "SRTP: random payload in %u packets, as signalling "
		    "agreed",
		    s->packets);
	else
		SAY(m,
		    "encrypted payload in %u packets (no test finds a "
		    "pattern); nothing else says that it is SRTP",
		    s->packets);
	if (t->open > 0)
		(void)snprintf(m->remark, sizeof(m->remark),
		    "%u further stream%s had too few packets to be tested",
		    t->open, t->open == 1 ? "" : "s");
}

static void
decide_open(struct media_state *m, const struct tally *t)
{
	const struct media_stream *s = &t->stream;

	m->packet = s->first;
	m->certainty = CERTAINTY_INFERRED;
	if (t->zrtp_secure) {
		observe(m, PROTECTION_SRTP, CERTAINTY_INFERRED, s->first);
		SAY(m, "ZRTP agreed on keys on these ports");
		return;
	}
	if (m->promised_srtp && m->promise->answered &&
	    s->packets >= AGREED_PACKETS && s->tested >= AGREED_OCTETS) {
		observe(m, PROTECTION_SRTP, CERTAINTY_INFERRED, s->last);
		SAY(m,
		    "SRTP: no pattern in the payload of %u packets, as "
		    "signalling agreed",
		    s->packets);
		return;
	}
	if (srtcp_certain(t) > t->rtcp.count[RTCP_CLEAR]) {
		observe(m, PROTECTION_SRTP, CERTAINTY_INFERRED, t->rtcp_packet);
		SAY(m,
		    "SRTP: control packets beside the media are encrypted "
		    "(SRTCP, %u); only %u RTP packets of a stream",
		    srtcp_certain(t), s->packets);
		return;
	}
	if (agreed_plain(m) && srtcp(t) == 0 && !may_have_tag(s)) {
		observe(m, PROTECTION_NONE, CERTAINTY_INFERRED,
		    m->promise->packet);
		SAY(m,
		    "signalling agreed on plain RTP (%s without keys) and "
		    "RTP packets follow",
		    m->promise->media->profile);
		return;
	}
	m->observed = PROTECTION_UNKNOWN;
	SAY(m,
	    "only %u RTP packets of a stream: too few to tell plain from "
	    "encrypted",
	    s->packets);
	MISSING(m, "%u more packets of the stream", s->wanted);
}

static void
decide_rtcp(struct media_state *m, const struct tally *t)
{
	unsigned clear = t->rtcp.count[RTCP_CLEAR];
	unsigned null = t->rtcp.count[RTCP_SRTCP_NULL];
	unsigned hidden = srtcp(t);

	m->only_rtcp = true;
	m->packet = t->rtcp_packet;
	m->certainty = CERTAINTY_INFERRED;
	if (hidden > 0 && hidden >= clear) {
		m->observed = PROTECTION_SRTP;
		SAY(m,
		    "control packets of a media session are encrypted "
		    "(SRTCP, %u of %u)",
		    hidden, hidden + clear + null);
		return;
	}
	if (clear + null >= RTCP_PICTURE ||
	    (m->promise != NULL && m->promise->clear && clear > 0)) {
		m->observed = PROTECTION_NONE;
		m->null_cipher = null > clear;
		SAY(m,
		    "control packets of a media session are readable (RTCP, "
		    "%u)",
		    clear + null);
		return;
	}
	m->observed = PROTECTION_UNKNOWN;
	clear += t->rtcp.count[RTCP_BARE];
	SAY(m, "%u readable control packet%s: SRTP calls may begin and end so",
	    clear + null, clear + null == 1 ? "" : "s");
	MISSING(m, "media packets or more control packets");
}

static void
use_promise(struct media_state *m, const struct promise *promises, size_t n)
{
	m->keying = m->dtls ? "dtls" : "unknown";
	if (n == 0)
		return;
	m->promise = &promises[0];
	m->kind = (enum media_kind)m->promise->media->kind;
	m->promised_srtp = m->promise->secure && !m->promise->forked;
	/* Keys that stood readable in any description of this media do not
	 * keep it secret. */
	for (size_t i = 0; i < n; i++)
		m->keys_readable |=
		    promises[i].keys_readable && promises[i].secure;
	if (m->dtls || m->promise->dtls) {
		m->keying = "dtls";
		m->keys_readable = false;
	} else if (m->promise->media->crypto_lines > 0) {
		m->keying = "sdes";
	}
}

static bool
decide(struct media_state *m, const struct tally *t)
{
	if (t->clear > 0) {
		decide_clear(m, t);
	} else if (dtls_finished(t) && t->dtls_null) {
		observe(m, PROTECTION_NONE, CERTAINTY_PROVEN,
		    t->dtls.hello_packet);
		m->null_cipher = true;
		SAY(m,
		    "DTLS-SRTP: the handshake on these ports agreed on a "
		    "profile that does not encrypt (NULL cipher)");
	} else if (dtls_finished(t) && t->dtls_agreed && !is_data_channel(t)) {
		observe(m, PROTECTION_SRTP, CERTAINTY_PROVEN,
		    t->dtls.hello_packet);
		SAY(m,
		    "DTLS-SRTP: the handshake on these ports finished and "
		    "agreed on keys");
	} else if (dtls_finished(t) && has_streams(t)) {
		observe(m, PROTECTION_SRTP, CERTAINTY_INFERRED,
		    t->dtls.hello_packet);
		SAY(m,
		    "DTLS-SRTP: a DTLS 1.3 handshake that offered keys for "
		    "SRTP finished on these ports, RTP follows");
	} else if (t->random > 0) {
		decide_random(m, t);
	} else if (t->open > 0) {
		decide_open(m, t);
	} else if (t->rtcp_packet != 0) {
		decide_rtcp(m, t);
	} else if (t->has_dtls && !dtls_finished(t)) {
		m->observed = PROTECTION_UNKNOWN;
		m->certainty = CERTAINTY_INFERRED;
		m->packet = t->dtls.hello_packet;
		SAY(m,
		    "a DTLS-SRTP handshake began on these ports and was not "
		    "seen to finish");
		MISSING(m, "the rest of the DTLS handshake");
	} else {
		return false;
	}
	return true;
}

static bool
may_be_media(const struct evidence *e)
{
	return evidence_has(e, FACT_MEDIA_STREAM) ||
	    evidence_has(e, FACT_RTCP) ||
	    evidence_has(e, FACT_TLS_SRTP_PROFILE) ||
	    evidence_has(e, FACT_TLS_SRTP_OFFERED);
}

bool
media_judge(const struct notice *flow, const struct promise *promises, size_t n,
    struct media_state *out)
{
	const struct evidence *e = &flow->news;

	memset(out, 0, offsetof(struct media_state, why));
	out->why[0] = out->missing[0] = out->remark[0] = '\0';
	out->observed = PROTECTION_UNKNOWN;
	if (!may_be_media(e))
		return false;
	struct tally t = { .n = flow };

	add_streams(&t, n > 0);
	add_rtcp(&t);
	add_zrtp(&t);
	add_dtls(&t);
	out->dtls = dtls_finished(&t);
	use_promise(out, promises, n);
	out->seen = decide(out, &t);
	if (!out->seen)
		return false;
	out->rdp = t.stream.rdp != 0 ||
	    (evidence_first(e, FACT_RDP_CLEAR) != NULL &&
		evidence_first(e, FACT_MEDIA_STREAM) != NULL);
	/* DTLS 1.3 hides how it went on. */
	if (t.has_dtls && t.dtls.version == DTLS_1_3 &&
	    out->observed == PROTECTION_SRTP)
		out->keying = "dtls";
	if (t.zrtp_secure || t.zrtp_clear)
		out->keying = "zrtp";
	if (out->kind == MEDIA_UNKNOWN && has_streams(&t))
		out->kind = kind_of_pt(t.stream.pt);
	if (out->rdp)
		out->kind = MEDIA_APPSHARING;
	out->carrier = carrier_of(e, t.scope);
	if (strcmp(out->carrier, "udp") == 0 &&
	    flow->flow.tuple.proto == IPPROTO_NUM_TCP)
		out->carrier = "tcp";
	if (out->observed == PROTECTION_SRTP && t.rtcp.count[RTCP_CLEAR] > 0 &&
	    !out->only_rtcp)
		(void)snprintf(out->remark, sizeof(out->remark),
		    "%u control packets of it are readable (RTCP)",
		    t.rtcp.count[RTCP_CLEAR]);
	return true;
}
