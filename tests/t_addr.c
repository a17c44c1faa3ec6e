/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include <arpa/inet.h>

#include "core/addr.h"

#define S slice_text

static struct addr
parse(const char *text)
{
	struct addr a = { .family = 0 };

	assert_true(addr_parse(S(text), &a));
	return a;
}

static void
check_text(const char *in, const char *want)
{
	struct addr a = parse(in);
	char buf[ADDR_TEXT_MAX];

	assert_ptr_equal(addr_text(&a, buf), buf);
	assert_string_equal(buf, want);
}

/* RFC 5952 sections 4 and 5 */
static void
canonical_text(void **state)
{
	static const char *const table[][2] = {
		{ "10.1.1.1", "10.1.1.1" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "2001:0db8::0001", "2001:db8::1" },
		{ "2001:db8:0:0:0:0:2:1", "2001:db8::2:1" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "2001:DB8::AbCd", "2001:db8::abcd" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "1::", "1::" },
		{ "0:0:1::", "0:0:1::" },
		{ "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
		{ "0:0:3:4:5:6:7:8", "::3:4:5:6:7:8" },
		{ "::13.1.68.3", "::d01:4403" },
		{ "::ffff:10.0.0.1", "10.0.0.1" },
		{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};
	struct addr none = { .family = 0 };
	char buf[ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		check_text(table[i][0], table[i][1]);
	assert_string_equal(addr_text(&none, buf), "-");
}

/* What we write the C library reads back, whatever groups are zero. */
static void
text_comes_back(void **state)
{
	char buf[ADDR_TEXT_MAX];

	(void)state;
	for (unsigned bits = 1; bits < 256; bits++) {
		uint8_t b[16] = { 0 };
		uint8_t back[16];

		for (size_t i = 0; i < 8; i++)
			b[2 * i + 1] = (uint8_t)(bits >> i & 1);
		struct addr a = addr_v6(b);

		assert_int_equal(inet_pton(AF_INET6, addr_text(&a, buf), back),
		    1);
		assert_memory_equal(b, back, 16);
	}
}

static void
refuses_addresses(void **state)
{
	static const char *const bad[] = { "", "1", "1.2.3", "1.2.3.4.5",
		"256.1.1.1", "1.2.3.04", " 1.2.3.4", "1.2.3.4 ", "0x7f.1",
		":::", "1::2::3", "12345::", "fe80::1%eth0", "[::1]",
		"1:2:3:4:5:6:7", "host.example" };
	char huge[200];
	struct addr a;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(addr_parse(S(bad[i]), &a));
	memset(huge, '1', sizeof(huge));
	for (size_t n = 4; n <= sizeof(huge); n++)
		assert_false(addr_parse(slice_of(huge, n), &a));
	assert_false(addr_parse(slice_of("1.2.3.4\0", 8), &a));
	assert_false(addr_parse(slice_of(NULL, 0), &a));
}

static void
try_piece(struct slice piece, bool is_whole, void *ctx)
{
	struct addr_range r;

	(void)ctx;
	assert_int_equal(range_parse(piece, &r), is_whole);
}

static void
makes_addresses(void **state)
{
	static const uint8_t mapped[16] = { [10] = 0xff, 0xff, 10, 0, 0, 1 };
	static const uint8_t compat[16] = { [12] = 10, 0, 0, 1 };
	struct addr v4 = addr_v4(mapped + 12);
	struct addr a = addr_v6(mapped);

	(void)state;
	assert_int_equal(v4.family, 4);
	assert_true(addr_eq(&a, &v4));
	a = addr_v6(compat);
	assert_int_equal(a.family, 6);
	assert_memory_equal(a.b, compat, 16);
	assert_false(addr_eq(&a, &v4));
}

static void
orders(void **state)
{
	static const char *const sorted[] = { "0.0.0.0", "9.255.255.255",
		"10.0.0.1", "10.0.0.2", "255.0.0.0", "::", "::1", "fe80::1",
		"ff00::" };
	struct addr none = { .family = 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(sorted); i++) {
		struct addr a = parse(sorted[i]);

		assert_true(addr_compare(&none, &a) < 0);
		for (size_t j = 0; j < COUNT(sorted); j++) {
			struct addr b = parse(sorted[j]);
			int order = addr_compare(&a, &b);

			assert_int_equal(order < 0, i < j);
			assert_int_equal(order > 0, i > j);
			assert_int_equal(addr_eq(&a, &b), i == j);
		}
	}
}

static void
endpoints(void **state)
{
	struct endpoint e = { parse("10.1.1.1"), 5061 };
	struct endpoint f = e;
	char buf[ADDR_TEXT_MAX];

	(void)state;
	assert_string_equal(endpoint_text(&e, buf), "10.1.1.1:5061");
	assert_true(endpoint_eq(&e, &f));
	f.port = 5062;
	assert_false(endpoint_eq(&e, &f));
	f = e;
	f.addr = parse("10.1.1.2");
	assert_false(endpoint_eq(&e, &f));
	e.addr = parse("2001:db8::1");
	assert_string_equal(endpoint_text(&e, buf), "[2001:db8::1]:5061");
	e.addr = parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	e.port = 65535;
	assert_string_equal(endpoint_text(&e, buf),
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void
kinds(void **state)
{
	enum { LOOPBACK = 1, MULTICAST = 2, PRIVATE = 4 };
	static const struct {
		const char *text;
		unsigned kind;
	} table[] = {
		{ "127.0.0.1", LOOPBACK },
		{ "127.255.255.255", LOOPBACK },
		{ "128.0.0.0", 0 },
		{ "::1", LOOPBACK },
		{ "::2", 0 },
		{ "::", 0 },
		{ "223.255.255.255", 0 },
		{ "224.0.0.0", MULTICAST },
		{ "239.255.255.255", MULTICAST },
		{ "240.0.0.0", 0 },
		{ "255.255.255.255", MULTICAST },
		{ "255.255.255.254", 0 },
		{ "ff02::1", MULTICAST },
		{ "9.255.255.255", 0 },
		{ "10.0.0.0", PRIVATE },
		{ "10.255.255.255", PRIVATE },
		{ "11.0.0.0", 0 },
		{ "172.15.255.255", 0 },
		{ "172.16.0.0", PRIVATE },
		{ "172.31.255.255", PRIVATE },
		{ "172.32.0.0", 0 },
		{ "192.167.255.255", 0 },
		{ "192.168.0.0", PRIVATE },
		{ "192.169.0.0", 0 },
		{ "169.254.1.1", PRIVATE },
		{ "169.253.255.255", 0 },
		{ "fbff::", 0 },
		{ "fc00::", PRIVATE },
		{ "fdff::1", PRIVATE },
		{ "fe00::", 0 },
		{ "fe80::1", PRIVATE },
		{ "febf::", PRIVATE },
		{ "fec0::", 0 },
		{ "2001:db8::", 0 },
		{ "a00::", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct addr a = parse(table[i].text);
		unsigned kind = (addr_is_loopback(&a) ? LOOPBACK : 0) |
		    (addr_is_multicast(&a) ? MULTICAST : 0) |
		    (addr_is_private(&a) ? PRIVATE : 0);

		assert_int_equal(kind, table[i].kind);
	}
}

static void
ranges(void **state)
{
	static const struct {
		const char *text;
		const char *lo;
		const char *hi;
	} table[] = {
		{ "10.0.0.1", "10.0.0.1", "10.0.0.1" },
		{ "10.0.0.0/8", "10.0.0.0", "10.255.255.255" },
		{ "10.1.2.13/29", "10.1.2.8", "10.1.2.15" },
		{ "0.0.0.0/0", "0.0.0.0", "255.255.255.255" },
		{ "10.0.0.1/32", "10.0.0.1", "10.0.0.1" },
		{ "10.0.0.1-10.0.0.9", "10.0.0.1", "10.0.0.9" },
		{ " 10.0.0.1 - 10.0.0.9 ", "10.0.0.1", "10.0.0.9" },
		{ "2001:db8:20::/48",
		    "2001:db8:20::", "2001:db8:20:ffff:ffff:ffff:ffff:ffff" },
		{ "::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "::1/128", "::1", "::1" },
		{ "::1-::9", "::1", "::9" },
		{ "::ffff:10.0.0.0/104", "10.0.0.0", "10.255.255.255" },
	};
	static const char *const bad[] = { "", "-", "/", "10.0.0.0/",
		"10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129",
		"::ffff:10.0.0.0/8", "10.0.0.2-10.0.0.1", "10.0.0.1-",
		"-10.0.0.1", "10.0.0.1-::1", "10.0.0.1-10.0.0.9-10.0.0.10",
		"10.0.0.0/8-11.0.0.0/8", "10.0.0.1 10.0.0.2" };
	struct addr_range r;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct addr lo = parse(table[i].lo);
		struct addr hi = parse(table[i].hi);

		assert_true(range_parse(S(table[i].text), &r));
		assert_true(addr_eq(&r.lo, &lo));
		assert_true(addr_eq(&r.hi, &hi));
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(range_parse(S(bad[i]), &r));
	each_prefix(S("1:2:3:4:5:6:7:8"), try_piece, NULL);
}

static void
range_membership(void **state)
{
	struct addr_range r;
	struct addr a;

	(void)state;
	assert_true(range_parse(S("10.0.0.2-10.0.1.1"), &r));
	a = parse("10.0.0.1");
	assert_false(range_has(&r, &a));
	a = parse("10.0.0.2");
	assert_true(range_has(&r, &a));
	a = parse("10.0.0.255");
	assert_true(range_has(&r, &a));
	a = parse("10.0.1.1");
	assert_true(range_has(&r, &a));
	a = parse("10.0.1.2");
	assert_false(range_has(&r, &a));
	a = parse("a00:80::");
	assert_false(range_has(&r, &a));
	assert_true(range_parse(S("::/0"), &r));
	assert_true(range_has(&r, &a));
	a = parse("10.0.0.1");
	assert_false(range_has(&r, &a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical_text),
		cmocka_unit_test(text_comes_back),
		cmocka_unit_test(refuses_addresses),
		cmocka_unit_test(makes_addresses),
		cmocka_unit_test(orders),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(kinds),
		cmocka_unit_test(ranges),
		cmocka_unit_test(range_membership),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
