/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "audit/mutual.h"

#define TO_S TO_SERVER
#define TO_C TO_CLIENT
enum {
	AES128 = 0x1301,
	AES256 = 0x1302,
	CHACHA = 0x1303,
	CCM = 0x1304,
	CCM_8 = 0x1305,
	ECDHE_GCM = 0xc02f,
	ECDHE_CHACHA = 0xcca8,
	ECDHE_CBC = 0xc013,
	RSA_GCM = 0x009c,
	ARENA = 1024 * 1024,
	RECORDS_MOST = 16
};

/* Facts made by hand, in packets counted from 1. */
struct hand {
	struct arena arena;
	struct evidence e;
	struct flow_view flow;
	struct tls_records list, again;
	uint64_t packet;
	struct tls_state got;
	struct tls_words words;
};

static int
open_hand(void **state)
{
	struct hand *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	arena_init(&h->arena, ARENA);
	*state = h;
	return 0;
}

static int
close_hand(void **state)
{
	struct hand *h = *state;

	arena_done(&h->arena);
	free(h);
	return 0;
}

static void
again_from_start(struct hand *h)
{
	arena_done(&h->arena);
	evidence_init(&h->e, CARRIER_TCP);
	memset(&h->list, 0, sizeof(h->list));
	memset(&h->again, 0, sizeof(h->again));
	memset(&h->flow, 0, sizeof(h->flow));
	h->flow.bytes[TO_S] = h->flow.bytes[TO_C] = 1000;
	h->packet = 0;
}

static void
learn(struct hand *h, enum fact f, enum side side, uint64_t number)
{
	struct learnt l = {
		.fact = (uint16_t)f,
		.side = (uint8_t)side,
		.packet = ++h->packet,
		.number = number,
	};

	evidence_learn(&h->e, &h->arena, &l);
}

static void
learn_octets(struct hand *h, enum fact f, enum side side, const void *p,
    size_t n)
{
	struct learnt l = {
		.fact = (uint16_t)f,
		.side = (uint8_t)side,
		.packet = ++h->packet,
		.bytes = slice_of(p, n),
	};

	evidence_learn(&h->e, &h->arena, &l);
}

static void
add(struct tls_records *l, struct hand *h, enum side side, uint8_t type,
    uint16_t length)
{
	l->r[l->count++] = (struct tls_record_seen){
		.length = length,
		.type = type,
		.side = (uint8_t)side,
		.packet_low = (uint32_t)++h->packet,
	};
}

static void
client_hello(struct hand *h, uint16_t version)
{
	learn(h, FACT_TLS_CLIENT_HELLO, TO_S, 10);
	learn(h, FACT_TLS_CLIENT_VERSION, TO_S, version);
}

static void
server_hello(struct hand *h, uint16_t version, uint16_t suite)
{
	learn(h, FACT_TLS_SERVER_HELLO, TO_C, 1);
	learn(h, FACT_TLS_VERSION, TO_C, version);
	learn(h, FACT_TLS_SUITE, TO_C, suite);
}

static void
lengths(struct hand *h, enum side side, const uint16_t *c)
{
	while (*c != 0)
		add(&h->list, h, side, 23, *c++);
}

static void
tell(struct hand *h)
{
	if (h->list.count > 0)
		learn_octets(h, FACT_TLS_RECORDS, TO_S, &h->list,
		    sizeof(h->list));
	if (h->again.count > 0)
		learn_octets(h, FACT_TLS_RENEGOTIATION, TO_S, &h->again,
		    sizeof(h->again));
}

static void
judge(struct hand *h)
{
	tell(h);
	assert_true(mutual_judge(&h->e, &h->flow, -1, &h->got, &h->words));
}

static void
expect(const struct hand *h, enum client_certificate client,
    enum tls_progress progress)
{
	if (h->got.client != client || h->got.progress != progress)
		print_error("%s (%d), progress %d instead of %s (%d), %d: %s\n",
		    client_certificate_words[h->got.client], h->got.client,
		    h->got.progress, client_certificate_words[client], client,
		    progress, h->words.why);
	assert_int_equal(h->got.client, client);
	assert_int_equal(h->got.progress, progress);
	assert_true(h->words.why[0] != '\0');
	assert_true(client != CLIENT_CERT_HIDDEN || h->words.missing[0] != '\0' ||
	    progress != TLS_PROGRESS_COMPLETE);
}

/* ---- TLS 1.3, both directions ---- */

enum offer { PLAIN = 0, ALPS = 1, PSK = 2, CHOSEN = 4, EARLY = 8, POST = 16 };

struct row {
	const char *what;
	uint16_t suite;
	unsigned offer;
	uint16_t c[RECORDS_MOST]; /* client, after the ServerHello */
	uint16_t answer[4];       /* server, after the client's flight */
	enum client_certificate client;
	enum tls_progress progress;
};

static void
offers(struct hand *h, unsigned offer)
{
	static const struct {
		enum offer offer;
		enum fact fact;
	} table[] = {
		{ ALPS, FACT_TLS_OFFERED_ALPS },
		{ PSK, FACT_TLS_OFFERED_PSK },
		{ EARLY, FACT_TLS_OFFERED_EARLY_DATA },
		{ POST, FACT_TLS_OFFERED_POST_AUTH },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		if (offer & (unsigned)table[i].offer)
			learn(h, table[i].fact, TO_S, 1);
	}
}

static void
play(struct hand *h, const struct row *r)
{
	static const uint16_t server[] = { 27, 885, 281, 53, 0 };

	again_from_start(h);
	client_hello(h, 0x0304);
	offers(h, r->offer);
	server_hello(h, 0x0304, r->suite);
	if (r->offer & CHOSEN)
		learn(h, FACT_TLS_PSK_CHOSEN, TO_C, 1);
	lengths(h, TO_C, server);
	lengths(h, TO_S, r->c);
	lengths(h, TO_C, r->answer);
}

#define TICKETS             \
	{                   \
		234, 234, 0 \
	}
#define ABSENT   CLIENT_CERT_INFERRED_ABSENT
#define DECLINED CLIENT_CERT_INFERRED_DECLINED
#define MUTUAL   CLIENT_CERT_INFERRED_PRESENTED
#define HIDDEN   CLIENT_CERT_HIDDEN
#define DONE     TLS_PROGRESS_COMPLETE
#define FAILED   TLS_PROGRESS_FAILED
#define PARTIAL  TLS_PROGRESS_INCOMPLETE

/* clang-format off */
static const struct row rows[] = {
	/* OpenSSL, Python, Node, curl; GnuTLS, Go, wolfSSL, rustls the same */
	{ "none", AES128, 0, { 53, 100 }, TICKETS, ABSENT, DONE },
	{ "none 384", AES256, 0, { 69, 100 }, TICKETS, ABSENT, DONE },
	{ "none chacha", CHACHA, 0, { 53 }, TICKETS, ABSENT, DONE },
	{ "none ccm", CCM, 0, { 53 }, TICKETS, ABSENT, DONE },
	{ "none ccm8", CCM_8, 0, { 45 }, TICKETS, ABSENT, DONE },
	{ "none, one way", AES128, 0, { 53, 100 }, { 0 }, ABSENT, DONE },
	{ "none, close", AES128, 0, { 53, 100 }, { 19 }, ABSENT, DONE },
	{ "empty", AES128, 0, { 25, 53, 90 }, TICKETS, DECLINED, DONE },
	{ "empty 384", AES256, 0, { 25, 69 }, TICKETS, DECLINED, DONE },
	{ "empty ccm8", CCM_8, 0, { 17, 45 }, TICKETS, DECLINED, DONE },
	{ "rsa", AES128, 0, { 905, 281, 53, 90 }, TICKETS, MUTUAL, DONE },
	{ "rsa 384", AES256, 0, { 905, 281, 69 }, TICKETS, MUTUAL, DONE },
	{ "rsa ccm8", CCM_8, 0, { 897, 273, 45 }, TICKETS, MUTUAL, DONE },
	{ "p256", AES128, 0, { 696, 95, 53 }, TICKETS, MUTUAL, DONE },
	{ "p256", AES128, 0, { 696, 97, 53 }, TICKETS, MUTUAL, DONE },
	{ "p384", AES128, 0, { 725, 128, 53 }, TICKETS, MUTUAL, DONE },
	{ "ed25519", AES256, 0, { 463, 89, 69 }, TICKETS, MUTUAL, DONE },
	{ "rsa 4096", AES128, 0, { 1161, 537, 53 }, TICKETS, MUTUAL, DONE },
	{ "chain 2", AES128, 0, { 1727, 281, 53 }, TICKETS, MUTUAL, DONE },
	{ "cut to 512", AES128, 0, { 529, 393, 281, 53 }, TICKETS, MUTUAL, DONE },
	{ "small", AES128, 0, { 155, 89, 53 }, TICKETS, MUTUAL, DONE },
	/* NSS, BoringSSL, Chromium: one record */
	{ "nss empty", AES128, 0, { 61 }, TICKETS, DECLINED, DONE },
	{ "nss empty 384", AES256, 0, { 77 }, TICKETS, DECLINED, DONE },
	{ "nss rsa", AES128, 0, { 1205 }, TICKETS, MUTUAL, DONE },
	{ "nss rsa 384", AES256, 0, { 1221 }, TICKETS, MUTUAL, DONE },
	{ "nss p256", AES128, 0, { 818, 90 }, TICKETS, MUTUAL, DONE },
	/* JSSE: 16 zero bytes in every record */
	{ "jsse none", AES128, 0, { 69 }, { 1185 }, ABSENT, DONE },
	{ "jsse none 384", AES256, 0, { 85 }, { 1185 }, ABSENT, DONE },
	{ "jsse empty", AES128, 0, { 41, 69 }, { 1185 }, DECLINED, DONE },
	{ "jsse empty 384", AES256, 0, { 41, 85 }, { 1185 }, DECLINED, DONE },
	{ "jsse rsa", AES128, 0, { 921, 297, 69 }, { 1185 }, MUTUAL, DONE },
	{ "jsse p256", AES256, 0, { 712, 113, 85 }, { 1185 }, MUTUAL, DONE },
	/* application settings, Channel ID */
	{ "alps none", AES128, ALPS, { 63 }, TICKETS, ABSENT, DONE },
	{ "alps not used", AES128, ALPS, { 53 }, TICKETS, ABSENT, DONE },
	{ "alps p256", AES128, ALPS, { 830 }, TICKETS, MUTUAL, DONE },
	{ "channel id", AES128, ALPS, { 189 }, TICKETS, HIDDEN, DONE },
	/* padding to blocks */
	{ "pad 64 none", AES128, 0, { 80, 80 }, { 80, 272 }, HIDDEN, DONE },
	{ "pad 64 one", AES128, 0, { 80 }, { 272, 272 }, HIDDEN, DONE },
	{ "pad 64 empty", AES128, 0, { 80, 80, 80 }, { 272 }, HIDDEN, DONE },
	{ "pad 64 mutual", AES128, 0, { 912, 336, 80 }, { 272 }, HIDDEN, DONE },
	{ "pad 256", AES128, 0, { 272, 272 }, { 272 }, HIDDEN, DONE },
	{ "pad 512", AES256, 0, { 528, 528 }, { 528 }, HIDDEN, DONE },
	{ "pad 1024", AES128, 0, { 1040, 1040 }, { 1040 }, HIDDEN, DONE },
	{ "pad ccm8", CCM_8, 0, { 72, 72 }, { 264 }, HIDDEN, DONE },
	/* no known shape */
	{ "odd", AES128, 0, { 100, 90 }, TICKETS, HIDDEN, DONE },
	{ "just short", AES128, 0, { 210 }, TICKETS, HIDDEN, DONE },
	/* resumed */
	{ "psk", AES128, PSK | CHOSEN, { 53, 90 }, TICKETS, HIDDEN, DONE },
	{ "refused psk", AES128, PSK, { 53, 90 }, TICKETS, ABSENT, DONE },
	{ "refused psk", AES128, PSK, { 905, 281, 53 }, TICKETS, MUTUAL, DONE },
	/* turned away */
	{ "rejected", AES128, 0, { 905, 281, 53 }, { 19 }, MUTUAL, FAILED },
	{ "rejected, client wrote", AES128, 0, { 905, 281, 53, 90, 90 }, { 19 }, MUTUAL, FAILED },
	{ "rejected by jsse", AES128, 0, { 905, 281, 53 }, { 35 }, MUTUAL, FAILED },
	{ "required", AES128, 0, { 25, 53 }, { 19 }, DECLINED, FAILED },
	{ "required, nss", AES128, 0, { 61, 90 }, { 19 }, DECLINED, FAILED },
	{ "no answer", AES128, 0, { 905, 281, 53, 90 }, { 0 }, MUTUAL, PARTIAL },
	{ "much one way", AES128, 0, { 905, 281, 53, 90, 90, 90, 90 }, { 0 }, MUTUAL, DONE },
	{ "server refused", AES128, 0, { 19 }, { 0 }, HIDDEN, FAILED },
	{ "server refused", AES128, 0, { 35 }, { 0 }, HIDDEN, FAILED },
	{ "only empty", AES128, 0, { 25 }, { 0 }, DECLINED, PARTIAL },
	/* RFC 8446 4.6.2 */
	{ "offered only", AES128, POST, { 53, 90, 90 }, TICKETS, ABSENT, DONE },
};
/* clang-format on */

static void
both_directions(void **state)
{
	struct hand *h = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		play(h, &rows[i]);
		judge(h);
		if (h->got.client != rows[i].client ||
		    h->got.progress != rows[i].progress)
			print_error("%s:\n", rows[i].what);
		expect(h, rows[i].client, rows[i].progress);
		assert_int_equal(h->got.certainty, CERTAINTY_INFERRED);
		assert_int_equal(h->got.suite, rows[i].suite);
		assert_int_equal(h->got.resumed, (rows[i].offer & CHOSEN) != 0);
		assert_true(h->got.packet > 0);
	}
}

static void
early_data(void **state)
{
	static const uint16_t early[] = { 905, 281, 53, 0 };
	struct hand *h = *state;
	struct row r = { .suite = AES128, .offer = EARLY | PSK };

	/* Refused: what came before the server's hello is no flight. */
	again_from_start(h);
	client_hello(h, 0x0304);
	offers(h, r.offer);
	lengths(h, TO_S, early);
	h->list.before_server_hello = h->list.count;
	server_hello(h, 0x0304, AES128);
	lengths(h, TO_C, (const uint16_t[]){ 27, 885, 281, 53, 0 });
	lengths(h, TO_S, (const uint16_t[]){ 53, 90, 0 });
	lengths(h, TO_C, (const uint16_t[]){ 234, 234, 0 });
	judge(h);
	expect(h, ABSENT, DONE);

	/* Accepted: up to EndOfEarlyData, also behind the server's hello. */
	again_from_start(h);
	client_hello(h, 0x0304);
	offers(h, r.offer);
	lengths(h, TO_S, early);
	h->list.before_server_hello = h->list.count;
	server_hello(h, 0x0304, AES128);
	learn(h, FACT_TLS_PSK_CHOSEN, TO_C, 1);
	lengths(h, TO_C, (const uint16_t[]){ 31, 53, 0 });
	lengths(h, TO_S, (const uint16_t[]){ 905, 281, 21, 53, 90, 0 });
	lengths(h, TO_C, (const uint16_t[]){ 234, 0 });
	judge(h);
	expect(h, HIDDEN, DONE);
	assert_true(h->got.resumed);
}

static void
asked_later(void **state)
{
	struct hand *h = *state;
	struct row r = { .suite = AES128, .offer = POST, .c = { 53, 90 } };

	play(h, &r);
	lengths(h, TO_C, (const uint16_t[]){ 234, 94, 0 });
	lengths(h, TO_S, (const uint16_t[]){ 937, 281, 53, 0 });
	judge(h);
	expect(h, MUTUAL, DONE);
	assert_true(h->got.post_auth);

	/* Declined. */
	play(h, &r);
	lengths(h, TO_C, (const uint16_t[]){ 234, 94, 0 });
	lengths(h, TO_S, (const uint16_t[]){ 57, 53, 0 });
	judge(h);
	expect(h, ABSENT, DONE);

	/* The request is not there to be seen. */
	play(h, &r);
	h->flow.lost[TO_C] = 99;
	lengths(h, TO_S, (const uint16_t[]){ 937, 281, 53, 0 });
	judge(h);
	expect(h, HIDDEN, DONE);

	/* A client that did not offer it cannot be asked. */
	r.offer = 0;
	play(h, &r);
	lengths(h, TO_C, (const uint16_t[]){ 234, 94, 0 });
	lengths(h, TO_S, (const uint16_t[]){ 937, 281, 53, 0 });
	judge(h);
	expect(h, ABSENT, DONE);
}

static void
lost_bytes(void **state)
{
	struct hand *h = *state;
	struct row r = { .suite = AES128, .c = { 281, 53 }, .answer = TICKETS };

	play(h, &r);
	learn(h, FACT_TLS_LOST, TO_S, 910);
	judge(h);
	expect(h, HIDDEN, DONE);
	/* What the server lost does not change the client's lengths. */
	r.c[0] = 53;
	r.c[1] = 90;
	play(h, &r);
	learn(h, FACT_TLS_LOST, TO_C, 910);
	judge(h);
	expect(h, ABSENT, DONE);
	/* The server's hello was lost: the suite is not known. */
	again_from_start(h);
	client_hello(h, 0x0304);
	learn(h, FACT_TLS_LOST, TO_C, 1000);
	lengths(h, TO_S, (const uint16_t[]){ 69, 90, 0 });
	lengths(h, TO_C, (const uint16_t[]){ 234, 0 });
	judge(h);
	expect(h, ABSENT, DONE);
}

/* ---- TLS 1.3, one direction ---- */

static const struct row client_rows[] = {
	{ "none", 0, 0, { 53, 90 }, { 0 }, ABSENT, DONE },
	{ "none", 0, 0, { 69 }, { 0 }, ABSENT, DONE },
	{ "none", 0, 0, { 85 }, { 0 }, ABSENT, DONE },
	{ "empty", 0, 0, { 25, 53, 90, 90, 19 }, { 0 }, DECLINED, DONE },
	{ "empty", 0, 0, { 41, 85, 90, 90, 35 }, { 0 }, DECLINED, DONE },
	{ "empty", 0, 0, { 61, 90, 90 }, { 0 }, DECLINED, DONE },
	{ "empty", 0, 0, { 77, 90, 90 }, { 0 }, DECLINED, DONE },
	{ "turned away?", 0, 0, { 25, 53, 90 }, { 0 }, DECLINED, PARTIAL },
	{ "good-bye", 0, 0, { 25, 53, 90, 19 }, { 0 }, DECLINED, PARTIAL },
	{ "good-bye", 0, 0, { 61, 108, 19 }, { 0 }, DECLINED, PARTIAL },
	{ "rsa", 0, 0, { 905, 281, 53, 90, 90, 19 }, { 0 }, MUTUAL, DONE },
	{ "small", 0, 0, { 155, 89, 69, 90, 90 }, { 0 }, MUTUAL, DONE },
	{ "nss", 0, 0, { 818, 90, 90 }, { 0 }, MUTUAL, DONE },
	{ "turned away?", 0, 0, { 818, 90 }, { 0 }, MUTUAL, PARTIAL },
	{ "and nothing more", 0, 0, { 905, 281, 53 }, { 0 }, MUTUAL, PARTIAL },
	{ "padded", 0, 0, { 272, 272, 272 }, { 0 }, HIDDEN, DONE },
	{ "between", 0, 0, { 200, 90, 90 }, { 0 }, HIDDEN, DONE },
	{ "resumed?", 0, PSK, { 53, 90 }, { 0 }, HIDDEN, DONE },
	{ "not resumed", 0, PSK, { 61, 90, 90 }, { 0 }, DECLINED, DONE },
	{ "early", 0, PSK | EARLY, { 300, 53, 90, 90 }, { 0 }, HIDDEN, DONE },
	{ "early", 0, PSK | EARLY, { 300, 21, 53, 90 }, { 0 }, HIDDEN, DONE },
};

static void
client_only(void **state)
{
	struct hand *h = *state;

	for (size_t i = 0; i < COUNT(client_rows); i++) {
		const struct row *r = &client_rows[i];

		again_from_start(h);
		h->flow.bytes[TO_C] = 0;
		client_hello(h, 0x0304);
		offers(h, r->offer);
		lengths(h, TO_S, r->c);
		judge(h);
		if (h->got.client != r->client ||
		    h->got.progress != r->progress)
			print_error("client only, %s:\n", r->what);
		expect(h, r->client, r->progress);
		assert_int_equal(h->got.certainty, CERTAINTY_INFERRED);
		assert_int_equal(h->got.version, 0);
	}
	/* EndOfEarlyData is sent only where early data was accepted. */
	assert_true(h->got.resumed);
}

static const struct {
	const char *what;
	uint16_t suite, s[12];
	uint16_t ack;
	bool resumed, requested;
	enum client_certificate client;
	enum tls_progress progress;
} server_rows[] = {
	/* clang-format off */
	{ "no request", AES128, { 27, 885, 281, 53, 234 }, 0, false, false, ABSENT, DONE },
	{ "no request", AES256, { 27, 885, 281, 69, 234 }, 0, false, false, ABSENT, DONE },
	{ "no request, jsse", AES256, { 43, 901, 297, 85, 1185 }, 0, false, false, ABSENT, DONE },
	{ "request", AES128, { 27, 115, 885, 281, 53, 234 }, 0, false, true, HIDDEN, DONE },
	{ "request, p256", AES128, { 27, 62, 696, 96, 53, 234 }, 0, false, true, HIDDEN, DONE },
	{ "request, short flight", AES128, { 27, 115, 885, 281, 53, 234 },
	    89, false, true, ABSENT, DONE },
	{ "request, short flight", AES128, { 27, 115, 885, 281, 53, 234 },
	    58, false, true, ABSENT, DONE },
	{ "request, long flight", AES128, { 27, 115, 885, 281, 53, 1114 },
	    1260, false, true, HIDDEN, DONE },
	{ "turned away", AES128, { 27, 115, 885, 281, 53, 19 }, 0, false, true, HIDDEN, PARTIAL },
	{ "one record", AES128, { 1205, 198, 300 }, 0, false, false, HIDDEN, DONE },
	{ "fragments", AES128, { 27, 529, 393, 281, 53, 234 }, 0, false, true, HIDDEN, DONE },
	{ "padded", AES128, { 80, 912, 336, 80, 272 }, 0, false, false, HIDDEN, DONE },
	{ "resumed", AES128, { 31, 53, 234 }, 64, true, false, HIDDEN, DONE },
	{ "asked later", AES128, { 27, 885, 281, 53, 234, 234, 90, 117,
	    1114, 1114, 22 }, 58, false, false, HIDDEN, DONE },
	{ "asked later, the last", AES256, { 27, 885, 281, 69, 250, 250, 117,
	    666, 666 }, 0, false, false, HIDDEN, DONE },
	{ "three alike", AES128, { 27, 885, 281, 53, 234, 234, 117, 1114, 1114,
	    1114 }, 0, false, false, ABSENT, DONE },
	{ "no pair at first", AES128, { 27, 885, 281, 53, 234, 117, 1114, 1114 },
	    0, false, false, ABSENT, DONE },
	{ "no longer", AES128, { 27, 885, 281, 53, 234, 234, 117, 234, 234,
	    90 }, 0, false, false, ABSENT, DONE },
	/* clang-format on */
};

static void
server_only(void **state)
{
	struct hand *h = *state;

	for (size_t i = 0; i < COUNT(server_rows); i++) {
		again_from_start(h);
		h->flow.bytes[TO_S] = 0;
		server_hello(h, 0x0304, server_rows[i].suite);
		if (server_rows[i].resumed)
			learn(h, FACT_TLS_PSK_CHOSEN, TO_C, 1);
		lengths(h, TO_C, server_rows[i].s);
		if (server_rows[i].ack != 0)
			learn(h, FACT_TLS_CLIENT_FLIGHT_ACK, TO_C,
			    server_rows[i].ack);
		judge(h);
		if (h->got.client != server_rows[i].client)
			print_error("server only, %s:\n", server_rows[i].what);
		expect(h, server_rows[i].client, server_rows[i].progress);
		assert_int_equal(h->got.requested, server_rows[i].requested);
		assert_int_equal(h->got.certainty, CERTAINTY_INFERRED);
		assert_int_equal(h->got.client_side, TO_S);
	}
}

/* ---- TLS 1.3 with keys ---- */

static void
keys_open(struct hand *h, bool asked, uint16_t flight)
{
	again_from_start(h);
	client_hello(h, 0x0304);
	server_hello(h, 0x0304, AES128);
	learn(h, FACT_TLS_DECRYPTED, TO_C, 1);
	if (asked)
		learn(h, FACT_TLS_CERTIFICATE_REQUEST, TO_C, 1);
	learn_octets(h, FACT_TLS_SERVER_CHAIN, TO_C, "\0\0\1x", 4);
	lengths(h, TO_C, (const uint16_t[]){ 1300, 0 });
	learn(h, FACT_TLS_FINISHED, TO_C, 1);
	learn(h, FACT_TLS_DECRYPTED, TO_S, 1);
	lengths(h, TO_S, (const uint16_t[]){ flight, 0 });
}

static void
keys_finish(struct hand *h)
{
	learn(h, FACT_TLS_FINISHED, TO_S, 1);
	lengths(h, TO_C, (const uint16_t[]){ 234, 0 });
	judge(h);
}

static void
with_keys(void **state)
{
	struct hand *h = *state;

	keys_open(h, false, 53);
	keys_finish(h);
	expect(h, CLIENT_CERT_NOT_REQUESTED, DONE);
	assert_int_equal(h->got.certainty, CERTAINTY_PROVEN);

	/* Padding and settings hide nothing from the keys. */
	keys_open(h, true, 80);
	learn_octets(h, FACT_TLS_CLIENT_CHAIN, TO_S, "", 0);
	keys_finish(h);
	expect(h, CLIENT_CERT_DECLINED, DONE);
	assert_int_equal(h->got.certainty, CERTAINTY_PROVEN);

	keys_open(h, true, 1040);
	learn_octets(h, FACT_TLS_CLIENT_CHAIN, TO_S, "\0\0\1x", 4);
	learn(h, FACT_TLS_CLIENT_VERIFY, TO_S, 0x0804);
	keys_finish(h);
	expect(h, CLIENT_CERT_PRESENTED, DONE);
	assert_int_equal(h->got.certainty, CERTAINTY_PROVEN);
	assert_non_null(h->got.client_chain);

	/* Asked again later: what was proven once stays. */
	keys_open(h, true, 61);
	learn_octets(h, FACT_TLS_CLIENT_CHAIN, TO_S, "", 0);
	learn_octets(h, FACT_TLS_CLIENT_CHAIN, TO_S, "\0\0\1x", 4);
	learn(h, FACT_TLS_CLIENT_VERIFY, TO_S, 0x0804);
	keys_finish(h);
	expect(h, CLIENT_CERT_PRESENTED, DONE);

	/* A certificate that was compressed, or lost: its proof is enough. */
	keys_open(h, true, 700);
	learn(h, FACT_TLS_CLIENT_VERIFY, TO_S, 0x0804);
	keys_finish(h);
	expect(h, CLIENT_CERT_PRESENTED, DONE);
}

static void
with_keys_and_holes(void **state)
{
	struct hand *h = *state;

	/* The client's flight has a hole: absence proves nothing... */
	keys_open(h, true, 53);
	learn(h, FACT_TLS_LOST, TO_S, 900);
	keys_finish(h);
	expect(h, HIDDEN, DONE);
	/* ... unless the server is known not to have asked. */
	keys_open(h, false, 53);
	learn(h, FACT_TLS_LOST, TO_S, 900);
	keys_finish(h);
	expect(h, CLIENT_CERT_NOT_REQUESTED, DONE);
	assert_int_equal(h->got.certainty, CERTAINTY_PROVEN);
	/* Both have holes. */
	keys_open(h, false, 53);
	learn(h, FACT_TLS_LOST, TO_S, 900);
	learn(h, FACT_TLS_LOST, TO_C, 900);
	keys_finish(h);
	expect(h, HIDDEN, DONE);
	/* Certificate without the proof of its key. */
	keys_open(h, true, 905);
	learn_octets(h, FACT_TLS_CLIENT_CHAIN, TO_S, "\0\0\1x", 4);
	judge(h);
	expect(h, HIDDEN, PARTIAL);
}

static void
with_keys_asked_later(void **state)
{
	struct hand *h = *state;

	keys_open(h, false, 53);
	learn(h, FACT_TLS_OFFERED_POST_AUTH, TO_S, 1);
	learn(h, FACT_TLS_POST_AUTH_REQUEST, TO_C, 1);
	keys_finish(h);
	expect(h, HIDDEN, DONE);

	keys_open(h, false, 53);
	learn(h, FACT_TLS_OFFERED_POST_AUTH, TO_S, 1);
	h->flow.lost[TO_S] = 937;
	keys_finish(h);
	expect(h, CLIENT_CERT_NOT_REQUESTED, DONE);
	assert_int_equal(h->got.certainty, CERTAINTY_INFERRED);

	keys_open(h, true, 61);
	learn_octets(h, FACT_TLS_CLIENT_CHAIN, TO_S, "", 0);
	learn(h, FACT_TLS_FINISHED, TO_S, 1);
	judge(h);
	expect(h, CLIENT_CERT_DECLINED, PARTIAL);
}

static void
with_keys_turned_away(void **state)
{
	struct hand *h = *state;

	keys_open(h, true, 1205);
	learn_octets(h, FACT_TLS_CLIENT_CHAIN, TO_S, "\0\0\1x", 4);
	learn(h, FACT_TLS_CLIENT_VERIFY, TO_S, 0x0804);
	learn(h, FACT_TLS_FINISHED, TO_S, 1);
	lengths(h, TO_C, (const uint16_t[]){ 19, 0 });
	h->packet--;
	learn(h, FACT_TLS_ALERT, TO_C, 2 << 8 | 48);
	judge(h);
	expect(h, CLIENT_CERT_PRESENTED, FAILED);
	assert_int_equal(h->got.alert, 48);

	/* It says good-bye, too. */
	lengths(h, TO_C, (const uint16_t[]){ 19, 0 });
	h->packet--;
	learn(h, FACT_TLS_ALERT, TO_C, 1 << 8 | 0);
	judge(h);
	expect(h, CLIENT_CERT_PRESENTED, FAILED);

	/* The same length, but it says good-bye. */
	keys_open(h, true, 1205);
	learn_octets(h, FACT_TLS_CLIENT_CHAIN, TO_S, "\0\0\1x", 4);
	learn(h, FACT_TLS_CLIENT_VERIFY, TO_S, 0x0804);
	learn(h, FACT_TLS_FINISHED, TO_S, 1);
	lengths(h, TO_C, (const uint16_t[]){ 19, 0 });
	h->packet--;
	learn(h, FACT_TLS_ALERT, TO_C, 1 << 8 | 0);
	judge(h);
	expect(h, CLIENT_CERT_PRESENTED, DONE);

	/* ... and what was lost before it may have been another. */
	h->flow.lost[TO_C] = 24;
	judge(h);
	expect(h, CLIENT_CERT_PRESENTED, PARTIAL);

	/* An alert long after the handshake does not undo it. */
	keys_open(h, false, 53);
	learn(h, FACT_TLS_FINISHED, TO_S, 1);
	lengths(h, TO_C, (const uint16_t[]){ 234, 0 });
	learn(h, FACT_TLS_ALERT, TO_C, 2 << 8 | 80);
	learn(h, FACT_TLS_ALERT, TO_S, 2 << 8 | 80);
	judge(h);
	expect(h, CLIENT_CERT_NOT_REQUESTED, DONE);
}

/* ---- up to TLS 1.2 ---- */

enum step {
	END,
	CH,
	SH,
	CERT, /* of the server */
	REQUEST,
	HELLO_DONE,
	EMPTY,
	CHAIN,
	NO_CERT,
	KEX,
	VERIFY,
	C_CCS,
	S_CCS,
	C_FIN,
	S_FIN,
	C_DATA,
	S_DATA,
	S_ALERT,
	C_LOST,
	S_LOST,
};

static const struct {
	enum fact fact;
	enum side side;
	uint64_t number;
	const char *bytes;
	size_t n;
} steps[] = {
	[CH] = { FACT_TLS_CLIENT_HELLO, TO_S, 9, NULL, 0 },
	[SH] = { FACT_TLS_SERVER_HELLO, TO_C, 1, NULL, 0 },
	[CERT] = { FACT_TLS_SERVER_CHAIN, TO_C, 0, "\0\0\1x", 4 },
	[REQUEST] = { FACT_TLS_CERTIFICATE_REQUEST, TO_C, 1, NULL, 0 },
	[HELLO_DONE] = { FACT_TLS_SERVER_HELLO_DONE, TO_C, 1, NULL, 0 },
	[EMPTY] = { FACT_TLS_CLIENT_CHAIN, TO_S, 0, "", 0 },
	[CHAIN] = { FACT_TLS_CLIENT_CHAIN, TO_S, 0, "\0\0\1x", 4 },
	[NO_CERT] = { FACT_TLS_NO_CERTIFICATE, TO_S, 1, NULL, 0 },
	[KEX] = { FACT_TLS_CLIENT_KEY_EXCHANGE, TO_S, 1, NULL, 0 },
	[VERIFY] = { FACT_TLS_CLIENT_VERIFY, TO_S, 0x0401, NULL, 0 },
	[C_CCS] = { FACT_TLS_CCS, TO_S, 1, NULL, 0 },
	[S_CCS] = { FACT_TLS_CCS, TO_C, 1, NULL, 0 },
	[C_FIN] = { FACT_TLS_FINISHED, TO_S, 0, NULL, 0 },
	[S_FIN] = { FACT_TLS_FINISHED, TO_C, 0, NULL, 0 },
	[C_DATA] = { FACT_TLS_APPLICATION_DATA, TO_S, 99, NULL, 0 },
	[S_DATA] = { FACT_TLS_APPLICATION_DATA, TO_C, 99, NULL, 0 },
	[S_ALERT] = { FACT_TLS_ALERT, TO_C, 2 << 8 | 40, NULL, 0 },
	[C_LOST] = { FACT_TLS_LOST, TO_S, 300, NULL, 0 },
	[S_LOST] = { FACT_TLS_LOST, TO_C, 300, NULL, 0 },
};

static void
walk(struct hand *h, uint16_t version, const uint8_t *s)
{
	for (; *s != END; s++) {
		if (steps[*s].bytes != NULL)
			learn_octets(h, steps[*s].fact, steps[*s].side,
			    steps[*s].bytes, steps[*s].n);
		else
			learn(h, steps[*s].fact, steps[*s].side,
			    steps[*s].number);
		if (*s == SH) {
			learn(h, FACT_TLS_VERSION, TO_C, version);
			learn(h, FACT_TLS_SUITE, TO_C, ECDHE_GCM);
		}
	}
}

#define PROVEN    CERTAINTY_PROVEN
#define INFERRED  CERTAINTY_INFERRED
#define NOT_ASKED CLIENT_CERT_NOT_REQUESTED
#define PRESENTED CLIENT_CERT_PRESENTED
#define REFUSED   CLIENT_CERT_DECLINED
#define ENDS      C_CCS, C_FIN, S_CCS, S_FIN

static const struct {
	const char *what;
	uint8_t s[20];
	enum client_certificate client;
	enum certainty certainty;
	enum tls_progress progress;
	bool resumed;
} old_rows[] = {
	/* clang-format off */
	{ "none", { CH, SH, CERT, HELLO_DONE, KEX, ENDS }, NOT_ASKED, PROVEN, DONE, false },
	{ "empty", { CH, SH, CERT, REQUEST, HELLO_DONE, EMPTY, KEX, ENDS },
	    REFUSED, PROVEN, DONE, false },
	{ "alert 41", { CH, SH, CERT, REQUEST, HELLO_DONE, NO_CERT, KEX, ENDS },
	    REFUSED, PROVEN, DONE, false },
	{ "ignored", { CH, SH, CERT, REQUEST, HELLO_DONE, KEX, ENDS },
	    REFUSED, PROVEN, DONE, false },
	{ "mutual", { CH, SH, CERT, REQUEST, HELLO_DONE, CHAIN, KEX, VERIFY, ENDS },
	    PRESENTED, PROVEN, DONE, false },
	{ "no proof", { CH, SH, CERT, REQUEST, HELLO_DONE, CHAIN, KEX, ENDS },
	    HIDDEN, PROVEN, DONE, false },
	{ "chain lost", { CH, SH, CERT, REQUEST, HELLO_DONE, C_LOST, KEX, VERIFY, ENDS },
	    PRESENTED, PROVEN, DONE, false },
	{ "resumed", { CH, SH, S_CCS, S_FIN, C_CCS, C_FIN }, HIDDEN, INFERRED, DONE, true },
	{ "required", { CH, SH, CERT, REQUEST, HELLO_DONE, EMPTY, KEX, C_CCS, C_FIN, S_ALERT },
	    REFUSED, PROVEN, FAILED, false },
	{ "rejected",
	    { CH, SH, CERT, REQUEST, HELLO_DONE, CHAIN, KEX, VERIFY, C_CCS, C_FIN, S_ALERT },
	    PRESENTED, PROVEN, FAILED, false },
	{ "cut off at its end", { CH, SH, CERT, HELLO_DONE, KEX, ENDS, S_ALERT },
	    NOT_ASKED, PROVEN, DONE, false },
	{ "resumed, rejected", { CH, SH, S_CCS, S_FIN, C_CCS, C_FIN, S_ALERT },
	    HIDDEN, INFERRED, FAILED, true },
	{ "no suite", { CH, S_ALERT }, HIDDEN, INFERRED, FAILED, false },
	{ "no end", { CH, SH, CERT, REQUEST, HELLO_DONE, CHAIN, KEX, VERIFY, C_CCS, C_FIN },
	    PRESENTED, PROVEN, PARTIAL, false },
	{ "cut short", { CH, SH, CERT }, HIDDEN, INFERRED, PARTIAL, false },
	{ "only a hello", { CH, SH }, HIDDEN, INFERRED, PARTIAL, false },
	/* holes */
	{ "server's hole", { CH, SH, S_LOST, HELLO_DONE, KEX, ENDS },
	    NOT_ASKED, PROVEN, DONE, false },
	{ "client's hole", { CH, SH, CERT, HELLO_DONE, C_LOST, ENDS },
	    NOT_ASKED, PROVEN, DONE, false },
	{ "asked, hole", { CH, SH, CERT, REQUEST, HELLO_DONE, C_LOST, KEX, ENDS },
	    HIDDEN, INFERRED, DONE, false },
	{ "both", { CH, SH, S_LOST, C_LOST, ENDS }, HIDDEN, INFERRED, DONE, false },
	{ "hole, no hello done", { CH, SH, S_LOST, S_CCS, S_FIN, C_LOST, C_CCS, C_FIN },
	    HIDDEN, INFERRED, DONE, false },
	/* one direction */
	{ "client only", { CH, KEX, C_CCS, C_FIN, C_DATA }, NOT_ASKED, PROVEN, DONE, false },
	{ "client only", { CH, EMPTY, KEX, C_CCS, C_FIN, C_DATA }, REFUSED, PROVEN, DONE, false },
	{ "client only", { CH, CHAIN, KEX, VERIFY, C_CCS, C_FIN, C_DATA },
	    PRESENTED, PROVEN, DONE, false },
	{ "client only", { CH, CHAIN, KEX, VERIFY, C_CCS, C_FIN },
	    PRESENTED, PROVEN, PARTIAL, false },
	{ "client only", { CH, C_CCS, C_FIN, C_DATA }, HIDDEN, INFERRED, DONE, true },
	{ "client only, hole", { CH, C_LOST, KEX, C_CCS, C_FIN, C_DATA },
	    HIDDEN, INFERRED, DONE, false },
	{ "server only", { SH, CERT, HELLO_DONE, S_CCS, S_FIN, S_DATA },
	    NOT_ASKED, PROVEN, DONE, false },
	{ "server only", { SH, CERT, REQUEST, HELLO_DONE, S_CCS, S_FIN, S_DATA },
	    HIDDEN, INFERRED, DONE, false },
	{ "server only", { SH, S_CCS, S_FIN, S_DATA }, HIDDEN, INFERRED, DONE, true },
	/* clang-format on */
};

static void
readable(void **state)
{
	static const uint16_t versions[] = { 0x0300, 0x0301, 0x0302, 0x0303,
		0xfeff, 0xfefd };
	struct hand *h = *state;

	for (size_t i = 0; i < COUNT(old_rows) * COUNT(versions); i++) {
		size_t k = i / COUNT(versions);

		again_from_start(h);
		walk(h, versions[i % COUNT(versions)], old_rows[k].s);
		judge(h);
		if (h->got.client != old_rows[k].client ||
		    h->got.certainty != old_rows[k].certainty ||
		    h->got.progress != old_rows[k].progress ||
		    h->got.resumed != old_rows[k].resumed)
			print_error("%s:\n", old_rows[k].what);
		expect(h, old_rows[k].client, old_rows[k].progress);
		assert_int_equal(h->got.certainty, old_rows[k].certainty);
		assert_int_equal(h->got.resumed, old_rows[k].resumed);
	}
}

static void
resets_and_middles(void **state)
{
	static const uint8_t start[] = { CH, SH, CERT, END };
	struct hand *h = *state;

	again_from_start(h);
	h->flow.tcp_flags[TO_C] = TCP_RST;
	h->flow.last_packet = 77;
	walk(h, 0x0303, start);
	judge(h);
	expect(h, HIDDEN, FAILED);
	assert_true(h->got.reset);
	assert_int_equal(h->got.fail_packet, 77);

	again_from_start(h);
	learn(h, FACT_TLS_MID_STREAM, TO_S, 1);
	judge(h);
	expect(h, HIDDEN, TLS_PROGRESS_MID_STREAM);

	again_from_start(h);
	assert_false(mutual_judge(&h->e, &h->flow, -1, &h->got, &h->words));
	assert_int_equal(h->got.progress, TLS_PROGRESS_NONE);
}

static void
no_protection(void **state)
{
	static const uint8_t start[] = { CH, SH, HELLO_DONE, KEX, ENDS, END };
	struct hand *h = *state;

	again_from_start(h);
	walk(h, 0x0303, start);
	judge(h);
	assert_false(h->got.null_cipher);
	assert_false(h->got.anonymous);
	again_from_start(h);
	client_hello(h, 0x0303);
	server_hello(h, 0x0303, 0x003b);
	judge(h);
	assert_true(h->got.null_cipher);
	again_from_start(h);
	client_hello(h, 0x0303);
	server_hello(h, 0x0303, 0x00a6);
	judge(h);
	assert_true(h->got.anonymous);
}

/* RFC 9147: certificates are encrypted, lengths were not measured. */
static void
datagrams_13(void **state)
{
	struct hand *h = *state;

	again_from_start(h);
	client_hello(h, 0xfefc);
	server_hello(h, 0xfefc, AES128);
	judge(h);
	expect(h, HIDDEN, PARTIAL);
	assert_int_equal(h->got.certainty, CERTAINTY_INFERRED);
	assert_true(h->got.dtls);
	learn(h, FACT_TLS_FINISHED, TO_S, 0);
	judge(h);
	expect(h, HIDDEN, PARTIAL);
	learn(h, FACT_TLS_FINISHED, TO_C, 0);
	judge(h);
	expect(h, HIDDEN, DONE);
}

/* ---- renegotiation ---- */

static const struct {
	const char *what;
	uint16_t suite;
	uint16_t c[4]; /* client, between hello and ChangeCipherSpec */
	enum client_certificate client;
	enum certainty certainty;
} again_rows[] = {
	/* clang-format off */
	{ "gcm none", ECDHE_GCM, { 61 }, NOT_ASKED, INFERRED },
	{ "gcm empty", ECDHE_GCM, { 31, 61 }, DECLINED, INFERRED },
	{ "gcm empty, nss", ECDHE_GCM, { 68 }, DECLINED, INFERRED },
	{ "gcm rsa", ECDHE_GCM, { 909, 61, 288 }, MUTUAL, INFERRED },
	{ "gcm rsa, nss", ECDHE_GCM, { 1210 }, MUTUAL, INFERRED },
	{ "chacha none", ECDHE_CHACHA, { 53 }, NOT_ASKED, INFERRED },
	{ "chacha empty", ECDHE_CHACHA, { 23, 53 }, DECLINED, INFERRED },
	{ "chacha rsa", ECDHE_CHACHA, { 901, 53, 280 }, MUTUAL, INFERRED },
	{ "cbc none", ECDHE_CBC, { 84 }, NOT_ASKED, INFERRED },
	{ "cbc empty", ECDHE_CBC, { 52, 84 }, DECLINED, INFERRED },
	{ "cbc rsa", ECDHE_CBC, { 932, 84, 308 }, MUTUAL, INFERRED },
	{ "rsa none", RSA_GCM, { 286 }, NOT_ASKED, INFERRED },
	{ "rsa empty", RSA_GCM, { 31, 286 }, DECLINED, INFERRED },
	{ "rsa rsa", RSA_GCM, { 909, 286, 288 }, MUTUAL, INFERRED },
	{ "abbreviated", ECDHE_GCM, { 0 }, NOT_ASKED, PROVEN },
	/* clang-format on */
};

static void
once_more(struct hand *h, const uint16_t *c)
{
	add(&h->again, h, TO_C, 22, 28);
	add(&h->again, h, TO_S, 22, 290);
	add(&h->again, h, TO_C, 22, 900);
	while (*c != 0)
		add(&h->again, h, TO_S, 22, *c++);
	add(&h->again, h, TO_S, 20, 25);
	add(&h->again, h, TO_S, 22, 40);
	add(&h->again, h, TO_C, 20, 25);
	add(&h->again, h, TO_C, 22, 40);
}

static void
first_handshake(struct hand *h, uint16_t suite)
{
	static const uint8_t rest[] = { CERT, HELLO_DONE, KEX, ENDS, C_DATA,
		S_DATA, END };

	again_from_start(h);
	client_hello(h, 0x0303);
	server_hello(h, 0x0303, suite);
	walk(h, 0x0303, rest);
}

static void
renegotiation(void **state)
{
	static const uint16_t none[] = { 61, 0 }, rsa[] = { 909, 61, 288, 0 };
	struct hand *h = *state;

	for (size_t i = 0; i < COUNT(again_rows); i++) {
		first_handshake(h, again_rows[i].suite);
		once_more(h, again_rows[i].c);
		judge(h);
		if (h->got.client != again_rows[i].client ||
		    h->got.certainty != again_rows[i].certainty)
			print_error("%s:\n", again_rows[i].what);
		expect(h, again_rows[i].client, DONE);
		assert_int_equal(h->got.certainty, again_rows[i].certainty);
	}
	/* The second of two. */
	first_handshake(h, ECDHE_GCM);
	once_more(h, none);
	once_more(h, rsa);
	judge(h);
	expect(h, MUTUAL, DONE);
	/* And one that follows does not take it back. */
	first_handshake(h, ECDHE_GCM);
	once_more(h, rsa);
	once_more(h, none);
	judge(h);
	expect(h, MUTUAL, DONE);
	/* With a hole in it a short flight proves nothing, a long one does. */
	first_handshake(h, ECDHE_GCM);
	once_more(h, none);
	h->flow.lost[TO_S] = 933;
	judge(h);
	expect(h, HIDDEN, DONE);
	first_handshake(h, ECDHE_GCM);
	once_more(h, rsa);
	h->flow.lost[TO_S] = 66;
	judge(h);
	expect(h, MUTUAL, DONE);
	/* Decrypted: no lengths are needed. */
	first_handshake(h, ECDHE_GCM);
	learn(h, FACT_TLS_FINISHED, TO_S, 1);
	once_more(h, none);
	learn(h, FACT_TLS_FINISHED, TO_S, 1);
	judge(h);
	expect(h, NOT_ASKED, DONE);
	assert_int_equal(h->got.certainty, CERTAINTY_PROVEN);
}

static void
renegotiation_one_way(void **state)
{
	static const uint8_t rest[] = { SH, CERT, HELLO_DONE, S_CCS, S_FIN,
		S_DATA, END };
	struct hand *h = *state;

	for (uint16_t flight = 100; flight <= 1100; flight += 1000) {
		again_from_start(h);
		h->flow.bytes[TO_S] = 0;
		walk(h, 0x0303, rest);
		add(&h->again, h, TO_C, 22, 28);
		add(&h->again, h, TO_C, 22, flight);
		add(&h->again, h, TO_C, 20, 25);
		add(&h->again, h, TO_C, 22, 40);
		judge(h);
		expect(h, flight < 600 ? NOT_ASKED : HIDDEN, DONE);
	}
}

/* ---- scopes ---- */

static void
inner_scopes(void **state)
{
	struct hand *h = *state;
	struct learnt l = { .scope = 1, .packet = 9 };

	/* Inside a tunnel, and TLS the other way round. */
	again_from_start(h);
	l.fact = FACT_TLS_CLIENT_HELLO;
	l.side = TO_C;
	evidence_learn(&h->e, &h->arena, &l);
	l.fact = FACT_TLS_SERVER_HELLO;
	l.side = TO_S;
	evidence_learn(&h->e, &h->arena, &l);
	l.fact = FACT_TLS_VERSION;
	l.number = 0x0303;
	evidence_learn(&h->e, &h->arena, &l);
	assert_true(mutual_judge(&h->e, &h->flow, -1, &h->got, &h->words));
	assert_int_equal(h->got.scope, 1);
	assert_int_equal(h->got.client_side, TO_C);
	assert_int_equal(h->got.version, 0x0303);
	assert_false(mutual_judge(&h->e, &h->flow, 0, &h->got, &h->words));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_hand, close_hand)
	const struct CMUnitTest tests[] = {
		TEST(both_directions),
		TEST(early_data),
		TEST(asked_later),
		TEST(lost_bytes),
		TEST(client_only),
		TEST(server_only),
		TEST(with_keys),
		TEST(with_keys_and_holes),
		TEST(with_keys_asked_later),
		TEST(with_keys_turned_away),
		TEST(readable),
		TEST(resets_and_middles),
		TEST(no_protection),
		TEST(datagrams_13),
		TEST(renegotiation),
		TEST(renegotiation_one_way),
		TEST(inner_scopes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
