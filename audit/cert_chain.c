/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert_chain.c - where a chain leads, and who has withdrawn it.
 *
 * Spec: RFC 5280 sections 5 and 6; RFC 5246 section 7.4.2: all of a chain is
 * sent but, if the sender likes, its root.
 *
 * Times are left to the caller, who knows that of the handshake. Weak keys and
 * digests are findings of their own, so they do not break a chain here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "audit/cert_x509.h"
#include "core/clock.h"

struct cert_anchors {
	X509_STORE *store;
	STACK_OF(X509) * cas;
	STACK_OF(X509_CRL) * crls;
};

/* A chain as OpenSSL sees it. */
struct sent {
	X509 *x[LIMIT_CHAIN]; /* NULL: cannot be read */
	uint8_t place[LIMIT_CHAIN];
	size_t n;
};

struct cert_anchors *
cert_anchors_new(void)
{
	struct cert_anchors *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->store = X509_STORE_new();
	a->cas = sk_X509_new_null();
	a->crls = sk_X509_CRL_new_null();
	if (a->store == NULL || a->cas == NULL || a->crls == NULL) {
		cert_anchors_free(a);
		return NULL;
	}
	return a;
}

struct cert_anchors *
cert_anchors_share(const struct cert_anchors *a)
{
	struct cert_anchors *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->cas = X509_chain_up_ref(a->cas);
	b->crls = sk_X509_CRL_dup(a->crls);
	for (int i = 0; b->crls != NULL && i < sk_X509_CRL_num(b->crls); i++)
		(void)X509_CRL_up_ref(sk_X509_CRL_value(b->crls, i));
	if (X509_STORE_up_ref(a->store) == 1)
		b->store = a->store;
	if (b->store != NULL && b->cas != NULL && b->crls != NULL)
		return b;
	cert_anchors_free(b);
	return NULL;
}

void
cert_anchors_free(struct cert_anchors *a)
{
	if (a == NULL)
		return;
	X509_STORE_free(a->store);
	sk_X509_pop_free(a->cas, X509_free);
	sk_X509_CRL_pop_free(a->crls, X509_CRL_free);
	free(a);
}

size_t
cert_anchors_cas(const struct cert_anchors *a)
{
	return (size_t)sk_X509_num(a->cas);
}

static BIO *
open_file(const char *path, struct fault *f)
{
	errno = 0;
	BIO *bio = BIO_new_file(path, "rb");

	if (bio == NULL)
		(void)fail(f, "%s: %s", path,
		    strerror(errno != 0 ? errno : ENOMEM));
	return bio;
}

/* A certificate may be bundled with keys: nobody is asked for a password. */
static int
no_password(char *to, int size, int writing, void *ctx)
{
	(void)writing;
	(void)ctx;
	if (size > 0)
		to[0] = '\0';
	return -1;
}

/* After the last PEM block: was that the end, or a broken one? */
static bool
pem_ended(void)
{
	unsigned long e = ERR_peek_last_error();

	return ERR_GET_LIB(e) == ERR_LIB_PEM &&
	    ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

static bool
keep_ca(struct cert_anchors *a, X509 *x)
{
	if (x != NULL && sk_X509_num(a->cas) < LIMIT_TRUST &&
	    X509_STORE_add_cert(a->store, x) == 1 &&
	    sk_X509_push(a->cas, x) > 0)
		return true;
	X509_free(x);
	return false;
}

static bool
keep_crl(struct cert_anchors *a, X509_CRL *crl)
{
	if (crl != NULL && sk_X509_CRL_num(a->crls) < LIMIT_TRUST &&
	    sk_X509_CRL_push(a->crls, crl) > 0)
		return true;
	X509_CRL_free(crl);
	return false;
}

bool
cert_anchors_add_ca(struct cert_anchors *a, const char *path, struct fault *f)
{
	BIO *bio = open_file(path, f);
	int before = sk_X509_num(a->cas);
	X509 *x;

	if (bio == NULL)
		return false;
	ERR_clear_error();
	while ((x = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL &&
	    keep_ca(a, x))
		;
	bool ended = x == NULL && pem_ended();
	int got = sk_X509_num(a->cas) - before;

	if (ended && got == 0 && BIO_reset(bio) >= 0 &&
	    keep_ca(a, d2i_X509_bio(bio, NULL)))
		got = 1;
	BIO_free(bio);
	ERR_clear_error();
	if (ended && got > 0)
		return true;
	return fail(f,
	    ended ? "%s: there is no certificate in it"
		  : "%s: certificate %d cannot be read",
	    path, got + 1);
}

bool
cert_anchors_add_crl(struct cert_anchors *a, const char *path, struct fault *f)
{
	BIO *bio = open_file(path, f);
	int before = sk_X509_CRL_num(a->crls);
	X509_CRL *crl;

	if (bio == NULL)
		return false;
	ERR_clear_error();
	while ((crl = PEM_read_bio_X509_CRL(bio, NULL, no_password, NULL)) !=
		NULL &&
	    keep_crl(a, crl))
		;
	bool ended = crl == NULL && pem_ended();
	int got = sk_X509_CRL_num(a->crls) - before;

	if (ended && got == 0 && BIO_reset(bio) >= 0 &&
	    keep_crl(a, d2i_X509_CRL_bio(bio, NULL)))
		got = 1;
	BIO_free(bio);
	ERR_clear_error();
	if (ended && got > 0)
		return true;
	return fail(f,
	    ended ? "%s: there is no revocation list in it"
		  : "%s: revocation list %d cannot be read",
	    path, got + 1);
}

static void
sent_init(struct sent *s, const struct cert_chain *chain)
{
	s->n = 0;
	for (size_t i = 0; i < chain->sent_n; i++) {
		const struct cert *c = &chain->sent[i]->c;
		const uint8_t *p = c->der.p;
		X509 *x = c->parsed ? d2i_X509(NULL, &p, (long)c->der.n) : NULL;

		if (x == NULL)
			continue;
		s->x[s->n] = x;
		s->place[s->n++] = (uint8_t)i;
	}
}

static void
sent_done(struct sent *s)
{
	for (size_t i = 0; i < s->n; i++)
		X509_free(s->x[i]);
}

static bool
same_name_and_key(const X509 *a, const X509 *b)
{
	return X509_NAME_cmp(X509_get_subject_name(a),
		   X509_get_subject_name(b)) == 0 &&
	    EVP_PKEY_eq(X509_get0_pubkey(a), X509_get0_pubkey(b)) == 1;
}

static bool
self_issued(const X509 *x)
{
	return X509_NAME_cmp(X509_get_subject_name(x),
		   X509_get_issuer_name(x)) == 0;
}

/* The place in the chain of x, or of another certificate of the same CA. */
static bool
was_sent(const struct sent *s, const X509 *x, uint8_t *place)
{
	for (size_t i = 0; i < s->n; i++) {
		if (X509_cmp(s->x[i], x) == 0 ||
		    same_name_and_key(s->x[i], x)) {
			*place = s->place[i];
			return true;
		}
	}
	return false;
}

/* From issuer to issuer through what was sent. Returns the last. */
static X509 *
walk(const struct sent *s, struct cert_chain *out)
{
	bool used[LIMIT_CHAIN] = { true };
	X509 *top = s->x[0];

	out->path_n = 0;
	out->path[out->path_n++] = s->place[0];
	for (size_t i = 1; i < s->n && !self_issued(top);) {
		if (used[i] || X509_check_issued(s->x[i], top) != X509_V_OK) {
			i++;
			continue;
		}
		used[i] = true;
		top = s->x[i];
		out->path[out->path_n++] = s->place[i];
		i = 1;
	}
	return top;
}

static const X509 *
find_ca(const struct cert_anchors *a, const X509_NAME *name)
{
	for (int i = 0; i < sk_X509_num(a->cas); i++) {
		const X509 *ca = sk_X509_value(a->cas, i);

		if (X509_NAME_cmp(X509_get_subject_name(ca), name) == 0)
			return ca;
	}
	return NULL;
}

/* A root of the policy with the name and key of this CA. */
static bool
is_root_too(const struct cert_anchors *a, const X509 *x)
{
	for (int i = 0; i < sk_X509_num(a->cas); i++) {
		const X509 *ca = sk_X509_value(a->cas, i);

		if (self_issued(ca) && same_name_and_key(ca, x))
			return true;
	}
	return false;
}

/* The last common name, else whatever the name ends with. */
static void
label_name(const X509_NAME *name, char text[CERT_LABEL])
{
	int at = -1, next;
	unsigned char *utf8 = NULL;

	text[0] = '\0';
	while (
	    (next = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0)
		at = next;
	if (at < 0)
		at = X509_NAME_entry_count(name) - 1;
	if (at < 0)
		return;
	int n = ASN1_STRING_to_UTF8(&utf8,
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));

	if (n > 0)
		cert_label_text(slice_of(utf8, (size_t)n), text);
	OPENSSL_free(utf8);
}

/*
 * The chain is good; but a certificate that only the policy had is one that
 * other peers may lack.
 */
static void
look_for_holes(const struct cert_anchors *a, const struct sent *s,
    const STACK_OF(X509) * built, struct cert_chain *out)
{
	char name[CERT_LABEL];

	out->path_n = 0;
	for (int i = 0; i < sk_X509_num(built) && i < LIMIT_CHAIN; i++) {
		const X509 *x = sk_X509_value(built, i);
		uint8_t place;

		if (was_sent(s, x, &place)) {
			out->path[out->path_n++] = place;
		} else if (!self_issued(x) && !is_root_too(a, x) &&
		    out->trust == CERT_TRUSTED) {
			label_name(X509_get_subject_name(x), name);
			out->trust = CERT_INCOMPLETE;
			snprintf(out->why, sizeof(out->why),
			    "the intermediate certificate %s was not sent",
			    name);
		}
	}
}

/* The whole name but its common names, if that says whose it is. */
static bool
same_organization(const X509_NAME *a, const X509_NAME *b)
{
	static const int nids[] = { NID_organizationName, NID_domainComponent };
	bool any = false;

	for (size_t i = 0; i < COUNT(nids); i++) {
		int x = -1, y = -1;

		for (;;) {
			x = X509_NAME_get_index_by_NID(a, nids[i], x);
			y = X509_NAME_get_index_by_NID(b, nids[i], y);
			if (x < 0 || y < 0)
				break;
			if (ASN1_STRING_cmp(X509_NAME_ENTRY_get_data(
						X509_NAME_get_entry(a, x)),
				X509_NAME_ENTRY_get_data(
				    X509_NAME_get_entry(b, y))) != 0)
				return false;
			any = true;
		}
		if (x >= 0 || y >= 0)
			return false;
	}
	return any;
}

/*
 * Is a CA of this name, which nobody has shown, one below our own? Its
 * revocation list in the policy says so, or the organization in its name.
 */
static bool
is_of_ours(const struct cert_anchors *a, const X509_NAME *name)
{
	for (int i = 0; i < sk_X509_CRL_num(a->crls); i++) {
		if (X509_NAME_cmp(
			X509_CRL_get_issuer(sk_X509_CRL_value(a->crls, i)),
			name) == 0)
			return true;
	}
	for (int i = 0; i < sk_X509_num(a->cas); i++) {
		if (same_organization(
			X509_get_subject_name(sk_X509_value(a->cas, i)), name))
			return true;
	}
	return false;
}

static bool
issuer_missing(int error)
{
	return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
	    error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	    error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

static void
explain(const struct cert_anchors *a, const struct sent *s, int error,
    struct cert_chain *out)
{
	char name[CERT_LABEL];
	const X509 *top = walk(s, out);
	const X509_NAME *issuer = X509_get_issuer_name(top);

	label_name(issuer, name);
	out->trust = CERT_UNTRUSTED;
	if (self_issued(top)) {
		snprintf(out->why, sizeof(out->why),
		    "the chain ends at %s, which the policy does not trust",
		    name);
	} else if (!issuer_missing(error)) {
		snprintf(out->why, sizeof(out->why), "%s",
		    X509_verify_cert_error_string(error));
	} else if (find_ca(a, issuer) != NULL) {
		snprintf(out->why, sizeof(out->why),
		    "the trusted authority %s has another key", name);
	} else if (out->path_n < s->n || is_of_ours(a, issuer)) {
		out->trust = CERT_INCOMPLETE;
		snprintf(out->why, sizeof(out->why),
		    "the certificate of the issuer %s was not sent", name);
	} else {
		snprintf(out->why, sizeof(out->why),
		    "issued by %s, which the policy does not trust", name);
	}
}

/*
 * A list counts if its issuer signed it; where the issuer's certificate is
 * not known, the policy's word for it is enough.
 */
static bool
signed_by(const X509 *issuer, X509_CRL *crl, bool *known)
{
	if (X509_NAME_cmp(X509_get_subject_name(issuer),
		X509_CRL_get_issuer(crl)) != 0 ||
	    X509_get0_pubkey(issuer) == NULL)
		return false;
	*known = true;
	return X509_CRL_verify(crl, X509_get0_pubkey(issuer)) == 1;
}

static bool
list_counts(const struct cert_anchors *a, const struct sent *s, X509_CRL *crl)
{
	bool known = false;

	for (int i = 0; i < sk_X509_num(a->cas); i++) {
		if (signed_by(sk_X509_value(a->cas, i), crl, &known))
			return true;
	}
	for (size_t i = 0; i < s->n; i++) {
		if (signed_by(s->x[i], crl, &known))
			return true;
	}
	return !known;
}

static void
say_revoked(const X509_REVOKED *entry, const X509 *x, bool is_leaf,
    struct cert_chain *out)
{
	char name[CERT_LABEL], day[CLOCK_TEXT_MAX] = "an unknown day";
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_REVOKED_get0_revocationDate(entry), &tm) == 1)
		snprintf(day, sizeof(day), "%04d-%02d-%02d", tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday);
	out->revoked = true;
	if (is_leaf) {
		snprintf(out->when, sizeof(out->when), "revoked on %s", day);
		return;
	}
	label_name(X509_get_subject_name(x), name);
	snprintf(out->when, sizeof(out->when),
	    "the issuing certificate %s was revoked on %s", name, day);
}

static void
check_revoked(const struct cert_anchors *a, const struct sent *s, X509 *x,
    struct cert_chain *out)
{
	for (int i = 0; i < sk_X509_CRL_num(a->crls) && !out->revoked; i++) {
		X509_CRL *crl = sk_X509_CRL_value(a->crls, i);
		X509_REVOKED *entry = NULL;

		if (X509_NAME_cmp(X509_CRL_get_issuer(crl),
			X509_get_issuer_name(x)) == 0 &&
		    X509_CRL_get0_by_cert(crl, &entry, x) == 1 &&
		    list_counts(a, s, crl))
			say_revoked(entry, x, X509_cmp(x, s->x[0]) == 0, out);
	}
}

static void
check_all_revoked(const struct cert_anchors *a, const struct sent *s,
    const STACK_OF(X509) * chain, struct cert_chain *out)
{
	for (int i = 0; i < sk_X509_num(chain); i++)
		check_revoked(a, s, sk_X509_value(chain, i), out);
}

static void
check_trust(const struct cert_anchors *a, const struct sent *s,
    struct cert_chain *out)
{
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	for (size_t i = 1; untrusted != NULL && i < s->n; i++)
		(void)sk_X509_push(untrusted, s->x[i]);
	if (ctx != NULL && untrusted != NULL &&
	    X509_STORE_CTX_init(ctx, a->store, s->x[0], untrusted) == 1) {
		X509_VERIFY_PARAM *how = X509_STORE_CTX_get0_param(ctx);

		X509_VERIFY_PARAM_set_flags(how,
		    X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME |
			X509_V_FLAG_IGNORE_CRITICAL);
		X509_VERIFY_PARAM_set_depth(how, LIMIT_CHAIN);
		X509_VERIFY_PARAM_set_auth_level(how, 0);
		X509_VERIFY_PARAM_set_purpose(how, X509_PURPOSE_ANY);
		if (X509_verify_cert(ctx) == 1) {
			out->trust = CERT_TRUSTED;
			look_for_holes(a, s, X509_STORE_CTX_get0_chain(ctx),
			    out);
			check_all_revoked(a, s, X509_STORE_CTX_get0_chain(ctx),
			    out);
		} else {
			explain(a, s, X509_STORE_CTX_get_error(ctx), out);
		}
	}
	X509_STORE_CTX_free(ctx);
	sk_X509_free(untrusted);
}

void
cert_chain_check(const struct cert_anchors *a, struct cert_chain *out)
{
	struct sent s;

	sent_init(&s, out);
	if (s.n > 0 && s.place[0] == 0) {
		(void)walk(&s, out);
		if (sk_X509_num(a->cas) > 0)
			check_trust(a, &s, out);
		for (size_t i = 0; i < s.n; i++) {
			if (memchr(out->path, s.place[i], out->path_n) != NULL)
				check_revoked(a, &s, s.x[i], out);
		}
	}
	sent_done(&s);
	ERR_clear_error();
}
