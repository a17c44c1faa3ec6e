/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_keys.h - from secrets to keys: what TLS 1.0 to 1.3 and DTLS 1.0, 1.2
 * derive from a master or traffic secret, and what a suite needs of it.
 *
 * Plain functions over OpenSSL, any thread. The caller wipes what it gets.
 */
#ifndef DISSECT_TLS_KEYS_H
#define DISSECT_TLS_KEYS_H

#include "core/slice.h"

enum {
	TLS_KEY_MOST = 32,
	TLS_IV_MOST = 16,
	TLS_MAC_MOST = 48,
	TLS_MASTER_SIZE = 48,
	TLS_TAG_MOST = 16
};

enum tls_shape {
	TLS_SHAPE_GCM,      /* salt and explicit nonce (RFC 5288) */
	TLS_SHAPE_CCM,      /* the same (RFC 6655) */
	TLS_SHAPE_POLY1305, /* vector xor number (RFC 7905) */
	TLS_SHAPE_CBC,
	TLS_SHAPE_STREAM
};

/* What one suite asks of the record layer. */
struct tls_params {
	const char *cipher; /* OpenSSL's name; NULL: does not encrypt */
	const char *mac;    /* digest of the HMAC; NULL with an AEAD */
	const char *prf;    /* digest of the PRF or of HKDF */
	uint8_t shape;      /* enum tls_shape */
	uint8_t key_n;
	uint8_t iv_n;    /* of the key block: salt, or vector of TLS 1.0 */
	uint8_t block_n; /* CBC */
	uint8_t tag_n;
	uint8_t mac_n;
	uint8_t hash_n; /* of prf, TLS 1.3: size of a secret */
};

/* False: not one of ours in this version (0x0301..0x0304, 0xfeff, 0xfefd). */
bool tls_params_of(uint16_t version, uint16_t suite,
    struct tls_params *p) MUST_CHECK;

struct tls_keys {
	uint8_t mac[TLS_MAC_MOST];
	uint8_t key[TLS_KEY_MOST];
	uint8_t iv[TLS_IV_MOST];
};

/* RFC 5246 section 6.3, RFC 2246 section 6.3; [0] is the client's. */
bool tls_key_block(const struct tls_params *p,
    const uint8_t master[TLS_MASTER_SIZE], const uint8_t client_random[32],
    const uint8_t server_random[32], struct tls_keys out[2]) MUST_CHECK;

/* RFC 8446 section 7.3, of a traffic secret of p->hash_n bytes. */
bool tls13_keys(const struct tls_params *p, const uint8_t *secret,
    struct tls_keys *out) MUST_CHECK;
/* RFC 8446 section 7.2: the next application traffic secret, in place. */
bool tls13_update(const struct tls_params *p, uint8_t *secret) MUST_CHECK;

struct tls_room {
	uint8_t *p;
	size_t n;
};
/* RFC 5246 section 5, RFC 2246 section 5 (digest "MD5-SHA1"). */
bool tls_prf(const char *digest, struct slice secret, const char *label,
    struct slice seed, struct tls_room to) MUST_CHECK;
/* RFC 8446 section 7.1, HKDF-Expand-Label with an empty context. */
bool tls13_expand(const char *digest, struct slice secret, const char *label,
    struct tls_room to) MUST_CHECK;

#endif
