/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msrp.c - message sessions.
 *
 * Spec: RFC 4975 sections 7 and 9.
 * Learns: MSRP_METHOD.
 *
 * Messages are not put together: every line that is a start line counts. Data
 * inside a message is told apart by the end line of its transaction.
 */
#include "dissect/header.h"
#include "dissect/protocols.h"

enum { ID_MOST = 32, LINE_MOST = 4096 };

struct half {
	bool inside; /* between a start line and its end line */
	uint8_t id[ID_MOST];
	size_t id_size;
};

struct msrp {
	struct half half[2];
};

/* pMSRP SP transact-id SP method, or a status code and comment */
static bool
start_line(struct slice line, struct slice *id, struct slice *method)
{
	struct slice rest = slice_from(line, 5);
	uint64_t status;

	if (!text_begins_exact(line, "MSRP ") || !text_split(&rest, ' ', id) ||
	    !header_is_token(*id) || id->n > ID_MOST ||
	    !text_split(&rest, ' ', method))
		return false;
	if (method->n == 3 && text_u64(*method, &status))
		return true;
	for (size_t i = 0; i < method->n; i++)
		if (method->p[i] < 'A' || method->p[i] > 'Z')
			return false;
	return rest.n == 0 && method->n > 0 && method->n <= ID_MOST;
}

static enum probe
msrp_probe(const struct sniff *sniff)
{
	struct slice rest = sniff->bytes;
	struct slice want = slice_text("MSRP ");
	struct slice line;
	struct slice id;
	struct slice method;

	if (text_line(&rest, &line))
		return start_line(line, &id, &method) ? PROBE_YES : PROBE_NO;
	rest = slice_head(rest, want.n);
	return slice_eq(rest, slice_head(want, rest.n)) ? PROBE_MORE : PROBE_NO;
}

/* "-------" transact-id continuation-flag */
static bool
is_end_line(const struct half *h, struct slice line)
{
	struct slice rest = slice_from(line, 7);

	return text_begins_exact(line, "-------") &&
	    slice_eq(slice_head(rest, h->id_size),
		slice_of(h->id, h->id_size)) &&
	    rest.n == h->id_size + 1;
}

static void
take_line(struct session *s, struct half *h, struct slice line)
{
	struct slice id;
	struct slice method;
	uint64_t status;

	if (h->inside) {
		h->inside = !is_end_line(h, line);
		return;
	}
	if (!start_line(line, &id, &method))
		return;
	h->inside = true;
	h->id_size = id.n;
	memcpy(h->id, id.p, id.n);
	if (!text_u64(method, &status))
		learn_text_once(s, FACT_MSRP_METHOD, method);
}

static enum feed
msrp_feed(struct session *s, void *state, struct chunk *c)
{
	struct msrp *m = state;
	struct slice rest = c->bytes;
	struct slice line;

	learn_text_once(s, FACT_PROTOCOL, slice_text("msrp"));
	while (text_line(&rest, &line))
		take_line(s, &m->half[c->side], line);
	/* A line that long is data; no end line hides in it. */
	c->used = rest.n > LINE_MOST ? c->bytes.n : c->bytes.n - rest.n;
	return FEED_ON;
}

static enum feed
msrp_gap(struct session *s UNUSED, void *state, enum side side,
    uint64_t n UNUSED)
{
	struct msrp *m = state;

	m->half[side].inside = false;
	return FEED_ON;
}

const struct dissector dissect_msrp = {
	.name = "msrp",
	.over = OVER_STREAM,
	.state_size = sizeof(struct msrp),
	.probe = msrp_probe,
	.feed = msrp_feed,
	.gap = msrp_gap,
};
