/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STUN messages and attributes.
 *
 * Spec: RFC 8489 sections 5 and 14, RFC 3489 section 11, MS-TURN section 2.2.
 */
#include "dissect/stun.h"

enum {
	COOKIE_SIZE = 4,
	FAMILY_V4 = 1,
	FAMILY_V6 = 2,
	CLASSIC_ATTRIBUTES = 0x000b, /* the last of RFC 3489 */
};

#define MODERN_COOKIE 0x2112a442u
#define MS_COOKIE     0x72c64bc6u

/* MS-TURN 2.2.2 and MS-TURN 2.2.1; 0x000f is always the first attribute. */
static bool
has_ms_cookie(struct cursor c)
{
	uint16_t type;
	uint16_t length;
	uint32_t cookie;

	return cur_u16(&c, &type) && type == STUN_COOKIE &&
	    cur_u16(&c, &length) && length == COOKIE_SIZE &&
	    cur_u32(&c, &cookie) && cookie == MS_COOKIE;
}

/* Binding and Shared Secret, RFC 3489 section 11.1. */
static bool
is_classic_type(uint16_t type)
{
	uint16_t method = type & 0x000f;
	uint16_t kind = type & 0xfff0;

	return (method == 1 || method == 2) &&
	    (kind == 0 || kind == 0x0100 || kind == 0x0110);
}

/* RFC 3489 has no cookie, so every attribute must be one we know. */
static bool
walks_classic(struct stun_message m)
{
	struct stun_attribute a;

	while (cur_left(&m.attributes) > 0) {
		if (!stun_next(&m, &a) || a.value.n != a.length)
			return false;
		if ((a.type == 0 || a.type > CLASSIC_ATTRIBUTES) &&
		    (a.type < 0x8000 || a.type > 0x80ff))
			return false;
	}
	return true;
}

/* RFC 8489 section 5: the class is spread over bits 4 and 8. */
static void
split_type(struct stun_message *m)
{
	uint16_t t = m->type;

	m->class = (enum stun_class)((t >> 7 & 2) | (t >> 4 & 1));
	m->method =
	    (uint16_t)((t & 0x000f) | (t & 0x00e0) >> 1 | (t & 0x3e00) >> 2);
}

/* RFC 3489 section 11.1: 0x01 answers, 0x11 refuses. */
static void
split_old_type(struct stun_message *m)
{
	m->method = m->type & 0x000f;
	switch (m->type & 0xfff0) {
	case 0x0100:
		m->class = STUN_SUCCESS;
		break;
	case 0x0110:
		m->class = m->method == 5 ? STUN_INDICATION : STUN_ERROR;
		break;
	default:
		m->class = STUN_REQUEST;
		break;
	}
}

bool
stun_parse(struct slice bytes, uint32_t wire, struct stun_message *m)
{
	struct cursor c = cur_of(bytes);
	uint32_t cookie;

	if (!cur_u16(&c, &m->type) || m->type >= 0x4000 ||
	    !cur_u16(&c, &m->length) || wire < STUN_HEADER ||
	    m->length > wire - STUN_HEADER || !cur_take(&c, STUN_ID, &m->id))
		return false;
	m->attributes = cur_of(slice_head(cur_rest(&c), m->length));
	struct cursor id = cur_of(m->id);

	if (!cur_u32(&id, &cookie))
		return false;
	if (cookie == MODERN_COOKIE) {
		m->dialect = STUN_MODERN;
		split_type(m);
		return m->length % 4 == 0;
	}
	split_old_type(m);
	m->dialect = STUN_MS_DIALECT;
	if (has_ms_cookie(m->attributes))
		return true;
	m->dialect = STUN_CLASSIC;
	return is_classic_type(m->type) && m->length == wire - STUN_HEADER &&
	    bytes.n >= wire && walks_classic(*m);
}

bool
stun_next(struct stun_message *m, struct stun_attribute *a)
{
	struct cursor *c = &m->attributes;

	if (!cur_u16(c, &a->type) || !cur_u16(c, &a->length))
		return false;
	if (!cur_take(c, a->length, &a->value)) {
		/* cut by the capture, or a length that lies */
		a->value = cur_rest(c);
		c->at = c->end;
		return true;
	}
	/* RFC 8489 section 14; the older dialects do not pad. */
	if (m->dialect == STUN_MODERN && a->length % 4 != 0 &&
	    !cur_skip(c, 4 - a->length % 4))
		c->at = c->end;
	return true;
}

static bool
read_address(struct slice value, struct endpoint *e, const uint8_t mask[16])
{
	struct cursor c = cur_of(value);
	uint8_t family;
	uint8_t b[16];

	memset(e, 0, sizeof(*e));
	if (!cur_skip(&c, 1) || !cur_u8(&c, &family) || !cur_u16(&c, &e->port))
		return false;
	size_t n = family == FAMILY_V6 ? 16 : 4;

	if ((family != FAMILY_V4 && family != FAMILY_V6) || !cur_copy(&c, b, n))
		return false;
	e->port ^= (uint16_t)(mask[0] << 8 | mask[1]);
	for (size_t i = 0; i < n; i++)
		b[i] ^= mask[i];
	struct addr addr = n == 16 ? addr_v6(b) : addr_v4(b);

	memcpy(e->addr.b, addr.b, sizeof(addr.b));
	e->addr.family = addr.family;
	return true;
}

bool
stun_address(struct slice value, struct endpoint *e)
{
	static const uint8_t none[STUN_ID];

	return read_address(value, e, none);
}

bool
stun_xor_address(struct slice value, struct slice id, struct endpoint *e)
{
	struct cursor c = cur_of(id);
	uint8_t mask[STUN_ID];

	return cur_copy(&c, mask, sizeof(mask)) && read_address(value, e, mask);
}

bool
stun_is_microsoft(uint16_t type)
{
	return type == STUN_COOKIE || type == 0x8008 || type == 0x8050 ||
	    (type >= 0x8054 && type <= 0x8062) || type == 0x8068 ||
	    type == 0x8070 || type == 0x8090 || type == 0x8095;
}
