/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/stun.h"

#include "tests/media.h"

/* RFC 5769 section 2.1 */
static const uint8_t request[] = {
	0x00,
	0x01,
	0x00,
	0x58, /* Binding request, length */
	0x21,
	0x12,
	0xa4,
	0x42, /* magic cookie */
	0xb7,
	0xe7,
	0xa7,
	0x01, /* transaction id */
	0xbc,
	0x34,
	0xd6,
	0x86,
	0xfa,
	0x87,
	0xdf,
	0xae,
	0x80,
	0x22,
	0x00,
	0x10, /* SOFTWARE */
	'S',
	'T',
	'U',
	'N',
	' ',
	't',
	'e',
	's',
	't',
	' ',
	'c',
	'l',
	'i',
	'e',
	'n',
	't', /* */
	0x00,
	0x24,
	0x00,
	0x04, /* PRIORITY */
	0x6e,
	0x00,
	0x01,
	0xff, /* */
	0x80,
	0x29,
	0x00,
	0x08, /* ICE-CONTROLLED */
	0x93,
	0x2f,
	0xf9,
	0xb1,
	0x51,
	0x26,
	0x3b,
	0x36,
	0x00,
	0x06,
	0x00,
	0x09, /* USERNAME */
	'e',
	'v',
	't',
	'j',
	':',
	'h',
	'6',
	'v',
	'Y',
	' ',
	' ',
	' ', /* */
	0x00,
	0x08,
	0x00,
	0x14, /* MESSAGE-INTEGRITY */
	0x9a,
	0xea,
	0xa7,
	0x0c,
	0xbf,
	0xd8,
	0xcb,
	0x56,
	0x78,
	0x1e,
	0xf2,
	0xb5,
	0xb2,
	0xd3,
	0xf2,
	0x49,
	0xc1,
	0xb5,
	0x71,
	0xa2, /* */
	0x80,
	0x28,
	0x00,
	0x04, /* FINGERPRINT */
	0xe5,
	0x7a,
	0x3b,
	0xcf,
};

/* RFC 5769 section 2.2 */
static const uint8_t response[] = {
	0x01,
	0x01,
	0x00,
	0x3c, /* Binding success, length */
	0x21,
	0x12,
	0xa4,
	0x42, /* magic cookie */
	0xb7,
	0xe7,
	0xa7,
	0x01, /* transaction id */
	0xbc,
	0x34,
	0xd6,
	0x86,
	0xfa,
	0x87,
	0xdf,
	0xae,
	0x80,
	0x22,
	0x00,
	0x0b, /* SOFTWARE */
	't',
	'e',
	's',
	't',
	' ',
	'v',
	'e',
	'c',
	't',
	'o',
	'r',
	' ', /* */
	0x00,
	0x20,
	0x00,
	0x08, /* XOR-MAPPED-ADDRESS */
	0x00,
	0x01,
	0xa1,
	0x47,
	0xe1,
	0x12,
	0xa6,
	0x43, /* 192.0.2.1:32853 */
	0x00,
	0x08,
	0x00,
	0x14, /* MESSAGE-INTEGRITY */
	0x2b,
	0x91,
	0xf5,
	0x99,
	0xfd,
	0x9e,
	0x90,
	0xc3,
	0x8c,
	0x74,
	0x89,
	0xf9,
	0x2a,
	0xf9,
	0xba,
	0x53,
	0xf0,
	0x6b,
	0xe7,
	0xd7, /* */
	0x80,
	0x28,
	0x00,
	0x04, /* FINGERPRINT */
	0xc0,
	0x7d,
	0x4c,
	0x96,
};

/* RFC 5769 section 2.3 */
static const uint8_t response6[] = {
	0x01,
	0x01,
	0x00,
	0x48, /* Binding success, length */
	0x21,
	0x12,
	0xa4,
	0x42, /* magic cookie */
	0xb7,
	0xe7,
	0xa7,
	0x01, /* transaction id */
	0xbc,
	0x34,
	0xd6,
	0x86,
	0xfa,
	0x87,
	0xdf,
	0xae,
	0x80,
	0x22,
	0x00,
	0x0b, /* SOFTWARE */
	't',
	'e',
	's',
	't',
	' ',
	'v',
	'e',
	'c',
	't',
	'o',
	'r',
	' ', /* */
	0x00,
	0x20,
	0x00,
	0x14, /* XOR-MAPPED-ADDRESS */
	0x00,
	0x02,
	0xa1,
	0x47,
	0x01,
	0x13,
	0xa9,
	0xfa,
	0xa5,
	0xd3,
	0xf1,
	0x79,
	0xbc,
	0x25,
	0xf4,
	0xb5,
	0xbe,
	0xd2,
	0xb9,
	0xd9, /* */
	0x00,
	0x08,
	0x00,
	0x14, /* MESSAGE-INTEGRITY */
	0xa3,
	0x82,
	0x95,
	0x4e,
	0x4b,
	0xe6,
	0x7b,
	0xf1,
	0x17,
	0x84,
	0xc9,
	0x7c,
	0x82,
	0x92,
	0xc2,
	0x75,
	0xbf,
	0xe3,
	0xed,
	0x41, /* */
	0x80,
	0x28,
	0x00,
	0x04, /* FINGERPRINT */
	0xc8,
	0xfb,
	0x0b,
	0x4c,
};

/* RFC 3489 section 11: sixteen octets of id, MAPPED-ADDRESS 192.0.2.7:1024 */
static const uint8_t classic[] = {
	0x01,
	0x01,
	0x00,
	0x0c, /* Binding response, length */
	0x11,
	0x22,
	0x33,
	0x44, /* transaction id */
	0x55,
	0x66,
	0x77,
	0x88,
	0x99,
	0xaa,
	0xbb,
	0xcc,
	0xdd,
	0xee,
	0xff,
	0x00,
	0x00,
	0x01,
	0x00,
	0x08, /* MAPPED-ADDRESS */
	0x00,
	0x01,
	0x04,
	0x00,
	0xc0,
	0x00,
	0x02,
	0x07,
};

static void
try_request(struct slice piece, bool is_whole, void *ctx)
{
	struct stun_message m;
	struct stun_attribute a;
	unsigned n = 0;

	(void)ctx;
	assert_int_equal(stun_parse(piece, sizeof(request), &m),
	    piece.n >= STUN_HEADER);
	if (piece.n < STUN_HEADER)
		return;
	while (stun_next(&m, &a))
		n += a.value.n == a.length;
	assert_int_equal(n == 6, is_whole);
}

static void
test_request(void **state)
{
	struct stun_message m;
	struct stun_attribute a;

	(void)state;
	assert_true(stun_parse(slice_of(request, sizeof(request)), 108, &m));
	assert_int_equal(m.dialect, STUN_MODERN);
	assert_int_equal(m.method, STUN_BINDING);
	assert_int_equal(m.class, STUN_REQUEST);
	assert_true(stun_next(&m, &a));
	assert_int_equal(a.type, STUN_ATTR_SOFTWARE);
	assert_true(slice_is(a.value, "STUN test client"));
	assert_true(
	    stun_next(&m, &a) && stun_next(&m, &a) && stun_next(&m, &a));
	assert_int_equal(a.type, STUN_ATTR_USERNAME);
	assert_true(slice_is(a.value, "evtj:h6vY"));
	each_prefix(slice_of(request, sizeof(request)), try_request, NULL);
}

static void
check_mapped(const uint8_t *p, size_t n, const char *want)
{
	struct stun_message m;
	struct stun_attribute a;
	struct endpoint e;
	char text[ADDR_TEXT_MAX];

	assert_true(stun_parse(slice_of(p, n), (uint32_t)n, &m));
	assert_int_equal(m.class, STUN_SUCCESS);
	while (stun_next(&m, &a)) {
		if (a.type == STUN_XOR_MAPPED_ADDRESS) {
			assert_true(stun_xor_address(a.value, m.id, &e));
			assert_string_equal(endpoint_text(&e, text), want);
			return;
		}
	}
	fail();
}

static void
test_responses(void **state)
{
	(void)state;
	check_mapped(response, sizeof(response), "192.0.2.1:32853");
	check_mapped(response6, sizeof(response6),
	    "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
}

static void
test_classic(void **state)
{
	struct stun_message m;
	struct stun_attribute a;
	struct endpoint e;
	char text[ADDR_TEXT_MAX];
	uint8_t bad[sizeof(classic)];

	(void)state;
	assert_true(stun_parse(slice_of(classic, sizeof(classic)), 32, &m));
	assert_int_equal(m.dialect, STUN_CLASSIC);
	assert_int_equal(m.class, STUN_SUCCESS);
	assert_true(stun_next(&m, &a));
	assert_true(stun_address(a.value, &e));
	assert_string_equal(endpoint_text(&e, text), "192.0.2.7:1024");
	/* no cookie, so nothing else may be odd */
	assert_false(stun_parse(slice_of(classic, sizeof(classic)), 33, &m));
	memcpy(bad, classic, sizeof(bad));
	bad[20] = 0x40;
	assert_false(stun_parse(slice_of(bad, sizeof(bad)), 32, &m));
	memcpy(bad, classic, sizeof(bad));
	bad[1] = 0x07;
	assert_false(stun_parse(slice_of(bad, sizeof(bad)), 32, &m));
}

static void
test_lying_length(void **state)
{
	uint8_t p[sizeof(request)];
	struct stun_message m;
	struct stun_attribute a;
	unsigned n = 0;

	(void)state;
	memcpy(p, request, sizeof(p));
	p[22] = p[23] = 0xff; /* SOFTWARE claims 65535 octets */
	assert_true(stun_parse(slice_of(p, sizeof(p)), sizeof(p), &m));
	while (stun_next(&m, &a))
		n++;
	assert_int_equal(n, 1);
	assert_int_equal(a.length, 0xffff);
	assert_int_equal(a.value.n, sizeof(request) - STUN_HEADER - 4);
	/* the whole message claims more than the datagram has */
	memcpy(p, request, sizeof(p));
	p[2] = 1;
	assert_false(stun_parse(slice_of(p, sizeof(p)), sizeof(p), &m));
}

static void
test_addresses(void **state)
{
	static const uint8_t v4[] = { 0, 1, 0, 80, 1, 2, 3, 4 };
	static const uint8_t odd[] = { 0, 3, 0, 80, 1, 2, 3, 4 };
	struct endpoint e;

	(void)state;
	assert_true(stun_address(slice_of(v4, 8), &e));
	assert_false(stun_address(slice_of(v4, 7), &e));
	assert_false(stun_address(slice_of(odd, 8), &e));
	assert_false(stun_xor_address(slice_of(v4, 8), slice_of(v4, 8), &e));
	assert_true(stun_is_microsoft(0x8054));
	assert_true(stun_is_microsoft(0x8070));
	assert_false(stun_is_microsoft(0x8028));
}

static void
test_facts(void **state)
{
	struct call c;
	const struct evidence *e;

	(void)state;
	call_begin(&c, IPPROTO_NUM_UDP);
	e = session_evidence(c.s);
	for (unsigned i = 0; i < 100; i++) {
		(void)call_datagram(&c, TO_SERVER, request, sizeof(request));
		(void)call_datagram(&c, TO_CLIENT, response, sizeof(response));
	}
	assert_true(call_speaks(&c, "stun"));
	assert_int_equal(call_count(&c, FACT_PROTOCOL), 1);
	assert_int_equal(call_count(&c, FACT_STUN_ICE), 1);
	assert_int_equal(call_count(&c, FACT_STUN_MAPPED), 1);
	assert_int_equal(call_count(&c, FACT_STUN_USERNAME), 1);
	assert_int_equal(call_count(&c, FACT_STUN_MICROSOFT), 0);
	assert_true(
	    evidence_has_text(e, FACT_STUN_SOFTWARE, "STUN test client"));
	assert_true(evidence_has_text(e, FACT_STUN_USERNAME, "evtj:h6vY"));
	call_end(&c);
}

/* An empty classic request could be anything; the second one is STUN. */
static void
test_empty_classic(void **state)
{
	uint8_t p[STUN_HEADER] = { 0, 1 };
	struct call c;

	(void)state;
	memset(p + 4, 0x5a, STUN_ID);
	call_begin(&c, IPPROTO_NUM_UDP);
	(void)call_datagram(&c, TO_SERVER, p, sizeof(p));
	assert_false(call_speaks(&c, "stun"));
	(void)call_datagram(&c, TO_SERVER, p, sizeof(p));
	assert_true(call_speaks(&c, "stun"));
	call_end(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_classic),
		cmocka_unit_test(test_lying_length),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_empty_classic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
