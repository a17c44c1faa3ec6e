/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_decrypt_open.h - one direction's keys at work: opens a record of a given
 * number, or says that it is not authentic. Knows no order and no state but
 * what the cipher itself chains (TLS 1.0 CBC, RC4).
 *
 * Heap state of one connection, belongs to the worker, wiped when freed.
 */
#ifndef DISSECT_TLS_DECRYPT_OPEN_H
#define DISSECT_TLS_DECRYPT_OPEN_H

#include "dissect/tls_keys.h"

struct tls_opener;

struct tls_sealed {
	uint64_t number; /* DTLS: epoch and number together */
	uint8_t type;
	uint16_t version;
	struct slice header; /* as on the wire */
	struct slice body;
};

/* NULL: OpenSSL has no such cipher, or memory is out. Copies the keys. */
struct tls_opener *tls_opener_new(uint16_t version, bool encrypt_then_mac,
    const struct tls_params *p, const struct tls_keys *keys);
void tls_opener_free(struct tls_opener *o);

/*
 * The contents go to `to`, which has room for the body; *n is their size.
 * False: not authentic; what stands in `to` then is worth nothing.
 */
bool tls_open(struct tls_opener *o, const struct tls_sealed *s, uint8_t *to,
    size_t *n) MUST_CHECK;
/* Only TLS 1.0 chains over records: some are missing before the next one; a
 * record that was not opened has gone by. */
void tls_opener_gap(struct tls_opener *o);
void tls_opener_pass(struct tls_opener *o, struct slice body);

#endif
