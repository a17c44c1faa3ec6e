/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh.c - SSH by its identification strings, no further.
 *
 * Spec: RFC 4253 section 4.2.
 * Learns: SSH_VERSION.
 */
#include "core/text.h"
#include "dissect/protocols.h"

enum { LINE_MOST = 255 };

struct ssh {
	bool told[2];
};

static enum probe
ssh_probe(const struct sniff *sniff)
{
	static const char *const starts[] = { "SSH-2.0-", "SSH-1." };
	struct slice rest = sniff->bytes;
	struct slice line;
	bool complete = text_line(&rest, &line);

	for (size_t i = 0; i < COUNT(starts); i++) {
		struct slice want = slice_text(starts[i]);
		struct slice have = slice_head(sniff->bytes, want.n);

		if (!slice_eq(have, slice_head(want, have.n)))
			continue;
		if (have.n == want.n && complete && line.n <= LINE_MOST)
			return PROBE_YES;
		if (!complete && sniff->bytes.n <= LINE_MOST)
			return PROBE_MORE;
	}
	return PROBE_NO;
}

static enum feed
ssh_feed(struct session *s, void *state, struct chunk *c)
{
	struct ssh *ssh = state;
	struct slice rest = c->bytes;
	struct slice line;

	learn_text_once(s, FACT_PROTOCOL, slice_text("ssh"));
	if (!ssh->told[c->side] && !text_line(&rest, &line))
		return c->bytes.n > LINE_MOST ? FEED_DONE : FEED_ON;
	c->used = c->bytes.n;
	if (ssh->told[c->side])
		return FEED_ON;
	if (text_begins_exact(line, "SSH-"))
		learn_text(s, FACT_SSH_VERSION, line);
	ssh->told[c->side] = true;
	return ssh->told[!c->side] ? FEED_DONE : FEED_ON;
}

const struct dissector dissect_ssh = {
	.name = "ssh",
	.over = OVER_STREAM,
	.state_size = sizeof(struct ssh),
	.probe = ssh_probe,
	.feed = ssh_feed,
};
