/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/tls_names.h"
#include "tests/support.h"

static void
tables_are_sorted(void **state)
{
	(void)state;
	for (size_t i = 1; tls_suite_at(i) != NULL; i++)
		assert_true(tls_suite_at(i - 1)->id < tls_suite_at(i)->id);
	for (size_t i = 1; tls_group_at(i) != NULL; i++)
		assert_true(tls_group_at(i - 1)->id < tls_group_at(i)->id);
	for (size_t i = 1; tls_scheme_at(i) != NULL; i++)
		assert_true(tls_scheme_at(i - 1)->id < tls_scheme_at(i)->id);
	assert_null(tls_suite_at(100000));
}

/* Every row is found by its number, by name and by nothing else. */
static void
lookup_finds_each(void **state)
{
	size_t found = 0, count = 0;

	(void)state;
	while (tls_suite_at(count) != NULL)
		count++;
	for (uint32_t id = 0; id <= 0xffff; id++) {
		const struct tls_suite *s = tls_suite_of((uint16_t)id);

		if (s == NULL)
			continue;
		assert_int_equal(s->id, id);
		found++;
	}
	assert_int_equal(found, count);
	assert_true(count > 370);
}

static bool
has(const char *name, const char *part)
{
	return strstr(name, part) != NULL;
}

/* Columns and flags say what the name says. */
static void
flags_agree_with_names(void **state)
{
	(void)state;
	for (size_t i = 0; tls_suite_at(i) != NULL; i++) {
		const struct tls_suite *s = tls_suite_at(i);
		const char *n = s->name;

		if (s->flags & SUITE_SIGNAL)
			continue;
		assert_int_equal(has(n, "EXPORT"),
		    (s->flags & SUITE_EXPORT) != 0);
		assert_int_equal(has(n, "_anon_") || s->id == 0,
		    (s->flags & SUITE_ANON) != 0);
		assert_int_equal(has(n, "WITH_NULL") || s->id == 0xc0b4 ||
			s->id == 0xc0b5,
		    (s->flags & SUITE_NULL) != 0);
		bool weak = has(n, "RC4") || has(n, "RC2") || has(n, "DES") ||
		    has(n, "MD5") || has(n, "EXPORT");

		assert_int_equal(weak, (s->flags & SUITE_WEAK) != 0);
		if (has(n, "DHE_") || has(n, "DH_anon"))
			assert_true(s->flags & SUITE_FS);
		if (has(n, "TLS_RSA_") || has(n, "ECDH_RSA") ||
		    has(n, "ECDH_ECDSA") || has(n, "TLS_PSK_WITH"))
			assert_false(s->flags & SUITE_FS);
		if (s->flags & SUITE_APPROVED) {
			assert_int_equal(s->cipher, TLS_CIPHER_AES);
			assert_int_not_equal(s->kex, TLS_KEX_RSA);
			assert_int_not_equal(s->kex, TLS_KEX_PSK);
			assert_int_not_equal(s->auth, TLS_AUTH_DSS);
			assert_false(s->flags &
			    (SUITE_ANON | SUITE_WEAK | SUITE_NULL |
				SUITE_EXPORT));
		}
		assert_int_equal(has(n, "_GCM_"), s->mode == TLS_MODE_GCM);
		if (s->cipher != TLS_CIPHER_SM1) /* GB/T 38636 leaves it out */
			assert_int_equal(has(n, "_CBC_"),
			    s->mode == TLS_MODE_CBC);
		if (has(n, "AES_256") || has(n, "ARIA_256"))
			assert_int_equal(s->bits, 256);
		if (has(n, "AES_128") || has(n, "ARIA_128"))
			assert_int_equal(s->bits, 128);
	}
}

struct known {
	uint16_t id;
	const char *name;
	uint8_t kex, auth, cipher, mode, hash;
	uint8_t flags;
};

static void
well_known_suites(void **state)
{
	static const struct known all[] = {
		{ 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
		    TLS_KEX_ECDHE, TLS_AUTH_RSA, TLS_CIPHER_AES, TLS_MODE_GCM,
		    TLS_HASH_SHA384, SUITE_FS | SUITE_APPROVED },
		{ 0x0018, "TLS_DH_anon_WITH_RC4_128_MD5", TLS_KEX_DHE,
		    TLS_AUTH_ANON, TLS_CIPHER_RC4, TLS_MODE_STREAM,
		    TLS_HASH_MD5, SUITE_FS | SUITE_ANON | SUITE_WEAK },
		{ 0x003b, "TLS_RSA_WITH_NULL_SHA256", TLS_KEX_RSA, TLS_AUTH_RSA,
		    TLS_CIPHER_NULL, TLS_MODE_NONE, TLS_HASH_SHA256,
		    SUITE_NULL },
		{ 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", TLS_KEX_RSA,
		    TLS_AUTH_RSA, TLS_CIPHER_AES, TLS_MODE_CBC, TLS_HASH_SHA1,
		    0 },
		{ 0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", TLS_KEX_RSA,
		    TLS_AUTH_RSA, TLS_CIPHER_3DES, TLS_MODE_CBC, TLS_HASH_SHA1,
		    SUITE_WEAK },
		{ 0x1301, "TLS_AES_128_GCM_SHA256", TLS_KEX_ANY, TLS_AUTH_ANY,
		    TLS_CIPHER_AES, TLS_MODE_GCM, TLS_HASH_SHA256,
		    SUITE_FS | SUITE_APPROVED | SUITE_TLS13 },
		{ 0x1303, "TLS_CHACHA20_POLY1305_SHA256", TLS_KEX_ANY,
		    TLS_AUTH_ANY, TLS_CIPHER_CHACHA20, TLS_MODE_POLY1305,
		    TLS_HASH_SHA256, SUITE_FS | SUITE_TLS13 },
		{ 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
		    TLS_KEX_ECDHE, TLS_AUTH_ECDSA, TLS_CIPHER_CHACHA20,
		    TLS_MODE_POLY1305, TLS_HASH_SHA256, SUITE_FS },
		{ 0x00a2, "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256", TLS_KEX_DHE,
		    TLS_AUTH_DSS, TLS_CIPHER_AES, TLS_MODE_GCM, TLS_HASH_SHA256,
		    SUITE_FS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		const struct tls_suite *s = tls_suite_of(all[i].id);

		assert_non_null(s);
		assert_string_equal(s->name, all[i].name);
		assert_string_equal(tls_suite_name(all[i].id), all[i].name);
		assert_int_equal(s->kex, all[i].kex);
		assert_int_equal(s->auth, all[i].auth);
		assert_int_equal(s->cipher, all[i].cipher);
		assert_int_equal(s->mode, all[i].mode);
		assert_int_equal(s->hash, all[i].hash);
		assert_int_equal(s->flags, all[i].flags);
	}
	assert_null(tls_suite_of(0x0a0a));
	assert_true(tls_suite_of(0x00ff)->flags & SUITE_SIGNAL);
}

static void
sizes_of_13(void **state)
{
	(void)state;
	assert_int_equal(tls_suite_hash_size(0x1301), 32);
	assert_int_equal(tls_suite_hash_size(0x1302), 48);
	assert_int_equal(tls_suite_hash_size(0x1303), 32);
	assert_int_equal(tls_suite_tag_size(0x1302), 16);
	assert_int_equal(tls_suite_tag_size(0x1305), 8);
	assert_int_equal(tls_suite_hash_size(0x1234), 32);
	assert_int_equal(tls_suite_tag_size(0x1234), 16);
	assert_int_equal(tls_suite_overhead(0xc030), 24);
	assert_int_equal(tls_suite_overhead(0xcca8), 16);
	assert_int_equal(tls_suite_overhead(0xc014), 52);
	assert_int_equal(tls_suite_overhead(0x003b), 32);
}

static void
groups_and_schemes(void **state)
{
	(void)state;
	assert_string_equal(tls_group_name(0x11ec), "X25519MLKEM768");
	assert_string_equal(tls_group_name(0x0017), "secp256r1");
	assert_true(tls_group_of(0x11ec)->flags & GROUP_APPROVED);
	assert_int_equal(tls_group_of(0x11ec)->kind, GROUP_HYBRID);
	assert_false(tls_group_of(0x001d)->flags & GROUP_APPROVED);
	assert_true(tls_group_of(0x0013)->flags & GROUP_WEAK);
	assert_false(tls_group_of(0x0015)->flags & GROUP_WEAK);
	assert_int_equal(tls_group_of(0x0100)->bits, 2048);
	assert_null(tls_group_of(0x5555));
	assert_string_equal(tls_scheme_name(0x0804), "rsa_pss_rsae_sha256");
	assert_string_equal(tls_scheme_name(0x0403), "ecdsa_secp256r1_sha256");
	assert_true(tls_scheme_of(0x0201)->flags & SCHEME_WEAK);
	assert_true(tls_scheme_of(0x0807)->flags & SCHEME_APPROVED);
}

static void
versions_and_alerts(void **state)
{
	(void)state;
	assert_string_equal(tls_version_name(0x0002), "SSL 2.0");
	assert_string_equal(tls_version_name(0x0300), "SSL 3.0");
	assert_string_equal(tls_version_name(0x0303), "TLS 1.2");
	assert_string_equal(tls_version_name(0x7f17), "TLS 1.3");
	assert_string_equal(tls_version_name(0xfefd), "DTLS 1.2");
	assert_null(tls_version_name(0x0399));
	assert_string_equal(tls_alert_name(40), "handshake_failure");
	assert_string_equal(tls_alert_name(0), "close_notify");
	assert_string_equal(tls_alert_name(116), "certificate_required");
	assert_null(tls_alert_name(200));
	assert_string_equal(tls_srtp_name(1), "SRTP_AES128_CM_HMAC_SHA1_80");
	assert_true(tls_is_grease(0x0a0a));
	assert_true(tls_is_grease(0xfafa));
	assert_false(tls_is_grease(0x0a1a));
	assert_false(tls_is_grease(0x1301));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_sorted),
		cmocka_unit_test(lookup_finds_each),
		cmocka_unit_test(flags_agree_with_names),
		cmocka_unit_test(well_known_suites),
		cmocka_unit_test(sizes_of_13),
		cmocka_unit_test(groups_and_schemes),
		cmocka_unit_test(versions_and_alerts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
