/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record layer of TLS, with nothing to guess before it. The first octet
 * says whether there is a key log and a SYN; then, for each record, one octet
 * of flags, its type, the low octet of its version and 16 bits of length. Its
 * header is written here; the fuzzer may make it lie.
 */
#include <stdlib.h>

#include "core/cursor.h"
#include "dissect/keylog.h"
#include "dissect/protocols.h"
#include "dissect/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FLAG_CLIENT = 1, /* who speaks: TO_CLIENT */
	FLAG_GAP = 2,    /* the body was not captured */
	FLAG_ACK = 4,
	FLAG_SPLIT = 8, /* in two segments */
	FLAG_LIE = 16,  /* about the length */
	HEADER = 5
};

#define ZERO32                             \
	"00000000000000000000000000000000" \
	"00000000000000000000000000000000"

static const char secrets[] =
    "CLIENT_RANDOM " ZERO32 " " ZERO32 "00000000000000000000000000000000\n"
    "CLIENT_TRAFFIC_SECRET_0 " ZERO32 " " ZERO32 "\n"
    "SERVER_TRAFFIC_SECRET_0 " ZERO32 " " ZERO32 "\n";

struct talk {
	struct session *s;
	struct cursor in;
	uint64_t packet, sent[2];
};

static void
say(struct talk *t, enum side side, struct slice bytes, bool first)
{
	struct stream_piece piece = { .side = side,
		.packet = ++t->packet,
		.segment_start = first,
		.bytes = bytes };

	t->sent[side] += bytes.n;
	if (bytes.n > 0)
		(void)session_stream(t->s, &piece);
}

static bool
one_record(struct talk *t)
{
	uint8_t flags, type, version;
	uint16_t length;

	if (!cur_u8(&t->in, &flags) || !cur_u8(&t->in, &type) ||
	    !cur_u8(&t->in, &version) || !cur_u16(&t->in, &length))
		return false;
	enum side side = flags & FLAG_CLIENT ? TO_CLIENT : TO_SERVER;
	struct slice body = slice_head(cur_rest(&t->in), length);
	size_t says = flags & FLAG_LIE ? length : body.n;
	uint8_t *own = malloc(HEADER + body.n);

	if (own == NULL)
		abort();
	own[0] = type;
	own[1] = 3;
	own[2] = version;
	own[3] = (uint8_t)(says >> 8);
	own[4] = (uint8_t)says;
	if (!cur_copy(&t->in, own + HEADER, body.n))
		abort();
	struct slice all = slice_of(own, HEADER + body.n);
	struct slice now = all;

	if (flags & FLAG_SPLIT)
		now = slice_head(all, HEADER + body.n / 2);
	if (flags & FLAG_GAP)
		now = slice_head(all, HEADER);
	say(t, side, now, true);
	if (flags & FLAG_GAP)
		(void)session_stream(t->s,
		    &(struct stream_piece){ .side = side,
			.packet = ++t->packet,
			.gap = (size_t)length + 1 });
	else
		say(t, side, slice_from(all, now.n), false);
	if (flags & FLAG_ACK)
		session_ack(t->s, side, (uint32_t)t->sent[side]);
	free(own);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keylog *keys;
	struct talk t = { .in = cur_of(slice_of(data, size)) };
	struct flow flow = { .tuple.proto = IPPROTO_NUM_TCP };
	uint8_t setup;

	if (!cur_u8(&t.in, &setup))
		return 0;
	if (keys == NULL) {
		keys = keylog_new();
		keylog_add(keys, slice_of(secrets, sizeof(secrets) - 1));
	}
	flow.mid_stream = setup & 1;
	t.s = session_new(&flow, setup & 2 ? keys : NULL, NULL);
	if (t.s == NULL || !session_bind(t.s, &dissect_tls))
		abort();
	while (one_record(&t))
		;
	session_end(t.s);
	session_free(t.s);
	return 0;
}
