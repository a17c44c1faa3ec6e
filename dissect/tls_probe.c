/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_probe.c - is this TLS? Strict, because everything later is believed.
 *
 * A hello is known by its inner lengths. In mid-stream only the record header
 * can be read, so that a second header, or the end of the segment, must stand
 * where the first one says.
 *
 * Spec: RFC 8446 5.1, 4; RFC 5246 6.2.1, 7.4, E.2; RFC 6101 5.2.
 */
#include "dissect/protocols.h"
#include "dissect/tls.h"

enum {
	HELLO_LEAST = 38,
	SSL2_LEAST = 9,
	SSL2_FLAG = 0x80,
	HEAD = 6, /* of a handshake message: type, length, version */
};

static bool
version_is_known(uint16_t v)
{
	return v >= 0x0300 && v <= 0x0304;
}

bool
tls_record_header(struct cursor *c, struct tls_record *r)
{
	return cur_u8(c, &r->type) && r->type >= CONTENT_CCS &&
	    r->type <= CONTENT_HEARTBEAT && cur_u16(c, &r->version) &&
	    version_is_known(r->version) && cur_u16(c, &r->length) &&
	    r->length <= TLS_RECORD_MOST;
}

static bool
is_message(uint8_t type)
{
	switch (type) {
	case MESSAGE_HELLO_REQUEST:
	case MESSAGE_CLIENT_HELLO:
	case MESSAGE_SERVER_HELLO:
	case MESSAGE_TICKET:
	case MESSAGE_CERTIFICATE:
	case MESSAGE_SERVER_KEY:
	case MESSAGE_CERTIFICATE_REQUEST:
	case MESSAGE_SERVER_DONE:
	case MESSAGE_CERTIFICATE_VERIFY:
	case MESSAGE_CLIENT_KEY:
	case 21: /* certificate_url */
	case 22: /* certificate_status */
	case 23: /* supplemental_data */
		return true;
	default:
		return false;
	}
}

bool
tls_messages_fit(struct slice body)
{
	struct cursor c = cur_of(body), one;
	uint8_t type;

	while (cur_left(&c) > 0) {
		if (!cur_u8(&c, &type) || !is_message(type) ||
		    !cur_vec24(&c, &one))
			return false;
	}
	return body.n > 0;
}

/* RFC 8446 4.1.2: message header and version; enough of it, whatever follows
 * in other segments. */
enum probe
tls_probe_hello(struct cursor c)
{
	uint8_t type;
	uint32_t length;
	uint16_t version;

	if (!cur_u8(&c, &type))
		return PROBE_MORE;
	if (type != MESSAGE_CLIENT_HELLO && type != MESSAGE_SERVER_HELLO)
		return PROBE_NO;
	if (!cur_u24(&c, &length))
		return PROBE_MORE;
	if (length < HELLO_LEAST || length > LIMIT_TLS_MESSAGE)
		return PROBE_NO;
	if (!cur_u16(&c, &version))
		return PROBE_MORE;
	return version >> 8 == 3 ||
		(type == MESSAGE_SERVER_HELLO && version >> 8 == 0x7f)
	    ? PROBE_YES
	    : PROBE_NO;
}

/*
 * The first octets of a handshake, which may be spread over records of an
 * octet each (RFC 8446 5.1). False: they are of something else.
 */
static bool
handshake_head(struct slice bytes, uint8_t head[HEAD], size_t *n)
{
	struct cursor c = cur_of(bytes), body;
	struct tls_record r;

	*n = 0;
	while (*n < HEAD && cur_left(&c) >= TLS_RECORD_HEADER) {
		if (!tls_record_header(&c, &r) || r.type != CONTENT_HANDSHAKE ||
		    r.length == 0)
			return false;
		body = cur_of(slice_head(cur_rest(&c), r.length));
		while (*n < HEAD && cur_u8(&body, &head[*n]))
			++*n;
		if (!cur_skip(&c, r.length))
			break;
	}
	return true;
}

enum probe
tls_probe_first(struct slice bytes)
{
	uint8_t head[HEAD];
	size_t n;

	return handshake_head(bytes, head, &n)
	    ? tls_probe_hello(cur_of(slice_of(head, n)))
	    : PROBE_NO;
}

/* What one record must look like to be believed without a second one. */
static bool
record_is_sane(const struct tls_record *r, struct slice body)
{
	if (r->length == 0)
		return false;
	if (r->type == CONTENT_CCS) /* encrypted ones are longer */
		return r->length != 1 || body.n == 0 || body.p[0] == 1;
	if (r->type == CONTENT_ALERT)
		return r->length >= 2;
	return r->type != CONTENT_HEARTBEAT;
}

static enum probe
probe_next(struct cursor c)
{
	struct tls_record next;
	uint8_t first;

	if (cur_left(&c) >= TLS_RECORD_HEADER)
		return tls_record_header(&c, &next) && next.length > 0
		    ? PROBE_YES
		    : PROBE_NO;
	if (!cur_u8(&c, &first))
		return PROBE_YES; /* ends with the record */
	return first >= CONTENT_CCS && first <= CONTENT_DATA ? PROBE_MORE
							     : PROBE_NO;
}

static enum probe
probe_middle(struct cursor c, const struct tls_record *r)
{
	struct slice body;

	if (!record_is_sane(r, cur_rest(&c)))
		return PROBE_NO;
	if (!cur_take(&c, r->length, &body))
		return PROBE_MORE;
	if (r->type == CONTENT_HANDSHAKE && tls_messages_fit(body))
		return PROBE_YES;
	return probe_next(c);
}

/* Fewer bytes than a header: could they become one? */
static enum probe
probe_short(struct slice s)
{
	if (s.p[0] < CONTENT_CCS || s.p[0] > CONTENT_DATA)
		return PROBE_NO;
	if (s.n >= 2 && s.p[1] != 3)
		return PROBE_NO;
	return s.n >= 3 && s.p[2] > 4 ? PROBE_NO : PROBE_MORE;
}

size_t
tls_ssl2_record(struct slice bytes)
{
	struct cursor c = cur_of(bytes);
	uint16_t length;

	if (!cur_u16(&c, &length) || length < 0x8000 + SSL2_LEAST)
		return 0;
	return length - 0x8000;
}

/* RFC 5246 E.2 */
static enum probe
probe_ssl2(struct slice s)
{
	struct cursor c = cur_of(s), record;
	uint16_t length, version, suites, id, challenge;
	uint8_t type;

	if (!cur_u16(&c, &length) || !cur_u8(&c, &type) ||
	    !cur_u16(&c, &version) || !cur_u16(&c, &suites) ||
	    !cur_u16(&c, &id) || !cur_u16(&c, &challenge))
		return s.n >= 3 && s.p[2] != MESSAGE_CLIENT_HELLO ? PROBE_NO
								  : PROBE_MORE;
	struct tls_hello hello;
	uint8_t list[LIMIT_TEXT];
	size_t n = tls_ssl2_record(s);

	if (n == 0 || type != MESSAGE_CLIENT_HELLO || suites % 3 != 0)
		return PROBE_NO;
	c = cur_of(s);
	if (!cur_skip(&c, 2) || !cur_sub(&c, n, &record))
		return n <= LIMIT_TEXT ? PROBE_MORE : PROBE_NO;
	return tls_parse_ssl2_hello(cur_rest(&record), &hello, list) ? PROBE_YES
								     : PROBE_NO;
}

enum probe
tls_probe(const struct sniff *s)
{
	struct cursor c = cur_of(s->bytes);
	struct tls_record r;

	if (s->bytes.n == 0)
		return PROBE_MORE;
	/* Whoever only pretends is asked before us, if he has all he needs. */
	if (tls_pseudo_hello(s->bytes) == PROBE_MORE)
		return PROBE_MORE;
	if (s->start && s->bytes.p[0] & SSL2_FLAG)
		return probe_ssl2(s->bytes);
	if (s->bytes.n < TLS_RECORD_HEADER)
		return probe_short(s->bytes);
	if (!tls_record_header(&c, &r) || r.length == 0)
		return PROBE_NO;
	if (r.type == CONTENT_HANDSHAKE) {
		enum probe p = tls_probe_first(s->bytes);

		if (p != PROBE_NO)
			return p;
	}
	if (!s->segment && !s->start)
		return PROBE_NO;
	return probe_middle(c, &r);
}

enum probe
tls_takes_over(const struct chunk *c)
{
	if (!c->segment || c->bytes.n == 0 ||
	    c->bytes.p[0] != CONTENT_HANDSHAKE)
		return PROBE_NO;
	return c->bytes.n < TLS_RECORD_HEADER ? probe_short(c->bytes)
					      : tls_probe_first(c->bytes);
}
