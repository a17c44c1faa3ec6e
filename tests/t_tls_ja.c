/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/tls.h"
#include "tests/support.h"

#define BYTES(...)                                 \
	slice_of((const uint8_t[]){ __VA_ARGS__ }, \
	    sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define TWO(v) (v) >> 8, (v)&0xff

static void
is_ja3(const struct tls_hello *h, const char *want)
{
	char have[JA3_TEXT];

	tls_ja3(h, have);
	assert_string_equal(have, want);
}

static void
is_ja4(const struct tls_hello *h, const char *want)
{
	char have[JA4_TEXT];

	tls_ja4(h, have);
	assert_string_equal(have, want);
}

/* The two examples of the README of salesforce/ja3. */
static void
published_ja3(void **state)
{
	struct tls_hello h = {
		.version = 0x0301,
		.suites = BYTES(TWO(47), TWO(53), TWO(5), TWO(10), TWO(49161),
		    TWO(49162), TWO(49171), TWO(49172), TWO(50), TWO(56),
		    TWO(19), TWO(4)),
		.groups = BYTES(TWO(23), TWO(24), TWO(25)),
		.points = BYTES(0),
		.extensions = { 0, 10, 11 },
		.extension_count = 3,
	};
	struct tls_hello bare = {
		.version = 0x0301,
		.suites = BYTES(TWO(4), TWO(5), TWO(10), TWO(9), TWO(100),
		    TWO(98), TWO(3), TWO(6), TWO(19), TWO(18), TWO(99)),
	};

	(void)state;
	is_ja3(&h, "ada70206e40642a3e4461f35503241d5");
	is_ja3(&bare, "de350869b8c85de67a350c8d186f11e6");
}

/* Chrome as FoxIO's description of JA4 has it; GREASE does not count. */
static void
published_ja4(void **state)
{
	struct tls_hello h = {
		.version = 0x0303,
		.suites =
		    BYTES(TWO(0x8a8a), TWO(0x1301), TWO(0x1302), TWO(0x1303),
			TWO(0xc02b), TWO(0xc02f), TWO(0xc02c), TWO(0xc030),
			TWO(0xcca9), TWO(0xcca8), TWO(0xc013), TWO(0xc014),
			TWO(0x009c), TWO(0x009d), TWO(0x002f), TWO(0x0035)),
		.schemes =
		    BYTES(TWO(0x0403), TWO(0x0804), TWO(0x0401), TWO(0x0503),
			TWO(0x0805), TWO(0x0501), TWO(0x0806), TWO(0x0601)),
		.versions = BYTES(TWO(0xeaea), TWO(0x0304), TWO(0x0303)),
		.alpn = BYTES(2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.',
		    '1'),
		.has_sni = true,
		.extensions = { 0x3a3a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469,
		    0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b,
		    0xff01, 0x000b, 0x000a, 0x0015, 0xdada },
		.extension_count = 18,
	};

	(void)state;
	is_ja4(&h, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	h.datagram = true;
	h.versions = slice_of(NULL, 0);
	h.version = 0xfefd;
	h.has_sni = false;
	h.alpn = slice_of(NULL, 0);
	is_ja4(&h, "dd2i151600_8daaf6152771_e5627efa2ab1");
}

static void
corners_of_ja4(void **state)
{
	struct tls_hello h = { .version = 0x0301 };

	(void)state;
	is_ja4(&h, "t10i000000_000000000000_000000000000");
	h.alpn = BYTES(1, 'x');
	is_ja4(&h, "t10i0000xx_000000000000_000000000000");
	h.alpn = BYTES(2, 0xab, 0xcd);
	is_ja4(&h, "t10i0000ad_000000000000_000000000000");
	h.alpn = BYTES(4, 0x30, 0x31, 0xab, 0xcd);
	is_ja4(&h, "t10i00003d_000000000000_000000000000");
	h.alpn = BYTES(9, 'a'); /* contradicts itself */
	is_ja4(&h, "t10i000000_000000000000_000000000000");
	h.alpn = slice_of(NULL, 0);
	h.version = 0x0399;
	is_ja4(&h, "t00i000000_000000000000_000000000000");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_ja3),
		cmocka_unit_test(published_ja4),
		cmocka_unit_test(corners_of_ja4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
