/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "dissect/keylog.h"
#include "dissect/tls_keys.h"
#include "tests/vectors/rfc8448.h"

#define WHOLE(a) slice_of(a, sizeof(a))

static void
prf(void **state)
{
	/* IETF TLS working group, test vectors for the TLS 1.2 PRF */
	static const uint8_t secret[] = { 0x9b, 0xbe, 0x43, 0x6b, 0xa9, 0x40,
		0xf0, 0x17, 0xb1, 0x76, 0x52, 0x84, 0x9a, 0x71, 0xdb, 0x35 };
	static const uint8_t seed[] = { 0xa0, 0xba, 0x9f, 0x93, 0x6c, 0xda,
		0x31, 0x18, 0x27, 0xa6, 0xf7, 0x96, 0xff, 0xd5, 0x19, 0x8c };
	static const uint8_t want[] = { 0xe3, 0xf2, 0x29, 0xba, 0x72, 0x7b,
		0xe1, 0x7b, 0x8d, 0x12, 0x26, 0x20, 0x55, 0x7c, 0xd4, 0x53,
		0xc2, 0xaa, 0xb2, 0x1d, 0x07, 0xc3, 0xd4, 0x95, 0x32, 0x9b,
		0x52, 0xd4, 0xe6, 0x1e, 0xdb, 0x5a };
	uint8_t got[sizeof(want)];

	(void)state;
	assert_true(tls_prf("SHA256", WHOLE(secret), "test label", WHOLE(seed),
	    (struct tls_room){ got, sizeof(got) }));
	assert_memory_equal(got, want, sizeof(want));
}

static void
unknown_setups(void **state)
{
	static const struct {
		uint16_t version, suite;
	} odd[] = {
		{ 0x0300, 0x002f }, /* SSL 3.0 */
		{ 0x0305, 0x1301 },
		{ 0xfefc, 0x1301 }, /* DTLS 1.3 */
		{ 0x0304, 0x002f }, /* a suite of another version */
		{ 0x0303, 0x1301 },
		{ 0x0303, 0x00ff }, /* SCSV */
		{ 0x0301, 0x0003 }, /* export */
		{ 0x0303, 0x0000 },
		{ 0x0303, 0xfffe },
		{ 0x0303, 0x0a0a },
	};
	struct tls_params p;

	(void)state;
	for (size_t i = 0; i < COUNT(odd); i++)
		assert_false(tls_params_of(odd[i].version, odd[i].suite, &p));
}

/* RFC 8448 section 3: keys of the client's handshake secret. */
static void
tls13(void **state)
{
	static const uint8_t key[] = { 0xdb, 0xfa, 0xa6, 0x93, 0xd1, 0x76, 0x2c,
		0x5b, 0x66, 0x6a, 0xf5, 0xd9, 0x50, 0x25, 0x8d, 0x01 };
	static const uint8_t iv[] = { 0x5b, 0xd3, 0xc7, 0x1b, 0x83, 0x6e, 0x0b,
		0x76, 0xbb, 0x73, 0x26, 0x5f };
	uint8_t secret[KEYLOG_SECRET_MOST], was[KEYLOG_SECRET_MOST];
	struct keylog *k = keylog_new();
	struct tls_params p;
	struct tls_keys got;

	(void)state;
	keylog_add(k, slice_text(rfc8448_keylog));
	assert_int_equal(
	    keylog_find(k, rfc8448_random, KEYLOG_CLIENT_HANDSHAKE, secret),
	    32);
	assert_true(tls_params_of(0x0304, 0x1301, &p));
	assert_int_equal(p.hash_n, 32);
	assert_true(tls13_keys(&p, secret, &got));
	assert_memory_equal(got.key, key, sizeof(key));
	assert_memory_equal(got.iv, iv, sizeof(iv));
	memcpy(was, secret, 32);
	assert_true(tls13_update(&p, secret));
	assert_memory_not_equal(was, secret, 32);
	keylog_free(k);
}

static void
sizes(void **state)
{
	static const struct {
		uint16_t version, suite;
		uint8_t key_n, mac_n, iv_n, tag_n;
		const char *prf;
	} want[] = {
		{ 0x0301, 0x002f, 16, 20, 16, 0, "MD5-SHA1" },
		{ 0x0302, 0x000a, 24, 20, 8, 0, "MD5-SHA1" },
		{ 0x0303, 0x000a, 24, 20, 8, 0, "SHA256" },
		{ 0x0303, 0x003d, 32, 32, 16, 0, "SHA256" },
		{ 0x0303, 0xc028, 32, 48, 16, 0, "SHA384" },
		{ 0x0303, 0xc02f, 16, 0, 4, 16, "SHA256" },
		{ 0x0303, 0xc030, 32, 0, 4, 16, "SHA384" },
		{ 0x0303, 0xcca8, 32, 0, 12, 16, "SHA256" },
		{ 0x0303, 0xc0a1, 32, 0, 4, 8, "SHA256" },
		{ 0x0303, 0x0005, 16, 20, 0, 0, "SHA256" },
		{ 0xfeff, 0x0035, 32, 20, 16, 0, "MD5-SHA1" },
		{ 0xfefd, 0xc02b, 16, 0, 4, 16, "SHA256" },
		{ 0x0304, 0x1302, 32, 0, 4, 16, "SHA384" },
	};
	struct tls_params p;

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_true(tls_params_of(want[i].version, want[i].suite, &p));
		assert_int_equal(p.key_n, want[i].key_n);
		assert_int_equal(p.mac_n, want[i].mac_n);
		assert_int_equal(p.iv_n, want[i].iv_n);
		assert_int_equal(p.tag_n, want[i].tag_n);
		assert_string_equal(p.prf, want[i].prf);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prf),
		cmocka_unit_test(unknown_setups),
		cmocka_unit_test(tls13),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
