/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One certificate in DER; it is also judged as a chain of itself twice. The
 * signature is not computed, which would take most of the time and never be
 * right: its last octet says whether it is.
 */
#include <openssl/x509.h>

#include "audit/cert.h"
#include "core/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
X509_verify(X509 *x, EVP_PKEY *key)
{
	const ASN1_BIT_STRING *signature;

	X509_get0_signature(&signature, NULL, x);
	return key != NULL && signature->length > 0 &&
	    signature->data[signature->length - 1] % 2;
}

static void
put(struct buf *b, const uint8_t *p, size_t n)
{
	buf_char(b, (char)(n >> 16));
	buf_char(b, (char)(n >> 8));
	buf_char(b, (char)n);
	buf_add(b, p, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct cert_store *s = cert_store_new();
	struct slice name = slice_text("fe1.contoso.example");
	struct findings fs = { 0 };
	struct buf chain;

	if (s == NULL || n > 0xffffff) {
		cert_store_free(s);
		return 0;
	}
	buf_init(&chain);
	put(&chain, p, n);
	put(&chain, p, n);
	struct cert_question q = {
		.chain = buf_slice(&chain),
		.side = n % 2 ? SIDE_SERVER : SIDE_CLIENT,
		.role = ROLE_FRONT_END,
		.names = &name,
		.name_count = 1,
		.mutual = true,
	};

	cert_judge(s, &q, &fs);
	/* The octets as a chain, too. */
	q.chain = slice_of(p, n);
	cert_judge(s, &q, &fs);
	buf_done(&chain);
	cert_store_free(s);
	return 0;
}
