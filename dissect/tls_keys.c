/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_keys.c - key schedules.
 *
 * Spec: RFC 2246 section 6.3, RFC 5246 section 6.3, RFC 8446 section 7;
 * RFC 5288, 6655, 7905 for the AEADs, RFC 6347 for DTLS.
 */
#include "dissect/tls_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "dissect/tls_names.h"

enum { TLS12 = 0x0303, TLS13 = 0x0304, DTLS10 = 0xfeff, DTLS12 = 0xfefd };

/* clang-format off */
#define ROW(cipher, mode, bits, shape, block_n, iv_n, tag_n, name) \
	{ TLS_CIPHER_##cipher, TLS_MODE_##mode, bits, TLS_SHAPE_##shape, \
	  block_n, iv_n, tag_n, name }
static const struct {
	uint8_t cipher, mode;
	uint16_t bits; /* 0: any */
	uint8_t shape, block_n, iv_n, tag_n;
	const char *name;
} ciphers[] = {
	ROW(AES, GCM, 128, GCM, 0, 4, 16, "AES-128-GCM"),
	ROW(AES, GCM, 256, GCM, 0, 4, 16, "AES-256-GCM"),
	ROW(AES, CCM, 128, CCM, 0, 4, 16, "AES-128-CCM"),
	ROW(AES, CCM, 256, CCM, 0, 4, 16, "AES-256-CCM"),
	ROW(AES, CCM_8, 128, CCM, 0, 4, 8, "AES-128-CCM"),
	ROW(AES, CCM_8, 256, CCM, 0, 4, 8, "AES-256-CCM"),
	ROW(ARIA, GCM, 128, GCM, 0, 4, 16, "ARIA-128-GCM"),
	ROW(ARIA, GCM, 256, GCM, 0, 4, 16, "ARIA-256-GCM"),
	ROW(CHACHA20, POLY1305, 256, POLY1305, 0, 12, 16, "ChaCha20-Poly1305"),
	ROW(AES, CBC, 128, CBC, 16, 16, 0, "AES-128-CBC"),
	ROW(AES, CBC, 256, CBC, 16, 16, 0, "AES-256-CBC"),
	ROW(CAMELLIA, CBC, 128, CBC, 16, 16, 0, "CAMELLIA-128-CBC"),
	ROW(CAMELLIA, CBC, 256, CBC, 16, 16, 0, "CAMELLIA-256-CBC"),
	ROW(ARIA, CBC, 128, CBC, 16, 16, 0, "ARIA-128-CBC"),
	ROW(ARIA, CBC, 256, CBC, 16, 16, 0, "ARIA-256-CBC"),
	ROW(SEED, CBC, 128, CBC, 16, 16, 0, "SEED-CBC"),
	ROW(IDEA, CBC, 128, CBC, 8, 8, 0, "IDEA-CBC"),
	ROW(3DES, CBC, 0, CBC, 8, 8, 0, "DES-EDE3-CBC"),
	ROW(DES, CBC, 0, CBC, 8, 8, 0, "DES-CBC"),
	ROW(RC4, STREAM, 128, STREAM, 0, 0, 0, "RC4"),
	ROW(NULL, NONE, 0, STREAM, 0, 0, 0, NULL),
};
#undef ROW
/* clang-format on */

/* Octets of DES keys count their parity bits, the names of suites do not. */
static uint8_t
key_size(const struct tls_suite *s)
{
	if (s->cipher == TLS_CIPHER_3DES)
		return 24;
	if (s->cipher == TLS_CIPHER_DES)
		return 8;
	return (uint8_t)(s->bits / 8);
}

static const struct {
	const char *name;
	uint8_t size;
} hashes[] = {
	[TLS_HASH_MD5] = { "MD5", 16 },
	[TLS_HASH_SHA1] = { "SHA1", 20 },
	[TLS_HASH_SHA256] = { "SHA256", 32 },
	[TLS_HASH_SHA384] = { "SHA384", 48 },
};

/* RFC 5246 section 5: SHA-256 unless the suite names a stronger one. */
static void
choose_prf(uint16_t version, const struct tls_suite *s, struct tls_params *p)
{
	bool is_384 = s->hash == TLS_HASH_SHA384;

	p->hash_n = is_384 ? 48 : 32;
	if (version < TLS12 || version == DTLS10)
		p->prf = "MD5-SHA1";
	else
		p->prf = is_384 ? "SHA384" : "SHA256";
}

static bool
version_known(uint16_t version)
{
	return (version >= 0x0301 && version <= TLS13) || version == DTLS10 ||
	    version == DTLS12;
}

static bool
fits(const struct tls_suite *s, uint16_t version)
{
	bool is_13 = (s->flags & SUITE_TLS13) != 0;

	return version_known(version) && is_13 == (version == TLS13) &&
	    (s->flags & (SUITE_EXPORT | SUITE_SIGNAL)) == 0 &&
	    s->hash >= TLS_HASH_MD5 && s->hash <= TLS_HASH_SHA384;
}

bool
tls_params_of(uint16_t version, uint16_t suite, struct tls_params *p)
{
	const struct tls_suite *s = tls_suite_of(suite);

	if (s == NULL || !fits(s, version))
		return false;
	for (size_t i = 0; i < COUNT(ciphers); i++) {
		if (ciphers[i].cipher != s->cipher ||
		    ciphers[i].mode != s->mode ||
		    (ciphers[i].bits != 0 && ciphers[i].bits != s->bits))
			continue;
		*p = (struct tls_params){
			.cipher = ciphers[i].name,
			.shape = ciphers[i].shape,
			.key_n = key_size(s),
			.iv_n = ciphers[i].iv_n,
			.block_n = ciphers[i].block_n,
			.tag_n = ciphers[i].tag_n,
		};
		if (ciphers[i].tag_n == 0) {
			p->mac = hashes[s->hash].name;
			p->mac_n = hashes[s->hash].size;
		}
		choose_prf(version, s, p);
		return true;
	}
	return false;
}

static bool
derive(const char *name, const OSSL_PARAM *params, struct tls_room to)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool ok = ctx != NULL && EVP_KDF_derive(ctx, to.p, to.n, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok;
}

/* OSSL_PARAM has no const; what it points to is only read. */
static void *
lend(const void *p)
{
	union {
		const void *from;
		void *to;
	} u = { p };

	return u.to;
}

static OSSL_PARAM
octets(const char *key, const void *p, size_t n)
{
	return OSSL_PARAM_construct_octet_string(key, lend(p), n);
}

static OSSL_PARAM
word(const char *key, const char *text)
{
	return OSSL_PARAM_construct_utf8_string(key, lend(text), 0);
}

bool
tls_prf(const char *digest, struct slice secret, const char *label,
    struct slice seed, struct tls_room to)
{
	/* The seeds are joined in this order. */
	OSSL_PARAM params[] = {
		word(OSSL_KDF_PARAM_DIGEST, digest),
		octets(OSSL_KDF_PARAM_SECRET, secret.p, secret.n),
		octets(OSSL_KDF_PARAM_SEED, label, strlen(label)),
		octets(OSSL_KDF_PARAM_SEED, seed.p, seed.n),
		OSSL_PARAM_construct_end(),
	};

	return derive("TLS1-PRF", params, to);
}

bool
tls13_expand(const char *digest, struct slice secret, const char *label,
    struct tls_room to)
{
	static const char prefix[] = "tls13 ";
	uint8_t info[64];
	size_t label_n = strlen(label), prefix_n = sizeof(prefix) - 1, n = 0;

	if (label_n > sizeof(info) - prefix_n - 4 || to.n > UINT16_MAX)
		return false;
	info[n++] = (uint8_t)(to.n >> 8);
	info[n++] = (uint8_t)to.n;
	info[n++] = (uint8_t)(prefix_n + label_n);
	memcpy(info + n, prefix, prefix_n);
	n += prefix_n;
	memcpy(info + n, label, label_n);
	n += label_n;
	info[n++] = 0; /* no context */

	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		word(OSSL_KDF_PARAM_DIGEST, digest),
		octets(OSSL_KDF_PARAM_KEY, secret.p, secret.n),
		octets(OSSL_KDF_PARAM_INFO, info, n),
		OSSL_PARAM_construct_end(),
	};

	return derive("HKDF", params, to);
}

static const uint8_t *
cut(const uint8_t *from, uint8_t *to, size_t n)
{
	memcpy(to, from, n);
	return from + n;
}

bool
tls_key_block(const struct tls_params *p, const uint8_t master[TLS_MASTER_SIZE],
    const uint8_t client_random[32], const uint8_t server_random[32],
    struct tls_keys out[2])
{
	uint8_t seed[64];
	uint8_t block[2 * sizeof(struct tls_keys)];
	size_t n = 2 * ((size_t)p->mac_n + p->key_n + p->iv_n);

	if (n == 0)
		return false;
	memcpy(seed, server_random, 32);
	memcpy(seed + 32, client_random, 32);
	memset(out, 0, 2 * sizeof(*out));
	bool ok =
	    tls_prf(p->prf, slice_of(master, TLS_MASTER_SIZE), "key expansion",
		slice_of(seed, sizeof(seed)), (struct tls_room){ block, n });

	if (ok) {
		const uint8_t *at = block;

		for (int i = 0; i < 2; i++)
			at = cut(at, out[i].mac, p->mac_n);
		for (int i = 0; i < 2; i++)
			at = cut(at, out[i].key, p->key_n);
		for (int i = 0; i < 2; i++)
			at = cut(at, out[i].iv, p->iv_n);
	}
	OPENSSL_cleanse(block, sizeof(block));
	return ok;
}

bool
tls13_keys(const struct tls_params *p, const uint8_t *secret,
    struct tls_keys *out)
{
	struct slice from = slice_of(secret, p->hash_n);

	memset(out, 0, sizeof(*out));
	return tls13_expand(p->prf, from, "key",
		   (struct tls_room){ out->key, p->key_n }) &&
	    tls13_expand(p->prf, from, "iv", (struct tls_room){ out->iv, 12 });
}

bool
tls13_update(const struct tls_params *p, uint8_t *secret)
{
	uint8_t next[TLS_MAC_MOST];
	bool ok = tls13_expand(p->prf, slice_of(secret, p->hash_n),
	    "traffic upd", (struct tls_room){ next, p->hash_n });

	if (ok)
		memcpy(secret, next, p->hash_n);
	OPENSSL_cleanse(next, sizeof(next));
	return ok;
}
