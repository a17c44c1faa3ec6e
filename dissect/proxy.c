/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxy.c - the header a load balancer puts before a connection that it passes
 * on: whose it is. What follows is the connection itself.
 *
 * Spec: The PROXY protocol, versions 1 and 2 (HAProxy).
 */
#include "core/cursor.h"
#include "core/text.h"
#include "dissect/protocols.h"

enum { LINE_MOST = 107, ADDRESSES_MOST = 4096 };

static const char line_start[] = "PROXY ";
static const uint8_t signature[] = { '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q',
	'U', 'I', 'T', '\n' };

static enum probe
fits(struct slice bytes, struct slice want)
{
	struct slice have = slice_head(bytes, want.n);

	if (!slice_eq(have, slice_head(want, have.n)))
		return PROBE_NO;
	return have.n == want.n ? PROBE_YES : PROBE_MORE;
}

/* It comes first, from who connects. */
static enum probe
proxy_probe(const struct sniff *sniff)
{
	if (sniff->side != TO_SERVER || !sniff->start || sniff->bytes.n == 0)
		return PROBE_NO;
	enum probe p = fits(sniff->bytes, slice_text(line_start));

	return p != PROBE_NO
	    ? p
	    : fits(sniff->bytes, slice_of(signature, sizeof(signature)));
}

static enum feed
line(struct chunk *c)
{
	struct slice rest = c->bytes;
	struct slice text;

	if (!text_line(&rest, &text))
		return c->bytes.n > LINE_MOST ? FEED_LOST : FEED_ON;
	c->used = c->bytes.n - rest.n;
	return FEED_NEXT;
}

static enum feed
block(struct chunk *c)
{
	struct cursor at = cur_of(c->bytes);
	uint8_t version, family;
	uint16_t length;

	if (!cur_skip(&at, sizeof(signature)) || !cur_u8(&at, &version) ||
	    !cur_u8(&at, &family) || !cur_u16(&at, &length))
		return FEED_ON;
	if (version >> 4 != 2 || length > ADDRESSES_MOST)
		return FEED_LOST;
	if (!cur_skip(&at, length))
		return FEED_ON;
	c->used = c->bytes.n - cur_left(&at);
	return FEED_NEXT;
}

static enum feed
proxy_feed(struct session *s UNUSED, void *state UNUSED, struct chunk *c)
{
	if (c->side != TO_SERVER)
		return FEED_LOST;
	return c->bytes.p[0] == 'P' ? line(c) : block(c);
}

const struct dissector dissect_proxy = {
	.name = "proxy",
	.over = OVER_STREAM,
	.probe = proxy_probe,
	.feed = proxy_feed,
};
