/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_decrypt_open.c - record protection undone.
 *
 * Spec: RFC 8446 section 5.2; RFC 5246 section 6.2.3; RFC 4346 and 2246 for
 * the vectors of CBC; RFC 7366 (encrypt-then-MAC); RFC 5288, 6655, 7905;
 * RFC 6347 section 4.1.2 (DTLS).
 */
#include "dissect/tls_decrypt_open.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "core/cursor.h"

enum { NONCE = 12, EXPLICIT = 8, AAD12 = 13, RECORD_MOST = UINT16_MAX };
enum { TLS10 = 0x0301, TLS13 = 0x0304 };

struct tls_opener {
	struct tls_params how;
	struct tls_keys keys; /* .iv chains in TLS 1.0 */
	uint16_t version;
	bool etm;
	bool torn; /* encrypt-then-MAC: the vector is not to be trusted */
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *ctx;
	EVP_CIPHER_CTX *ahead; /* RC4: tries without losing its place */
	EVP_MAC_CTX *mac;
};

static bool
start_mac(struct tls_opener *o)
{
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	if (hmac == NULL)
		return false;
	o->mac = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	char digest[16];

	snprintf(digest, sizeof(digest), "%s", o->how.mac);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest,
		    0),
		OSSL_PARAM_construct_end(),
	};

	return o->mac != NULL &&
	    EVP_MAC_init(o->mac, o->keys.mac, o->how.mac_n, params) == 1;
}

static bool
start_cipher(struct tls_opener *o)
{
	o->cipher = EVP_CIPHER_fetch(NULL, o->how.cipher, NULL);
	if (o->cipher == NULL ||
	    EVP_CIPHER_get_key_length(o->cipher) != o->how.key_n)
		return false;
	o->ctx = EVP_CIPHER_CTX_new();
	o->ahead = EVP_CIPHER_CTX_new();
	if (o->ctx == NULL || o->ahead == NULL)
		return false;
	/* CCM wants its sizes first: it is set up for each record. */
	if (o->how.shape == TLS_SHAPE_CCM)
		return true;
	return EVP_DecryptInit_ex2(o->ctx, o->cipher, o->keys.key, NULL,
		   NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(o->ctx, 0) == 1;
}

struct tls_opener *
tls_opener_new(uint16_t version, bool encrypt_then_mac,
    const struct tls_params *p, const struct tls_keys *keys)
{
	struct tls_opener *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->how = *p;
	o->keys = *keys;
	o->version = version;
	o->etm = encrypt_then_mac && p->shape == TLS_SHAPE_CBC;
	if ((p->cipher != NULL && !start_cipher(o)) ||
	    (p->mac != NULL && !start_mac(o))) {
		tls_opener_free(o);
		return NULL;
	}
	return o;
}

void
tls_opener_free(struct tls_opener *o)
{
	if (o == NULL)
		return;
	EVP_MAC_CTX_free(o->mac);
	EVP_CIPHER_CTX_free(o->ctx);
	EVP_CIPHER_CTX_free(o->ahead);
	EVP_CIPHER_free(o->cipher);
	OPENSSL_cleanse(o, sizeof(*o));
	free(o);
}

/* The last tail_n bytes apart from what stands before them. */
static bool
split_tail(struct slice whole, size_t tail_n, struct slice *head,
    struct slice *tail)
{
	struct cursor c = cur_of(whole);

	return whole.n >= tail_n && cur_take(&c, whole.n - tail_n, head) &&
	    cur_take(&c, tail_n, tail);
}

/* RFC 5246 section 6.2.3.1: what MAC and AEAD see beside the contents. */
static void
make_aad(const struct tls_sealed *s, size_t length, uint8_t aad[AAD12])
{
	for (unsigned i = 0; i < 8; i++)
		aad[i] = (uint8_t)(s->number >> (56 - 8 * i));
	aad[8] = s->type;
	aad[9] = (uint8_t)(s->version >> 8);
	aad[10] = (uint8_t)s->version;
	aad[11] = (uint8_t)(length >> 8);
	aad[12] = (uint8_t)length;
}

static void
xor_number(uint8_t nonce[NONCE], uint64_t number)
{
	for (unsigned i = 0; i < 8; i++)
		nonce[4 + i] ^= (uint8_t)(number >> (56 - 8 * i));
}

static bool
set_tag(EVP_CIPHER_CTX *ctx, struct slice tag)
{
	uint8_t copy[TLS_TAG_MOST];

	if (tag.n > sizeof(copy))
		return false;
	memcpy(copy, tag.p, tag.n);
	return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)tag.n,
		   copy) == 1;
}

struct aead {
	uint8_t nonce[NONCE];
	struct slice aad, text, tag;
};

static bool
begin_aead(struct tls_opener *o, const struct aead *a)
{
	int n;

	if (o->how.shape != TLS_SHAPE_CCM)
		return EVP_DecryptInit_ex2(o->ctx, NULL, NULL, a->nonce,
			   NULL) == 1 &&
		    set_tag(o->ctx, a->tag);
	/* RFC 5116 section 5.3: CCM needs all lengths before the text. */
	return EVP_CIPHER_CTX_reset(o->ctx) == 1 &&
	    EVP_DecryptInit_ex2(o->ctx, o->cipher, NULL, NULL, NULL) == 1 &&
	    EVP_CIPHER_CTX_ctrl(o->ctx, EVP_CTRL_AEAD_SET_IVLEN, NONCE, NULL) ==
	    1 &&
	    set_tag(o->ctx, a->tag) &&
	    EVP_DecryptInit_ex2(o->ctx, NULL, o->keys.key, a->nonce, NULL) ==
	    1 &&
	    EVP_DecryptUpdate(o->ctx, NULL, &n, NULL, (int)a->text.n) == 1;
}

static bool
run_aead(struct tls_opener *o, const struct aead *a, uint8_t *to, size_t *n)
{
	static const uint8_t nothing = 0;
	const uint8_t *text = a->text.n > 0 ? a->text.p : &nothing;
	uint8_t last[TLS_IV_MOST];
	int done = 0, more = 0;

	if (!begin_aead(o, a) ||
	    EVP_DecryptUpdate(o->ctx, NULL, &done, a->aad.p, (int)a->aad.n) !=
		1)
		return false;
	done = 0;
	/* CCM checks the tag here, even of no text at all. */
	if ((a->text.n > 0 || o->how.shape == TLS_SHAPE_CCM) &&
	    EVP_DecryptUpdate(o->ctx, to, &done, text, (int)a->text.n) != 1)
		return false;
	if (o->how.shape != TLS_SHAPE_CCM &&
	    EVP_DecryptFinal_ex(o->ctx, last, &more) != 1)
		return false;
	*n = (size_t)done;
	return *n == a->text.n;
}

static bool
open_aead(struct tls_opener *o, const struct tls_sealed *s, uint8_t *to,
    size_t *n)
{
	bool is_13 = o->version == TLS13;
	struct cursor c = cur_of(s->body);
	uint8_t aad[AAD12];
	struct aead a;

	memcpy(a.nonce, o->keys.iv, NONCE);
	if (is_13 || o->how.shape == TLS_SHAPE_POLY1305)
		xor_number(a.nonce, s->number);
	else if (!cur_copy(&c, a.nonce + NONCE - EXPLICIT, EXPLICIT))
		return false;
	if (!split_tail(cur_rest(&c), o->how.tag_n, &a.text, &a.tag))
		return false;
	make_aad(s, a.text.n, aad);
	a.aad = is_13 ? s->header : slice_of(aad, sizeof(aad));
	return run_aead(o, &a, to, n);
}

static bool
mac_holds(struct tls_opener *o, const struct tls_sealed *s, struct slice text,
    struct slice mac)
{
	uint8_t aad[AAD12], own[EVP_MAX_MD_SIZE];
	size_t own_n = 0;

	make_aad(s, text.n, aad);
	if (EVP_MAC_init(o->mac, NULL, 0, NULL) != 1 ||
	    EVP_MAC_update(o->mac, aad, sizeof(aad)) != 1 ||
	    (text.n > 0 && EVP_MAC_update(o->mac, text.p, text.n) != 1) ||
	    EVP_MAC_final(o->mac, own, &own_n, sizeof(own)) != 1)
		return false;
	return mac.n == own_n && CRYPTO_memcmp(own, mac.p, own_n) == 0;
}

/* RFC 5246 section 6.2.3.2: n bytes of n, then n itself. */
static bool
strip_padding(struct slice padded, struct slice *text)
{
	struct slice padding;

	if (padded.n == 0 ||
	    !split_tail(padded, (size_t)padded.p[padded.n - 1] + 1, text,
		&padding))
		return false;
	for (size_t i = 0; i < padding.n; i++) {
		if (padding.p[i] != padding.p[padding.n - 1])
			return false;
	}
	return true;
}

static bool
run_cbc(struct tls_opener *o, const uint8_t *iv, struct slice text, uint8_t *to)
{
	int n = 0;

	return text.n > 0 && text.n % o->how.block_n == 0 &&
	    EVP_DecryptInit_ex2(o->ctx, NULL, NULL, iv, NULL) == 1 &&
	    EVP_DecryptUpdate(o->ctx, to, &n, text.p, (int)text.n) == 1 &&
	    (size_t)n == text.n;
}

static bool
open_cbc(struct tls_opener *o, const struct tls_sealed *s, uint8_t *to,
    size_t *n)
{
	struct slice sealed = s->body, mac = { 0 }, text;
	uint8_t iv[TLS_IV_MOST];

	if (o->etm &&
	    (o->torn || !split_tail(s->body, o->how.mac_n, &sealed, &mac) ||
		!mac_holds(o, s, sealed, mac)))
		return false;
	struct cursor c = cur_of(sealed);

	memcpy(iv, o->keys.iv, sizeof(iv));
	if (o->version != TLS10 && !cur_copy(&c, iv, o->how.block_n))
		return false;
	sealed = cur_rest(&c);
	if (!run_cbc(o, iv, sealed, to) ||
	    !strip_padding(slice_of(to, sealed.n), &text))
		return false;
	if (!o->etm &&
	    (!split_tail(text, o->how.mac_n, &text, &mac) ||
		!mac_holds(o, s, text, mac)))
		return false;
	tls_opener_pass(o, s->body);
	*n = text.n;
	return true;
}

static bool
open_stream(struct tls_opener *o, const struct tls_sealed *s, uint8_t *to,
    size_t *n)
{
	struct slice text = s->body, mac;
	int done = 0;

	if (o->how.cipher == NULL) {
		if (text.n > 0)
			memcpy(to, text.p, text.n);
	} else if (EVP_CIPHER_CTX_copy(o->ahead, o->ctx) != 1 ||
	    EVP_DecryptUpdate(o->ahead, to, &done, text.p, (int)text.n) != 1) {
		return false;
	}
	if (!split_tail(slice_of(to, text.n), o->how.mac_n, &text, &mac) ||
	    !mac_holds(o, s, text, mac))
		return false;
	EVP_CIPHER_CTX *used = o->ctx;

	o->ctx = o->ahead;
	o->ahead = used;
	*n = text.n;
	return true;
}

bool
tls_open(struct tls_opener *o, const struct tls_sealed *s, uint8_t *to,
    size_t *n)
{
	if (s->body.n > RECORD_MOST)
		return false;
	switch ((enum tls_shape)o->how.shape) {
	case TLS_SHAPE_GCM:
	case TLS_SHAPE_CCM:
	case TLS_SHAPE_POLY1305:
		return open_aead(o, s, to, n);
	case TLS_SHAPE_CBC:
		return open_cbc(o, s, to, n);
	case TLS_SHAPE_STREAM:
		return open_stream(o, s, to, n);
	}
	return false;
}

static bool
chains(const struct tls_opener *o)
{
	return o->version == TLS10 && o->how.shape == TLS_SHAPE_CBC;
}

/* A MAC of the ciphertext would not notice a wrong vector. */
void
tls_opener_gap(struct tls_opener *o)
{
	o->torn = o->etm && chains(o);
}

/* RFC 2246 section 6.2.3.2: the vector is the last block before it. */
void
tls_opener_pass(struct tls_opener *o, struct slice body)
{
	struct slice head, last;

	if (!chains(o))
		return;
	o->torn = false;
	if (o->etm && !split_tail(body, o->how.mac_n, &body, &last))
		return;
	if (split_tail(body, o->how.block_n, &head, &last))
		memcpy(o->keys.iv, last.p, last.n);
}
