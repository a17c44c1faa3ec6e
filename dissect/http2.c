/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http2.c - HTTP/2 by its connection preface, no further.
 *
 * Spec: RFC 9113 section 3.4.
 * Learns: HTTP_2.
 */
#include "core/text.h"
#include "dissect/protocols.h"

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

static enum probe
http2_probe(const struct sniff *sniff)
{
	struct slice want = slice_text(preface);
	struct slice have = slice_head(sniff->bytes, want.n);

	if (!slice_eq(have, slice_head(want, have.n)))
		return PROBE_NO;
	return have.n == want.n ? PROBE_YES : PROBE_MORE;
}

static enum feed
http2_feed(struct session *s, void *state UNUSED, struct chunk *c)
{
	c->used = c->bytes.n;
	learn_text_once(s, FACT_PROTOCOL, slice_text("http2"));
	learn_number_once(s, FACT_HTTP_2, 1);
	return FEED_DONE;
}

const struct dissector dissect_http2 = {
	.name = "http2",
	.over = OVER_STREAM,
	.probe = http2_probe,
	.feed = http2_feed,
};
