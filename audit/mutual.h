/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mutual.h - what a TLS or DTLS handshake proved: how far it came, whether it
 * encrypts, and whether the client showed a certificate.
 *
 * Up to TLS 1.2 the messages are readable. In TLS 1.3 the lengths of the
 * client's first records tell (measured over OpenSSL, GnuTLS, NSS, BoringSSL,
 * Go, JSSE, wolfSSL and rustls): the rules stand beside the code; what they
 * do not cover is CLIENT_CERT_HIDDEN. Pure functions of the evidence.
 */
#ifndef AUDIT_MUTUAL_H
#define AUDIT_MUTUAL_H

#include "audit/record.h"

enum tls_progress {
	TLS_PROGRESS_NONE,       /* no handshake in this scope */
	TLS_PROGRESS_MID_STREAM, /* records, but not the start */
	TLS_PROGRESS_INCOMPLETE, /* ended, or the capture did, before the end */
	TLS_PROGRESS_FAILED,     /* a fatal alert or a reset ended it */
	TLS_PROGRESS_COMPLETE,
};

struct tls_state {
	enum tls_progress progress;
	int scope;
	bool dtls;
	bool decrypted;          /* keys were given and fit */
	uint16_t version, suite; /* 0: server hello not seen */
	bool resumed;
	bool null_cipher, anonymous;
	bool maybe_null; /* the choice was not seen, the offer allows it */
	enum client_certificate client;
	enum certainty certainty; /* of `client` */
	bool requested;        /* the server asked for a client certificate */
	bool post_auth;        /* client offers post-handshake authentication */
	int client_side;       /* enum side of the TLS client's bytes */
	uint64_t packet;       /* decisive for `client`; 0: none */
	uint64_t hello_packet; /* of the server hello, else the client's */
	int64_t time;          /* of the handshake */
	uint8_t alert;         /* FAILED by alert: description; else 0 */
	bool reset;            /* FAILED by TCP reset */
	uint64_t fail_packet;
	const struct learnt *server_chain, *client_chain; /* or NULL */
};

struct tls_words {
	char why[REASON_TEXT]; /* how `client` is known, a sentence */
	char missing[160];     /* CLIENT_CERT_HIDDEN: what would tell */
};

/*
 * The handshake of one scope; of the first scope that has one if `scope` is
 * negative. False if there is none. `words` is NULL where nobody reads them.
 */
bool mutual_judge(const struct evidence *e, const struct flow_view *f,
    int scope, struct tls_state *out, struct tls_words *words);

#endif
