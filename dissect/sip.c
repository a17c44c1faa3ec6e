/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sip.c - SIP in datagrams and streams, and what it says of its sender.
 *
 * Spec: RFC 3261 sections 7, 18 and 20, RFC 3428 (MESSAGE), RFC 6665 and 3903
 * (events), RFC 3264 and 6337 (which description is offer, which answer),
 * RFC 2046 (multipart bodies), MS-SIPRE, MS-PRES, MS-OCER.
 * Learns: SIP_*, and by sdp.c SDP_*.
 *
 * A stream that lost bytes or shows no start line is searched line by line for
 * the next one (resync).
 */
#include "core/hash.h"
#include "dissect/protocols.h"
#include "dissect/sdp.h"
#include "dissect/sip_message.h"

enum {
	CALLS_MOST = 8,
	PARTS_MOST = 16,
	LYNC_NAMES_MOST = 24,
	/* Bytes without a start line after which this is no SIP any more. */
	RESYNC_MOST = 64 * 1024,
	/* Of a start line that was cut: method or version, and more. */
	CUT_LEAST = 12,
};

/* What was told of a side already; signs belong to whoever sent them. */
enum told {
	TOLD_AGENT = 1 << 0,
	TOLD_SERVER = 1 << 1,
	TOLD_REGISTER = 1 << 2,
	TOLD_INSTANCE = 1 << 3,
	TOLD_KEEP_ALIVE = 1 << 4,
	TOLD_CLIENT_AGENT = 1 << 5,
	TOLD_VIA = 1 << 6,
	TOLD_ROUTE = 1 << 7,
	TOLD_SERVER_AGENT = 1 << 8,
	TOLD_SERVER_HEADER = 1 << 9,
};

/* Did a request carry a description, and was that an offer? */
struct call {
	uint64_t id;
	uint32_t cseq;
	bool used;
	bool invite;
	bool offered; /* in the request: the response has the answer */
};

struct half {
	size_t seen;     /* of the head that is not complete yet */
	uint64_t adrift; /* bytes read while looking for a start line */
	bool resync;
	bool head_told; /* head learnt, body still to come */
	unsigned told;  /* enum told */
};

struct sip {
	struct half half[2];
	struct call calls[CALLS_MOST];
	unsigned next_call;
	unsigned lync_names;
	uint64_t malformed, malformed_told;
};

/* Clients of Microsoft's, as they call themselves in User-Agent. */
static const char *const client_agents[] = { "UCCAPI/", "UCCP/", "OC/", "CPE/",
	"iPhoneLync/", "iPadLync/", "AndroidLync/", "WPLync/", "LWA/",
	"LyncWebApp", "MacLync", "MC/", "Skype for Business" };
static const char *const server_agents[] = { "RTCC/", "RTC/" };

/* Parts of media types that carry presence (MS-PRES, RFC 3863). */
static const char *const presence_types[] = { "pidf+xml", "xpidf", "msrtc.pidf",
	"msrtc-category-publish", "msrtc-event-categories", "msrtc-presence",
	"msrtc-adrl-categorylist", "rlmi+xml", "msrtc.wpending" };

static bool
begins_any(struct slice s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text_begins(s, words[i]))
			return true;
	return false;
}

static bool
is_any_of(const struct sip_message *m, const char *const *methods, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (sip_is(m, methods[i]))
			return true;
	return false;
}

/* ---- signs of who sent it ---- */

static void
sign(struct session *s, struct half *h, enum told which, const char *text)
{
	if ((h->told & which) != 0)
		return;
	h->told |= which;
	learn_text(s,
	    which >= TOLD_VIA ? FACT_SIP_SERVER_SIGN : FACT_SIP_CLIENT_SIGN,
	    slice_text(text));
}

/* With a second Via a proxy speaks for somebody else (RFC 3261 16.6). */
static void
learn_request_signs(struct session *s, struct half *h,
    const struct sip_message *m)
{
	if (m->vias > 1)
		sign(s, h, TOLD_VIA, "second Via");
	if ((m->marks & SIP_HAS_RECORD_ROUTE) != 0)
		sign(s, h, TOLD_ROUTE, "Record-Route");
	if (m->vias != 1)
		return;
	if (sip_is(m, "REGISTER"))
		sign(s, h, TOLD_REGISTER, "REGISTER");
	if ((m->marks & SIP_HAS_INSTANCE) != 0)
		sign(s, h, TOLD_INSTANCE, "+sip.instance");
	if ((m->marks & SIP_HAS_KEEP_ALIVE_UAC) != 0)
		sign(s, h, TOLD_KEEP_ALIVE, "ms-keep-alive: UAC");
	if (begins_any(m->user_agent, client_agents, COUNT(client_agents)))
		sign(s, h, TOLD_CLIENT_AGENT, "User-Agent of a client");
}

static void
learn_signs(struct session *s, struct half *h, const struct sip_message *m)
{
	if (m->request)
		learn_request_signs(s, h, m);
	else if ((m->marks & SIP_HAS_KEEP_ALIVE_UAS) != 0)
		sign(s, h, TOLD_SERVER_HEADER, "ms-keep-alive: UAS");
	if ((m->marks & SIP_HAS_SERVER_HEADER) != 0)
		sign(s, h, TOLD_SERVER_HEADER, "header of a server");
	if (begins_any(m->user_agent, server_agents, COUNT(server_agents)) ||
	    begins_any(m->server, server_agents, COUNT(server_agents)))
		sign(s, h, TOLD_SERVER_AGENT, "RTC server");
}

static void
learn_lync(struct session *s, struct sip *sip, const struct sip_message *m)
{
	for (unsigned i = 0; i < m->lyncs && sip->lync_names < LYNC_NAMES_MOST;
	     i++) {
		sip->lync_names++;
		learn_text_once(s, FACT_SIP_LYNC, m->lync[i]);
	}
	if (begins_any(m->user_agent, client_agents, COUNT(client_agents)) ||
	    begins_any(m->user_agent, server_agents, COUNT(server_agents)))
		learn_text_once(s, FACT_SIP_LYNC, slice_text("User-Agent"));
	if (begins_any(m->server, server_agents, COUNT(server_agents)))
		learn_text_once(s, FACT_SIP_LYNC, slice_text("Server"));
	if (sip_is(m, "SERVICE") || sip_is(m, "NEGOTIATE") ||
	    sip_is(m, "BENOTIFY"))
		learn_text_once(s, FACT_SIP_LYNC, m->method);
	if (text_has(m->content_type, "msrtc"))
		learn_text_once(s, FACT_SIP_LYNC, slice_text("msrtc"));
}

/* ---- the head ---- */

static void
learn_credentials(struct session *s, const struct sip_message *m)
{
	static const char *const schemes[] = { "Digest", "NTLM", "Kerberos",
		"TLS-DSK", "Basic", "Negotiate", "Bearer" };

	for (unsigned i = 0; i < m->schemes; i++) {
		struct slice name = slice_text("other");

		for (size_t k = 0; k < COUNT(schemes); k++)
			if (text_same(m->scheme[i], schemes[k]))
				name = slice_text(schemes[k]);
		learn_text_once(s, FACT_SIP_CREDENTIALS, name);
	}
}

static bool
is_presence_type(struct slice type)
{
	for (size_t i = 0; i < COUNT(presence_types); i++)
		if (text_has(type, presence_types[i]))
			return true;
	return false;
}

static void
learn_events(struct session *s, const struct sip_message *m)
{
	static const char *const methods[] = { "SUBSCRIBE", "NOTIFY",
		"BENOTIFY", "PUBLISH" };

	if (is_any_of(m, methods, COUNT(methods)) && m->request &&
	    m->event.n > 0) {
		learn_text_once(s, FACT_SIP_EVENT, m->event);
		if (text_begins(m->event, "presence"))
			learn_number_once(s, FACT_SIP_PRESENCE, 1);
	}
	if ((m->marks & SIP_HAS_TEXT) != 0)
		learn_number_once(s, FACT_SIP_IM, 1);
}

static void
learn_once_per_side(struct session *s, struct half *h,
    const struct sip_message *m)
{
	if (m->request && m->user_agent.n > 0 && (h->told & TOLD_AGENT) == 0) {
		h->told |= TOLD_AGENT;
		learn_text(s, FACT_SIP_USER_AGENT, m->user_agent);
	}
	if (!m->request && m->server.n > 0 && (h->told & TOLD_SERVER) == 0) {
		h->told |= TOLD_SERVER;
		learn_text(s, FACT_SIP_SERVER, m->server);
	}
}

static void
learn_head(struct session *s, struct sip *sip, struct half *h,
    const struct sip_message *m)
{
	if (m->malformed)
		sip->malformed++;
	if (m->request)
		learn_text_once(s, FACT_SIP_METHOD, m->method);
	else
		learn_number_once(s, FACT_SIP_STATUS, m->status);
	if (m->request && m->via_host.n > 0)
		learn_text_once(s, FACT_SIP_VIA_HOST, m->via_host);
	learn_once_per_side(s, h, m);
	learn_credentials(s, m);
	learn_events(s, m);
	learn_signs(s, h, m);
	learn_lync(s, sip, m);
}

/* ---- offer and answer ---- */

static struct call *
find_call(struct sip *sip, uint64_t id, uint32_t cseq)
{
	for (size_t i = 0; i < COUNT(sip->calls); i++) {
		struct call *c = &sip->calls[i];

		if (c->used && c->id == id && c->cseq == cseq)
			return c;
	}
	return NULL;
}

/* The INVITE of this call that was seen last. */
static const struct call *
last_invite(const struct sip *sip, uint64_t id)
{
	const struct call *last = NULL;

	for (size_t i = 0; i < COUNT(sip->calls); i++) {
		const struct call *c = &sip->calls[i];

		if (c->used && c->invite && c->id == id &&
		    (last == NULL || c->cseq > last->cseq))
			last = c;
	}
	return last;
}

/* RFC 6337 section 2: a PRACK answers the offer of a provisional response. */
static enum sdp_role
role_of_request(const struct sip *sip, const struct sip_message *m, uint64_t id)
{
	const struct call *invite = last_invite(sip, id);

	if (sip_is(m, "INVITE") || sip_is(m, "UPDATE"))
		return SDP_OFFER;
	if (sip_is(m, "ACK"))
		return SDP_ANSWER;
	if (!sip_is(m, "PRACK") || invite == NULL)
		return SDP_CANNOT_TELL;
	return invite->offered ? SDP_OFFER : SDP_ANSWER;
}

static enum sdp_role
role_of_response(struct sip *sip, const struct sip_message *m, uint64_t id)
{
	const struct call *c = find_call(sip, id, m->cseq);

	if (sip_is(m, "UPDATE"))
		return SDP_ANSWER;
	if (c == NULL || (!sip_is(m, "INVITE") && !sip_is(m, "PRACK")))
		return SDP_CANNOT_TELL;
	return c->offered ? SDP_ANSWER : SDP_OFFER;
}

static bool
has_description(const struct sip_message *m)
{
	return text_begins(m->content_type, "application/sdp") ||
	    text_begins(m->content_type, "multipart/");
}

static void
remember_request(struct sip *sip, const struct sip_message *m, uint64_t id)
{
	if (!m->request || (!sip_is(m, "INVITE") && !sip_is(m, "PRACK")))
		return;
	bool offered =
	    has_description(m) && role_of_request(sip, m, id) == SDP_OFFER;
	struct call *c = find_call(sip, id, m->cseq);

	if (c == NULL)
		c = &sip->calls[sip->next_call++ % CALLS_MOST];
	*c = (struct call){ .id = id,
		.cseq = m->cseq,
		.used = true,
		.invite = sip_is(m, "INVITE"),
		.offered = offered };
}

/* ---- bodies ---- */

struct part {
	struct slice type;
	struct slice bytes;
};

/* RFC 2046 section 5.1.1: is this line "--boundary" or "--boundary--"? */
static bool
is_delimiter(struct slice line, struct slice boundary)
{
	struct slice rest = slice_from(line, 2);

	if (!text_begins_exact(line, "--") || boundary.n == 0 ||
	    !slice_eq(slice_head(rest, boundary.n), boundary))
		return false;
	rest = text_trim(slice_from(rest, boundary.n));
	return rest.n == 0 || slice_is(rest, "--");
}

/* Content-Type of a part; text/plain without one. */
static struct part
part_of(struct slice bytes)
{
	struct part p = { slice_text("text/plain"), bytes };
	size_t seen = 0;
	size_t head = header_end(bytes, &seen);
	struct slice rest = slice_head(bytes, head);
	struct header h;

	while (header_next(&rest, &h))
		if (text_same(h.name, "Content-Type") || text_same(h.name, "c"))
			p.type = h.value;
	p.bytes = slice_from(bytes, head);
	return p;
}

static size_t
split_multipart(const struct part *whole, struct part *to, size_t most)
{
	struct slice boundary = header_param(whole->type, "boundary");
	struct slice rest = whole->bytes;
	struct slice line;
	size_t start = 0;
	size_t count = 0;
	bool inside = false;

	for (;;) {
		size_t at = whole->bytes.n - rest.n;

		if (count == most || !header_line(&rest, &line))
			return count;
		if (!is_delimiter(line, boundary))
			continue;
		if (inside)
			to[count++] = part_of(
			    slice_from(slice_head(whole->bytes, at), start));
		start = whole->bytes.n - rest.n;
		inside = true;
	}
}

static void
learn_part(struct session *s, const struct sip_message *m,
    const struct part *part, const struct sdp_origin *origin)
{
	struct slice type = header_bare(part->type);

	learn_text_once(s, FACT_SIP_CONTENT_TYPE, type);
	if (text_same(type, "application/sdp") &&
	    (sdp_learn(s, part->bytes, origin) & 1U << MEDIA_MESSAGE) != 0)
		learn_number_once(s, FACT_SIP_IM, 1);
	if (is_presence_type(type))
		learn_number_once(s, FACT_SIP_PRESENCE, 1);
	if (!m->request || part->bytes.n == 0)
		return;
	if (sip_is(m, "MESSAGE") &&
	    (text_begins(type, "text/") || text_same(type, "message/cpim")))
		learn_number_once(s, FACT_SIP_IM, 1);
	if (sip_is(m, "INFO") && text_begins(type, "text/x-ms"))
		learn_number_once(s, FACT_SIP_IM, 1);
}

/* Parts of parts are put at the end of the list: no recursion. */
static void
learn_body(struct session *s, struct sip *sip, const struct sip_message *m,
    struct slice body)
{
	uint64_t id =
	    m->call_id.n > 0 ? hash_bytes(m->call_id.p, m->call_id.n) : 0;
	struct sdp_origin origin = {
		.call = id,
		.cseq = m->cseq,
		.role = m->request ? role_of_request(sip, m, id)
				   : role_of_response(sip, m, id),
		.provisional = !m->request && m->status < 200,
	};
	struct part parts[PARTS_MOST] = { { m->content_type, body } };
	size_t count = 1;

	remember_request(sip, m, id);
	if (sip_is(m, "BYE") && m->request && id != 0)
		learn_number(s, FACT_SIP_BYE, id);
	if (body.n == 0 || (m->marks & SIP_HAS_ENCODING) != 0 ||
	    m->content_type.n == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (!text_begins(parts[i].type, "multipart/"))
			learn_part(s, m, &parts[i], &origin);
		else
			count += split_multipart(&parts[i], &parts[count],
			    PARTS_MOST - count);
	}
}

static void
learn_certain(struct session *s)
{
	learn_text_once(s, FACT_PROTOCOL, slice_text("sip"));
}

static void
sip_end(struct session *s, void *state)
{
	struct sip *sip = state;

	if (sip->malformed == sip->malformed_told)
		return;
	learn_number(s, FACT_SIP_MALFORMED,
	    sip->malformed - sip->malformed_told);
	sip->malformed_told = sip->malformed;
}

/* ---- datagrams ---- */

/* RFC 3261 section 18.3: without Content-Length the body is the rest. */
static enum feed
feed_datagram(struct session *s, struct sip *sip, struct chunk *c)
{
	struct half *h = &sip->half[c->side];
	struct sip_message m;
	size_t seen = 0;
	size_t n = header_end(c->bytes, &seen);
	struct slice head = n > 0 ? slice_head(c->bytes, n) : c->bytes;
	struct slice body = slice_from(c->bytes, head.n);

	if (!sip_parse_head(head, &m))
		return FEED_LOST;
	learn_certain(s);
	if ((m.marks & SIP_HAS_LENGTH) != 0 && m.length > body.n &&
	    c->wire <= c->bytes.n)
		m.malformed = true;
	if ((m.marks & SIP_HAS_LENGTH) != 0 && m.length < body.n)
		body = slice_head(body, (size_t)m.length);
	learn_head(s, sip, h, &m);
	learn_body(s, sip, &m, body);
	return FEED_ON;
}

/* ---- streams ---- */

static struct slice
unread(const struct chunk *c)
{
	return slice_from(c->bytes, c->used);
}

/* RFC 5626 section 4.4.1: keep-alive between messages. */
static void
skip_keep_alive(struct chunk *c)
{
	struct slice rest = unread(c);

	while (rest.n > 0 && (rest.p[0] == '\r' || rest.p[0] == '\n')) {
		rest = slice_from(rest, 1);
		c->used++;
	}
}

static void
drop_line(struct half *h, struct chunk *c)
{
	struct slice rest = unread(c);
	struct slice line;

	if (!header_line(&rest, &line))
		return;
	h->adrift += unread(c).n - rest.n;
	c->used = c->bytes.n - rest.n;
}

/* Reads up to the next start line; false if it has not come yet. */
static bool
resync(struct half *h, struct chunk *c)
{
	while (unread(c).n > 0 && sip_start_fits(unread(c), true) == PROBE_NO)
		drop_line(h, c);
	return sip_start_fits(unread(c), true) == PROBE_YES;
}

static void
lose_track(struct half *h)
{
	h->resync = true;
	h->head_told = false;
	h->seen = 0;
}

/* One message; false if more bytes are needed first. */
static bool
stream_message(struct session *s, struct sip *sip, struct chunk *c)
{
	struct half *h = &sip->half[c->side];
	struct sip_message m;
	struct slice rest = unread(c);
	size_t n = header_end(rest, &h->seen);

	if (n == 0 && rest.n < LIMIT_MESSAGE)
		return false;
	if (n == 0 || !sip_parse_head(slice_head(rest, n), &m)) {
		sip->malformed++;
		lose_track(h);
		drop_line(h, c);
		return true;
	}
	struct slice body = slice_from(rest, n);
	bool whole = m.length <= body.n;

	learn_certain(s);
	h->resync = false;
	h->adrift = 0;
	if (!h->head_told)
		learn_head(s, sip, h, &m);
	h->head_told = true;
	if (!whole && n + m.length <= LIMIT_MESSAGE)
		return false;
	body = slice_head(body, (size_t)m.length);
	learn_body(s, sip, &m, body);
	c->used += n + body.n;
	c->skip = m.length - body.n;
	h->head_told = false;
	h->seen = 0;
	return whole;
}

static enum feed
feed_stream(struct session *s, struct sip *sip, struct chunk *c)
{
	struct half *h = &sip->half[c->side];

	for (;;) {
		if (h->seen == 0)
			skip_keep_alive(c);
		if (unread(c).n == 0)
			return FEED_ON;
		if (h->seen == 0 &&
		    sip_start_fits(unread(c), false) == PROBE_NO &&
		    !h->resync) {
			sip->malformed++;
			lose_track(h);
		}
		if (h->resync && !resync(h, c))
			break;
		if (!stream_message(s, sip, c))
			break;
	}
	if (h->adrift <= RESYNC_MOST)
		return FEED_ON;
	sip_end(s, sip);
	return FEED_LOST;
}

static enum feed
sip_feed(struct session *s, void *state, struct chunk *c)
{
	return session_is_datagram(s) ? feed_datagram(s, state, c)
				      : feed_stream(s, state, c);
}

static enum feed
sip_gap(struct session *s UNUSED, void *state, enum side side,
    uint64_t n UNUSED)
{
	struct sip *sip = state;

	lose_track(&sip->half[side]);
	return FEED_ON;
}

/* The lines of a head that were captured whole; one without a whole line is
 * still a message. */
static void
sip_cut(struct session *s, void *state, enum side side, struct slice bytes)
{
	struct sip *sip = state;
	struct half *h = &sip->half[side];
	struct sip_message m;
	size_t n = bytes.n;

	if (h->resync || h->head_told || bytes.n < CUT_LEAST ||
	    sip_start_fits(bytes, false) == PROBE_NO)
		return;
	learn_certain(s);
	while (n > 0 && bytes.p[n - 1] != '\n')
		n--;
	if (sip_parse_head(n > 0 ? slice_head(bytes, n) : bytes, &m))
		learn_head(s, sip, h, &m);
}

static enum probe
sip_probe(const struct sniff *sniff)
{
	struct slice rest = sniff->bytes;
	size_t blank = 0;

	while (
	    blank < rest.n && (rest.p[blank] == '\r' || rest.p[blank] == '\n'))
		blank++;
	rest = slice_from(rest, blank);
	if (!sniff->datagram && rest.n == 0 && blank <= 4)
		return PROBE_MORE;
	enum probe p = sip_start_fits(rest, !sniff->start);

	return sniff->datagram && p == PROBE_MORE ? PROBE_NO : p;
}

const struct dissector dissect_sip = {
	.name = "sip",
	.over = OVER_STREAM | OVER_DATAGRAM,
	.state_size = sizeof(struct sip),
	.probe = sip_probe,
	.feed = sip_feed,
	.gap = sip_gap,
	.cut = sip_cut,
	.end = sip_end,
};
