/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.h - message digests by OpenSSL: of files, certificates, fingerprints.
 * Any thread.
 */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include "core/addr.h"

enum { SHA256_SIZE = 32, SHA256_TEXT = 65, COMMUNITY_TEXT = 40 };

enum digest_kind {
	DIGEST_MD5,
	DIGEST_SHA1,
	DIGEST_SHA256,
	DIGEST_SHA384,
	DIGEST_SHA512,
	DIGEST_SHA224
};

struct digest; /* a running SHA-256 */

struct digest *digest_new(void);
void digest_free(struct digest *d);
void digest_add(struct digest *d, const void *p, size_t n);
/* All zeroes if anything failed. After it there is only digest_free(). */
void digest_finish(struct digest *d, uint8_t out[SHA256_SIZE]);

/* One shot; returns the size written (at most 64), 0 if it failed. */
size_t digest_of(enum digest_kind kind, struct slice data, uint8_t out[64]);
const char *sha256_text(const uint8_t h[SHA256_SIZE], char buf[SHA256_TEXT]);
/*
 * Community ID v1, seed 0 (corelight/community-id-spec). Returns buf; empty if
 * the digest failed. For ICMP the ports are what the caller put there.
 */
const char *community_id(const struct five_tuple *t, char buf[COMMUNITY_TEXT]);

#endif
