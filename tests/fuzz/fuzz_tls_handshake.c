/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handshake messages as the record layer hands them over. The first octet says
 * what is known before; then, for each flight, one octet of flags and 16 bits
 * of length: messages, whole or not.
 */
#include <stdlib.h>

#include "dissect/registry.h"
#include "dissect/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLAG_CLIENT = 1, FLAG_DECRYPTED = 2, FLAG_ALERT = 4, FLAG_SHIFT = 3 };

static const uint16_t suites[] = { 0x1301, 0xc02f, 0x002f, 0x003b, 0xc0b4,
	0x0033, 0x00a8, 0x0000 };

static void
prepare(struct tls_shake *h, uint8_t setup)
{
	h->client = setup & 1 ? TO_CLIENT : TO_SERVER;
	h->datagram = setup & 2;
	if ((setup & 4) == 0)
		return;
	h->has_client = h->has_server = true;
	h->version = setup & 8 ? TLS_1_3 : TLS_1_2;
	h->suite = suites[setup >> 4 & 7];
}

static void
one_flight(struct tls_gather g[2], struct tls_flight *f, struct slice in,
    uint8_t flags)
{
	uint8_t type = CONTENT_HANDSHAKE;
	struct slice plain;

	f->side = flags & FLAG_CLIENT ? TO_CLIENT : TO_SERVER;
	f->decrypted = flags & FLAG_DECRYPTED;
	if (flags & FLAG_ALERT)
		tls_alerts(f->session, f->shake, f->side, in);
	else
		tls_gather(&g[f->side], f, in);
	(void)tls_messages_fit(in);
	(void)tls_ssl2_record(in);
	(void)tls_probe_hello(cur_of(in));
	if (tls_null_contents(f->shake, in, &plain, &type) && plain.n > in.n)
		abort();
	f->shake->rekey = 0;
}

static void
old_hello(const struct tls_flight *f, struct slice in)
{
	struct tls_hello h = { 0 };
	uint8_t kept[LIMIT_TEXT];

	if (tls_parse_ssl2_hello(in, &h, kept))
		tls_learn_hello(f->session, f->shake, &h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cur_of(slice_of(data, size));
	struct flow flow = { .tuple.proto = IPPROTO_NUM_TCP };
	struct tls_gather g[2] = { { 0 }, { 0 } };
	struct tls_shake shake = { 0 };
	struct tls_flight f = { .shake = &shake };
	uint8_t setup, flags;
	uint16_t length;

	if (!cur_u8(&c, &setup))
		return 0;
	prepare(&shake, setup);
	f.session = session_new(&flow, NULL, NULL);
	if (f.session == NULL)
		abort();
	while (cur_u8(&c, &flags) && cur_u16(&c, &length)) {
		struct slice in = slice_head(cur_rest(&c), length);
		uint8_t *own = malloc(in.n > 0 ? in.n : 1);

		if (own == NULL || !cur_copy(&c, own, in.n))
			abort();
		one_flight(g, &f, slice_of(own, in.n), flags);
		if (flags >> FLAG_SHIFT == 1)
			old_hello(&f, slice_of(own, in.n));
		free(own);
	}
	tls_gather_drop(&g[0]);
	tls_gather_drop(&g[1]);
	session_end(f.session);
	session_free(f.session);
	return 0;
}
