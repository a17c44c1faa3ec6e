/* SPDX-License-Identifier: Apache-2.0 */
/* Records sealed by hand: what no library of today would send. */
#include "tests/support.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/provider.h>

#include "dissect/tls_decrypt_open.h"
#include "dissect/tls_names.h"

#define WHOLE(a) slice_of(a, sizeof(a))

struct seal {
	struct tls_params p;
	struct tls_keys keys;
	uint16_t version;
	bool etm;
	uint64_t number;
	uint8_t iv[16]; /* TLS 1.0: of the next record */
	uint8_t padding[256];
	size_t padding_n; /* with its length octet */
};

static size_t
hmac(const struct seal *s, const uint8_t *p, size_t n, uint8_t *to)
{
	uint8_t all[2000];
	unsigned size = 0;

	for (int i = 0; i < 8; i++)
		all[i] = (uint8_t)(s->number >> (56 - 8 * i));
	all[8] = 23;
	all[9] = (uint8_t)(s->version >> 8);
	all[10] = (uint8_t)s->version;
	all[11] = (uint8_t)(n >> 8);
	all[12] = (uint8_t)n;
	memcpy(all + 13, p, n);
	assert_non_null(HMAC(EVP_get_digestbyname(s->p.mac), s->keys.mac,
	    s->p.mac_n, all, n + 13, to, &size));
	return size;
}

static void
encrypt(struct seal *s, uint8_t *p, size_t n)
{
	EVP_CIPHER *c = EVP_CIPHER_fetch(NULL, s->p.cipher, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int done;

	assert_true(EVP_EncryptInit_ex2(ctx, c, s->keys.key, s->iv, NULL));
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	assert_true(EVP_EncryptUpdate(ctx, p, &done, p, (int)n));
	assert_int_equal(done, n);
	memcpy(s->iv, p + n - s->p.block_n, s->p.block_n);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(c);
}

/* CBC as RFC 5246 section 6.2.3.2 and RFC 7366 section 3 have it. */
static size_t
seal_cbc(struct seal *s, const uint8_t *text, size_t n, uint8_t *to)
{
	size_t iv_n = s->version == 0x0301 ? 0 : s->p.block_n, at = iv_n;

	memcpy(to, s->iv, iv_n);
	memcpy(to + at, text, n);
	at += n;
	if (!s->etm)
		at += hmac(s, text, n, to + at);
	memcpy(to + at, s->padding, s->padding_n);
	at += s->padding_n;
	encrypt(s, to + iv_n, at - iv_n);
	if (s->etm)
		at += hmac(s, to, at, to + at);
	return at;
}

static struct tls_opener *
opener_of(struct seal *s, uint16_t version, uint16_t suite, bool etm)
{
	memset(s, 0, sizeof(*s));
	s->version = version;
	s->etm = etm;
	s->number = UINT64_C(0x0102030405060708);
	if (!tls_params_of(version, suite, &s->p))
		return NULL;
	memset(&s->keys, 7, sizeof(s->keys));
	for (unsigned i = 0; i < sizeof(s->keys.key); i++)
		s->keys.key[i] = (uint8_t)(2 * i + 1);
	memcpy(s->iv, s->keys.iv, sizeof(s->iv));
	return tls_opener_new(version, etm, &s->p, &s->keys);
}

static bool
try_open(struct tls_opener *o, const struct seal *s, const uint8_t *body,
    size_t body_n, struct slice want)
{
	uint8_t *copy = malloc(body_n ? body_n : 1);
	uint8_t *to = malloc(body_n ? body_n : 1);
	size_t n = 0;

	memcpy(copy, body, body_n);
	struct tls_sealed sealed = {
		.number = s->number,
		.type = 23,
		.version = s->version,
		.body = slice_of(copy, body_n),
	};
	bool ok = tls_open(o, &sealed, to, &n);

	if (ok)
		assert_true(slice_eq(slice_of(to, n), want));
	free(copy);
	free(to);
	return ok;
}

static void
pad(struct seal *s, size_t length)
{
	memset(s->padding, (int)length, sizeof(s->padding));
	s->padding_n = length + 1;
}

/* Every suite of the table with CBC, in every version it can run in. */
static void
cbc_by_hand(void **state)
{
	static const uint16_t versions[] = { 0x0301, 0x0302, 0x0303, 0xfeff,
		0xfefd };
	uint8_t body[600];
	unsigned opened = 0;
	const struct tls_suite *suite;

	(void)state;
	for (size_t i = 0; (suite = tls_suite_at(i)) != NULL; i++) {
		for (size_t v = 0; v < 2 * COUNT(versions); v++) {
			struct seal s;
			struct tls_opener *o = opener_of(&s, versions[v / 2],
			    suite->id, v % 2 != 0);

			if (o == NULL || s.p.shape != TLS_SHAPE_CBC) {
				tls_opener_free(o);
				continue;
			}
			/* Two, so that TLS 1.0 chains. */
			for (int j = 0; j < 2; j++, s.number++) {
				size_t mac_n = s.etm ? 0 : s.p.mac_n;

				pad(&s,
				    (2U * s.p.block_n - 6 - mac_n % 8) %
					s.p.block_n);
				while ((5 + mac_n + s.padding_n) % s.p.block_n)
					pad(&s, s.padding_n);
				size_t n = seal_cbc(&s,
				    (const uint8_t *)"hello", 5, body);

				assert_true(try_open(o, &s, body, n,
				    slice_text("hello")));
				opened++;
			}
			tls_opener_free(o);
		}
	}
	/* AES, Camellia, ARIA, 3DES with SHA-1, SHA-256, SHA-384 */
	assert_true(opened > 500);
}

/* The bounds of the padding: every length, every wrong octet. */
static void
cbc_padding(void **state)
{
	struct seal s;
	uint8_t text[64] = { 0 }, body[600];

	(void)state;
	for (int etm = 0; etm < 2; etm++) {
		for (size_t length = 0; length < 256; length++) {
			struct tls_opener *o =
			    opener_of(&s, 0x0303, 0x003c, etm != 0);
			size_t rest = (length + 1) % 16;
			size_t text_n = rest ? 16 - rest : 0;

			pad(&s, length);
			size_t n = seal_cbc(&s, text, text_n, body);

			assert_true(
			    try_open(o, &s, body, n, slice_of(text, text_n)));
			for (size_t i = 0; i + 1 < s.padding_n; i += 7) {
				pad(&s, length);
				s.padding[i] ^= 1;
				n = seal_cbc(&s, text, text_n, body);
				assert_false(
				    try_open(o, &s, body, n, WHOLE(text)));
			}
			tls_opener_free(o);
		}
	}
	/* A length that reaches one octet into the MAC, or before the text. */
	struct tls_opener *o = opener_of(&s, 0x0303, 0x003c, false);

	pad(&s, 16);
	s.padding_n = 16;
	size_t n = seal_cbc(&s, text, 0, body);

	assert_false(try_open(o, &s, body, n, WHOLE(text)));
	pad(&s, 48);
	s.padding_n = 16;
	n = seal_cbc(&s, text, 0, body);
	assert_false(try_open(o, &s, body, n, WHOLE(text)));
	tls_opener_free(o);
	o = opener_of(&s, 0x0303, 0x003c, true);
	pad(&s, 15); /* nothing but padding is an empty record */
	n = seal_cbc(&s, text, 0, body);
	assert_true(try_open(o, &s, body, n, slice_of(text, 0)));
	pad(&s, 16);
	s.padding_n = 16;
	n = seal_cbc(&s, text, 0, body);
	assert_false(try_open(o, &s, body, n, WHOLE(text)));
	tls_opener_free(o);
}

static void
stream_by_hand(void **state)
{
	OSSL_PROVIDER *legacy = OSSL_PROVIDER_try_load(NULL, "legacy", 1);
	static const uint16_t suites[] = { 0x0004, 0x0005, 0x0002, 0x003b };

	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct seal s;
		struct tls_opener *o = opener_of(&s, 0x0301, suites[i], false);
		uint8_t body[100];
		EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
		int done;

		if (o == NULL) { /* RC4 without the legacy provider */
			assert_true(suites[i] < 6 && s.p.cipher != NULL);
			EVP_CIPHER_CTX_free(ctx);
			continue;
		}
		if (s.p.cipher != NULL)
			assert_true(EVP_EncryptInit_ex2(ctx, EVP_rc4(),
			    s.keys.key, NULL, NULL));
		for (int j = 0; j < 3; j++, s.number++) {
			size_t n = 5;

			memcpy(body, "hello", n);
			n += hmac(&s, body, n, body + n);
			if (s.p.cipher != NULL)
				EVP_EncryptUpdate(ctx, body, &done, body,
				    (int)n);
			body[0] ^= 1;
			assert_false(
			    try_open(o, &s, body, n, slice_text("hello")));
			body[0] ^= 1;
			assert_false(
			    try_open(o, &s, body, n - 1, slice_text("hello")));
			assert_true(
			    try_open(o, &s, body, n, slice_text("hello")));
		}
		EVP_CIPHER_CTX_free(ctx);
		tls_opener_free(o);
	}
	OSSL_PROVIDER_unload(legacy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cbc_by_hand),
		cmocka_unit_test(cbc_padding),
		cmocka_unit_test(stream_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
