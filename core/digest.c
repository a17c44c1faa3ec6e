/* SPDX-License-Identifier: Apache-2.0 */
#include "core/digest.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

enum { SHA1_SIZE = 20 };

/* IANA protocol numbers whose ports are part of the Community ID. */
enum { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58, SCTP = 132 };

struct digest {
	EVP_MD_CTX *ctx;
	bool bad;
};

struct digest *
digest_new(void)
{
	struct digest *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->ctx = EVP_MD_CTX_new();
	if (d->ctx == NULL ||
	    EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) != 1) {
		digest_free(d);
		return NULL;
	}
	return d;
}

void
digest_free(struct digest *d)
{
	if (d == NULL)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

void
digest_add(struct digest *d, const void *p, size_t n)
{
	if (n > 0 && EVP_DigestUpdate(d->ctx, p, n) != 1)
		d->bad = true;
}

void
digest_finish(struct digest *d, uint8_t out[SHA256_SIZE])
{
	/* A digest that failed must not look like one of something. */
	if (d->bad || EVP_DigestFinal_ex(d->ctx, out, NULL) != 1)
		memset(out, 0, SHA256_SIZE);
}

static EVP_MD *_Atomic methods[DIGEST_SHA224 + 1];

/*
 * A method is fetched once per process: EVP_md5() and the like look it up
 * again for every message.
 */
static const EVP_MD *
method_of(enum digest_kind kind)
{
	static const char *const names[] = {
		[DIGEST_MD5] = "MD5",
		[DIGEST_SHA1] = "SHA1",
		[DIGEST_SHA256] = "SHA2-256",
		[DIGEST_SHA384] = "SHA2-384",
		[DIGEST_SHA512] = "SHA2-512",
		[DIGEST_SHA224] = "SHA2-224",
	};
	EVP_MD *none = NULL;

	if ((size_t)kind >= COUNT(names))
		return NULL;
	EVP_MD *method = atomic_load(&methods[kind]);

	if (method != NULL)
		return method;
	method = EVP_MD_fetch(NULL, names[kind], NULL);
	if (method == NULL ||
	    atomic_compare_exchange_strong(&methods[kind], &none, method))
		return method;
	EVP_MD_free(method); /* another thread was quicker */
	return none;
}

size_t
digest_of(enum digest_kind kind, struct slice data, uint8_t out[64])
{
	const EVP_MD *method = method_of(kind);
	unsigned n = 0;

	if (method == NULL ||
	    EVP_Digest(data.n ? (const void *)data.p : "", data.n, out, &n,
		method, NULL) != 1)
		return 0;
	return n;
}

const char *
sha256_text(const uint8_t h[SHA256_SIZE], char buf[SHA256_TEXT])
{
	for (size_t i = 0; i < SHA256_SIZE; i++)
		snprintf(buf + 2 * i, SHA256_TEXT - 2 * i, "%02x", h[i]);
	return buf;
}

static size_t
put(uint8_t *to, size_t n, const void *from, size_t size)
{
	memcpy(to + n, from, size);
	return n + size;
}

static size_t
put_port(uint8_t *to, size_t n, uint16_t port)
{
	uint8_t b[2] = { (uint8_t)(port >> 8), (uint8_t)port };

	return put(to, n, b, sizeof(b));
}

static bool
has_ports(uint8_t proto)
{
	return proto == TCP || proto == UDP || proto == SCTP || proto == ICMP ||
	    proto == ICMP6;
}

/*
 * Community ID Flow Hashing, version 1: the smaller endpoint comes first, so
 * that both directions are one flow.
 */
const char *
community_id(const struct five_tuple *t, char buf[COMMUNITY_TEXT])
{
	const struct endpoint *lo = &t->src;
	const struct endpoint *hi = &t->dst;
	size_t size = lo->addr.family == 4 ? 4 : 16;
	int order = addr_compare(&lo->addr, &hi->addr);
	uint8_t in[2 + 2 * 16 + 2 + 4] = { 0 }; /* begins with the seed, 0 */
	uint8_t hash[64];
	size_t n = 2;

	if (order > 0 || (order == 0 && lo->port > hi->port)) {
		lo = &t->dst;
		hi = &t->src;
	}
	n = put(in, n, lo->addr.b, size);
	n = put(in, n, hi->addr.b, size);
	in[n] = t->proto;
	n += 2; /* and a byte of padding */
	if (has_ports(t->proto)) {
		n = put_port(in, n, lo->port);
		n = put_port(in, n, hi->port);
	}
	if (digest_of(DIGEST_SHA1, slice_of(in, n), hash) != SHA1_SIZE) {
		buf[0] = '\0';
		return buf;
	}
	memcpy(buf, "1:", 2);
	EVP_EncodeBlock((unsigned char *)buf + 2, hash, SHA1_SIZE);
	return buf;
}
