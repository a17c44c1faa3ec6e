/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert_x509.h - shared by the cert*.c files only: a certificate with what the
 * judgement needs beside the facts, and what is known of a chain.
 */
#ifndef AUDIT_CERT_X509_H
#define AUDIT_CERT_X509_H

#include "audit/cert.h"
#include "core/arena.h"
#include "core/cursor.h"
#include "core/limits.h"

enum cert_hash { CERT_HASH_GOOD, CERT_HASH_SHA1, CERT_HASH_BROKEN };

struct cert_full {
	struct cert c;
	enum cert_hash hash; /* of the signature */
	bool odd_signature;  /* not RSA PKCS #1 v1.5 or ECDSA */
	/* Names beyond those of c, so that a match is not missed. */
	const char **more_names;
	unsigned more_count;
};

/*
 * Fills f from DER; texts come from the arena. A certificate that cannot be
 * read is left with parsed == false and empty texts. False: no memory.
 */
bool cert_parse(struct slice der, struct arena *a,
    struct cert_full *f) MUST_CHECK;

enum cert_trust {
	CERT_TRUST_UNKNOWN,
	CERT_TRUSTED,
	CERT_UNTRUSTED,
	CERT_INCOMPLETE
};

/* What of a chain depends on nothing but its octets and the policy. */
struct cert_chain {
	struct slice octets;
	const struct cert_full *sent[LIMIT_CHAIN]; /* the leaf first */
	size_t sent_n;
	/* where the leaf can be read */
	enum cert_trust trust;     /* UNKNOWN: no bundle was given */
	uint8_t path[LIMIT_CHAIN]; /* leaf first: places in the chain sent */
	uint8_t path_n;
	bool revoked;
	char why[160];  /* of trust */
	char when[160]; /* of revoked */
};

/*
 * What was said to a question, for others like it: thousands of handshakes
 * with one server differ in their time only.
 */
struct cert_answer {
	uint64_t key[2]; /* the question but its time, hashed by a secret */
	/* No certificate of the chain begins or ends in between; `until` is
	 * outside. */
	int64_t from, until;
	struct findings findings;
	bool given;
};
/* The place for such an answer: empty, or of this or another question. */
struct cert_answer *cert_answer_of(struct cert_store *s, uint64_t key);

struct cert_anchors; /* CA bundles and revocation lists */

struct cert_anchors *cert_anchors_new(void);
/* The same ones; nothing may be added to either any more. */
struct cert_anchors *cert_anchors_share(const struct cert_anchors *a);
void cert_anchors_free(struct cert_anchors *a);
bool cert_anchors_add_ca(struct cert_anchors *a, const char *path,
    struct fault *f);
bool cert_anchors_add_crl(struct cert_anchors *a, const char *path,
    struct fault *f);
size_t cert_anchors_cas(const struct cert_anchors *a);

/* Fills what follows from chain->sent; the first of them is parsed. */
void cert_chain_check(const struct cert_anchors *a, struct cert_chain *chain);

/* Of the store: kept by SHA-256. NULL without memory. */
const struct cert_full *cert_full_of(struct cert_store *s, struct slice der);
/* Remembered, because signatures cost and a server shows one chain all day;
 * holds until the next call. */
const struct cert_chain *cert_chain_of(struct cert_store *s,
    struct slice octets);

/* Text made harmless and short enough for a sentence. */
enum { CERT_LABEL = 64 };
void cert_label_text(struct slice text, char label[CERT_LABEL]);
/* The common name, else the subject. */
const char *cert_label(const struct cert *c, char buf[CERT_LABEL]);

#endif
