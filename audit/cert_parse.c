/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert_parse.c - DER to facts.
 *
 * Spec: RFC 5280 section 4; RFC 6125 for which names count.
 */
#include <limits.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "audit/cert_x509.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/text.h"

/* Text for people, harmless and cut; NULL only without memory. */
static const char *
keep_text(struct arena *a, struct slice text)
{
	static const uint8_t end = 0;
	struct slice kept;
	struct buf b;

	buf_init(&b);
	buf_safe(&b, slice_head(text, LIMIT_TEXT));
	buf_add(&b, &end, 1);
	bool ok = buf_ok(&b) && arena_copy(a, buf_slice(&b), &kept);

	buf_done(&b);
	return ok ? (const char *)kept.p : NULL;
}

static struct slice
asn1_slice(const ASN1_STRING *s)
{
	int n = ASN1_STRING_length(s);

	return slice_of(ASN1_STRING_get0_data(s), n > 0 ? (size_t)n : 0);
}

/* In the order of the certificate: C=US, O=Contoso, CN=fe1.contoso.com */
static const char *
name_text(struct arena *a, const X509_NAME *name)
{
	unsigned long flags = XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN |
	    (ASN1_STRFLGS_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	BIO *bio = BIO_new(BIO_s_mem());
	const char *text = NULL;
	char *p = NULL;

	if (bio != NULL && X509_NAME_print_ex(bio, name, 0, flags) >= 0) {
		long n = BIO_get_mem_data(bio, &p);

		text = keep_text(a, slice_of(p, n > 0 ? (size_t)n : 0));
	}
	BIO_free(bio);
	return text != NULL ? text : "";
}

static const char *
common_name(struct arena *a, const X509_NAME *name)
{
	int at = -1, next;
	unsigned char *utf8 = NULL;

	while (
	    (next = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0)
		at = next;
	if (at < 0)
		return NULL;
	int n = ASN1_STRING_to_UTF8(&utf8,
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));

	if (n < 0)
		return NULL;
	const char *text = keep_text(a, slice_of(utf8, (size_t)n));

	OPENSSL_free(utf8);
	return text;
}

/* "9999-12-31" is meant as for ever; nanoseconds end in 2262. */
static int64_t
asn1_ns(const ASN1_TIME *t, int64_t otherwise)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return otherwise;
	int64_t s = (int64_t)timegm(&tm);

	if (s > INT64_MAX / NS_PER_S)
		return INT64_MAX;
	if (s < INT64_MIN / NS_PER_S)
		return INT64_MIN;
	return s * NS_PER_S;
}

static const char *
serial_text(struct arena *a, const X509 *x)
{
	struct slice s = asn1_slice(X509_get0_serialNumber(x));
	struct buf b;

	buf_init(&b);
	for (size_t i = 0; i < s.n && i < 64; i++)
		buf_printf(&b, "%s%02X", i > 0 ? ":" : "", s.p[i]);
	const char *text = keep_text(a, buf_slice(&b));

	buf_done(&b);
	return text != NULL ? text : "";
}

static const struct {
	const char *openssl;
	enum cert_key key;
	const char *name; /* with bits if it ends in a blank */
} key_types[] = {
	{ "RSA", CERT_KEY_RSA, "RSA " },
	{ "RSA-PSS", CERT_KEY_RSA_PSS, "RSA-PSS " },
	{ "EC", CERT_KEY_EC, "EC " },
	{ "ED25519", CERT_KEY_ED25519, "Ed25519" },
	{ "ED448", CERT_KEY_ED448, "Ed448" },
	{ "DSA", CERT_KEY_DSA, "DSA " },
};

static void
name_curve(const EVP_PKEY *key, struct buf *b)
{
	char group[64];
	size_t n;

	if (EVP_PKEY_get_group_name(key, group, sizeof(group), &n) != 1) {
		buf_printf(b, "EC %d", EVP_PKEY_get_bits(key));
		return;
	}
	const char *nist = EC_curve_nid2nist(OBJ_txt2nid(group));

	buf_text(b, nist != NULL ? nist : group);
}

static void
parse_key(const X509 *x, struct arena *a, struct cert *c)
{
	const EVP_PKEY *key = X509_get0_pubkey(x);
	struct buf b;

	buf_init(&b);
	for (size_t i = 0; key != NULL && i < COUNT(key_types); i++) {
		if (!EVP_PKEY_is_a(key, key_types[i].openssl))
			continue;
		c->key = key_types[i].key;
		c->key_bits = (unsigned)EVP_PKEY_get_bits(key);
		if (c->key == CERT_KEY_EC)
			name_curve(key, &b);
		else if (strchr(key_types[i].name, ' ') != NULL)
			buf_printf(&b, "%s%u", key_types[i].name, c->key_bits);
		else
			buf_text(&b, key_types[i].name);
		break;
	}
	if (b.n == 0) {
		char oid[80] = "unknown";
		ASN1_OBJECT *algorithm = NULL;

		if (X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL,
			X509_get_X509_PUBKEY(x)) == 1)
			OBJ_obj2txt(oid, sizeof(oid), algorithm, 0);
		buf_text(&b, oid);
	}
	c->key_name = keep_text(a, buf_slice(&b));
	buf_done(&b);
}

static enum cert_hash
hash_of(int digest)
{
	switch (digest) {
	case NID_md2:
	case NID_md4:
	case NID_md5:
	case NID_mdc2:
	case NID_sha:
		return CERT_HASH_BROKEN;
	case NID_sha1:
		return CERT_HASH_SHA1;
	default:
		return CERT_HASH_GOOD;
	}
}

static bool
digest_listed(int digest)
{
	static const int listed[] = { NID_md2, NID_md4, NID_md5, NID_sha1,
		NID_sha224, NID_sha256, NID_sha384, NID_sha512 };

	for (size_t i = 0; i < COUNT(listed); i++) {
		if (listed[i] == digest)
			return true;
	}
	return false;
}

static void
parse_signature(X509 *x, struct arena *a, struct cert_full *f)
{
	int nid = X509_get_signature_nid(x);
	int digest = NID_undef, key = NID_undef, bits;
	uint32_t flags;
	const X509_ALGOR *algorithm;
	const ASN1_OBJECT *oid;
	char text[80] = "unknown";

	X509_get0_signature(NULL, &algorithm, x);
	X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
	OBJ_obj2txt(text, sizeof(text), oid, 0);
	f->c.signature = keep_text(a, slice_text(text));
	/* RSASSA-PSS keeps its digest in the parameters. */
	if (OBJ_find_sigid_algs(nid, &digest, &key) != 1 || digest == NID_undef)
		(void)X509_get_signature_info(x, &digest, NULL, &bits, &flags);
	f->hash = hash_of(digest);
	f->odd_signature = nid == NID_rsassaPss || !digest_listed(digest) ||
	    (key != NID_rsaEncryption && key != NID_X9_62_id_ecPublicKey);
}

static void
parse_eku(const X509 *x, struct cert *c)
{
	c->has_eku = X509_get_ext_by_NID(x, NID_ext_key_usage, -1) >= 0;
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);

	for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++) {
		int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(eku, i));

		c->server_auth |= nid == NID_server_auth;
		c->client_auth |= nid == NID_client_auth;
	}
	EXTENDED_KEY_USAGE_free(eku);
}

static const char *
point_uri(struct arena *a, const DIST_POINT *point)
{
	if (point->distpoint == NULL || point->distpoint->type != 0)
		return NULL;
	const GENERAL_NAMES *full = point->distpoint->name.fullname;

	for (int i = 0; i < sk_GENERAL_NAME_num(full); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(full, i);

		if (name->type == GEN_URI)
			return keep_text(a,
			    asn1_slice(name->d.uniformResourceIdentifier));
	}
	return NULL;
}

static void
parse_cdp(const X509 *x, struct arena *a, struct cert *c)
{
	CRL_DIST_POINTS *points =
	    X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);
	int n = sk_DIST_POINT_num(points);

	c->has_cdp = n > 0;
	for (int i = 0; i < n && c->cdp == NULL; i++)
		c->cdp = point_uri(a, sk_DIST_POINT_value(points, i));
	CRL_DIST_POINTS_free(points);
}

static const char *
name_of_host(struct arena *a, const GENERAL_NAME *name)
{
	char text[ADDR_TEXT_MAX];
	struct addr ip;

	if (name->type == GEN_DNS)
		return keep_text(a, asn1_slice(name->d.dNSName));
	if (name->type != GEN_IPADD)
		return NULL;
	struct slice s = asn1_slice(name->d.iPAddress);

	if (s.n == 4)
		ip = addr_v4(s.p);
	else if (s.n == 16)
		ip = addr_v6(s.p);
	else
		return NULL;
	return keep_text(a, slice_text(addr_text(&ip, text)));
}

static void
parse_names(const X509 *x, struct arena *a, struct cert_full *f)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	int n = sk_GENERAL_NAME_num(names);
	size_t room = n > LIMIT_CERT_NAMES ? LIMIT_CERT_NAMES : (size_t)n;

	if (n > CERT_NAMES_MOST)
		f->more_names = arena_take(a, room * sizeof(char *));
	for (int i = 0; i < n && i < LIMIT_CERT_NAMES; i++) {
		const char *text =
		    name_of_host(a, sk_GENERAL_NAME_value(names, i));

		if (text == NULL)
			continue;
		if (f->c.name_count < CERT_NAMES_MOST)
			f->c.names[f->c.name_count++] = text;
		else if (f->more_names != NULL)
			f->more_names[f->more_count++] = text;
	}
	f->c.has_san = f->c.name_count > 0;
	GENERAL_NAMES_free(names);
}

static void
parse_facts(X509 *x, struct arena *a, struct cert_full *f)
{
	struct cert *c = &f->c;

	c->parsed = true;
	c->subject = name_text(a, X509_get_subject_name(x));
	c->issuer = name_text(a, X509_get_issuer_name(x));
	c->common_name = common_name(a, X509_get_subject_name(x));
	c->serial = serial_text(a, x);
	c->not_before = asn1_ns(X509_get0_notBefore(x), INT64_MIN);
	c->not_after = asn1_ns(X509_get0_notAfter(x), INT64_MAX);
	c->is_ca = (X509_get_extension_flags(x) & EXFLAG_CA) != 0;
	c->self_signed = X509_NAME_cmp(X509_get_subject_name(x),
			     X509_get_issuer_name(x)) == 0 &&
	    X509_get0_pubkey(x) != NULL &&
	    X509_verify(x, X509_get0_pubkey(x)) == 1;
	parse_key(x, a, c);
	parse_signature(x, a, f);
	parse_eku(x, c);
	parse_cdp(x, a, c);
	parse_names(x, a, f);
}

bool
cert_parse(struct slice der, struct arena *a, struct cert_full *f)
{
	const uint8_t *p = der.p;
	struct cert *c = &f->c;

	c->subject = c->issuer = c->serial = c->signature = c->key_name = "";
	if (der.n == 0 || der.n > LIMIT_CERT)
		return true;
	if (!arena_copy(a, der, &c->der))
		return false;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);

	if (x != NULL && p == der.p + der.n)
		parse_facts(x, a, f);
	X509_free(x);
	ERR_clear_error();
	return c->key_name != NULL && c->signature != NULL;
}

void
cert_label_text(struct slice text, char label[CERT_LABEL])
{
	struct buf b;
	size_t n = 0, step;

	buf_init(&b);
	buf_safe(&b, slice_head(text, CERT_LABEL));
	struct slice rest = buf_slice(&b);

	while (rest.n > 0 && (step = text_utf8(rest, NULL)) > 0 &&
	    n + step < CERT_LABEL) {
		memcpy(label + n, rest.p, step);
		n += step;
		rest = slice_from(rest, step);
	}
	label[n] = '\0';
	buf_done(&b);
}

const char *
cert_label(const struct cert *c, char buf[CERT_LABEL])
{
	cert_label_text(
	    slice_text(c->common_name != NULL ? c->common_name : c->subject),
	    buf);
	return buf;
}
