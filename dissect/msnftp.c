/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msnftp.c - the file transfer of old messengers, by its greeting.
 *
 * Spec: MSN Messenger file transfer protocol (MSNFTP), as clients of
 * Communications Server still speak it on ports 6891 to 6901.
 * Learns: FTP_MSN.
 */
#include "core/text.h"
#include "dissect/protocols.h"

static const char greeting[] = "VER MSN_SECURE_FTP";

static enum probe
msnftp_probe(const struct sniff *sniff)
{
	struct slice want = slice_text(greeting);
	struct slice have = slice_head(sniff->bytes, want.n);

	if (!slice_eq(have, slice_head(want, have.n)))
		return PROBE_NO;
	return have.n == want.n ? PROBE_YES : PROBE_MORE;
}

static enum feed
msnftp_feed(struct session *s, void *state UNUSED, struct chunk *c)
{
	c->used = c->bytes.n;
	learn_text_once(s, FACT_PROTOCOL, slice_text("msnftp"));
	learn_text_once(s, FACT_FTP_MSN, slice_text(greeting));
	return FEED_DONE;
}

const struct dissector dissect_msnftp = {
	.name = "msnftp",
	.over = OVER_STREAM,
	.probe = msnftp_probe,
	.feed = msnftp_feed,
};
