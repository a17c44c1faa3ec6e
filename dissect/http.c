/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c - HTTP/1.x requests and answers, and what a proxy or an upgrade puts
 * in their place.
 *
 * Spec: RFC 9110, RFC 9112 sections 2 to 7 (framing), RFC 9110 section 9.3.6
 * (CONNECT) and 7.8 (Upgrade), RFC 6455 section 4 (WebSocket), RFC 2817.
 * Learns: HTTP_EXCHANGE, HTTP_HOST, HTTP_USER_AGENT, HTTP_CONNECT,
 * HTTP_UPGRADE, STARTTLS.
 *
 * Bodies are not kept. Either side may speak first: the capture may have begun
 * between a request and its answer. Who sends requests is told by the bytes.
 */
#include "core/hash.h"
#include "dissect/http_message.h"
#include "dissect/protocols.h"

enum {
	OPEN_MOST = 8,   /* requests without an answer yet */
	EARLY_MOST = 4,  /* answers whose request is still to come */
	KNOWN_MOST = 56, /* different exchanges of one connection ... */
	PLAIN_MOST = 36, /* ... of them without anything secret */
	CHUNK_LINE_MOST = 1024,
	BLANKS_MOST = 4, /* CR and LF before the first request */
	SECRETS = HTTP_AUTHORIZATION | HTTP_COOKIE | HTTP_WEBTICKET |
	    HTTP_SOAP | HTTP_SIPURI | HTTP_SET_COOKIE,
};

enum phase {
	PHASE_HEAD,
	PHASE_CHUNK, /* the line with the size */
	PHASE_TRAILER,
	PHASE_CLOSE, /* body until the connection ends */
	PHASE_LOST,  /* looking for a start line again */
	PHASE_WAIT,  /* CONNECT or Upgrade: bytes belong to whom? */
};

struct half {
	enum phase phase;
	size_t seen;
	uint64_t left; /* bytes of a body or chunk to be passed over */
};

struct request {
	struct http_exchange x;
	bool head;    /* HEAD: the answer has no body */
	bool connect; /* CONNECT */
	bool upgrade;
	bool told; /* learnt without an answer */
};

/* What an answer adds to its request. */
struct early {
	uint16_t status, flags;
	char type[sizeof(((struct http_exchange *)0)->content_type)];
};

/* An exchange that was learnt, and how often it came again since. */
struct known {
	uint64_t id;
	struct http_exchange *x; /* in the arena */
	uint32_t again;
};

struct http {
	struct half half[2];
	struct request open[OPEN_MOST]; /* oldest first, a ring */
	unsigned first, count;
	struct early early[EARLY_MOST]; /* oldest first */
	unsigned early_count;
	bool torn; /* bytes are missing: an answer may have no request */
	struct known known[KNOWN_MOST];
	unsigned known_count, plain;
	bool has_host, has_agent;
	void *websocket; /* state of that dissector once it took over */
};

/* ---- exchanges ---- */

static void
add_text(char *to, size_t room, struct slice s)
{
	size_t n = strlen(to);

	s = slice_head(s, room - 1 - n);
	if (s.n > 0)
		memcpy(to + n, s.p, s.n);
	to[n + s.n] = '\0';
}

/* RFC 9112 section 3.2.2: scheme://host/path; false in any other form. */
static bool
split_absolute(struct slice *target, struct slice *host)
{
	struct slice rest = *target;

	if (text_begins(rest, "http://"))
		rest = slice_from(rest, 7);
	else if (text_begins(rest, "https://"))
		rest = slice_from(rest, 8);
	else
		return false;
	size_t n = 0;

	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
		n++;
	*host = slice_head(rest, n);
	*target = n < rest.n ? slice_from(rest, n) : slice_text("/");
	return true;
}

/* "METHOD host path"; the query is left out: it makes each one different. */
static void
describe(struct request *r, struct slice method, struct slice target,
    const struct http_fields *f)
{
	struct slice host = f->host;
	struct slice path = slice_text("/");
	struct http_exchange *x = &r->x;

	memset(r, 0, sizeof(*r));
	x->flags = (uint16_t)f->flags;
	if (split_absolute(&target, &host))
		x->flags |= HTTP_PROXY;
	if (text_has(target, "sipuri="))
		x->flags |= HTTP_SIPURI;
	if (f->chunked || (f->has_length && f->length > 0))
		x->flags |= HTTP_BODY_SENT;
	if (!text_begins_exact(target, "?") && !text_split(&target, '?', &path))
		path = slice_text("/");
	r->head = slice_is(method, "HEAD");
	r->connect = slice_is(method, "CONNECT");
	r->upgrade = f->upgrade.n > 0;
	if (r->connect) {
		host = path;
		path = slice_text("-");
	}
	add_text(x->text, sizeof(x->text), method);
	add_text(x->text, sizeof(x->text), slice_text(" "));
	add_text(x->text, sizeof(x->text), host.n > 0 ? host : slice_text("-"));
	add_text(x->text, sizeof(x->text), slice_text(" "));
	add_text(x->text, sizeof(x->text), path);
}

static struct known *
find_known(struct http *http, uint64_t id)
{
	for (unsigned i = 0; i < http->known_count; i++)
		if (http->known[i].id == id)
			return &http->known[i];
	return NULL;
}

/*
 * Learns an exchange, or counts it if the same was learnt before. Harmless
 * ones leave room for those that matter.
 */
static void
learn_exchange(struct session *s, struct http *http,
    const struct http_exchange *x)
{
	uint64_t id = hash_bytes(x, sizeof(*x));
	struct known *k = find_known(http, id);
	bool plain = (x->flags & SECRETS) == 0;

	if (k != NULL) {
		k->again++;
		return;
	}
	if (http->known_count == KNOWN_MOST ||
	    (plain && http->plain >= PLAIN_MOST))
		return;
	struct http_exchange *kept = arena_take(session_arena(s), sizeof(*x));

	if (kept == NULL)
		return;
	memcpy(kept, x, sizeof(*x));
	kept->count = 1;
	http->plain += plain;
	k = &http->known[http->known_count++];
	k->id = id;
	k->x = kept;
	learn_bytes(s, FACT_HTTP_EXCHANGE, kept, sizeof(*kept));
}

static struct request *
oldest(struct http *http)
{
	return http->count > 0 ? &http->open[http->first] : NULL;
}

static void
close_oldest(struct session *s, struct http *http)
{
	learn_exchange(s, http, &http->open[http->first].x);
	http->first = (http->first + 1) % OPEN_MOST;
	http->count--;
}

/* The place of a new request; the oldest one will get no answer any more. */
static struct request *
open_request(struct session *s, struct http *http)
{
	if (http->count == OPEN_MOST)
		close_oldest(s, http);
	return &http->open[(http->first + http->count++) % OPEN_MOST];
}

/* ---- answers before their request ---- */

/* Directions from two taps, or queues, may be out of step by more than it takes
 * to answer. */
static void
pair_early(struct session *s, struct http *http)
{
	struct request *r = oldest(http);
	const struct early *e = &http->early[0];

	if (r == NULL || http->early_count == 0)
		return;
	r->x.status = e->status;
	r->x.flags |= e->flags;
	memcpy(r->x.content_type, e->type, sizeof(e->type));
	memmove(&http->early[0], &http->early[1],
	    --http->early_count * sizeof(http->early[0]));
	close_oldest(s, http);
}

/* No request came for it. */
static void
give_up_early(struct session *s, struct http *http)
{
	struct request *r = open_request(s, http);

	memset(r, 0, sizeof(*r));
	pair_early(s, http);
}

static void
keep_early(struct session *s, struct http *http, const struct http_exchange *x)
{
	if (http->early_count == EARLY_MOST)
		give_up_early(s, http);
	struct early *e = &http->early[http->early_count++];

	e->status = x->status;
	e->flags = x->flags;
	memcpy(e->type, x->content_type, sizeof(e->type));
}

/* ---- framing ---- */

static struct slice
unread(const struct chunk *c)
{
	return slice_from(c->bytes, c->used);
}

static bool
begins_blank(struct slice s)
{
	return s.n > 0 && (s.p[0] == '\r' || s.p[0] == '\n');
}

static void
pass_over(struct half *h, struct chunk *c)
{
	size_t n = slice_head(unread(c),
	    h->left > SIZE_MAX ? SIZE_MAX : (size_t)h->left)
		       .n;

	c->used += n;
	h->left -= n;
}

static void
frame_body(struct half *h, const struct http_fields *f, bool until_close)
{
	h->left = 0;
	h->phase = PHASE_HEAD;
	if (f->chunked)
		h->phase = PHASE_CHUNK;
	else if (f->has_length)
		h->left = f->length;
	else if (until_close)
		h->phase = PHASE_CLOSE;
}

/* RFC 9112 section 7.1: chunk-size [;ext] CRLF data CRLF */
static enum feed
chunk_line(struct half *h, struct chunk *c)
{
	struct slice rest = unread(c);
	struct slice line;
	uint64_t size;

	if (!text_line(&rest, &line)) {
		h->phase = rest.n > CHUNK_LINE_MOST ? PHASE_LOST : PHASE_CHUNK;
		return FEED_ON;
	}
	c->used = c->bytes.n - rest.n;
	if (!text_hex64(header_bare(line), &size) || size > INT64_MAX) {
		h->phase = PHASE_LOST;
		return FEED_ON;
	}
	h->phase = size > 0 ? PHASE_CHUNK : PHASE_TRAILER;
	h->left = size > 0 ? size + 2 : 0;
	return FEED_ON;
}

static enum feed
trailer(struct half *h, struct chunk *c)
{
	size_t n = header_end(unread(c), &h->seen);

	if (n == 0 && unread(c).n > LIMIT_MESSAGE)
		h->phase = PHASE_LOST;
	if (n == 0)
		return FEED_ON;
	c->used += n;
	h->seen = 0;
	h->phase = PHASE_HEAD;
	return FEED_ON;
}

/* ---- messages ---- */

static void
take_request(struct session *s, struct http *http, struct half *h,
    struct slice line, const struct http_fields *f)
{
	struct slice method;
	struct slice target;

	if (!http_request_line(line, &method, &target))
		return;
	struct request *r = open_request(s, http);

	describe(r, method, target, f);
	if (!http->has_host && f->host.n > 0)
		learn_text(s, FACT_HTTP_HOST, f->host);
	if (!http->has_agent && f->agent.n > 0)
		learn_text(s, FACT_HTTP_USER_AGENT, f->agent);
	http->has_host |= f->host.n > 0;
	http->has_agent |= f->agent.n > 0;
	frame_body(h, f, false);
	if (http->early_count > 0)
		pair_early(s, http);
	else if (r->connect || (r->upgrade && h->left == 0 && !f->chunked))
		h->phase = PHASE_WAIT;
}

/* RFC 9112 section 6.3 */
static bool
has_body(unsigned status, const struct request *r)
{
	return !(r != NULL && r->head) && status >= 200 && status != 204 &&
	    status != 304;
}

/* The requests an answer comes back to may go on. */
static void
release(struct http *http)
{
	for (size_t i = 0; i < COUNT(http->half); i++)
		if (http->half[i].phase == PHASE_WAIT)
			http->half[i].phase = PHASE_HEAD;
}

static enum feed
switch_to_websocket(struct session *s, struct http *http)
{
	http->websocket =
	    arena_take(session_arena(s), dissect_websocket.state_size);
	return http->websocket != NULL ? FEED_ON : FEED_DONE;
}

/* What the server agreed to speak over WebSocket (RFC 6455 section 4.2.2, RFC
 * 7118, RFC 7395, RFC 7977): its messages may be compressed (RFC 7692). */
static void
learn_subprotocol(struct session *s, struct slice name)
{
	static const char *const known[] = { "sip", "xmpp", "msrp" };

	for (size_t i = 0; i < COUNT(known); i++)
		if (text_same(text_trim(name), known[i]))
			learn_text_once(s, FACT_PROTOCOL, slice_text(known[i]));
}

/* RFC 9110 section 15.2.2 */
static enum feed
switch_protocols(struct session *s, struct http *http,
    const struct http_fields *f)
{
	struct slice name = header_bare(f->upgrade);

	learn_text_once(s, FACT_HTTP_UPGRADE, name);
	if (text_same(name, "websocket")) {
		learn_subprotocol(s, f->subprotocol);
		return switch_to_websocket(s, http);
	}
	if (text_begins(name, "TLS/"))
		learn_text_once(s, FACT_STARTTLS, slice_text("http"));
	return FEED_NEXT;
}

static void
complete(struct request *r, unsigned status, const struct http_fields *f,
    bool body)
{
	struct http_exchange *x = &r->x;

	x->status = (uint16_t)status;
	x->flags |= (uint16_t)(f->flags & HTTP_SET_COOKIE);
	if (status >= 300 && status < 400 &&
	    text_begins(f->location, "https://"))
		x->flags |= HTTP_TO_HTTPS;
	if (status < 300 && body &&
	    (f->chunked || !f->has_length || f->length > 0))
		x->flags |= HTTP_CONTENT;
	memset(x->content_type, 0, sizeof(x->content_type));
	add_text(x->content_type, sizeof(x->content_type),
	    header_bare(f->type));
}

/* The second word of what describe() wrote. */
static struct slice
target_of(const struct request *r)
{
	struct slice rest = slice_text(r->x.text);
	struct slice word;

	bool method = text_word(&rest, &word);

	return method && text_word(&rest, &word) ? word : slice_text("-");
}

static enum feed
take_answer(struct session *s, struct http *http, struct half *h,
    unsigned status, const struct http_fields *f)
{
	struct request *r = oldest(http);
	struct request unknown;
	bool granted = r != NULL && r->connect && status >= 200 && status < 300;
	bool body = has_body(status, r) && !granted;

	if (status < 200 && status != 101)
		return FEED_ON; /* the real one is still to come */
	memset(&unknown, 0, sizeof(unknown));
	if (body)
		frame_body(h, f, true);
	complete(r != NULL ? r : &unknown, status, f, body);
	if (granted)
		learn_text(s, FACT_HTTP_CONNECT, target_of(r));
	if (r != NULL)
		close_oldest(s, http);
	else if (http->torn || session_mid_stream(s) || status == 101)
		learn_exchange(s, http, &unknown.x);
	else
		keep_early(s, http, &unknown.x);
	release(http);
	if (granted)
		return FEED_NEXT;
	return status == 101 ? switch_protocols(s, http, f) : FEED_ON;
}

/* As far as it came with its head: SOAP 1.1 is told by its body where the
 * field is missing. */
static unsigned
flags_of_body(struct slice body)
{
	body = slice_head(body, LIMIT_TEXT * 4);
	if (text_has(body, "jabber.org/protocol/httpbind"))
		return HTTP_BOSH;
	if (!text_has(slice_head(body, LIMIT_TEXT), ":Envelope"))
		return 0;
	return text_has(body, ":Security") ? HTTP_SOAP | HTTP_SECURITY
					   : HTTP_SOAP;
}

static enum feed
head(struct session *s, struct http *http, struct chunk *c)
{
	struct half *h = &http->half[c->side];
	struct http_fields f;
	unsigned status;
	bool fits = h->seen > 0 || http_start_fits(unread(c)) != PROBE_NO;
	size_t n = fits ? header_end(unread(c), &h->seen) : 0;

	if (!fits || (n == 0 && unread(c).n > LIMIT_MESSAGE))
		h->phase = PHASE_LOST;
	if (n == 0)
		return FEED_ON;
	struct slice rest = slice_head(unread(c), n);
	struct slice line;

	h->seen = 0;
	c->used += n;
	if (!text_line(&rest, &line))
		return FEED_ON;
	learn_text_once(s, FACT_PROTOCOL, slice_text("http"));
	http_take_fields(rest, &f);
	if (http_status_line(line, &status))
		return take_answer(s, http, h, status, &f);
	if (text_has(f.type, "xml"))
		f.flags |= flags_of_body(unread(c));
	take_request(s, http, h, line, &f);
	return FEED_ON;
}

/* Reads lines away until one is a start line. */
static enum feed
resync(struct half *h, struct chunk *c)
{
	struct slice rest = unread(c);
	struct slice line;

	h->seen = 0;
	h->left = 0;
	while (rest.n > 0 && http_start_fits(rest) == PROBE_NO &&
	    header_line(&rest, &line))
		c->used = c->bytes.n - rest.n;
	if (http_start_fits(rest) == PROBE_YES)
		h->phase = PHASE_HEAD;
	return FEED_ON;
}

static enum feed
step(struct session *s, struct http *http, struct chunk *c)
{
	struct half *h = &http->half[c->side];

	switch (h->phase) {
	case PHASE_HEAD:
		/* RFC 9112 section 2.2: an empty line before a request */
		while (h->seen == 0 && begins_blank(unread(c)))
			c->used++;
		return head(s, http, c);
	case PHASE_CHUNK:
		return chunk_line(h, c);
	case PHASE_TRAILER:
		return trailer(h, c);
	case PHASE_CLOSE:
		c->used = c->bytes.n;
		return FEED_ON;
	case PHASE_LOST:
		return resync(h, c);
	case PHASE_WAIT:
		/* No tunnel begins like a request: the answer was missed. */
		if (http_start_fits(unread(c)) == PROBE_YES)
			h->phase = PHASE_HEAD;
		return FEED_ON;
	}
	return FEED_LOST;
}

static enum feed
http_feed(struct session *s, void *state, struct chunk *c)
{
	struct http *http = state;
	struct half *h = &http->half[c->side];

	if (http->websocket != NULL)
		return dissect_websocket.feed(s, http->websocket, c);
	for (;;) {
		size_t before = c->used;
		enum phase phase = h->phase;

		pass_over(h, c);
		if (h->left > 0) {
			c->skip = h->left;
			h->left = 0;
			return FEED_ON;
		}
		if (unread(c).n == 0)
			return FEED_ON;
		enum feed r = step(s, http, c);

		if (r != FEED_ON || http->websocket != NULL ||
		    (c->used == before && h->phase == phase))
			return r;
	}
}

static enum feed
http_gap(struct session *s, void *state, enum side side, uint64_t n)
{
	struct http *http = state;
	struct half *h = &http->half[side];

	if (http->websocket != NULL)
		return dissect_websocket.gap(s, http->websocket, side, n);
	/* What was asked in the hole is unknown, and so is what is answered. */
	http->torn = true;
	while (http->count > 0)
		close_oldest(s, http);
	while (http->early_count > 0)
		give_up_early(s, http);
	release(http);
	if (h->phase != PHASE_CLOSE)
		h->phase = PHASE_LOST;
	h->left = 0;
	h->seen = 0;
	return FEED_ON;
}

static void
http_end(struct session *s, void *state)
{
	struct http *http = state;

	if (http->websocket != NULL && dissect_websocket.end != NULL)
		dissect_websocket.end(s, http->websocket);
	while (http->early_count > 0)
		give_up_early(s, http);
	for (unsigned i = 0; i < http->count; i++) {
		struct request *r = &http->open[(http->first + i) % OPEN_MOST];

		if (!r->told)
			learn_exchange(s, http, &r->x);
		r->told = true;
	}
	for (unsigned i = 0; i < http->known_count; i++) {
		struct known *k = &http->known[i];

		if (k->again == 0)
			continue;
		k->x->count = k->again;
		k->again = 0;
		learn_bytes(s, FACT_HTTP_EXCHANGE, k->x, sizeof(*k->x));
	}
}

static void
http_drop(void *state)
{
	struct http *http = state;

	if (http->websocket != NULL && dissect_websocket.drop != NULL)
		dissect_websocket.drop(http->websocket);
}

static enum probe
http_probe(const struct sniff *sniff)
{
	struct slice rest = sniff->bytes;

	/* RFC 9112 section 2.2: an empty line before a request */
	while (rest.n > 0 && sniff->bytes.n - rest.n < BLANKS_MOST &&
	    (rest.p[0] == '\r' || rest.p[0] == '\n'))
		rest = slice_from(rest, 1);
	return rest.n > 0 || sniff->bytes.n == 0 ? http_start_fits(rest)
						 : PROBE_MORE;
}

const struct dissector dissect_http = {
	.name = "http",
	.over = OVER_STREAM,
	.state_size = sizeof(struct http),
	.probe = http_probe,
	.feed = http_feed,
	.gap = http_gap,
	.end = http_end,
	.drop = http_drop,
};
