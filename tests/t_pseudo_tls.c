/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/tls.h"
#include "tests/tls_talk.h"

/* MS-TURN 2.1.1: what both sides send first. */
static void
ms_client(struct buf *b)
{
	buf_add(b, "\x16\3\1\0\x2d\1\0\0\x29\3\1", 11);
	put_fill(b, 0x5a, 32);
	buf_add(b, "\0\0\2\0\x18\1\0", 7);
}

static void
ms_server(struct buf *b)
{
	buf_add(b, "\x16\3\1\0\x4e\2\0\0\x46\3\1", 11);
	put_fill(b, 0x6b, 32);
	put(b, 1, 32);
	put_fill(b, 0x7c, 32);
	buf_add(b, "\0\x18\0\x0e\0\0\0", 7);
}

static const char google_client[] =
    "\x80\x46\x01\x03\x01\x00\x2d\x00\x00\x00\x10\x01\x00\x80\x03\x00\x80\x07"
    "\x00\xc0\x06\x00\x40\x02\x00\x80\x04\x00\x80\x00\x00\x04\x00\xfe\xff\x00"
    "\x00\x0a\x00\xfe\xfe\x00\x00\x09\x00\x00\x64\x00\x00\x62\x00\x00\x03\x00"
    "\x00\x06\x1f\x17\x0c\xa6\x2f\x00\x78\xfc\x46\x55\x2e\xb1\x83\x39\xf1\xea";

static void
google_server(struct buf *b)
{
	buf_add(b, "\x16\3\1\0\x4a\2\0\0\x46\3\1", 11);
	put_fill(b, 0x6b, 32);
	put(b, 1, 32);
	put_fill(b, 0x7c, 32);
	buf_add(b, "\0\4\0", 3);
}

/* A frame of MS-TURN over TCP: Allocate request. */
static void
allocate(struct buf *b)
{
	buf_add(b, "\2\0\0\x1c\0\3\0\x08", 8);
	put_fill(b, 0x31, 16);
	buf_add(b, "\0\x0f\0\4\x72\xc6\x4b\xc6", 8);
}

static void
is_pseudo(const struct talk *t, unsigned kind)
{
	assert_int_equal(talk_number(t, FACT_TLS_PSEUDO, 0), kind);
	assert_int_equal(talk_count(t, FACT_TLS_PSEUDO), kind != 0);
	assert_int_equal(talk_has(t, FACT_PROTOCOL, "pseudo-tls"), kind != 0);
	if (kind == 0)
		return;
	assert_false(talk_has(t, FACT_PROTOCOL, "tls"));
	assert_int_equal(talk_count(t, FACT_TLS_SUITE), 0);
	assert_int_equal(talk_count(t, FACT_TLS_CLIENT_HELLO), 0);
	assert_int_equal(talk_count(t, FACT_TLS_PSEUDO_CERTIFICATE), 0);
}

/* Payload behind the preludes is probed again, in a scope of its own. */
static void
in_scope(const struct talk *t)
{
	const struct evidence *e = session_evidence(t->session);

	assert_true(e->scope_count >= 2);
	assert_int_equal(e->scopes[1].carrier, CARRIER_PSEUDO_TLS);
	assert_int_equal(e->scopes[1].cover, COVER_NONE);
	assert_true(talk_has(t, FACT_PROTOCOL, "ms-turn"));
}

static void
microsoft(void **state)
{
	struct buf client, server, frame;
	struct talk t;

	(void)state;
	buf_init(&client);
	buf_init(&server);
	buf_init(&frame);
	ms_client(&client);
	ms_server(&server);
	allocate(&frame);
	assert_int_equal(client.n, 50);
	assert_int_equal(server.n, 83);
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_say(&t, TO_SERVER, buf_slice(&client));
	is_pseudo(&t, 0);
	talk_say(&t, TO_CLIENT, buf_slice(&server));
	is_pseudo(&t, 1);
	talk_say(&t, TO_SERVER, buf_slice(&frame));
	in_scope(&t);
	talk_close(&t);

	buf_add(&client, frame.p, frame.n);
	struct said lines[] = {
		{ TO_SERVER, client.p, client.n },
		{ TO_CLIENT, server.p, server.n },
	};
	for (size_t at = 0; at < COUNT(lines); at++) {
		for (size_t k = 1; k < lines[at].n; k++) {
			talk_open(&t, IPPROTO_NUM_TCP, 443);
			for (size_t i = 0; i < COUNT(lines); i++)
				talk_cut(&t, lines + i, 1, 0,
				    i == at ? k : lines[i].n);
			is_pseudo(&t, 1);
			in_scope(&t);
			talk_close(&t);
		}
	}
	buf_done(&client);
	buf_done(&server);
	buf_done(&frame);
}

/* One direction was captured. */
static void
one_way(void **state)
{
	struct buf b;
	struct talk t;

	(void)state;
	buf_init(&b);
	ms_client(&b);
	allocate(&b);
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_say(&t, TO_SERVER, buf_slice(&b));
	is_pseudo(&t, 1);
	in_scope(&t);
	talk_close(&t);
	buf_clear(&b);
	ms_server(&b);
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_say(&t, TO_CLIENT, buf_slice(&b));
	is_pseudo(&t, 1);
	talk_close(&t);
	/* Sides the other way round. */
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_say(&t, TO_SERVER, buf_slice(&b));
	is_pseudo(&t, 1);
	buf_clear(&b);
	ms_client(&b);
	allocate(&b);
	talk_say(&t, TO_CLIENT, buf_slice(&b));
	is_pseudo(&t, 1);
	in_scope(&t);
	talk_close(&t);
	buf_done(&b);
}

static void
google(void **state)
{
	struct buf b;
	struct talk t;

	(void)state;
	buf_init(&b);
	google_server(&b);
	assert_int_equal(b.n, 79);
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_say(&t, TO_SERVER,
	    slice_of(google_client, sizeof(google_client) - 1));
	talk_say(&t, TO_CLIENT, buf_slice(&b));
	is_pseudo(&t, 2);
	talk_close(&t);
	buf_done(&b);
}

/* An intercepting proxy answers with a certificate: then it is TLS. */
static void
real_certificate(void **state)
{
	struct hello_of server = { .server = true,
		.version = 0x0301,
		.suite = 0x0035 };
	struct buf hello, answer, client;
	struct talk t;

	(void)state;
	buf_init(&hello);
	buf_init(&answer);
	buf_init(&client);
	put_hello_message(&hello, &server);
	put_record(&answer, 22, 0x0301, buf_slice(&hello));
	buf_clear(&hello);
	put_certificates(&hello, 1, 200);
	put_message(&hello, 14, "", 0);
	put_record(&answer, 22, 0x0301, buf_slice(&hello));
	ms_client(&client);
	for (size_t k = 1; k <= answer.n; k++) {
		talk_open(&t, IPPROTO_NUM_TCP, 443);
		talk_say(&t, TO_SERVER, buf_slice(&client));
		talk_say(&t, TO_CLIENT, slice_head(buf_slice(&answer), k));
		talk_say(&t, TO_CLIENT, slice_from(buf_slice(&answer), k));
		is_pseudo(&t, 0);
		assert_int_equal(talk_count(&t, FACT_TLS_PSEUDO_CERTIFICATE),
		    1);
		assert_true(talk_has(&t, FACT_PROTOCOL, "tls"));
		assert_int_equal(talk_number(&t, FACT_TLS_SUITE, 0), 0x0035);
		assert_int_equal(talk_count(&t, FACT_TLS_SERVER_CHAIN), 1);
		assert_int_equal(talk_count(&t, FACT_TLS_CLIENT_HELLO), 1);
		assert_int_equal(talk_count(&t, FACT_TLS_MID_STREAM), 0);
		talk_close(&t);
	}
	buf_done(&hello);
	buf_done(&answer);
	buf_done(&client);
}

/* The suite alone proves nothing: TLS records follow, or an alert answers. */
static void
real_anonymous(void **state)
{
	struct buf b;
	struct talk t;

	(void)state;
	buf_init(&b);
	ms_client(&b);
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_say(&t, TO_SERVER, buf_slice(&b));
	talk_say(&t, TO_CLIENT, slice_of("\x15\3\1\0\2\2\x28", 7));
	is_pseudo(&t, 0);
	assert_int_equal(talk_number(&t, FACT_TLS_ALERT, 0), 2 * 256 + 40);
	assert_int_equal(talk_count(&t, FACT_TLS_CLIENT_HELLO), 1);
	talk_close(&t);
	put_opaque_record(&b, 22, 70);
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_say(&t, TO_SERVER, buf_slice(&b));
	is_pseudo(&t, 0);
	assert_int_equal(talk_count(&t, FACT_TLS_CLIENT_HELLO), 1);
	talk_close(&t);
	buf_done(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(microsoft),
		cmocka_unit_test(one_way),
		cmocka_unit_test(google),
		cmocka_unit_test(real_certificate),
		cmocka_unit_test(real_anonymous),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
