/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "core/buf.h"
#include "core/digest.h"

/* RFC 1321 section A.5, FIPS 180-4 examples: the digests of "abc". */
static void
known_digests(void **state)
{
	static const struct {
		enum digest_kind kind;
		const char *hex;
	} table[] = {
		{ DIGEST_MD5, "900150983cd24fb0d6963f7d28e17f72" },
		{ DIGEST_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ DIGEST_SHA224,
		    "23097d223405d8228642a477bda255b3"
		    "2aadbce4bda0b3f7e36c9da7" },
		{ DIGEST_SHA256,
		    "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad" },
		{ DIGEST_SHA384,
		    "cb00753f45a35e8bb5a03d699ac65007"
		    "272c32ab0eded1631a8b605a43ff5bed"
		    "8086072ba1e7cc2358baeca134c825a7" },
		{ DIGEST_SHA512,
		    "ddaf35a193617abacc417349ae204131"
		    "12e6fa4e89a97ea20a9eeee64b55d39a"
		    "2192992a274fc1a836ba3c23a3feebbd"
		    "454d4423643ce80e2a9ac94fa54ca49f" },
	};
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < COUNT(table); i++) {
		uint8_t out[64];
		size_t n = digest_of(table[i].kind, slice_text("abc"), out);

		buf_clear(&b);
		buf_hex(&b, slice_of(out, n));
		assert_true(buf_ok(&b));
		assert_string_equal(b.p, table[i].hex);
	}
	buf_done(&b);
}

static void
running_digest(void **state)
{
	struct digest *d = digest_new();
	uint8_t out[SHA256_SIZE];
	char text[SHA256_TEXT];

	(void)state;
	assert_non_null(d);
	digest_add(d, "a", 1);
	digest_add(d, NULL, 0);
	digest_add(d, "bc", 2);
	digest_finish(d, out);
	digest_free(d);
	assert_ptr_equal(sha256_text(out, text), text);
	assert_string_equal(text,
	    "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	digest_free(NULL);
}

static void
nothing_has_a_digest(void **state)
{
	static const char want[] = "e3b0c44298fc1c149afbf4c8996fb924"
				   "27ae41e4649b934ca495991b7852b855";
	struct digest *d = digest_new();
	uint8_t out[64];
	char text[SHA256_TEXT];

	(void)state;
	digest_finish(d, out);
	digest_free(d);
	assert_string_equal(sha256_text(out, text), want);
	assert_int_equal(digest_of(DIGEST_SHA256, slice_of(NULL, 0), out), 32);
	assert_string_equal(sha256_text(out, text), want);
}

struct flow {
	uint8_t proto;
	const char *src;
	uint16_t sport;
	const char *dst;
	uint16_t dport;
	const char *id;
};

/*
 * Baseline of the specification for seed 0. ICMP stands there with the type
 * and its counterpart as ports.
 */
static const struct flow baseline[] = {
	{ 6, "128.232.110.120", 34855, "66.35.250.204", 80,
	    "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
	{ 6, "2001:470:e5bf:dead:4957:2174:e82c:4887", 63943,
	    "2607:f8b0:400c:c03::1a", 25, "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=" },
	{ 17, "192.168.1.52", 54585, "8.8.8.8", 53,
	    "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
	{ 132, "192.168.170.8", 7, "192.168.170.56", 7,
	    "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=" },
	{ 1, "192.168.0.89", 8, "192.168.0.1", 0,
	    "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=" },
	{ 58, "3ffe:507:0:1:200:86ff:fe05:80da", 128, "3ffe:501:0:1001::2", 129,
	    "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=" },
	{ 58, "fe80::260:97ff:fe07:69ea", 134, "ff02::1", 133,
	    "1:pkvHqCL88/tg1k4cPigmZXUtL00=" },
	/* RSVP has no ports, whatever stands there. */
	{ 46, "10.1.12.1", 0, "10.1.12.2", 0,
	    "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=" },
	{ 46, "10.1.12.1", 99, "10.1.12.2", 1,
	    "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=" },
};

static struct five_tuple
tuple_of(const struct flow *f)
{
	struct five_tuple t = { .proto = f->proto };

	assert_true(addr_parse(slice_text(f->src), &t.src.addr));
	assert_true(addr_parse(slice_text(f->dst), &t.dst.addr));
	t.src.port = f->sport;
	t.dst.port = f->dport;
	return t;
}

static void
community_baseline(void **state)
{
	char buf[COMMUNITY_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(baseline); i++) {
		struct five_tuple t = tuple_of(&baseline[i]);
		struct five_tuple back = { t.dst, t.src, t.proto };

		assert_ptr_equal(community_id(&t, buf), buf);
		assert_string_equal(buf, baseline[i].id);
		assert_string_equal(community_id(&back, buf), baseline[i].id);
	}
}

/* Between two ports of one address the ports decide. */
static void
community_same_address(void **state)
{
	static const struct flow loop = { 6, "127.0.0.1", 5060, "127.0.0.1",
		40000, NULL };
	struct five_tuple t = tuple_of(&loop);
	struct five_tuple back = { t.dst, t.src, t.proto };
	char buf[COMMUNITY_TEXT];
	char other[COMMUNITY_TEXT];

	(void)state;
	assert_string_equal(community_id(&t, buf), community_id(&back, other));
	t.src.port = 5061;
	assert_string_not_equal(community_id(&t, buf), other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_digests),
		cmocka_unit_test(running_digest),
		cmocka_unit_test(nothing_has_a_digest),
		cmocka_unit_test(community_baseline),
		cmocka_unit_test(community_same_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
