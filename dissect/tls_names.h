/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_names.h - what the numbers of TLS are called and what they are worth.
 *
 * Constant tables, any thread. An unknown number has no entry (NULL) and the
 * caller prints the number. Nothing here judges: flags say what a suite is.
 */
#ifndef DISSECT_TLS_NAMES_H
#define DISSECT_TLS_NAMES_H

#include "core/names.h"

enum tls_kex {
	TLS_KEX_NONE,
	TLS_KEX_RSA,
	TLS_KEX_DH,
	TLS_KEX_DHE,
	TLS_KEX_ECDH,
	TLS_KEX_ECDHE,
	TLS_KEX_PSK,
	TLS_KEX_DHE_PSK,
	TLS_KEX_RSA_PSK,
	TLS_KEX_ECDHE_PSK,
	TLS_KEX_SRP,
	TLS_KEX_KRB5,
	TLS_KEX_GOST,
	TLS_KEX_ECCPWD,
	TLS_KEX_ECJPAKE,
	TLS_KEX_FORTEZZA,
	TLS_KEX_SM2,
	TLS_KEX_SM2DHE,
	TLS_KEX_ANY /* TLS 1.3: the suite does not say */
};

enum tls_auth {
	TLS_AUTH_NONE,
	TLS_AUTH_ANON,
	TLS_AUTH_RSA,
	TLS_AUTH_DSS,
	TLS_AUTH_ECDSA,
	TLS_AUTH_PSK,
	TLS_AUTH_SRP,
	TLS_AUTH_KRB5,
	TLS_AUTH_GOST,
	TLS_AUTH_PASSWORD,
	TLS_AUTH_FORTEZZA,
	TLS_AUTH_SM2,
	TLS_AUTH_IBC,
	TLS_AUTH_ANY
};

enum tls_cipher {
	TLS_CIPHER_NULL,
	TLS_CIPHER_RC2,
	TLS_CIPHER_RC4,
	TLS_CIPHER_DES,
	TLS_CIPHER_3DES,
	TLS_CIPHER_IDEA,
	TLS_CIPHER_FORTEZZA,
	TLS_CIPHER_SEED,
	TLS_CIPHER_AES,
	TLS_CIPHER_CAMELLIA,
	TLS_CIPHER_ARIA,
	TLS_CIPHER_CHACHA20,
	TLS_CIPHER_SALSA20,
	TLS_CIPHER_SM1,
	TLS_CIPHER_SM4,
	TLS_CIPHER_GOST28147,
	TLS_CIPHER_KUZNYECHIK,
	TLS_CIPHER_MAGMA,
	TLS_CIPHER_AEGIS
};

enum tls_mode {
	TLS_MODE_NONE,
	TLS_MODE_STREAM,
	TLS_MODE_CBC,
	TLS_MODE_GCM,
	TLS_MODE_CCM,
	TLS_MODE_CCM_8,
	TLS_MODE_POLY1305,
	TLS_MODE_MGM,
	TLS_MODE_AEGIS
};

enum tls_hash {
	TLS_HASH_NONE,
	TLS_HASH_MD5,
	TLS_HASH_SHA1,
	TLS_HASH_SHA256,
	TLS_HASH_SHA384,
	TLS_HASH_SHA512,
	TLS_HASH_SM3,
	TLS_HASH_GOST
};

enum tls_suite_flag {
	SUITE_FS = 1 << 0,       /* forward secrecy */
	SUITE_APPROVED = 1 << 1, /* NIST SP 800-52 r2 and FIPS 140-3 */
	SUITE_EXPORT = 1 << 2,
	SUITE_NULL = 1 << 3, /* does not encrypt */
	SUITE_ANON = 1 << 4, /* authenticates nobody */
	SUITE_WEAK = 1 << 5, /* RC4, RC2, DES, 3DES, export, MD5 */
	SUITE_TLS13 = 1 << 6,
	SUITE_SIGNAL = 1 << 7, /* SCSV: says something, is no suite */
};

struct tls_suite {
	uint16_t id;
	uint8_t kex;    /* enum tls_kex */
	uint8_t auth;   /* enum tls_auth */
	uint8_t cipher; /* enum tls_cipher */
	uint8_t mode;   /* enum tls_mode */
	uint8_t hash;   /* enum tls_hash: of HMAC; of the PRF with an AEAD */
	uint8_t flags;  /* enum tls_suite_flag */
	uint16_t bits;  /* of the key */
	const char *name;
};

enum tls_group_kind { GROUP_EC, GROUP_FF, GROUP_PQ, GROUP_HYBRID };
enum tls_group_flag {
	GROUP_APPROVED = 1 << 0, /* SP 800-186, SP 800-56A r3, FIPS 203 */
	GROUP_WEAK = 1 << 1,     /* curve below 224 bits */
};
struct tls_group {
	uint16_t id;
	uint16_t bits;
	uint8_t kind;
	uint8_t flags;
	const char *name;
};

enum tls_scheme_flag {
	SCHEME_APPROVED = 1 << 0, /* FIPS 186-5, 204, 205; SHA-2 and newer */
	SCHEME_WEAK = 1 << 1,     /* MD5, SHA-1 */
};
struct tls_scheme {
	uint16_t id;
	uint8_t flags;
	const char *name;
};

const struct tls_suite *tls_suite_of(uint16_t id);
const struct tls_group *tls_group_of(uint16_t id);
const struct tls_scheme *tls_scheme_of(uint16_t id);
/* The i-th of the table; NULL after the last. */
const struct tls_suite *tls_suite_at(size_t i);
const struct tls_group *tls_group_at(size_t i);
const struct tls_scheme *tls_scheme_at(size_t i);

/* NULL if the number is not known. */
const char *tls_suite_name(uint16_t id);
const char *tls_group_name(uint16_t id);
const char *tls_scheme_name(uint16_t id);
const char *tls_alert_name(uint8_t description);
const char *tls_version_name(uint16_t version); /* "TLS 1.2", "DTLS 1.2" */
const char *tls_srtp_name(uint16_t profile);

/*
 * TLS 1.3: size of the transcript hash (32 or 48) and of the record's tag (16
 * or 8), which decide the length of a Finished record. Of a suite that is not
 * known: 32 and 16.
 */
unsigned tls_suite_hash_size(uint16_t id);
unsigned tls_suite_tag_size(uint16_t id);
/*
 * TLS 1.2 and older: the most that a record is longer than its contents:
 * explicit nonce and tag, or vector, HMAC and padding.
 */
unsigned tls_suite_overhead(uint16_t id);

/* RFC 8701: values that stand for nothing. */
bool tls_is_grease(uint16_t v);
/* Any draft of TLS 1.3 (0x7fxx) is TLS 1.3; others as they are. */
uint16_t tls_version_final(uint16_t version);

#endif
