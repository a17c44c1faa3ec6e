/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains against a bundle and revocation lists, all signatures verified. Keys
 * are RSA with the exponent 1, which every verifier takes for what it is: a
 * padded digest is its own signature, so that changed certificates are signed
 * anew at no cost.
 *
 * Input: an octet for the question; then the certificates, leaf first: an
 * octet of kind and, for DER or a TBSCertificate to be signed, a length of two
 * octets and so many; else what make_tbs() and patch() read.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/asn1t.h>
#include <openssl/engine.h>
#include <openssl/x509.h>

#include "audit/cert.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/cursor.h"
#include "core/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MODULUS = 64, DER_SEQUENCE = 0x30, PIECES = 24 };
enum who { ROOT, BRIDGE, LONE, MIDDLE, GHOST, LEAF, STRANGER, NOBODY };
static const char *const names[] = { "Root", "Bridge", "Lone", "Middle",
	"Ghost", "fe1.contoso.example", "Stranger", NULL };
enum make {
	MAKE_CA = 1,
	MAKE_SERVER = 2,
	MAKE_SAN = 4,
	MAKE_CDP = 8,
	MAKE_USAGE = 16,
	MAKE_KEY_ID = 32,
	MAKE_EXPIRED = 64,
	MAKE_BAD_SIGNATURE = 128
};

struct make_how {
	enum who subject, issuer;
	uint8_t serial, key, flags;
};

/* ---- DER ---- */

static void
der(struct buf *to, uint8_t tag, struct slice body)
{
	buf_char(to, (char)tag);
	if (body.n >= 0x80) {
		buf_char(to, (char)0x82);
		buf_char(to, (char)(body.n >> 8));
	}
	buf_char(to, (char)body.n);
	buf_add(to, body.p, body.n);
}

/* Wraps what was added since `from`. */
static void
der_around(struct buf *b, size_t from, uint8_t tag)
{
	struct buf inner;

	buf_init(&inner);
	buf_add(&inner, b->p + from, b->n - from);
	b->n = from;
	der(b, tag, buf_slice(&inner));
	buf_done(&inner);
}

#define DER(b, text) buf_add(b, text, sizeof(text) - 1)
#define SHA256_RSA \
	"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"

static void
der_name(struct buf *b, enum who who)
{
	size_t from = b->n, cn;

	if (names[who] != NULL) {
		if (who != STRANGER && who != LONE)
			DER(b,
			    "\x31\x10\x30\x0e\x06\x03\x55\x04\x0a\x0c\x07"
			    "Contoso");
		cn = b->n;
		DER(b, "\x06\x03\x55\x04\x03");
		der(b, 0x0c, slice_text(names[who]));
		der_around(b, cn, DER_SEQUENCE);
		der_around(b, cn, 0x31);
	}
	der_around(b, from, DER_SEQUENCE);
}

/* One of four; the last is longer, so that it verifies nothing of others. */
static void
der_key(struct buf *b, uint8_t key)
{
	uint8_t modulus[MODULUS + 9] = { 0, 0xc0 };
	size_t from = b->n, n = key % 4 == 3 ? MODULUS + 9 : MODULUS + 1;
	struct buf rsa;

	modulus[2] = (uint8_t)(key % 4);
	modulus[n - 1] = 0x11;
	buf_init(&rsa);
	buf_char(&rsa, 0); /* no unused bits */
	der(&rsa, 0x02, slice_of(modulus, n));
	DER(&rsa, "\x02\x01\x01");
	der_around(&rsa, 1, DER_SEQUENCE);
	DER(b, "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00");
	der(b, 0x03, buf_slice(&rsa));
	der_around(b, from, DER_SEQUENCE);
	buf_done(&rsa);
}

static void
der_extensions(struct buf *b, const struct make_how *how)
{
	uint8_t f = how->flags;
	size_t from = b->n;

	if (f & MAKE_CA)
		DER(b,
		    "\x30\x0f\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x05"
		    "\x30\x03\x01\x01\xff");
	if (f & MAKE_SERVER)
		DER(b,
		    "\x30\x13\x06\x03\x55\x1d\x25\x04\x0c\x30\x0a\x06\x08"
		    "\x2b\x06\x01\x05\x05\x07\x03\x01");
	if (f & MAKE_SAN)
		DER(b,
		    "\x30\x1e\x06\x03\x55\x1d\x11\x04\x17\x30\x15\x82\x13"
		    "fe1.contoso.example");
	if (f & MAKE_CDP)
		DER(b,
		    "\x30\x1b\x06\x03\x55\x1d\x1f\x04\x14\x30\x12\x30\x10"
		    "\xa0\x0e\xa0\x0c\x86\x0ahttp://c/c");
	if (f & MAKE_USAGE)
		DER(b,
		    "\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04"
		    "\x03\x02\x01\x06");
	if (f & MAKE_KEY_ID) {
		DER(b, "\x30\x0a\x06\x03\x55\x1d\x0e\x04\x03\x04\x01");
		buf_char(b, (char)how->subject);
		DER(b, "\x30\x0c\x06\x03\x55\x1d\x23\x04\x05\x30\x03\x80\x01");
		buf_char(b, (char)how->issuer);
	}
	if (b->n == from)
		return;
	der_around(b, from, DER_SEQUENCE);
	der_around(b, from, 0xa3);
}

static void
make_tbs(struct buf *b, const struct make_how *how)
{
	size_t from = b->n;

	DER(b, "\xa0\x03\x02\x01\x02");
	der(b, 0x02, slice_of(&how->serial, 1));
	DER(b, SHA256_RSA);
	der_name(b, how->issuer);
	if (how->flags & MAKE_EXPIRED)
		DER(b,
		    "\x30\x1e\x17\x0d"
		    "200101000000Z"
		    "\x17\x0d"
		    "210101000000Z");
	else
		DER(b,
		    "\x30\x1e\x17\x0d"
		    "200101000000Z"
		    "\x17\x0d"
		    "300101000000Z");
	der_name(b, how->subject);
	der_key(b, how->key);
	der_extensions(b, how);
	der_around(b, from, DER_SEQUENCE);
}

/* RFC 8017 section 9.2: what a signature looks like after the exponent. */
static void
sign(struct buf *b, struct slice tbs, bool well)
{
	static const uint8_t info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09,
		0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
		0x00, 0x04, 0x20 };
	enum { DIGEST_AT = MODULUS - SHA256_SIZE + 1 };
	uint8_t s[MODULUS + 1], digest[64];

	if (digest_of(DIGEST_SHA256, tbs, digest) != SHA256_SIZE)
		abort();
	memset(s, 0xff, sizeof(s));
	s[0] = s[1] = 0; /* no unused bits; the first octet of the block */
	s[2] = 1;
	s[DIGEST_AT - sizeof(info) - 1] = 0;
	memcpy(s + DIGEST_AT - sizeof(info), info, sizeof(info));
	memcpy(s + DIGEST_AT, digest, SHA256_SIZE);
	s[MODULUS] ^= !well;

	size_t from = b->n;

	buf_add(b, tbs.p, tbs.n);
	DER(b, SHA256_RSA);
	der(b, 0x03, slice_of(s, sizeof(s)));
	der_around(b, from, DER_SEQUENCE);
}

#if defined(__has_feature) && !defined(OPENSSL_NO_ENGINE)
#if __has_feature(coverage_sanitizer)
#define HURRY
#endif
#endif

/* Without a fuzzer fuzz_cert lives in the same program, and its word of what
 * is signed well. */
#ifdef HURRY
enum { VERIFIED = 1 };

/*
 * Looking for a decoder takes OpenSSL nine tenths of the time. It does not
 * look for one where an engine knows keys of the kind; this one hands out its
 * own methods.
 */
static int
own_methods(ENGINE *e, EVP_PKEY_METHOD **method, const int **nids, int nid)
{
	static const int mine[] = { EVP_PKEY_RSA };

	(void)e;
	if (method == NULL) {
		*nids = mine;
		return 1;
	}
	*method = (EVP_PKEY_METHOD *)EVP_PKEY_meth_find(nid);
	return *method != NULL;
}

static void
hurry(void)
{
	static ENGINE *e; /* reachable, so no leak */

	e = ENGINE_new();
	if (e == NULL || ENGINE_set_id(e, "own") != 1 ||
	    ENGINE_set_pkey_meths(e, own_methods) != 1 ||
	    ENGINE_register_pkey_meths(e) != 1)
		abort();
}

/*
 * What was decoded lately. OpenSSL's own memory, which is most of what is
 * taken, is not watched where FUZZ_QUICK says so.
 */
X509 *
d2i_X509(X509 **to, const unsigned char **der, long n)
{
	static struct {
		X509 *x;
		size_t used;
		struct buf octets;
	} known[256];
	struct slice s = slice_of(*der, (size_t)n);
	size_t at = hash_bytes(s.p, s.n) % COUNT(known);
	X509 *x = known[at].x;

	if (x == NULL || !slice_eq(s, buf_slice(&known[at].octets))) {
		x = (X509 *)ASN1_item_d2i((ASN1_VALUE **)to, der, n,
		    ASN1_ITEM_rptr(X509));
		if (x == NULL)
			return NULL;
		X509_free(known[at].x);
		known[at].x = x;
		known[at].used = (size_t)(*der - s.p);
		buf_clear(&known[at].octets);
		buf_add(&known[at].octets, s.p, s.n);
	}
	*der = s.p + known[at].used;
	return X509_up_ref(x) == 1 ? x : NULL;
}

#ifdef FUZZ_QUICK
void *__libc_malloc(size_t n);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

static void *
quick_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return __libc_malloc(n);
}

static void *
quick_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return __libc_realloc(p, n);
}

static void
quick_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	__libc_free(p);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return CRYPTO_set_mem_functions(quick_malloc, quick_realloc,
		   quick_free) == 1
	    ? 0
	    : 1;
}
#endif
#else
enum { VERIFIED = 0 };

static void
hurry(void)
{
}
#endif

/* ---- what the policy names ---- */

typedef bool trust(struct cert_store *s, const char *path, struct fault *f);

static void
add_file(struct cert_store *s, trust *add, const struct buf *b)
{
	char path[40];
	struct fault fault;
	int fd = memfd_create("trust", 0);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || !buf_ok(b) || write(fd, b->p, b->n) != (ssize_t)b->n ||
	    !add(s, path, &fault))
		abort();
	close(fd);
}

static void
add_ca(struct cert_store *s, const struct make_how *how)
{
	struct buf tbs, b;

	buf_init(&tbs);
	buf_init(&b);
	make_tbs(&tbs, how);
	sign(&b, buf_slice(&tbs), true);
	add_file(s, cert_trust_ca, &b);
	buf_done(&tbs);
	buf_done(&b);
}

static void
add_crl(struct cert_store *s, enum who issuer, uint8_t serial, bool well)
{
	struct buf tbs, b;

	buf_init(&tbs);
	buf_init(&b);
	DER(&tbs, "\x02\x01\x01" SHA256_RSA);
	der_name(&tbs, issuer);
	DER(&tbs,
	    "\x17\x0d"
	    "200101000000Z"
	    "\x17\x0d"
	    "300101000000Z");
	DER(&tbs, "\x30\x14\x30\x12\x02\x01");
	buf_char(&tbs, (char)serial);
	DER(&tbs,
	    "\x17\x0d"
	    "220101000000Z");
	der_around(&tbs, 0, DER_SEQUENCE);
	sign(&b, buf_slice(&tbs), well);
	add_file(s, cert_trust_crl, &b);
	buf_done(&tbs);
	buf_done(&b);
}

static const struct cert_store *
world(void)
{
	static struct cert_store *s;

	if (s != NULL)
		return s;
	hurry();
	s = cert_store_new();
	if (s == NULL)
		abort();
	add_ca(s, &(struct make_how){ ROOT, ROOT, 1, 0, MAKE_CA | MAKE_USAGE });
	add_ca(s, &(struct make_how){ BRIDGE, ROOT, 3, 1, MAKE_CA });
	add_ca(s, &(struct make_how){ LONE, LONE, 1, 3, MAKE_CA });
	add_crl(s, ROOT, 2, true);
	add_crl(s, ROOT, 7, false);
	add_crl(s, BRIDGE, 4, true);
	add_crl(s, MIDDLE, 5, true);
	add_crl(s, GHOST, 6, true);
	return s;
}

/* ---- one input ---- */

/* Octets of a made one changed before it is signed: place and value. */
static void
patch(struct cursor *c, struct buf *tbs)
{
	uint8_t n = 0, value;
	uint16_t at;

	if (!cur_u8(c, &n))
		return;
	for (n %= 8; n > 0 && cur_u16(c, &at) && cur_u8(c, &value); n--)
		tbs->p[at % tbs->n] = (char)value;
}

/* False: nothing more. *bad: it was made with a signature that is wrong. */
static bool
next_certificate(struct cursor *c, struct buf *b, bool *bad)
{
	uint8_t kind, who, how;
	struct make_how m = { 0 };
	struct cursor body;
	struct buf tbs;

	*bad = false;
	if (!cur_u8(c, &kind))
		return false;
	if (kind % 4 == 0) {
		if (!cur_vec16(c, &body))
			return false;
		buf_add(b, cur_rest(&body).p, cur_rest(&body).n);
		return true;
	}
	buf_init(&tbs);
	if (kind % 4 == 1 && cur_vec16(c, &body)) {
		buf_add(&tbs, cur_rest(&body).p, cur_rest(&body).n);
	} else if (cur_u8(c, &who) && cur_u8(c, &how) && cur_u8(c, &m.flags)) {
		m.subject = who >> 4 & 7;
		m.issuer = who & 7;
		m.serial = how >> 4 & 7;
		m.key = how & 3;
		make_tbs(&tbs, &m);
		if (kind % 4 == 3)
			patch(c, &tbs);
		*bad = m.flags & MAKE_BAD_SIGNATURE;
	}
	bool any = tbs.n > 0;

	if (any)
		sign(b, buf_slice(&tbs), !*bad);
	buf_done(&tbs);
	return any;
}

/* Is the leaf made, with a signature that nobody can verify? */
static bool
read_chain(struct cursor *c, struct buf *chain)
{
	bool bad, leaf_is_bad = false;
	struct buf one;

	buf_init(&one);
	for (unsigned i = 0; i < PIECES; i++) {
		buf_clear(&one);
		if (!next_certificate(c, &one, &bad))
			break;
		if (i == 0)
			leaf_is_bad = bad;
		buf_char(chain, (char)(one.n >> 16));
		buf_char(chain, (char)(one.n >> 8));
		buf_char(chain, (char)one.n);
		buf_add(chain, one.p, one.n);
	}
	buf_done(&one);
	return leaf_is_bad;
}

static bool
found(const struct findings *fs, enum finding_id id)
{
	for (unsigned i = 0; i < fs->count; i++) {
		if (fs->f[i].id == id)
			return true;
	}
	return false;
}

/* The same twice, the second time from memory; trust only what is signed. */
static void
judge(struct cert_store *s, const struct cert_question *q, bool leaf_is_bad)
{
	struct findings once = { 0 }, twice = { 0 };
	const struct cert *leaf = cert_in_chain(s, q->chain, 0);

	cert_judge(s, q, &once);
	cert_judge(s, q, &twice);
	if (once.count != twice.count)
		abort();
	for (unsigned i = 0; i < once.count; i++) {
		if (once.f[i].id != twice.f[i].id ||
		    strcmp(once.f[i].text, twice.f[i].text) != 0)
			abort();
	}
	if (VERIFIED && leaf_is_bad && leaf != NULL && leaf->parsed &&
	    !found(&once, FINDING_CERT_UNTRUSTED) &&
	    !found(&once, FINDING_CERT_INCOMPLETE_CHAIN))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cur_of(slice_of(data, size));
	struct slice name = slice_text("fe1.contoso.example");
	uint8_t ask = 0;
	struct buf chain;

	if (!cur_u8(&c, &ask))
		return 0;
	struct cert_store *s = cert_store_like(world());

	if (s == NULL)
		return 0;
	buf_init(&chain);

	bool leaf_is_bad = read_chain(&c, &chain);
	struct cert_question q = {
		.chain = buf_slice(&chain),
		.side = ask & 1 ? SIDE_CLIENT : SIDE_SERVER,
		.role = ask & 2 ? ROLE_CLIENT : ROLE_FRONT_END,
		.time = (ask & 4 ? INT64_C(1780272000) : INT64_C(1600000000)) *
		    NS_PER_S,
		.names = &name,
		.name_count = !(ask & 8),
		.mutual = ask & 16,
	};

	judge(s, &q, leaf_is_bad);
	q.time = INT64_C(1780272000) * NS_PER_S;
	judge(s, &q, leaf_is_bad);
	buf_done(&chain);
	cert_store_free(s);
	return 0;
}
