/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_decrypt.h - records to plaintext with the secrets of a key log.
 *
 * TLS 1.0 to 1.3 and DTLS 1.0, 1.2; AES-GCM, AES-CCM, ChaCha20-Poly1305,
 * AES-CBC with and without encrypt-then-MAC. Heap state of one connection;
 * belongs to the worker; keys are wiped by tls_decrypt_free(). Every result
 * is authenticated: what does not authenticate is never given out.
 */
#ifndef DISSECT_TLS_DECRYPT_H
#define DISSECT_TLS_DECRYPT_H

#include "capture/flow.h"
#include "dissect/keylog.h"

struct tls_decrypt;

struct tls_decrypt_setup {
	uint16_t version; /* chosen: 0x0301..0x0304, 0xfeff, 0xfefd */
	uint16_t suite;
	bool encrypt_then_mac;
	const uint8_t *client_random; /* 32, of the first client hello */
	const uint8_t *server_random; /* 32 */
};

/* NULL if the key log has no secret for this random, the suite is not one of
 * ours, or memory is out. */
struct tls_decrypt *tls_decrypt_new(const struct keylog *k,
    const struct tls_decrypt_setup *how);
void tls_decrypt_free(struct tls_decrypt *d);

/*
 * A record after encryption began in this direction (TLS 1.3: outer type 23
 * after the ServerHello; older: after ChangeCipherSpec). `header` is the
 * record header as on the wire (5 bytes; DTLS 13). *plain is lent until the
 * next call; *type is the inner content type. False: does not authenticate
 * (wrong keys, a gap, early data that was refused); the sequence number does
 * not move then.
 */
bool tls_decrypt_record(struct tls_decrypt *d, enum side side,
    struct slice header, struct slice body, struct slice *plain, uint8_t *type);

/*
 * TLS 1.3: this direction's Finished was decrypted: application keys from
 * here. Client early data ended, or EncryptedExtensions without early_data
 * say that it was refused: handshake keys from here, and what comes of early
 * data is false. Records of early data from before the ServerHello may be
 * handed over later, in order, or be left out.
 */
void tls_decrypt_finished(struct tls_decrypt *d, enum side side);
void tls_decrypt_end_of_early_data(struct tls_decrypt *d);
/* TLS 1.3 KeyUpdate of this direction was decrypted. */
void tls_decrypt_key_update(struct tls_decrypt *d, enum side side);
/* So many records of the direction were lost in a gap, if that is known:
 * TLS up to 1.3 tries at most LIMIT_DECRYPT_RESYNC following numbers. */
void tls_decrypt_gap(struct tls_decrypt *d, enum side side);

#endif
