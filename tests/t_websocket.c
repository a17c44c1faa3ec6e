/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/talk.h"

#define ASK                                                  \
	"GET /chat HTTP/1.1\r\nHost: server.example.com\r\n" \
	"Upgrade: websocket\r\nConnection: Upgrade\r\n"      \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"    \
	"Sec-WebSocket-Protocol: sip\r\n\r\n"
#define AGREE                                                        \
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" \
	"Connection: Upgrade\r\n"                                    \
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
#define BYTES(s) s, sizeof(s) - 1

/* RFC 7118 section 8.1, shortened */
static const char reg[] =
    "REGISTER sip:proxy.example.com SIP/2.0\r\n"
    "Via: SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bKasudf\r\n"
    "From: sip:alice@example.com;tag=65bnmj.34asd\r\n"
    "To: sip:alice@example.com\r\nCall-ID: aiuy7k9njasd\r\n"
    "CSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n";

/* A masked frame of the client's. */
static size_t
frame(uint8_t *to, uint8_t flags, struct slice payload)
{
	static const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };
	size_t n = 0;

	to[n++] = flags;
	if (payload.n > 125) {
		to[n++] = 0x80 | 126;
		to[n++] = (uint8_t)(payload.n >> 8);
		to[n++] = (uint8_t)payload.n;
	} else {
		to[n++] = (uint8_t)(0x80 | payload.n);
	}
	memcpy(to + n, key, sizeof(key));
	n += sizeof(key);
	for (size_t i = 0; i < payload.n; i++)
		to[n++] = payload.p[i] ^ key[i % 4];
	return n;
}

/* RFC 6455 section 5.7 */
static void
test_vectors(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER, ASK, 0 },
		{ TO_CLIENT, AGREE, 0 },
		{ TO_CLIENT, BYTES("\x81\x05\x48\x65\x6c\x6c\x6f") },
		{ TO_SERVER,
		    BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") },
		{ TO_CLIENT, BYTES("\x01\x03\x48\x65\x6c\x80\x02\x6c\x6f") },
		{ TO_CLIENT, BYTES("\x89\x05\x48\x65\x6c\x6c\x6f") },
		{ TO_SERVER,
		    BYTES("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") },
	};
	struct talk t;

	(void)state;
	talk_every_way(lines, COUNT(lines), 80);
	talk_open(&t, IPPROTO_NUM_TCP, 80);
	talk_lines(&t, lines, COUNT(lines));
	assert_true(talk_has(&t, FACT_HTTP_UPGRADE, "websocket"));
	assert_true(talk_has(&t, FACT_PROTOCOL, "websocket"));
	const struct evidence *e = session_evidence(t.session);

	assert_int_equal(e->scope_count, 2);
	assert_int_equal(e->scopes[1].carrier, CARRIER_WEBSOCKET);
	talk_close(&t);
}

/* In one text message, in three fragments with a ping between, in binary. */
static void
test_sip(void **state)
{
	struct slice whole = slice_text(reg);
	uint8_t bytes[3][1024];
	size_t n[3];

	(void)state;
	n[0] = frame(bytes[0], 0x81, whole);
	n[1] = frame(bytes[1], 0x01, slice_head(whole, 100));
	n[1] += frame(bytes[1] + n[1], 0x00,
	    slice_from(slice_head(whole, 200), 100));
	n[1] += frame(bytes[1] + n[1], 0x89, slice_text("ping"));
	n[1] += frame(bytes[1] + n[1], 0x80, slice_from(whole, 200));
	n[2] = frame(bytes[2], 0x82, whole);
	for (size_t i = 0; i < 3; i++) {
		const struct said lines[] = { { TO_SERVER, ASK, 0 },
			{ TO_CLIENT, AGREE, 0 },
			{ TO_SERVER, (const char *)bytes[i], n[i] } };
		struct talk t;

		talk_open(&t, IPPROTO_NUM_TCP, 80);
		talk_lines(&t, lines, COUNT(lines));
		assert_true(talk_has(&t, FACT_PROTOCOL, "sip"));
		assert_true(talk_has(&t, FACT_SIP_METHOD, "REGISTER"));
		talk_close(&t);
		talk_every_way(lines, COUNT(lines), 80);
	}
}

static void
test_compressed_and_gap(void **state)
{
	uint8_t bytes[1024];
	struct talk t;

	(void)state;
	talk_open(&t, IPPROTO_NUM_TCP, 80);
	talk_say(&t, TO_SERVER, slice_text(ASK));
	talk_say(&t, TO_CLIENT, slice_text(AGREE));
	talk_say(&t, TO_SERVER,
	    slice_of(bytes, frame(bytes, 0xc1, slice_text(reg))));
	assert_false(talk_has(&t, FACT_PROTOCOL, "sip"));
	size_t n = frame(bytes, 0x81, slice_text(reg));

	talk_say(&t, TO_SERVER, slice_of(bytes, 100));
	talk_gap(&t, TO_SERVER, n - 150);
	talk_say(&t, TO_SERVER, slice_of(bytes + n - 50, 50));
	assert_false(talk_has(&t, FACT_PROTOCOL, "sip"));
	talk_say(&t, TO_SERVER, slice_of(bytes, n));
	assert_true(talk_has(&t, FACT_PROTOCOL, "sip"));
	talk_close(&t);
}

/* Frames that RFC 6455 section 5.2 does not know. */
static void
test_broken(void **state)
{
	static const char *const bad[] = { "\x83\x01x", "\x91\x01x",
		"\x09\x01x", "\x80\x01x" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct talk t;

		talk_open(&t, IPPROTO_NUM_TCP, 80);
		talk_say(&t, TO_SERVER, slice_text(ASK));
		talk_say(&t, TO_CLIENT, slice_text(AGREE));
		talk_say(&t, TO_CLIENT, slice_of(bad[i], 3));
		assert_false(talk_has(&t, FACT_PROTOCOL, "websocket"));
		talk_close(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_sip),
		cmocka_unit_test(test_compressed_and_gap),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
