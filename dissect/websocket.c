/* SPDX-License-Identifier: Apache-2.0 */
/*
 * websocket.c - frames after an HTTP upgrade; what they carry goes through the
 * registry again.
 *
 * Spec: RFC 6455 section 5; RFC 7118 (SIP: one message is one text message);
 * RFC 7692 (compressed messages have RSV1 and are passed over).
 * Learns: nothing but the protocol.
 *
 * Text messages are given on whole, as datagrams; binary ones as a stream,
 * because tunnels cut their bytes into messages where they like.
 */
#include "core/buf.h"
#include "core/cursor.h"
#include "dissect/protocols.h"

enum {
	OP_CONTINUE = 0,
	OP_TEXT = 1,
	OP_BINARY = 2,
	OP_CONTROL = 8, /* and above */
	PIECE = 1024,
};

struct half {
	uint64_t left; /* payload of the frame at hand still to come */
	uint8_t key[4];
	unsigned turn; /* which byte of the key is next */
	bool masked;
	bool in_frame, last, control;
	uint8_t opcode; /* of the message the frame belongs to */
	bool opaque;    /* compressed, or a piece of it was lost */
	bool begun;     /* binary: bytes of this message were given on */
	struct buf text;
};

struct websocket {
	struct half half[2];
	struct session *texts, *stream;
	bool no_texts, no_stream; /* nothing more to learn there */
};

struct frame {
	uint8_t flags; /* FIN, RSV1-3, opcode */
	uint64_t length;
	bool masked;
	uint8_t key[4];
};

/* RFC 6455 section 5.2; false if it is not complete. */
static bool
parse_frame(struct cursor *c, struct frame *f)
{
	uint8_t second;
	uint16_t medium;

	if (!cur_u8(c, &f->flags) || !cur_u8(c, &second))
		return false;
	f->masked = (second & 0x80) != 0;
	f->length = second & 0x7f;
	if (f->length == 126) {
		if (!cur_u16(c, &medium))
			return false;
		f->length = medium;
	} else if (f->length == 127 && !cur_u64(c, &f->length)) {
		return false;
	}
	return !f->masked || cur_copy(c, f->key, sizeof(f->key));
}

static bool
is_sane(const struct half *h, const struct frame *f)
{
	uint8_t opcode = f->flags & 0x0f;
	bool last = (f->flags & 0x80) != 0;

	if (f->length > INT64_MAX || (f->flags & 0x30) != 0 ||
	    (opcode > OP_BINARY && opcode < OP_CONTROL) || opcode > 10)
		return false;
	if (opcode >= OP_CONTROL)
		return last && f->length <= 125;
	return opcode != OP_CONTINUE || h->opcode != 0 || h->opaque;
}

static void
begin_frame(struct half *h, const struct frame *f)
{
	uint8_t opcode = f->flags & 0x0f;

	h->in_frame = true;
	h->left = f->length;
	h->masked = f->masked;
	memcpy(h->key, f->key, sizeof(h->key));
	h->turn = 0;
	h->control = opcode >= OP_CONTROL;
	if (h->control)
		return;
	h->last = (f->flags & 0x80) != 0;
	if (opcode == OP_CONTINUE)
		return;
	h->opcode = opcode;
	h->opaque = (f->flags & 0x40) != 0;
	h->begun = false;
	buf_clear(&h->text);
}

static struct session *
child(struct session *s, struct session **at, bool datagram)
{
	struct inner how = {
		.datagram = datagram,
		.carrier = CARRIER_WEBSOCKET,
		.tuple = *session_tuple(s),
	};

	if (*at == NULL)
		*at = session_inner(s, &how);
	return *at;
}

static void
give_stream(struct session *s, struct websocket *w, const struct chunk *c,
    struct slice bytes)
{
	struct half *h = &w->half[c->side];
	struct chunk piece = *c;

	if (w->no_stream || child(s, &w->stream, false) == NULL)
		return;
	piece.bytes = bytes;
	piece.used = 0;
	piece.skip = 0;
	piece.segment = !h->begun;
	h->begun = true;
	w->no_stream = session_feed(w->stream, &piece) == FEED_DONE;
}

static void
give_text(struct session *s, struct websocket *w, const struct chunk *c)
{
	struct half *h = &w->half[c->side];
	struct chunk piece = *c;

	if (w->no_texts || h->text.n == 0 || !buf_ok(&h->text) ||
	    child(s, &w->texts, true) == NULL)
		return;
	piece.bytes = buf_slice(&h->text);
	piece.used = 0;
	piece.skip = 0;
	piece.wire = (uint32_t)h->text.n;
	w->no_texts = session_feed(w->texts, &piece) == FEED_DONE;
}

static void
unmask(struct half *h, struct slice from, uint8_t *to)
{
	for (size_t i = 0; i < from.n; i++)
		to[i] =
		    h->masked ? from.p[i] ^ h->key[h->turn++ % 4] : from.p[i];
}

static void
give_payload(struct session *s, struct websocket *w, const struct chunk *c,
    struct slice bytes)
{
	struct half *h = &w->half[c->side];
	uint8_t clear[PIECE];

	while (!h->control && !h->opaque && bytes.n > 0) {
		struct slice piece = slice_head(bytes, sizeof(clear));

		unmask(h, piece, clear);
		bytes = slice_from(bytes, piece.n);
		if (h->opcode == OP_BINARY)
			give_stream(s, w, c, slice_of(clear, piece.n));
		else if (h->text.n < LIMIT_MESSAGE)
			buf_add(&h->text, clear, piece.n);
	}
}

static void
end_frame(struct session *s, struct websocket *w, const struct chunk *c)
{
	struct half *h = &w->half[c->side];

	h->in_frame = false;
	if (h->control || !h->last)
		return;
	if (h->opcode == OP_TEXT && !h->opaque)
		give_text(s, w, c);
	h->opcode = 0;
	h->opaque = false;
	buf_done(&h->text);
}

static void
take_payload(struct session *s, struct websocket *w, struct chunk *c)
{
	struct half *h = &w->half[c->side];
	struct slice rest = slice_from(c->bytes, c->used);
	struct slice now =
	    slice_head(rest, h->left > rest.n ? rest.n : (size_t)h->left);

	give_payload(s, w, c, now);
	c->used += now.n;
	h->left -= now.n;
	if (h->left == 0)
		end_frame(s, w, c);
}

static enum feed
websocket_feed(struct session *s, void *state, struct chunk *c)
{
	struct websocket *w = state;
	struct half *h = &w->half[c->side];

	for (;;) {
		struct frame f = { 0 };

		if (h->in_frame)
			take_payload(s, w, c);
		if (h->in_frame)
			return FEED_ON;
		struct cursor cur = cur_of(slice_from(c->bytes, c->used));

		if (!parse_frame(&cur, &f))
			return FEED_ON;
		if (!is_sane(h, &f))
			return FEED_LOST;
		learn_text_once(s, FACT_PROTOCOL, slice_text("websocket"));
		c->used = c->bytes.n - cur_left(&cur);
		begin_frame(h, &f);
	}
}

/* A hole inside a payload spoils one message, any other one the framing. */
static enum feed
websocket_gap(struct session *s UNUSED, void *state, enum side side, uint64_t n)
{
	struct websocket *w = state;
	struct half *h = &w->half[side];

	if (!h->in_frame || n > h->left)
		return FEED_LOST;
	if (h->opcode == OP_BINARY && !h->control && w->stream != NULL)
		session_gap(w->stream, side, n);
	else if (!h->control)
		h->opaque = true;
	h->left -= n;
	h->turn = (unsigned)((h->turn + n) % 4);
	return FEED_ON;
}

static void
websocket_drop(void *state)
{
	struct websocket *w = state;

	buf_done(&w->half[0].text);
	buf_done(&w->half[1].text);
}

const struct dissector dissect_websocket = {
	.name = "websocket",
	.over = OVER_STREAM,
	.state_size = sizeof(struct websocket),
	.feed = websocket_feed,
	.gap = websocket_gap,
	.drop = websocket_drop,
};
