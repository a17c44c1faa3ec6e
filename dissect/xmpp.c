/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xmpp.c - XMPP streams up to the point where TLS takes over, or what is
 * readable without it.
 *
 * Spec: RFC 6120 sections 4 (streams), 5 (STARTTLS), 6 (SASL) and 8 (stanzas),
 * XEP-0220 (server dialback), XEP-0388 (SASL2).
 * Learns: XMPP_STREAM, XMPP_STARTTLS, XMPP_SASL, XMPP_DIALBACK, XMPP_CONTENT,
 * STARTTLS.
 *
 * Tags are read one by one; what stands between them is not.
 */
#include "dissect/header.h"
#include "dissect/protocols.h"

enum {
	STARTTLS_OFFERED = 1,
	STARTTLS_ASKED = 2,
	STARTTLS_AGREED = 3,
	STARTTLS_REQUIRED = 4,
	TAG_MOST = 16 * 1024,
};

struct half {
	bool spoke;
	bool features; /* inside stream:features */
	bool starttls; /* inside starttls, inside features */
};

struct xmpp {
	struct half half[2];
};

struct tag {
	struct slice name;  /* with its prefix */
	struct slice local; /* without */
	struct slice rest;  /* attributes */
	bool closing;       /* </name> */
	bool empty;         /* <name/> */
};

/* Length of the tag at the start, 0 if its end has not come. */
static size_t
tag_length(struct slice s)
{
	uint8_t quote = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (quote != 0)
			quote = s.p[i] == quote ? 0 : quote;
		else if (s.p[i] == '"' || s.p[i] == '\'')
			quote = s.p[i];
		else if (s.p[i] == '>')
			return i + 1;
	}
	return 0;
}

static bool
is_name_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == ':' || c == '-' || c == '_' ||
	    c == '.';
}

/* s is "<...>". False for declarations and comments. */
static bool
parse_tag(struct slice s, struct tag *t)
{
	struct slice inside = slice_from(slice_head(s, s.n - 1), 1);
	size_t n = 0;

	*t = (struct tag){ 0 };
	t->closing = text_begins_exact(inside, "/");
	if (t->closing)
		inside = slice_from(inside, 1);
	while (n < inside.n && is_name_char(inside.p[n]))
		n++;
	t->name = slice_head(inside, n);
	t->rest = slice_from(inside, n);
	t->empty = inside.n > 0 && inside.p[inside.n - 1] == '/';
	struct slice rest = t->name;
	struct slice prefix;

	t->local = t->name;
	if (text_split(&rest, ':', &prefix) && rest.n > 0)
		t->local = rest;
	return n > 0;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* XML attributes: name Eq quoted value. Empty if it is not there. */
static struct slice
attribute(const struct tag *t, const char *name)
{
	struct slice rest = t->rest;
	struct slice before;
	struct slice none = { NULL, 0 };

	while (text_split(&rest, '=', &before)) {
		rest = text_trim(rest);
		if (rest.n == 0 || (rest.p[0] != '"' && rest.p[0] != '\''))
			return none;
		char quote = (char)rest.p[0];
		struct slice value;

		rest = slice_from(rest, 1);
		if (!text_split(&rest, quote, &value))
			return none;
		if (slice_is(text_trim(before), name))
			return value;
	}
	return none;
}

static struct slice
skip_blank(struct slice s)
{
	size_t n = 0;

	while (n < s.n && is_space(s.p[n]))
		n++;
	return slice_from(s, n);
}

static bool
is_stream(const struct tag *t)
{
	return slice_is(t->local, "stream") && !t->closing &&
	    text_has(t->rest, "http://etherx.jabber.org/streams");
}

/* In mid-stream: a stanza with the attributes stanzas have. */
static bool
is_stanza(const struct tag *t)
{
	if (t->closing)
		return false;
	if (slice_is(t->name, "iq"))
		return attribute(t, "id").n > 0 && attribute(t, "type").n > 0;
	if (slice_is(t->name, "message"))
		return attribute(t, "to").n > 0 || attribute(t, "from").n > 0;
	if (slice_is(t->name, "presence"))
		return attribute(t, "to").n > 0 || attribute(t, "from").n > 0;
	return false;
}

/* May this be the beginning of a tag that tells? */
static bool
may_begin(struct slice s)
{
	static const char *const starts[] = { "<?xml ", "<stream:stream ",
		"<iq ", "<message ", "<presence " };

	for (size_t i = 0; i < COUNT(starts); i++) {
		struct slice want = slice_text(starts[i]);
		size_t n = want.n < s.n ? want.n : s.n;

		/* any white space may stand for the blank */
		if (n == want.n && is_space(s.p[n - 1]))
			n--;
		if (slice_eq(slice_head(s, n), slice_head(want, n)))
			return true;
	}
	return false;
}

static enum probe
xmpp_probe(const struct sniff *sniff)
{
	struct slice rest = skip_blank(sniff->bytes);
	struct tag t;

	if (!may_begin(rest))
		return PROBE_NO;
	if (text_begins_exact(rest, "<?xml")) {
		size_t n = tag_length(rest);

		if (n == 0)
			return PROBE_MORE;
		rest = skip_blank(slice_from(rest, n));
		if (!may_begin(rest))
			return PROBE_NO;
	}
	size_t n = tag_length(rest);

	if (n == 0)
		return PROBE_MORE;
	if (!parse_tag(slice_head(rest, n), &t))
		return PROBE_NO;
	return is_stream(&t) || is_stanza(&t) ? PROBE_YES : PROBE_NO;
}

/* Inside stream features STARTTLS is an offer, outside it is a wish. */
static void
learn_starttls(struct session *s, struct half *h, const struct tag *t)
{
	if (t->closing) {
		h->starttls = false;
		return;
	}
	h->starttls = h->features && !t->empty;
	learn_number_once(s, FACT_XMPP_STARTTLS,
	    h->features ? STARTTLS_OFFERED : STARTTLS_ASKED);
}

static void
learn_stream(struct session *s, struct half *h, const struct tag *t)
{
	*h = (struct half){ .spoke = true };
	learn_text_once(s, FACT_XMPP_STREAM, attribute(t, "xmlns"));
}

static void
learn_mechanism(struct session *s, const struct tag *t)
{
	struct slice mechanism = attribute(t, "mechanism");

	if (!t->closing && mechanism.n > 0)
		learn_text_once(s, FACT_XMPP_SASL, mechanism);
}

static bool
is_dialback(const struct tag *t)
{
	return text_begins_exact(t->name, "db:") &&
	    (slice_is(t->local, "result") || slice_is(t->local, "verify"));
}

static enum feed
learn_tag(struct session *s, struct half *h, const struct tag *t)
{
	if (is_stream(t))
		learn_stream(s, h, t);
	else if (slice_is(t->local, "features"))
		h->features = !t->closing && !t->empty;
	else if (slice_is(t->name, "starttls"))
		learn_starttls(s, h, t);
	else if (slice_is(t->name, "required") && h->starttls)
		learn_number_once(s, FACT_XMPP_STARTTLS, STARTTLS_REQUIRED);
	else if (slice_is(t->name, "auth") || slice_is(t->name, "authenticate"))
		learn_mechanism(s, t);
	else if (is_dialback(t))
		learn_number_once(s, FACT_XMPP_DIALBACK, 1);
	else if (is_stanza(t) || slice_is(t->name, "presence"))
		learn_number_once(s, FACT_XMPP_CONTENT, 1);
	else if (slice_is(t->name, "proceed") &&
	    text_has(t->rest, "xmpp-tls")) {
		learn_number_once(s, FACT_XMPP_STARTTLS, STARTTLS_AGREED);
		learn_text_once(s, FACT_STARTTLS, slice_text("xmpp"));
		return FEED_NEXT;
	}
	return FEED_ON;
}

static enum feed
xmpp_feed(struct session *s, void *state, struct chunk *c)
{
	struct xmpp *x = state;

	learn_text_once(s, FACT_PROTOCOL, slice_text("xmpp"));
	/* Of one direction the consent to TLS may not be there to be seen. */
	enum probe tls = x->half[!c->side].spoke ? PROBE_NO : tls_takes_over(c);

	if (tls == PROBE_YES)
		learn_text_once(s, FACT_STARTTLS, slice_text("xmpp"));
	if (tls != PROBE_NO)
		return tls == PROBE_YES ? FEED_NEXT : FEED_ON;
	x->half[c->side].spoke = true;
	for (;;) {
		struct slice rest = slice_from(c->bytes, c->used);
		struct slice behind = rest;
		struct slice text;
		struct tag t;

		if (!text_split(&behind, '<', &text) || text.n == rest.n) {
			c->used = c->bytes.n;
			return FEED_ON;
		}
		c->used += text.n;
		rest = slice_from(c->bytes, c->used);
		size_t n = tag_length(rest);

		if (n == 0)
			return rest.n > TAG_MOST ? FEED_LOST : FEED_ON;
		c->used += n;
		if (!parse_tag(slice_head(rest, n), &t))
			continue;
		enum feed r = learn_tag(s, &x->half[c->side], &t);

		if (r != FEED_ON)
			return r;
	}
}

/* The next tag is found by its bracket. */
static enum feed
xmpp_gap(struct session *s UNUSED, void *state UNUSED, enum side side UNUSED,
    uint64_t n UNUSED)
{
	return FEED_ON;
}

const struct dissector dissect_xmpp = {
	.name = "xmpp",
	.over = OVER_STREAM,
	.state_size = sizeof(struct xmpp),
	.probe = xmpp_probe,
	.feed = xmpp_feed,
	.gap = xmpp_gap,
};
