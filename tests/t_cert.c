/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates are made here, so that no key lies in the repository; each
 * finding is seen once and missing once.
 */
#include "tests/support.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "audit/cert.h"
#include "core/buf.h"
#include "core/clock.h"

#define DAY INT64_C(86400)

/* 2026-06-01, the time of every handshake unless a test says otherwise */
static const int64_t now = INT64_C(1780272000);

enum key {
	KEY_ROOT,
	KEY_CA,
	KEY_LEAF,
	KEY_OTHER,
	KEY_RSA1024,
	KEY_RSA512,
	KEY_EC,
	KEY_EC192,
	KEY_K1,
	KEY_ED25519,
	KEY_ED448,
	KEY_DSA,
	KEYS
};
static EVP_PKEY *keys[KEYS];

/* What is NULL or 0 is usual or left out. */
struct spec {
	const char *cn;
	const char *org;
	const char *san;
	const char *eku;
	bool no_eku, no_san, no_cdp, ca, pss, expired_ca;
	int from, to; /* days from now; both 0: a year around */
	enum key key, issuer_key;
	const EVP_MD *md;
	const X509 *issuer; /* NULL: itself */
};

static EVP_PKEY *
make_dsa(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
	EVP_PKEY *params = NULL, *key = NULL;

	EVP_PKEY_paramgen_init(ctx);
	EVP_PKEY_CTX_set_dsa_paramgen_bits(ctx, 1024);
	EVP_PKEY_CTX_set_dsa_paramgen_q_bits(ctx, 160);
	assert_int_equal(EVP_PKEY_paramgen(ctx, &params), 1);
	EVP_PKEY_CTX_free(ctx);
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, params, NULL);
	EVP_PKEY_keygen_init(ctx);
	assert_int_equal(EVP_PKEY_keygen(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(params);
	return key;
}

static int
make_keys(void **state)
{
	(void)state;
	for (int i = KEY_ROOT; i <= KEY_OTHER; i++)
		keys[i] = EVP_RSA_gen(2048);
	keys[KEY_RSA1024] = EVP_RSA_gen(1024);
	keys[KEY_RSA512] = EVP_RSA_gen(512);
	keys[KEY_EC] = EVP_EC_gen("P-384");
	keys[KEY_EC192] = EVP_EC_gen("prime192v1");
	keys[KEY_K1] = EVP_EC_gen("secp256k1");
	keys[KEY_ED25519] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	keys[KEY_ED448] = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	keys[KEY_DSA] = make_dsa();
	for (int i = 0; i < KEYS; i++) {
		if (keys[i] == NULL)
			return -1;
	}
	return 0;
}

static int
free_keys(void **state)
{
	(void)state;
	for (int i = 0; i < KEYS; i++)
		EVP_PKEY_free(keys[i]);
	return 0;
}

static void
add_ext(X509 *x, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);

	assert_non_null(e);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

static void
add_name(X509_NAME *name, const char *field, const char *value)
{
	assert_int_equal(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
			     (const unsigned char *)value, -1, -1, 0),
	    1);
}

static void
sign(X509 *x, const struct spec *s, EVP_PKEY *key)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	bool pure =
	    EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448");

	assert_int_equal(EVP_DigestSignInit(md, &ctx,
			     pure                ? NULL
				 : s->md != NULL ? s->md
						 : EVP_sha256(),
			     NULL, key),
	    1);
	if (s->pss)
		EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);
	assert_true(X509_sign_ctx(x, md) > 0);
	EVP_MD_CTX_free(md);
}

static long serials;

static X509 *
make(struct spec s)
{
	X509 *x = X509_new();
	X509_NAME *subject = X509_get_subject_name(x);
	time_t at = (time_t)now;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 0x1000 + ++serials);
	if (s.from == 0 && s.to == 0) {
		s.from = -180;
		s.to = 180;
	}
	X509_time_adj_ex(X509_getm_notBefore(x), s.from, 0, &at);
	at = (time_t)now;
	X509_time_adj_ex(X509_getm_notAfter(x), s.to, 0, &at);
	add_name(subject, "C", "DE");
	add_name(subject, "O", s.org != NULL ? s.org : "Contoso");
	add_name(subject, "CN", s.cn != NULL ? s.cn : "fe1.contoso.example");
	X509_set_issuer_name(x,
	    s.issuer != NULL ? X509_get_subject_name(s.issuer) : subject);
	X509_set_pubkey(x, keys[s.key]);
	add_ext(x, NID_basic_constraints,
	    s.ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (!s.no_san && !s.ca)
		add_ext(x, NID_subject_alt_name,
		    s.san != NULL ? s.san : "DNS:fe1.contoso.example");
	if (!s.no_eku && !s.ca)
		add_ext(x, NID_ext_key_usage,
		    s.eku != NULL ? s.eku : "serverAuth,clientAuth");
	if (!s.no_cdp)
		add_ext(x, NID_crl_distribution_points,
		    "URI:http://pki.contoso.example/ca.crl");
	sign(x, &s, keys[s.issuer != NULL ? s.issuer_key : s.key]);
	return x;
}

/* A small PKI and the store that judges it. */
struct pki {
	X509 *root, *ca, *leaf;
	struct cert_store *store;
	struct findings fs;
	enum finding_side side;
	enum role role;
	bool mutual;
	int64_t time;
	const char *names[4];
};

static X509 *
make_leaf(const struct pki *p, struct spec s)
{
	s.issuer = p->ca;
	s.issuer_key = KEY_CA;
	if (s.key == KEY_ROOT)
		s.key = KEY_LEAF;
	return make(s);
}

static void
pki_init(struct pki *p)
{
	memset(p, 0, sizeof(*p));
	p->root = make(
	    (struct spec){ .cn = "Contoso Root", .ca = true, .key = KEY_ROOT });
	p->ca = make((struct spec){ .cn = "Contoso Issuing",
	    .ca = true,
	    .key = KEY_CA,
	    .issuer = p->root,
	    .issuer_key = KEY_ROOT });
	p->leaf = make_leaf(p, (struct spec){ 0 });
	p->store = cert_store_new();
	p->side = SIDE_SERVER;
	p->role = ROLE_FRONT_END;
	p->time = now;
	assert_non_null(p->store);
}

static void
pki_done(struct pki *p)
{
	X509_free(p->root);
	X509_free(p->ca);
	X509_free(p->leaf);
	cert_store_free(p->store);
}

static void
trust(struct pki *p, const X509 *a, const X509 *b)
{
	char path[64];
	struct fault f;
	const X509 *const list[] = { a, b };
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;

	for (size_t i = 0; i < COUNT(list) && list[i] != NULL; i++)
		PEM_write_bio_X509(bio, list[i]);
	long n = BIO_get_mem_data(bio, &text);

	temp_file(path, text, (size_t)n);
	assert_true(cert_trust_ca(p->store, path, &f));
	unlink(path);
	BIO_free(bio);
}

static void
put_cert(struct buf *b, const X509 *x)
{
	uint8_t *der = NULL;
	int n = i2d_X509(x, &der);

	buf_char(b, (char)(n >> 16));
	buf_char(b, (char)(n >> 8));
	buf_char(b, (char)n);
	buf_add(b, der, (size_t)n);
	OPENSSL_free(der);
}

/* Judges a chain of up to three. */
static void
judge(struct pki *p, const X509 *a, const X509 *b, const X509 *c)
{
	const X509 *const list[] = { a, b, c };
	struct slice names[4];
	size_t count = 0;
	struct buf chain;

	buf_init(&chain);
	for (size_t i = 0; i < COUNT(list) && list[i] != NULL; i++)
		put_cert(&chain, list[i]);
	while (count < COUNT(names) && p->names[count] != NULL) {
		names[count] = slice_text(p->names[count]);
		count++;
	}
	struct cert_question q = {
		.chain = buf_slice(&chain),
		.side = p->side,
		.time = p->time * NS_PER_S,
		.role = p->role,
		.mutual = p->mutual,
		.names = names,
		.name_count = count,
		.packet = 7,
	};

	memset(&p->fs, 0, sizeof(p->fs));
	cert_judge(p->store, &q, &p->fs);
	buf_done(&chain);
}

/* Exactly these findings, by id without "certificate.", sorted by order. */
static void
only(const struct pki *p, const char *want)
{
	char got[400] = "";

	for (unsigned i = 0; i < p->fs.count; i++) {
		const struct finding *f = &p->fs.f[i];
		const char *id = finding_kinds[f->id].id;

		assert_int_equal(strncmp(id, "certificate.", 12), 0);
		assert_int_equal(f->packet, 7);
		assert_int_equal(f->side, p->side);
		assert_true(strlen(f->text) > 0);
		strcat(got, i > 0 ? " " : "");
		strcat(got, id + 12);
	}
	assert_string_equal(got, want);
}

/* Of the only finding. */
static void
reads(const struct pki *p, enum severity severity, const char *text)
{
	assert_int_equal(p->fs.count, 1);
	assert_int_equal(p->fs.f[0].severity, severity);
	assert_string_equal(p->fs.f[0].text, text);
}

static void
good_chain(void **state)
{
	struct pki p;

	(void)state;
	pki_init(&p);
	judge(&p, p.leaf, p.ca, NULL);
	only(&p, "");
	assert_false(cert_has_trust(p.store));
	trust(&p, p.root, NULL);
	assert_true(cert_has_trust(p.store));
	judge(&p, p.leaf, p.ca, NULL);
	only(&p, "");
	judge(&p, p.leaf, p.ca, p.root); /* the root may be sent */
	only(&p, "");
	judge(&p, p.leaf, p.root, p.ca); /* RFC 8446 4.4.2: any order */
	only(&p, "");
	pki_done(&p);
}

static void
times(void **state)
{
	struct pki p;

	(void)state;
	pki_init(&p);
	trust(&p, p.root, NULL);
	p.time = now + 180 * DAY; /* the last second */
	judge(&p, p.leaf, p.ca, NULL);
	only(&p, "");
	p.time++;
	judge(&p, p.leaf, p.ca, NULL);
	only(&p, "expired");
	reads(&p, SEVERITY_HIGH, "expired on 2026-11-28");
	p.time = now - 180 * DAY;
	judge(&p, p.leaf, p.ca, NULL);
	only(&p, "");
	p.time--;
	judge(&p, p.leaf, p.ca, NULL);
	only(&p, "not-yet-valid");

	/* Only the issuer's is over. */
	p.time = now;
	X509 *ca = make((struct spec){ .cn = "Contoso Issuing",
	    .ca = true,
	    .key = KEY_CA,
	    .from = -100,
	    .to = -10,
	    .issuer = p.root,
	    .issuer_key = KEY_ROOT });

	judge(&p, p.leaf, ca, NULL);
	reads(&p, SEVERITY_HIGH,
	    "the issuing certificate Contoso Issuing: expired on 2026-05-22");
	X509_free(ca);
	pki_done(&p);
}

static void
self_signed(void **state)
{
	struct pki p;

	(void)state;
	pki_init(&p);
	X509 *x = make((struct spec){ .key = KEY_LEAF });

	judge(&p, x, NULL, NULL);
	only(&p, "self-signed");
	trust(&p, p.root, NULL);
	judge(&p, x, NULL, NULL);
	only(&p, "self-signed untrusted");
	judge(&p, x, p.ca, NULL);
	only(&p, "self-signed untrusted");
	trust(&p, x, NULL); /* pinned, and self-signed all the same */
	judge(&p, x, NULL, NULL);
	only(&p, "self-signed");
	X509_free(x);

	/* The same name on both, and another's signature. */
	x = make((struct spec){ .key = KEY_LEAF,
	    .issuer = p.leaf,
	    .issuer_key = KEY_OTHER });
	const struct cert *c;
	uint8_t *der = NULL;
	int n = i2d_X509(x, &der);

	c = cert_of(p.store, slice_of(der, (size_t)n));
	assert_string_equal(c->subject, c->issuer);
	assert_false(c->self_signed);
	OPENSSL_free(der);
	X509_free(x);
	pki_done(&p);
}

static void
incomplete(void **state)
{
	struct pki p;

	(void)state;
	pki_init(&p);
	judge(&p, p.leaf, NULL, NULL);
	only(&p, ""); /* nothing was said of trust */
	trust(&p, p.root, NULL);
	judge(&p, p.leaf, NULL, NULL);
	only(&p, "incomplete-chain");
	reads(&p, SEVERITY_HIGH,
	    "the certificate of the issuer Contoso Issuing was not sent");
	/* The policy can help out; the server's peers cannot. */
	trust(&p, p.ca, NULL);
	judge(&p, p.leaf, NULL, NULL);
	only(&p, "incomplete-chain");
	reads(&p, SEVERITY_HIGH,
	    "the intermediate certificate Contoso Issuing was not sent");
	judge(&p, p.leaf, p.ca, NULL);
	only(&p, "");
	pki_done(&p);

	/* The intermediate is all the policy trusts. */
	pki_init(&p);
	trust(&p, p.ca, NULL);
	judge(&p, p.leaf, p.ca, NULL);
	only(&p, "");
	pki_done(&p);

	/* A link is missing between what was sent. */
	pki_init(&p);
	X509 *other = make((struct spec){ .cn = "Elsewhere",
	    .org = "Elsewhere",
	    .ca = true,
	    .key = KEY_OTHER });
	X509 *middle = make((struct spec){ .cn = "Middle",
	    .org = "Foreign",
	    .ca = true,
	    .key = KEY_EC,
	    .issuer = p.root,
	    .issuer_key = KEY_ROOT });
	X509 *low = make((struct spec){ .cn = "Low",
	    .org = "Foreign",
	    .ca = true,
	    .key = KEY_CA,
	    .issuer = middle,
	    .issuer_key = KEY_EC });
	X509 *leaf = make((struct spec){ .key = KEY_LEAF,
	    .issuer = low,
	    .issuer_key = KEY_CA });

	trust(&p, other, NULL);
	judge(&p, leaf, p.root, NULL);
	only(&p, "incomplete-chain");
	X509_free(other);
	X509_free(middle);
	X509_free(low);
	X509_free(leaf);
	pki_done(&p);
}

static void
untrusted(void **state)
{
	struct pki p;

	(void)state;
	pki_init(&p);
	X509 *rogue = make((struct spec){ .cn = "Rogue Root",
	    .org = "Rogue",
	    .ca = true,
	    .key = KEY_OTHER });
	X509 *leaf = make((struct spec){ .key = KEY_LEAF,
	    .issuer = rogue,
	    .issuer_key = KEY_OTHER });

	trust(&p, p.root, NULL);
	judge(&p, leaf, NULL, NULL);
	only(&p, "untrusted");
	reads(&p, SEVERITY_HIGH,
	    "issued by Rogue Root, which the policy does not trust");
	judge(&p, leaf, rogue, NULL);
	reads(&p, SEVERITY_HIGH,
	    "the chain ends at Rogue Root, which the policy does not trust");
	X509_free(leaf);
	X509_free(rogue);

	/* The name of our root, another key. */
	rogue = make((
	    struct spec){ .cn = "Contoso Root", .ca = true, .key = KEY_OTHER });
	leaf = make((struct spec){ .key = KEY_LEAF,
	    .issuer = rogue,
	    .issuer_key = KEY_OTHER });
	judge(&p, leaf, rogue, NULL);
	only(&p, "untrusted");
	judge(&p, leaf, NULL, NULL);
	only(&p, "untrusted");
	X509_free(leaf);
	X509_free(rogue);

	/* A server that plays authority with its own certificate. */
	leaf = make((struct spec){ .cn = "other.contoso.example",
	    .key = KEY_OTHER,
	    .issuer = p.leaf,
	    .issuer_key = KEY_LEAF });
	judge(&p, leaf, p.leaf, p.ca);
	only(&p, "untrusted");
	X509_free(leaf);
	pki_done(&p);
}

static X509_CRL *
make_crl(const X509 *issuer, enum key key, const X509 *revoked)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(now - 5 * DAY));

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer));
	X509_CRL_set1_lastUpdate(crl, t);
	X509_CRL_set1_nextUpdate(crl, t); /* long over: it still says so */
	if (revoked != NULL) {
		X509_REVOKED *r = X509_REVOKED_new();
		ASN1_INTEGER *serial =
		    ASN1_INTEGER_dup(X509_get0_serialNumber(revoked));

		X509_REVOKED_set_serialNumber(r, serial);
		X509_REVOKED_set_revocationDate(r, t);
		X509_CRL_add0_revoked(crl, r);
		ASN1_INTEGER_free(serial);
	}
	assert_true(X509_CRL_sign(crl, keys[key], EVP_sha256()) > 0);
	ASN1_TIME_free(t);
	return crl;
}

static void
trust_crl(struct pki *p, X509_CRL *crl, bool as_der)
{
	char path[64], *text;
	struct fault f;
	BIO *bio = BIO_new(BIO_s_mem());

	if (as_der)
		i2d_X509_CRL_bio(bio, crl);
	else
		PEM_write_bio_X509_CRL(bio, crl);
	long n = BIO_get_mem_data(bio, &text);

	temp_file(path, text, (size_t)n);
	assert_true(cert_trust_crl(p->store, path, &f));
	unlink(path);
	BIO_free(bio);
	X509_CRL_free(crl);
}

static void
revoked(void **state)
{
	struct pki p;

	(void)state;
	pki_init(&p);
	trust(&p, p.root, NULL);
	X509 *another = make_leaf(&p, (struct spec){ 0 });

	judge(&p, p.leaf, p.ca, NULL);
	only(&p, "");
	/* forged: our issuer's name, another key */
	trust_crl(&p, make_crl(p.ca, KEY_OTHER, p.leaf), false);
	judge(&p, p.leaf, p.ca, NULL);
	only(&p, "");
	trust_crl(&p, make_crl(p.ca, KEY_CA, p.leaf), false);
	judge(&p, p.leaf, p.ca, NULL);
	only(&p, "revoked");
	reads(&p, SEVERITY_HIGH, "revoked on 2026-05-27");
	judge(&p, another, p.ca, NULL);
	only(&p, "");
	trust_crl(&p, make_crl(p.root, KEY_ROOT, p.ca), true);
	judge(&p, another, p.ca, NULL);
	reads(&p, SEVERITY_HIGH,
	    "the issuing certificate Contoso Issuing was revoked on "
	    "2026-05-27");
	X509_free(another);
	pki_done(&p);

	/* Without a bundle, and without the issuer's certificate. */
	pki_init(&p);
	trust_crl(&p, make_crl(p.ca, KEY_CA, p.leaf), true);
	judge(&p, p.leaf, NULL, NULL);
	only(&p, "revoked");
	pki_done(&p);

	/* The revoked intermediate is not sent, the policy has it. */
	pki_init(&p);
	trust(&p, p.root, p.ca);
	trust_crl(&p, make_crl(p.root, KEY_ROOT, p.ca), false);
	judge(&p, p.leaf, NULL, NULL);
	only(&p, "incomplete-chain revoked");
	pki_done(&p);
}

/* One leaf under the good chain, and what is said of it. */
static void
says(struct pki *p, struct spec s, const char *want)
{
	X509 *x = make_leaf(p, s);

	judge(p, x, p->ca, NULL);
	only(p, want);
	X509_free(x);
}

static void
server_usage(void **state)
{
	struct pki p;

	(void)state;
	pki_init(&p);
	trust(&p, p.root, NULL);
	says(&p, (struct spec){ .no_eku = true }, "no-server-auth");
	says(&p, (struct spec){ .eku = "clientAuth" }, "no-server-auth");
	says(&p, (struct spec){ .eku = "anyExtendedKeyUsage" },
	    "no-server-auth");
	says(&p, (struct spec){ .eku = "serverAuth" }, "");
	/* Front ends call each other with the same certificate. */
	p.mutual = true;
	says(&p, (struct spec){ .eku = "serverAuth" }, "no-client-auth");
	assert_int_equal(p.fs.f[0].severity, SEVERITY_LOW);
	says(&p, (struct spec){ .no_eku = true }, "no-server-auth");
	says(&p, (struct spec){ 0 }, "");
	says(&p, (struct spec){ .no_cdp = true }, "no-cdp");
	pki_done(&p);
}

static void
client_usage(void **state)
{
	struct pki p;

	(void)state;
	pki_init(&p);
	trust(&p, p.root, NULL);
	p.side = SIDE_CLIENT;
	p.mutual = true;
	says(&p, (struct spec){ 0 }, "");
	says(&p, (struct spec){ .eku = "clientAuth" }, "");
	says(&p, (struct spec){ .eku = "serverAuth" }, "no-client-auth");
	says(&p, (struct spec){ .no_eku = true }, "no-client-auth");
	says(&p, (struct spec){ .no_cdp = true, .no_san = true },
	    "no-cdp no-san");
	/* A user is no host. */
	p.role = ROLE_CLIENT;
	p.names[0] = "client1.contoso.example";
	says(&p, (struct spec){ .cn = "alice", .no_cdp = true, .no_san = true },
	    "");
	p.role = ROLE_FRONT_END;
	says(&p, (struct spec){ 0 }, "name-mismatch");
	pki_done(&p);
}

static void
names(void **state)
{
	struct pki p;

	(void)state;
	pki_init(&p);
	trust(&p, p.root, NULL);
	p.names[0] = "fe1.contoso.example";
	says(&p, (struct spec){ 0 }, "");
	p.names[0] = "FE1.Contoso.Example.";
	says(&p, (struct spec){ 0 }, "");
	says(&p, (struct spec){ .no_san = true }, "no-san");
	/* The subject does not count where there are other names. */
	says(&p, (struct spec){ .san = "DNS:fe2.contoso.example" },
	    "name-mismatch");
	reads(&p, SEVERITY_HIGH,
	    "FE1.Contoso.Example. is not a name of the certificate of "
	    "fe1.contoso.example");
	says(&p, (struct spec){ .cn = "fe2.contoso.example", .no_san = true },
	    "no-san name-mismatch");
	/* A mail address is no host's name. */
	says(&p, (struct spec){ .san = "email:fe1@contoso.example" }, "no-san");
	p.names[0] = "pool.contoso.example";
	p.names[1] = "fe1.contoso.example";
	says(&p, (struct spec){ 0 }, ""); /* one of them is enough */
	p.names[1] = "10.1.1.11";
	says(&p, (struct spec){ .san = "IP:10.1.1.11" }, "");
	says(&p, (struct spec){ .san = "DNS:10.1.1.11,DNS:a" }, "");
	says(&p, (struct spec){ .san = "IP:10.1.1.12" }, "name-mismatch");
	pki_done(&p);
}

static void
wildcards(void **state)
{
	static const struct {
		const char *san, *name;
		bool match;
	} table[] = {
		{ "*.contoso.example", "fe1.contoso.example", true },
		{ "*.contoso.example", "FE1.CONTOSO.EXAMPLE", true },
		{ "*.Contoso.example", "fe1.contoso.example.", true },
		{ "*.contoso.example", "contoso.example", false },
		{ "*.contoso.example", ".contoso.example", false },
		{ "*.contoso.example", "a.b.contoso.example", false },
		{ "*.contoso.example", "fe1.contoso.example.net", false },
		{ "*.contoso.example", "fe1contoso.example", false },
		{ "*.example", "contoso.example", false },
		{ "*", "contoso", false },
		{ "*.", "contoso.", false },
		{ "f*.contoso.example", "fe1.contoso.example", false },
		{ "fe1.*.example", "fe1.contoso.example", false },
		{ "fe1.contoso.*", "fe1.contoso.example", false },
		{ "*.1.1.11", "10.1.1.11", false },
		{ "fe1.contoso.example", "fe1.contoso.example", true },
		{ "fe1.contoso.example.", "fe1.contoso.example", true },
		{ "fe1.contoso.example", "fe1.contoso.exampl", false },
		{ "fe1.contoso.example", "", false },
		{ "fe1[contoso.example", "fe1{contoso.example", false },
		{ "fe1@contoso.example", "fe1`contoso.example", false },
	};
	struct pki p;

	(void)state;
	pki_init(&p);
	for (size_t i = 0; i < COUNT(table); i++) {
		char san[100];
		uint8_t *der = NULL;

		snprintf(san, sizeof(san), "DNS:%s", table[i].san);
		X509 *x = make_leaf(&p, (struct spec){ .san = san });
		int n = i2d_X509(x, &der);
		const struct cert *c =
		    cert_of(p.store, slice_of(der, (size_t)n));

		if (cert_matches(c, slice_text(table[i].name)) !=
		    table[i].match)
			fail_msg("%s, %s", table[i].san, table[i].name);
		OPENSSL_free(der);
		X509_free(x);
	}
	pki_done(&p);
}

static void
key_sizes(void **state)
{
	struct pki p;

	(void)state;
	pki_init(&p);
	trust(&p, p.root, NULL);
	says(&p, (struct spec){ .key = KEY_RSA1024 }, "key-too-short");
	reads(&p, SEVERITY_MEDIUM, "RSA key of 1024 bits");
	says(&p, (struct spec){ .key = KEY_RSA512 }, "key-too-short");
	reads(&p, SEVERITY_HIGH, "RSA key of 512 bits");
	says(&p, (struct spec){ .key = KEY_EC }, "");
	says(&p, (struct spec){ .key = KEY_EC192 },
	    "key-too-short unsupported-algorithm");
	assert_int_equal(p.fs.f[0].severity, SEVERITY_MEDIUM);
	says(&p, (struct spec){ .key = KEY_DSA },
	    "key-too-short unsupported-algorithm");
	assert_int_equal(p.fs.f[0].severity, SEVERITY_MEDIUM);

	/* The issuer's, and the worst of both. */
	X509 *ca = make((struct spec){ .cn = "Weak Issuing",
	    .ca = true,
	    .key = KEY_RSA512,
	    .issuer = p.root,
	    .issuer_key = KEY_ROOT });
	X509 *leaf = make((struct spec){ .key = KEY_RSA1024,
	    .issuer = ca,
	    .issuer_key = KEY_RSA512 });

	judge(&p, leaf, ca, NULL);
	reads(&p, SEVERITY_HIGH,
	    "the issuing certificate Weak Issuing: RSA key of 512 bits");
	X509_free(ca);
	X509_free(leaf);
	pki_done(&p);
}

static void
signatures(void **state)
{
	struct pki p;

	(void)state;
	pki_init(&p);
	trust(&p, p.root, NULL);
	says(&p, (struct spec){ .md = EVP_sha1() }, "weak-signature");
	reads(&p, SEVERITY_MEDIUM, "signed with sha1WithRSAEncryption");
	says(&p, (struct spec){ .md = EVP_md5() }, "weak-signature");
	reads(&p, SEVERITY_HIGH, "signed with md5WithRSAEncryption");
	says(&p, (struct spec){ .md = EVP_sha384() }, "");
	says(&p, (struct spec){ .pss = true }, "unsupported-algorithm");
	says(&p, (struct spec){ .pss = true, .md = EVP_sha1() },
	    "weak-signature unsupported-algorithm");
	pki_done(&p);

	/* A root's own signature says nothing, its successor's does. */
	pki_init(&p);
	X509_free(p.root);
	X509_free(p.ca);
	p.root = make((struct spec){ .cn = "Contoso Root",
	    .ca = true,
	    .key = KEY_ROOT,
	    .md = EVP_md5() });
	p.ca = make((struct spec){ .cn = "Contoso Issuing",
	    .ca = true,
	    .key = KEY_CA,
	    .issuer = p.root,
	    .issuer_key = KEY_ROOT });
	trust(&p, p.root, NULL);
	judge(&p, p.leaf, p.ca, p.root);
	only(&p, "");
	X509_free(p.ca);
	p.ca = make((struct spec){ .cn = "Contoso Issuing",
	    .ca = true,
	    .key = KEY_CA,
	    .issuer = p.root,
	    .issuer_key = KEY_ROOT,
	    .md = EVP_sha1() });
	judge(&p, p.leaf, p.ca, p.root);
	reads(&p, SEVERITY_MEDIUM,
	    "the issuing certificate Contoso Issuing: signed with "
	    "sha1WithRSAEncryption");
	pki_done(&p);
}

static void
algorithms(void **state)
{
	struct pki p;

	(void)state;
	pki_init(&p);
	trust(&p, p.root, NULL);
	says(&p, (struct spec){ .key = KEY_ED25519 }, "unsupported-algorithm");
	reads(&p, SEVERITY_MEDIUM,
	    "the product does not list keys of type Ed25519");
	says(&p, (struct spec){ .key = KEY_ED448 }, "unsupported-algorithm");
	says(&p, (struct spec){ .key = KEY_K1 }, "unsupported-algorithm");
	/* signed with it, by an authority that nobody has seen */
	X509 *ca = make((struct spec){ .cn = "Contoso Ed",
	    .ca = true,
	    .key = KEY_ED25519,
	    .issuer = p.root,
	    .issuer_key = KEY_ROOT });
	X509 *leaf = make((struct spec){ .key = KEY_LEAF,
	    .issuer = ca,
	    .issuer_key = KEY_ED25519 });

	judge(&p, leaf, NULL, NULL);
	only(&p, "incomplete-chain unsupported-algorithm");
	X509_free(ca);
	X509_free(leaf);
	pki_done(&p);
}

static void
many_faults(void **state)
{
	struct pki p;

	(void)state;
	pki_init(&p);
	trust(&p, p.root, NULL);
	p.names[0] = "fe2.contoso.example";
	says(&p,
	    (struct spec){ .no_eku = true,
		.no_cdp = true,
		.from = -100,
		.to = -1,
		.key = KEY_RSA1024,
		.md = EVP_sha1() },
	    "expired no-server-auth no-cdp name-mismatch key-too-short "
	    "weak-signature");
	pki_done(&p);
}

static void
facts(void **state)
{
	struct pki p;
	uint8_t *der = NULL;

	(void)state;
	pki_init(&p);
	X509 *x = make_leaf(&p,
	    (struct spec){ .cn = "J\xc3\xbcrgen\x1b[31m, \"x\"",
		.san = "DNS:a.example,IP:10.1.1.11,IP:2001:db8::1,"
		       "email:x@y,DNS:*.b.example",
		.to = 2800000,
		.from = -1 });
	int n = i2d_X509(x, &der);
	struct slice octets = slice_of(der, (size_t)n);
	const struct cert *c = cert_of(p.store, octets);

	assert_non_null(c);
	assert_true(c->parsed);
	assert_string_equal(c->common_name, "J\xc3\xbcrgen\\x1b[31m, \"x\"");
	assert_non_null(
	    strstr(c->subject, "C=DE, O=Contoso, CN=J\xc3\xbcrgen"));
	assert_null(strchr(c->subject, 0x1b));
	assert_string_equal(c->issuer, "C=DE, O=Contoso, CN=Contoso Issuing");
	assert_int_equal(strlen(c->serial), 5);
	assert_int_equal(c->serial[2], ':');
	assert_int_equal(c->not_before, (now - DAY) * NS_PER_S);
	assert_true(c->not_after == INT64_MAX); /* the year 9692 */
	assert_string_equal(c->signature, "sha256WithRSAEncryption");
	assert_int_equal(c->key, CERT_KEY_RSA);
	assert_int_equal(c->key_bits, 2048);
	assert_string_equal(c->key_name, "RSA 2048");
	assert_true(c->has_eku && c->server_auth && c->client_auth);
	assert_true(c->has_cdp && c->has_san);
	assert_string_equal(c->cdp, "http://pki.contoso.example/ca.crl");
	assert_false(c->is_ca || c->self_signed);
	assert_int_equal(c->name_count, 4);
	assert_string_equal(c->names[0], "a.example");
	assert_string_equal(c->names[1], "10.1.1.11");
	assert_string_equal(c->names[2], "2001:db8::1");
	assert_string_equal(c->names[3], "*.b.example");
	assert_true(slice_eq(c->der, octets));
	uint8_t sha256[64];

	digest_of(DIGEST_SHA256, octets, sha256);
	assert_memory_equal(c->sha256, sha256, SHA256_SIZE);

	/* Once each, in the order of their coming. */
	assert_ptr_equal(cert_of(p.store, octets), c);
	judge(&p, p.leaf, p.ca, NULL);
	assert_int_equal(cert_count(p.store), 3);
	assert_ptr_equal(cert_at(p.store, 0), c);
	assert_string_equal(cert_at(p.store, 2)->common_name,
	    "Contoso Issuing");
	assert_int_equal(cert_at(p.store, 2)->order, 2);
	assert_true(cert_at(p.store, 2)->is_ca);
	assert_null(cert_at(p.store, 3));
	OPENSSL_free(der);
	X509_free(x);
	pki_done(&p);
}

static void
key_names(void **state)
{
	static const struct {
		enum key key;
		enum cert_key kind;
		const char *name;
	} want[] = {
		{ KEY_EC, CERT_KEY_EC, "P-384" },
		{ KEY_K1, CERT_KEY_EC, "secp256k1" },
		{ KEY_ED25519, CERT_KEY_ED25519, "Ed25519" },
		{ KEY_ED448, CERT_KEY_ED448, "Ed448" },
		{ KEY_DSA, CERT_KEY_DSA, "DSA 1024" },
	};
	struct pki p;

	(void)state;
	pki_init(&p);
	for (size_t i = 0; i < COUNT(want); i++) {
		uint8_t *der = NULL;
		X509 *x = make_leaf(&p, (struct spec){ .key = want[i].key });
		int n = i2d_X509(x, &der);
		const struct cert *c =
		    cert_of(p.store, slice_of(der, (size_t)n));

		assert_int_equal(c->key, want[i].kind);
		assert_string_equal(c->key_name, want[i].name);
		OPENSSL_free(der);
		X509_free(x);
	}
	pki_done(&p);
}

static void
many_names(void **state)
{
	struct pki p;
	struct buf san;

	(void)state;
	pki_init(&p);
	buf_init(&san);
	for (int i = 0; i < 200; i++)
		buf_printf(&san, "%sDNS:h%d.example", i > 0 ? "," : "", i);
	p.names[0] = "h199.example";
	says(&p, (struct spec){ .san = san.p }, "");
	assert_int_equal(cert_at(p.store, 0)->name_count, CERT_NAMES_MOST);
	p.names[0] = "h200.example";
	says(&p, (struct spec){ .san = san.p }, "name-mismatch");
	buf_done(&san);
	pki_done(&p);
}

/* CVE-2009-2408: a name with a NUL is not the name before it. */
static void
name_with_nul(void **state)
{
	struct pki p;
	static const char evil[] = "fe1.contoso.example\0.evil.example";

	(void)state;
	pki_init(&p);
	X509 *x = make_leaf(&p, (struct spec){ .no_san = true });
	GENERAL_NAMES *list = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	ASN1_STRING_set(text, evil, sizeof(evil) - 1);
	GENERAL_NAME_set0_value(name, GEN_DNS, text);
	sk_GENERAL_NAME_push(list, name);
	X509_add1_ext_i2d(x, NID_subject_alt_name, list, 0, 0);
	X509_sign(x, keys[KEY_CA], EVP_sha256());
	p.names[0] = "fe1.contoso.example";
	judge(&p, x, p.ca, NULL);
	only(&p, "name-mismatch");
	GENERAL_NAMES_free(list);
	X509_free(x);
	pki_done(&p);
}

static void
try_piece(struct slice piece, bool is_whole, void *ctx)
{
	struct cert_store *s = ctx;
	const struct cert *c = cert_of(s, piece);

	assert_non_null(c);
	assert_int_equal(c->parsed, is_whole);
	assert_non_null(c->subject);
	assert_non_null(c->key_name);
	assert_false(cert_matches(c, slice_text("")));
}

static void
not_a_certificate(void **state)
{
	static const uint8_t junk[] = { 0, 0, 3, 0x30, 0x01, 0x00 };
	struct pki p;
	uint8_t *der = NULL;

	(void)state;
	pki_init(&p);
	int n = i2d_X509(p.leaf, &der);

	each_prefix(slice_of(der, (size_t)n), try_piece, p.store);
	OPENSSL_free(der);

	struct cert_question q = {
		.chain = slice_of(junk, sizeof(junk)),
		.side = SIDE_SERVER,
	};
	struct findings fs = { 0 };

	cert_judge(p.store, &q, &fs);
	assert_int_equal(fs.count, 0);
	assert_false(cert_in_chain(p.store, q.chain, 0)->parsed);
	assert_null(cert_in_chain(p.store, q.chain, 1));
	q.chain.n--; /* cut: no certificate at all */
	assert_null(cert_in_chain(p.store, q.chain, 0));
	q.chain.n = 0;
	cert_judge(p.store, &q, &fs);
	assert_int_equal(fs.count, 0);
	pki_done(&p);
}

static void
long_chain(void **state)
{
	struct pki p;
	struct buf chain;
	struct findings fs = { 0 };

	(void)state;
	pki_init(&p);
	trust(&p, p.root, NULL);
	buf_init(&chain);
	put_cert(&chain, p.leaf);
	for (int i = 0; i < 100; i++)
		put_cert(&chain, p.ca);
	struct cert_question q = {
		.chain = buf_slice(&chain),
		.side = SIDE_SERVER,
		.time = now * NS_PER_S,
	};

	cert_judge(p.store, &q, &fs);
	assert_int_equal(fs.count, 0);
	buf_done(&chain);
	pki_done(&p);
}

static void
bad_bundles(void **state)
{
	static const char broken[] = "-----BEGIN CERTIFICATE-----\nAAAA\n"
				     "-----END CERTIFICATE-----\n";
	struct pki p;
	struct fault f;
	char path[64];

	(void)state;
	pki_init(&p);
	assert_false(cert_trust_ca(p.store, "/nowhere/ca.pem", &f));
	assert_string_equal(f.text,
	    "/nowhere/ca.pem: No such file or directory");
	temp_file(path, "hello\n", 6);
	assert_false(cert_trust_ca(p.store, path, &f));
	assert_non_null(strstr(f.text, ": there is no certificate in it"));
	assert_false(cert_trust_crl(p.store, path, &f));
	assert_non_null(strstr(f.text, ": there is no revocation list in it"));
	unlink(path);
	temp_file(path, broken, sizeof(broken) - 1);
	assert_false(cert_trust_ca(p.store, path, &f));
	assert_non_null(strstr(f.text, ": certificate 1 cannot be read"));
	unlink(path);
	assert_false(cert_trust_ca(p.store, "/tmp", &f));
	assert_false(cert_has_trust(p.store));
	pki_done(&p);
	cert_store_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_chain),
		cmocka_unit_test(times),
		cmocka_unit_test(self_signed),
		cmocka_unit_test(incomplete),
		cmocka_unit_test(untrusted),
		cmocka_unit_test(revoked),
		cmocka_unit_test(server_usage),
		cmocka_unit_test(client_usage),
		cmocka_unit_test(names),
		cmocka_unit_test(wildcards),
		cmocka_unit_test(key_sizes),
		cmocka_unit_test(signatures),
		cmocka_unit_test(algorithms),
		cmocka_unit_test(many_faults),
		cmocka_unit_test(facts),
		cmocka_unit_test(key_names),
		cmocka_unit_test(many_names),
		cmocka_unit_test(name_with_nul),
		cmocka_unit_test(not_a_certificate),
		cmocka_unit_test(long_chain),
		cmocka_unit_test(bad_bundles),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
