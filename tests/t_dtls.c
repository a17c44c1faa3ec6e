/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/tls.h"
#include "tests/tls_talk.h"

/* RFC 6347 4.2.2: a piece of a message. */
static void
put_fragment(struct buf *b, uint8_t type, uint16_t number, struct slice body,
    size_t from, size_t n)
{
	put(b, 1, type);
	put(b, 3, (uint32_t)body.n);
	put(b, 2, number);
	put(b, 3, (uint32_t)from);
	put(b, 3, (uint32_t)n);
	buf_add(b, body.p + from, n);
}

static void
put_datagram(struct buf *b, uint8_t type, uint16_t epoch, struct slice body)
{
	put(b, 1, type);
	put(b, 2, 0xfefd);
	put(b, 2, epoch);
	put(b, 2, 0);
	put(b, 4, 1);
	put(b, 2, (uint32_t)body.n);
	buf_add(b, body.p, body.n);
}

static void
say(struct talk *t, enum side side, uint8_t type, uint16_t epoch,
    struct buf *body)
{
	struct buf b;

	buf_init(&b);
	put_datagram(&b, type, epoch, buf_slice(body));
	talk_say(t, side, buf_slice(&b));
	buf_done(&b);
	buf_clear(body);
}

/* A whole message in one datagram. */
static void
say_message(struct talk *t, enum side side, uint8_t type, uint16_t number,
    struct slice body)
{
	struct buf b;

	buf_init(&b);
	put_fragment(&b, type, number, body, 0, body.n);
	say(t, side, 22, 0, &b);
	buf_done(&b);
}

static void
say_hello(struct talk *t, enum side side, uint16_t number,
    const struct hello_of *h)
{
	struct buf b;

	buf_init(&b);
	put_hello(&b, h);
	say_message(t, side, h->server ? 2 : 1, number, buf_slice(&b));
	buf_done(&b);
}

static const struct hello_of client = { .datagram = true,
	.version = 0xfefd,
	.suite = 0xc02b,
	.random = 0x11,
	.srtp = 1 };
static const struct hello_of server = { .datagram = true,
	.server = true,
	.version = 0xfefd,
	.suite = 0xc02b,
	.random = 0x22,
	.srtp = 7 };

static void
certificate(struct buf *b, size_t size)
{
	struct buf whole;

	buf_init(&whole);
	put_certificates(&whole, 1, size);
	buf_add(b, whole.p + 4, whole.n - 4);
	buf_done(&whole);
}

/* Cookie, certificate in fragments out of order, Finished. */
static void
handshake(void **state)
{
	static const size_t order[] = { 3, 0, 4, 1, 1, 2 };
	struct talk t;
	struct buf b, c;

	(void)state;
	buf_init(&b);
	buf_init(&c);
	talk_open(&t, IPPROTO_NUM_UDP, 20000);
	say_hello(&t, TO_SERVER, 0, &client);
	say_hello(&t, TO_SERVER, 0, &client); /* sent again */
	say_message(&t, TO_CLIENT, 3, 0, slice_text("\xfe\xff\1c"));
	say_hello(&t, TO_SERVER, 1, &client);
	assert_int_equal(talk_count(&t, FACT_TLS_CLIENT_HELLO), 2);
	certificate(&c, 494); /* 500 octets */
	for (size_t i = 0; i < COUNT(order); i++) {
		put_fragment(&b, 11, 2, buf_slice(&c), 100 * order[i], 100);
		say(&t, TO_CLIENT, 22, 0, &b);
	}
	assert_int_equal(talk_count(&t, FACT_TLS_SERVER_CHAIN), 0);
	say_hello(&t, TO_CLIENT, 1, &server);
	assert_int_equal(talk_count(&t, FACT_TLS_SERVER_CHAIN), 1);
	say_message(&t, TO_CLIENT, 12, 3, slice_of("\3\0\35\1p\4\3\0\2ss", 11));
	say_message(&t, TO_CLIENT, 13, 4, slice_of("\1\1\0\2\4\1\0\0", 8));
	say_message(&t, TO_CLIENT, 14, 5, slice_of("", 0));
	say_message(&t, TO_SERVER, 11, 2, slice_of("\0\0\0", 3));
	say_message(&t, TO_SERVER, 16, 3, slice_text("\1k"));
	put(&b, 1, 1);
	say(&t, TO_SERVER, 20, 0, &b);
	put_fill(&b, 0xa5, 48);
	say(&t, TO_SERVER, 22, 1, &b);
	put(&b, 1, 1);
	say(&t, TO_CLIENT, 20, 0, &b);
	put_fill(&b, 0xa5, 48);
	say(&t, TO_CLIENT, 22, 1, &b);
	put_fill(&b, 0xa5, 30);
	say(&t, TO_CLIENT, 23, 1, &b);
	session_end(t.session);

	assert_true(talk_has(&t, FACT_PROTOCOL, "dtls"));
	assert_int_equal(talk_number(&t, FACT_TLS_VERSION, 0), 0xfefd);
	assert_int_equal(talk_number(&t, FACT_TLS_SUITE, 0), 0xc02b);
	assert_int_equal(talk_number(&t, FACT_TLS_GROUP, 0), 29);
	assert_int_equal(talk_number(&t, FACT_TLS_KEX_SCHEME, 0), 0x0403);
	assert_int_equal(talk_number(&t, FACT_TLS_SRTP_PROFILE, 0), 7);
	assert_memory_equal(talk_struct(&t, FACT_TLS_SRTP_OFFERED, 0), "\0\1",
	    2);
	assert_int_equal(talk_count(&t, FACT_TLS_CERTIFICATE_REQUEST), 1);
	const struct learnt *empty =
	    evidence_first(session_evidence(t.session), FACT_TLS_CLIENT_CHAIN);

	assert_non_null(empty);
	assert_int_equal(empty->bytes.n, 0);
	assert_int_equal(talk_count(&t, FACT_TLS_CCS), 2);
	assert_int_equal(talk_count(&t, FACT_TLS_FINISHED), 2);
	assert_int_equal(talk_number(&t, FACT_TLS_APPLICATION_DATA, 0), 30);
	assert_int_equal(talk_count(&t, FACT_TLS_LOST), 0);
	assert_int_equal(talk_count(&t, FACT_TLS_MID_STREAM), 0);
	talk_close(&t);
	buf_done(&b);
	buf_done(&c);
}

/* A fragment never came: said when encryption begins, the rest is used. */
static void
lost_fragment(void **state)
{
	struct talk t;
	struct buf b, c;

	(void)state;
	buf_init(&b);
	buf_init(&c);
	talk_open(&t, IPPROTO_NUM_UDP, 20000);
	say_hello(&t, TO_CLIENT, 0, &server);
	certificate(&c, 494);
	put_fragment(&b, 11, 1, buf_slice(&c), 0, 200);
	say(&t, TO_CLIENT, 22, 0, &b);
	say_message(&t, TO_CLIENT, 14, 2, slice_of("", 0));
	assert_int_equal(talk_count(&t, FACT_TLS_SERVER_HELLO_DONE), 0);
	put(&b, 1, 1);
	say(&t, TO_CLIENT, 20, 0, &b);
	assert_int_equal(talk_number(&t, FACT_TLS_LOST, 0), 500);
	assert_int_equal(talk_count(&t, FACT_TLS_SERVER_HELLO_DONE), 1);
	assert_int_equal(talk_count(&t, FACT_TLS_SERVER_CHAIN), 0);
	talk_close(&t);
	buf_done(&b);
	buf_done(&c);
}

/* The hello of DTLS 1.3, and its records, RFC 9147 4. */
static void
version_13(void **state)
{
	struct hello_of c13 = client, s13 = server;
	struct talk t;
	struct buf b;

	(void)state;
	c13.chosen = s13.chosen = 0xfefc;
	c13.suite = s13.suite = 0x1301;
	talk_open(&t, IPPROTO_NUM_UDP, 20000);
	say_hello(&t, TO_SERVER, 0, &c13);
	say_hello(&t, TO_CLIENT, 0, &s13);
	assert_int_equal(talk_number(&t, FACT_TLS_CLIENT_VERSION, 0), 0xfefc);
	assert_int_equal(talk_number(&t, FACT_TLS_VERSION, 0), 0xfefc);
	buf_init(&b);
	put(&b, 3, 0x2e1234);
	put(&b, 2, 40);
	put_fill(&b, 0xa5, 40);
	talk_say(&t, TO_CLIENT, buf_slice(&b));
	assert_int_equal(talk_count(&t, FACT_CLEAR_BYTES), 0);
	/* epoch 2: still the handshake */
	assert_int_equal(talk_count(&t, FACT_TLS_FINISHED), 0);
	for (int i = 0; i < 4; i++) {
		buf_clear(&b);
		put(&b, 3, 0x2f0001);
		put(&b, 2, 40);
		put_fill(&b, 0xa5, 40);
		talk_say(&t, (enum side)(i % 2), buf_slice(&b));
	}
	assert_int_equal(talk_count(&t, FACT_TLS_FINISHED), 2);
	talk_close(&t);
	buf_done(&b);
}

static void
new_association(void **state)
{
	struct hello_of other = client, answer = server;
	struct talk t;

	(void)state;
	talk_open(&t, IPPROTO_NUM_UDP, 20000);
	say_hello(&t, TO_SERVER, 0, &client);
	say_hello(&t, TO_CLIENT, 0, &server);
	other.random = 0x33;
	answer.suite = 0xc02c;
	say_hello(&t, TO_SERVER, 0, &other);
	say_hello(&t, TO_CLIENT, 0, &answer);
	assert_int_equal(talk_count(&t, FACT_TLS_SERVER_HELLO), 2);
	assert_int_equal(talk_number(&t, FACT_TLS_SUITE, 0), 0xc02c);
	talk_close(&t);
}

static void
not_dtls(void **state)
{
	struct buf b, body;
	struct talk t;

	(void)state;
	buf_init(&b);
	buf_init(&body);
	put_fill(&body, 0xa5, 30);
	put_datagram(&b, 23, 1, buf_slice(&body));
	put(&b, 1, 0); /* one octet too many */
	talk_open(&t, IPPROTO_NUM_UDP, 20000);
	talk_say(&t, TO_SERVER, buf_slice(&b));
	b.n -= 2; /* one too few */
	talk_say(&t, TO_SERVER, buf_slice(&b));
	buf_clear(&b);
	put_datagram(&b, 23, 0, buf_slice(&body)); /* data without keys */
	talk_say(&t, TO_SERVER, buf_slice(&b));
	buf_clear(&b);
	put_datagram(&b, 22, 0, buf_slice(&body)); /* no such message */
	talk_say(&t, TO_SERVER, buf_slice(&b));
	assert_false(talk_has(&t, FACT_PROTOCOL, "dtls"));
	talk_close(&t);
	buf_done(&b);
	buf_done(&body);
}

static void
prefixes(void **state)
{
	struct buf hello, b, record;

	(void)state;
	buf_init(&hello);
	buf_init(&b);
	buf_init(&record);
	put_hello(&hello, &client);
	put_fragment(&b, 1, 0, buf_slice(&hello), 0, 60);
	put_fragment(&b, 1, 0, buf_slice(&hello), 60, hello.n - 60);
	put_datagram(&record, 22, 0, buf_slice(&b));
	talk_prefixes(buf_slice(&record), 20000);
	buf_done(&hello);
	buf_done(&b);
	buf_done(&record);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshake),
		cmocka_unit_test(lost_fragment),
		cmocka_unit_test(version_13),
		cmocka_unit_test(new_association),
		cmocka_unit_test(not_dtls),
		cmocka_unit_test(prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
