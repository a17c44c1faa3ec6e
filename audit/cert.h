/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert.h - certificates: parsed once per SHA-256, judged at the time of the
 * handshake. OpenSSL does the X.509 work.
 *
 * The store belongs to the auditor's thread. What cert_of() lends lives as
 * long as the store.
 */
#ifndef AUDIT_CERT_H
#define AUDIT_CERT_H

#include "audit/finding.h"
#include "core/addr.h"
#include "core/digest.h"
#include "core/fault.h"
#include "core/limits.h"

struct cert_store;

enum cert_key {
	CERT_KEY_OTHER,
	CERT_KEY_RSA,
	CERT_KEY_RSA_PSS,
	CERT_KEY_EC,
	CERT_KEY_ED25519,
	CERT_KEY_ED448,
	CERT_KEY_DSA
};

enum { CERT_NAMES_MOST = 64 };
struct cert {
	uint8_t sha256[SHA256_SIZE];
	struct slice der;
	bool parsed; /* OpenSSL could read it */
	/* RFC 4514-like one-line names, safe for a terminal */
	const char *subject, *issuer;
	const char *serial;            /* upper case hex, colon separated */
	int64_t not_before, not_after; /* ns since 1970 */
	const char *signature; /* ecdsa-with-SHA256, sha256WithRSAEncryption */
	enum cert_key key;
	unsigned key_bits;
	const char *key_name; /* RSA 2048, P-256, Ed25519 */
	bool has_eku, server_auth, client_auth, has_cdp, is_ca, self_signed;
	const char *names[CERT_NAMES_MOST]; /* DNS names and IP addresses */
	unsigned name_count;
	bool has_san;
	const char *common_name; /* last CN of the subject, or NULL */
	const char *cdp;         /* first CRL distribution point, or NULL */
	size_t order;            /* of first appearance */
};

struct cert_store *cert_store_new(void);
void cert_store_free(struct cert_store *s);
/* An empty one with the same trust, for another thread if need be; no file is
 * read again. */
struct cert_store *cert_store_like(const struct cert_store *s);
/* PEM bundles of the policy; one sentence names file and reason. */
bool cert_trust_ca(struct cert_store *s, const char *path, struct fault *f);
bool cert_trust_crl(struct cert_store *s, const char *path, struct fault *f);
bool cert_has_trust(const struct cert_store *s); /* a CA bundle was given */

/* The certificate of these DER octets; never NULL but without memory. */
const struct cert *cert_of(struct cert_store *s, struct slice der);
/* The n-th certificate of a chain as in FACT_TLS_SERVER_CHAIN; NULL after the
 * last, or after LIMIT_CHAIN of them. */
const struct cert *cert_in_chain(struct cert_store *s, struct slice chain,
    size_t n);
/* All of them, the leaf first; returns how many. */
size_t cert_list_chain(struct cert_store *s, struct slice chain,
    const struct cert *out[LIMIT_CHAIN]);
size_t cert_count(const struct cert_store *s);
const struct cert *cert_at(const struct cert_store *s, size_t i);

/* Does any name of the certificate match (RFC 6125, wildcards in the leftmost
 * label only)? Without SAN the common name counts. */
bool cert_matches(const struct cert *c, struct slice name);

struct cert_question {
	struct slice chain;     /* leaf first, 24-bit length and DER each */
	enum finding_side side; /* who showed it */
	int64_t time;           /* of the handshake */
	enum role role;         /* of the host that showed it */
	/* Names the host was asked for (SNI) or may call itself; none: not
	 * checked. The certificate must match one of them. */
	const struct slice *names;
	size_t name_count;
	uint64_t packet;
	bool mutual; /* both sides showed one: a server's is a client's, too */
};
/*
 * Adds the findings of contract section 6 for a chain. Rules: certificates
 * for Lync Server 2013, Skype for Business (see cert_judge.c).
 */
void cert_judge(struct cert_store *s, const struct cert_question *q,
    struct findings *out);

#endif
