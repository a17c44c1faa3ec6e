/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_cert.c - Certificate, CertificateRequest and CertificateVerify.
 *
 * Spec: RFC 8446 4.4.2, 4.3.2, 4.4.3; RFC 5246 7.4.2, 7.4.4, 7.4.8. Older
 * versions carry the same certificate list; only TLS 1.2 and later name the
 * signature scheme.
 * Learns: TLS_SERVER_CHAIN, TLS_CLIENT_CHAIN, TLS_CERTIFICATE_REQUEST,
 * TLS_CLIENT_VERIFY, TLS_KEX_SCHEME, TLS_POST_AUTH_REQUEST.
 */
#include "dissect/tls.h"

static void
learn_chain(struct session *s, const struct tls_shake *h, enum side side,
    struct slice chain)
{
	learn_bytes(s,
	    side == h->client ? FACT_TLS_CLIENT_CHAIN : FACT_TLS_SERVER_CHAIN,
	    chain.p, chain.n);
}

/* RFC 5246 7.4.2: the list on the wire has the form of the fact. */
static void
chain_12(struct session *s, const struct tls_shake *h,
    const struct tls_message *m)
{
	struct cursor c = cur_of(m->body), list, one;

	if (!cur_vec24(&c, &list) || cur_left(&c) != 0)
		return;
	struct slice whole = cur_rest(&list);

	while (cur_left(&list) > 0) {
		if (!cur_vec24(&list, &one))
			return;
	}
	learn_chain(s, h, m->side, whole);
}

/* RFC 8446 4.4.2: every certificate has extensions, which are left out. */
static void
chain_13(struct session *s, const struct tls_shake *h,
    const struct tls_message *m)
{
	struct cursor c = cur_of(m->body), context, list, one, extensions;

	if (!cur_vec8(&c, &context) || !cur_vec24(&c, &list))
		return;
	if (cur_left(&list) == 0) {
		learn_chain(s, h, m->side, cur_rest(&list));
		return;
	}
	uint8_t *flat = arena_take(session_arena(s), cur_left(&list));
	size_t n = 0;

	if (flat == NULL)
		return;
	while (cur_left(&list) > 0) {
		struct slice before = cur_rest(&list);

		if (!cur_vec24(&list, &one))
			return;
		size_t took = before.n - cur_left(&list);

		if (!cur_vec16(&list, &extensions))
			return;
		memcpy(flat + n, before.p, took);
		n += took;
	}
	learn_chain(s, h, m->side, slice_of(flat, n));
}

void
tls_certificate(struct session *s, struct tls_shake *h,
    const struct tls_message *m)
{
	if (tls_is_13(h))
		chain_13(s, h, m);
	else
		chain_12(s, h, m);
}

void
tls_certificate_request(struct session *s, struct tls_shake *h,
    const struct tls_message *m)
{
	if (m->side == h->client)
		return;
	if (tls_is_13(h) && h->finished[h->client])
		learn_number(s, FACT_TLS_POST_AUTH_REQUEST, 1);
	else
		learn_number(s, FACT_TLS_CERTIFICATE_REQUEST, 1);
}

void
tls_certificate_verify(struct session *s, struct tls_shake *h,
    const struct tls_message *m)
{
	struct cursor c = cur_of(m->body), signature;
	uint16_t scheme = 0;
	bool named =
	    tls_is_13(h) || h->version == TLS_1_2 || h->version == DTLS_1_2;

	if (named && !cur_u16(&c, &scheme))
		return;
	/* Without the server's hello the form tells: in TLS 1.2 the signature
	 * with its length fills what follows the scheme. */
	if (h->version == 0) {
		struct cursor look = c;
		uint16_t first;

		if (cur_u16(&look, &first) && cur_vec16(&look, &signature) &&
		    cur_left(&look) == 0)
			scheme = first;
	}
	learn_number(s,
	    m->side == h->client ? FACT_TLS_CLIENT_VERIFY : FACT_TLS_KEX_SCHEME,
	    scheme);
}
