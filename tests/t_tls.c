/* SPDX-License-Identifier: Apache-2.0 */
#include "core/digest.h"
#include "dissect/keylog.h"
#include "dissect/tls.h"
#include "tests/tls_talk.h"
#include "tests/vectors/rfc8448.h"

enum { MOST = 12 };

/* Records of one conversation, one line each. */
struct script {
	struct said line[MOST];
	struct buf bytes[MOST];
	size_t n;
};

static void
say(struct script *s, enum side side, uint8_t type, struct buf *body)
{
	struct buf *b = &s->bytes[s->n];

	assert_true(s->n < MOST);
	buf_init(b);
	put_record(b, type, 0x0303, buf_slice(body));
	assert_true(buf_ok(b) && buf_ok(body));
	s->line[s->n++] = (struct said){ side, b->p, b->n };
	buf_clear(body);
}

static void
say_opaque(struct script *s, enum side side, uint8_t type, size_t n)
{
	struct buf *b = &s->bytes[s->n];

	assert_true(s->n < MOST);
	buf_init(b);
	put_opaque_record(b, type, n);
	s->line[s->n++] = (struct said){ side, b->p, b->n };
}

static void
done(struct script *s)
{
	for (size_t i = 0; i < s->n; i++)
		buf_done(&s->bytes[i]);
	s->n = 0;
}

static const struct hello_of client_12 = { .version = 0x0303,
	.suite = 0xc02f,
	.random = 0x11,
	.ticket = true };
static const struct hello_of server_12 = { .server = true,
	.version = 0x0303,
	.suite = 0xc02f,
	.random = 0x22 };

/* RFC 5246 7.3, with a client certificate. */
static void
mutual_12(struct script *s, unsigned client_certificates)
{
	struct buf b;

	*s = (struct script){ .n = 0 };
	buf_init(&b);
	put_hello_message(&b, &client_12);
	say(s, TO_SERVER, 22, &b);
	put_hello_message(&b, &server_12);
	put_certificates(&b, 2, 300);
	/* named curve 23, point of 1 octet, scheme 0804, signature of 2 */
	put_message(&b, 12, "\3\0\27\1p\10\4\0\2ss", 11);
	put_message(&b, 13, "\1\1\0\2\4\1\0\0", 8);
	put_message(&b, 14, "", 0);
	say(s, TO_CLIENT, 22, &b);
	put_certificates(&b, client_certificates, 200);
	put_message(&b, 16, "\1k", 2);
	if (client_certificates > 0)
		put_message(&b, 15, "\4\3\0\2ss", 6);
	say(s, TO_SERVER, 22, &b);
	put(&b, 1, 1);
	say(s, TO_SERVER, 20, &b);
	say_opaque(s, TO_SERVER, 22, 40);
	put_message(&b, 4, "\0\0\1\0\0\6ticket", 12);
	say(s, TO_CLIENT, 22, &b);
	put(&b, 1, 1);
	say(s, TO_CLIENT, 20, &b);
	say_opaque(s, TO_CLIENT, 22, 40);
	say_opaque(s, TO_SERVER, 23, 100);
	say_opaque(s, TO_CLIENT, 23, 200);
	say_opaque(s, TO_CLIENT, 21, 26);
	buf_done(&b);
}

static void
full_12(void **state)
{
	struct script s;
	struct talk t;
	uint8_t sum[64];

	(void)state;
	mutual_12(&s, 1);
	talk_open(&t, IPPROTO_NUM_TCP, 5061);
	talk_lines(&t, s.line, s.n);
	session_end(t.session);
	assert_true(talk_has(&t, FACT_PROTOCOL, "tls"));
	assert_true(talk_has(&t, FACT_TLS_SNI, "a.ex"));
	assert_int_equal(talk_number(&t, FACT_TLS_VERSION, 0), 0x0303);
	assert_int_equal(talk_number(&t, FACT_TLS_SUITE, 0), 0xc02f);
	assert_int_equal(talk_number(&t, FACT_TLS_GROUP, 0), 23);
	assert_int_equal(talk_number(&t, FACT_TLS_KEX_SCHEME, 0), 0x0804);
	assert_int_equal(talk_number(&t, FACT_TLS_CLIENT_VERIFY, 0), 0x0403);
	assert_int_equal(talk_count(&t, FACT_TLS_CERTIFICATE_REQUEST), 1);
	assert_int_equal(talk_count(&t, FACT_TLS_SERVER_HELLO_DONE), 1);
	assert_int_equal(talk_count(&t, FACT_TLS_CLIENT_KEY_EXCHANGE), 1);
	assert_int_equal(talk_count(&t, FACT_TLS_CCS), 2);
	assert_int_equal(talk_count(&t, FACT_TLS_FINISHED), 2);
	assert_int_equal(talk_number(&t, FACT_TLS_FINISHED, 9), 0);
	assert_int_equal(talk_count(&t, FACT_TLS_APPLICATION_DATA), 2);
	assert_int_equal(talk_number(&t, FACT_TLS_ENCRYPTED_ALERT, 0), 26);
	assert_int_equal(talk_count(&t, FACT_TLS_ALERT), 0);
	assert_int_equal(talk_count(&t, FACT_TLS_MID_STREAM), 0);

	const struct learnt *chain =
	    evidence_first(session_evidence(t.session), FACT_TLS_SERVER_CHAIN);

	assert_int_equal(chain->bytes.n, 606);
	assert_int_equal(chain->side, TO_CLIENT);
	chain =
	    evidence_first(session_evidence(t.session), FACT_TLS_CLIENT_CHAIN);
	assert_int_equal(chain->bytes.n, 203);

	/* The ticket offered is the one issued. */
	assert_int_equal(digest_of(DIGEST_SHA256, slice_text("ticket"), sum),
	    32);
	assert_memory_equal(talk_struct(&t, FACT_TLS_OFFERED_TICKET, 0), sum,
	    32);
	assert_memory_equal(talk_struct(&t, FACT_TLS_ISSUED_TICKET, 0), sum,
	    32);
	talk_close(&t);
	done(&s);
}

static void
records_12(void **state)
{
	static const struct {
		uint16_t length;
		uint8_t type, side;
	} want[] = {
		{ 40, 22, TO_SERVER },
		{ 40, 22, TO_CLIENT },
		{ 100, 23, TO_SERVER },
		{ 200, 23, TO_CLIENT },
		{ 26, 21, TO_CLIENT },
	};
	struct script s;
	struct tls_records r;
	struct talk t;

	(void)state;
	mutual_12(&s, 1);
	talk_open(&t, IPPROTO_NUM_TCP, 5061);
	talk_lines(&t, s.line, s.n);
	session_end(t.session);
	session_end(t.session);
	assert_int_equal(talk_count(&t, FACT_TLS_RECORDS), 1);
	memcpy(&r, talk_struct(&t, FACT_TLS_RECORDS, 0), sizeof(r));
	assert_int_equal(r.count, COUNT(want));
	assert_int_equal(r.before_server_hello, 0);
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_int_equal(r.r[i].length, want[i].length);
		assert_int_equal(r.r[i].type, want[i].type);
		assert_int_equal(r.r[i].side, want[i].side);
	}
	assert_int_equal(talk_count(&t, FACT_TLS_RENEGOTIATION), 0);

	/* Now the server asks again. */
	struct buf b;

	buf_init(&b);
	put_opaque_record(&b, 22, 28);
	talk_say(&t, TO_CLIENT, buf_slice(&b));
	buf_clear(&b);
	put_opaque_record(&b, 22, 230);
	put_opaque_record(&b, 22, 909);
	put_opaque_record(&b, 20, 25);
	talk_say(&t, TO_SERVER, buf_slice(&b));
	session_end(t.session);
	memcpy(&r, talk_struct(&t, FACT_TLS_RENEGOTIATION, 0), sizeof(r));
	assert_int_equal(r.count, 4);
	assert_int_equal(r.r[0].side, TO_CLIENT);
	assert_int_equal(r.r[2].length, 909);
	assert_int_equal(r.r[3].type, 20);
	assert_int_equal(talk_count(&t, FACT_TLS_CLIENT_HELLO), 1);
	talk_close(&t);
	buf_done(&b);
	done(&s);
}

/* However the bytes are cut: the same facts. */
static void
any_segmentation(void **state)
{
	struct script s;

	(void)state;
	mutual_12(&s, 1);
	tls_every_way(s.line, s.n);
	done(&s);
}

static void
declined_12(void **state)
{
	struct script s;
	struct talk t;

	(void)state;
	mutual_12(&s, 0);
	talk_open(&t, IPPROTO_NUM_TCP, 5061);
	talk_lines(&t, s.line, s.n);
	const struct learnt *chain =
	    evidence_first(session_evidence(t.session), FACT_TLS_CLIENT_CHAIN);

	assert_non_null(chain);
	assert_int_equal(chain->bytes.n, 0);
	assert_int_equal(talk_count(&t, FACT_TLS_CLIENT_VERIFY), 0);
	talk_close(&t);
	done(&s);
}

/* RFC 6101 5.4 */
static void
declined_ssl3(void **state)
{
	struct hello_of client = { .version = 0x0300, .suite = 0x0005 };
	struct hello_of server = { .server = true,
		.version = 0x0300,
		.suite = 0x0005 };
	struct talk t;
	struct buf b;
	struct script s = { .n = 0 };

	(void)state;
	buf_init(&b);
	put_hello_message(&b, &client);
	say(&s, TO_SERVER, 22, &b);
	put_hello_message(&b, &server);
	put_certificates(&b, 1, 100);
	put_message(&b, 13, "\1\1\0\0", 4);
	put_message(&b, 14, "", 0);
	say(&s, TO_CLIENT, 22, &b);
	buf_add(&b, "\1\51", 2);
	say(&s, TO_SERVER, 21, &b);
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_lines(&t, s.line, s.n);
	assert_int_equal(talk_number(&t, FACT_TLS_VERSION, 0), 0x0300);
	assert_int_equal(talk_number(&t, FACT_TLS_ALERT, 0), 256 + 41);
	assert_int_equal(talk_count(&t, FACT_TLS_NO_CERTIFICATE), 1);
	talk_close(&t);
	buf_done(&b);
	done(&s);
}

/* Finite field, in a message over many records. */
static void
small_records(void **state)
{
	struct hello_of server = { .server = true,
		.version = 0x0301,
		.suite = 0x0039 };
	struct talk t;
	struct buf b, out;

	(void)state;
	buf_init(&b);
	buf_init(&out);
	put_hello_message(&b, &server);
	put_certificates(&b, 1, 500);
	size_t at = open_message(&b, 12);

	put(&b, 2, 129); /* prime with a zero in front: 1023 bits */
	put(&b, 2, 0x007f);
	put_fill(&b, 0xff, 127);
	put(&b, 3, 0x000102);
	put(&b, 3, 0x000103);
	put(&b, 4, 0x00026161); /* no scheme before TLS 1.2 */
	put_length(&b, at, 3);
	for (struct slice rest = buf_slice(&b); rest.n > 0;
	     rest = slice_from(rest, 7))
		put_record(&out, 22, 0x0301, slice_head(rest, 7));
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_say(&t, TO_CLIENT, buf_slice(&out));
	assert_int_equal(talk_number(&t, FACT_TLS_DH_BITS, 0), 1023);
	assert_int_equal(talk_count(&t, FACT_TLS_SERVER_CHAIN), 1);
	assert_int_equal(talk_count(&t, FACT_TLS_KEX_SCHEME), 0);
	assert_int_equal(talk_count(&t, FACT_TLS_MID_STREAM), 0);
	talk_close(&t);
	buf_done(&b);
	buf_done(&out);
}

static void
message_too_large(void **state)
{
	struct talk t;
	struct buf b, out;

	(void)state;
	buf_init(&b);
	buf_init(&out);
	put_hello_message(&b, &server_12);
	put_certificates(&b, 3, 60 * 1024);
	put_message(&b, 14, "", 0);
	for (struct slice rest = buf_slice(&b); rest.n > 0;
	     rest = slice_from(rest, 16000))
		put_record(&out, 22, 0x0303, slice_head(rest, 16000));
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	for (struct slice rest = buf_slice(&out); rest.n > 0;
	     rest = slice_from(rest, 1400))
		talk_say(&t, TO_CLIENT, slice_head(rest, 1400));
	assert_true(talk_number(&t, FACT_TLS_LOST, 0) > 128 * 1024);
	assert_int_equal(talk_count(&t, FACT_TLS_SERVER_CHAIN), 0);
	assert_int_equal(talk_count(&t, FACT_TLS_SERVER_HELLO_DONE), 1);
	talk_close(&t);
	buf_done(&b);
	buf_done(&out);
}

/* RFC 8448 section 3: the hellos. */
static const char rfc8448_client_hello[] =
    "\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03\xcb\x34\xec\xb1\xe7\x81\x63"
    "\xba\x1c\x38\xc6\xda\xcb\x19\x6a\x6d\xff\xa2\x1a\x8d\x99\x12\xec\x18\xa2"
    "\xef\x62\x83\x02\x4d\xec\xe7\x00\x00\x06\x13\x01\x13\x03\x13\x02\x01\x00"
    "\x00\x91\x00\x00\x00\x0b\x00\x09\x00\x00\x06\x73\x65\x72\x76\x65\x72\xff"
    "\x01\x00\x01\x00\x00\x0a\x00\x14\x00\x12\x00\x1d\x00\x17\x00\x18\x00\x19"
    "\x01\x00\x01\x01\x01\x02\x01\x03\x01\x04\x00\x23\x00\x00\x00\x33\x00\x26"
    "\x00\x24\x00\x1d\x00\x20\x99\x38\x1d\xe5\x60\xe4\xbd\x43\xd2\x3d\x8e\x43"
    "\x5a\x7d\xba\xfe\xb3\xc0\x6e\x51\xc1\x3c\xae\x4d\x54\x13\x69\x1e\x52\x9a"
    "\xaf\x2c\x00\x2b\x00\x03\x02\x03\x04\x00\x0d\x00\x20\x00\x1e\x04\x03\x05"
    "\x03\x06\x03\x02\x03\x08\x04\x08\x05\x08\x06\x04\x01\x05\x01\x06\x01\x02"
    "\x01\x04\x02\x05\x02\x06\x02\x02\x02\x00\x2d\x00\x02\x01\x01\x00\x1c\x00"
    "\x02\x40\x01";
static const char rfc8448_server_hello[] =
    "\x16\x03\x03\x00\x5a\x02\x00\x00\x56\x03\x03\xa6\xaf\x06\xa4\x12\x18\x60"
    "\xdc\x5e\x6e\x60\x24\x9c\xd3\x4c\x95\x93\x0c\x8a\xc5\xcb\x14\x34\xda\xc1"
    "\x55\x77\x2e\xd3\xe2\x69\x28\x00\x13\x01\x00\x00\x2e\x00\x33\x00\x24\x00"
    "\x1d\x00\x20\xc9\x82\x88\x76\x11\x20\x95\xfe\x66\x76\x2b\xdb\xf7\xc6\x72"
    "\xe1\x56\xd6\xcc\x25\x3b\x83\x3d\xf1\xdd\x69\xb1\xb0\x4e\x75\x1f\x0f\x00"
    "\x2b\x00\x02\x03\x04";

static void
rfc8448_hellos(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER, rfc8448_client_hello,
		    sizeof(rfc8448_client_hello) - 1 },
		{ TO_CLIENT, rfc8448_server_hello,
		    sizeof(rfc8448_server_hello) - 1 },
	};
	struct talk t;

	(void)state;
	tls_every_way(lines, COUNT(lines));
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_lines(&t, lines, COUNT(lines));
	assert_int_equal(talk_number(&t, FACT_TLS_RECORD_VERSION, 0), 0x0301);
	assert_int_equal(talk_number(&t, FACT_TLS_CLIENT_VERSION, 0), 0x0304);
	assert_int_equal(talk_number(&t, FACT_TLS_VERSION, 0), 0x0304);
	assert_int_equal(talk_number(&t, FACT_TLS_SUITE, 0), 0x1301);
	assert_int_equal(talk_number(&t, FACT_TLS_GROUP, 0), 0x001d);
	assert_true(talk_has(&t, FACT_TLS_SNI, "server"));
	assert_memory_equal(talk_struct(&t, FACT_TLS_CLIENT_RANDOM, 0),
	    rfc8448_random, 32);
	talk_close(&t);
}

/* The same with the secrets: Finished and data come out. */
static void
rfc8448_decrypted(void **state)
{
	struct keylog *k = keylog_new();
	struct talk t;

	(void)state;
	keylog_add(k, slice_text(rfc8448_keylog));
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	session_free(t.session);
	t.session = session_new(&t.flow, k, NULL);
	talk_say(&t, TO_SERVER,
	    slice_of(rfc8448_client_hello, sizeof(rfc8448_client_hello) - 1));
	talk_say(&t, TO_CLIENT,
	    slice_of(rfc8448_server_hello, sizeof(rfc8448_server_hello) - 1));
	talk_say(&t, TO_SERVER,
	    slice_of(rfc8448_client_finished, sizeof(rfc8448_client_finished)));
	assert_int_equal(talk_number(&t, FACT_TLS_DECRYPTED, 0), 1);
	assert_int_equal(talk_number(&t, FACT_TLS_FINISHED, 0), 1);
	talk_say(&t, TO_SERVER,
	    slice_of(rfc8448_client_data, sizeof(rfc8448_client_data)));
	/* Fifty octets that no protocol knows, inside. */
	const struct learnt *clear =
	    evidence_last(session_evidence(t.session), FACT_CLEAR_BYTES);

	assert_non_null(clear);
	assert_int_equal(clear->number, 50);
	assert_int_equal(evidence_cover(session_evidence(t.session), clear),
	    COVER_TLS);
	talk_close(&t);
	keylog_free(k);
}

/* RFC 8446 4.1.4, D.4 and 2.3: retry, compatibility, early data. */
static void
retry_and_early_data(void **state)
{
	static const uint8_t retry[] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a,
		0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
		0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e,
		0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };
	struct hello_of client = { .version = 0x0303,
		.suite = 0x1301,
		.chosen = 0x0304,
		.psk = true,
		.early = true };
	struct hello_of server = { .server = true,
		.version = 0x0303,
		.suite = 0x1301,
		.chosen = 0x7f1c,
		.psk = true,
		.group = 24 };
	struct script s = { .n = 0 };
	struct tls_records r;
	struct talk t;
	struct buf b;

	(void)state;
	buf_init(&b);
	put_hello_message(&b, &client);
	say(&s, TO_SERVER, 22, &b);
	say_opaque(&s, TO_SERVER, 23, 77);
	put_hello_message(&b, &server);
	memcpy(b.p + 6, retry, sizeof(retry));
	say(&s, TO_CLIENT, 22, &b);
	put(&b, 1, 1);
	say(&s, TO_CLIENT, 20, &b);
	put(&b, 1, 1);
	say(&s, TO_SERVER, 20, &b);
	client.early = false;
	put_hello_message(&b, &client);
	say(&s, TO_SERVER, 22, &b);
	put_hello_message(&b, &server);
	say(&s, TO_CLIENT, 22, &b);
	say_opaque(&s, TO_SERVER, 23, 53);
	tls_every_way(s.line, s.n);
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_lines(&t, s.line, s.n);
	session_end(t.session);
	assert_int_equal(talk_number(&t, FACT_TLS_RETRY, 0), 24);
	assert_int_equal(talk_count(&t, FACT_TLS_CLIENT_HELLO), 2);
	assert_int_equal(talk_count(&t, FACT_TLS_SERVER_HELLO), 1);
	assert_int_equal(talk_count(&t, FACT_TLS_CLIENT_RANDOM), 1);
	assert_int_equal(talk_count(&t, FACT_TLS_OFFERED_FORM), 1);
	assert_int_equal(talk_number(&t, FACT_TLS_VERSION, 0), 0x0304);
	assert_int_equal(talk_count(&t, FACT_TLS_OFFERED_EARLY_DATA), 1);
	assert_int_equal(talk_count(&t, FACT_TLS_PSK_CHOSEN), 1);
	assert_int_equal(talk_number(&t, FACT_TLS_OFFERED_TICKET_SIZE, 0), 3);
	assert_int_equal(talk_count(&t, FACT_TLS_CCS), 0);
	assert_int_equal(talk_count(&t, FACT_TLS_FINISHED), 0);
	memcpy(&r, talk_struct(&t, FACT_TLS_RECORDS, 0), sizeof(r));
	assert_int_equal(r.count, 2);
	assert_int_equal(r.before_server_hello, 1);
	talk_close(&t);
	buf_done(&b);
	done(&s);
}

/* Only the client was captured and offers TLS 1.3: what follows its
 * ChangeCipherSpec says which version it is. */
static void
client_only(void **state)
{
	struct hello_of client = { .version = 0x0303,
		.suite = 0x1301,
		.chosen = 0x0304 };
	struct script s = { .n = 0 };
	struct talk t;
	struct buf b;

	(void)state;
	buf_init(&b);
	put_hello_message(&b, &client);
	say(&s, TO_SERVER, 22, &b);
	put(&b, 1, 1);
	say(&s, TO_SERVER, 20, &b);
	put_hello_message(&b, &client);
	say(&s, TO_SERVER, 22, &b);
	say_opaque(&s, TO_SERVER, 23, 53);
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_lines(&t, s.line, s.n);
	assert_int_equal(talk_count(&t, FACT_TLS_CCS), 0);
	assert_int_equal(talk_count(&t, FACT_TLS_CLIENT_HELLO), 2);
	talk_close(&t);

	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_lines(&t, s.line, 2);
	put_opaque_record(&b, 22, 40);
	talk_say(&t, TO_SERVER, buf_slice(&b));
	assert_int_equal(talk_count(&t, FACT_TLS_CCS), 1);
	assert_int_equal(talk_count(&t, FACT_TLS_FINISHED), 1);
	talk_close(&t);
	buf_done(&b);
	done(&s);
}

static void
acknowledgements(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER, rfc8448_client_hello,
		    sizeof(rfc8448_client_hello) - 1 },
		{ TO_CLIENT, rfc8448_server_hello,
		    sizeof(rfc8448_server_hello) - 1 },
	};
	struct talk t;

	(void)state;
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_say(&t, TO_SERVER, said_bytes(&lines[0]));
	session_ack(t.session, TO_SERVER, 201);
	assert_int_equal(talk_count(&t, FACT_TLS_CLIENT_FLIGHT_ACK), 0);
	talk_say(&t, TO_CLIENT, said_bytes(&lines[1]));
	session_ack(t.session, TO_SERVER, 201);
	session_ack(t.session, TO_CLIENT, 95);
	assert_int_equal(talk_count(&t, FACT_TLS_CLIENT_FLIGHT_ACK), 0);
	session_ack(t.session, TO_SERVER, 201 + 58);
	assert_int_equal(talk_number(&t, FACT_TLS_CLIENT_FLIGHT_ACK, 0), 58);
	assert_int_equal(evidence_first(session_evidence(t.session),
			     FACT_TLS_CLIENT_FLIGHT_ACK)
			     ->side,
	    TO_CLIENT);
	for (unsigned i = 60; i < 100; i++)
		session_ack(t.session, TO_SERVER, 201 + i);
	assert_int_equal(talk_count(&t, FACT_TLS_CLIENT_FLIGHT_ACK),
	    LIMIT_TLS_ACKS);
	talk_close(&t);
}

/* A suite that does not encrypt: what is inside is read, and is clear. */
static void
null_suite(void **state)
{
	static const char sip[] = "OPTIONS sip:a@b SIP/2.0\r\n"
				  "Via: SIP/2.0/TLS c;branch=z9hG4bK1\r\n"
				  "From: <sip:c@d>;tag=1\r\nTo: <sip:a@b>\r\n"
				  "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
				  "Content-Length: 0\r\n\r\n";
	struct hello_of client = { .version = 0x0303, .suite = 0x003b };
	struct hello_of server = { .server = true,
		.version = 0x0303,
		.suite = 0x003b };
	struct script s = { .n = 0 };
	struct talk t;
	struct buf b;

	(void)state;
	buf_init(&b);
	put_hello_message(&b, &client);
	say(&s, TO_SERVER, 22, &b);
	put_hello_message(&b, &server);
	say(&s, TO_CLIENT, 22, &b);
	put(&b, 1, 1);
	say(&s, TO_SERVER, 20, &b);
	say_opaque(&s, TO_SERVER, 22, 48);
	buf_add(&b, sip, sizeof(sip) - 1);
	put_fill(&b, 0x77, 32); /* HMAC-SHA-256 */
	say(&s, TO_SERVER, 23, &b);
	tls_every_way(s.line, s.n);
	talk_open(&t, IPPROTO_NUM_TCP, 5061);
	talk_lines(&t, s.line, s.n);
	assert_true(talk_has(&t, FACT_SIP_METHOD, "OPTIONS"));
	const struct learnt *l =
	    evidence_first(session_evidence(t.session), FACT_SIP_METHOD);

	assert_int_equal(evidence_cover(session_evidence(t.session), l),
	    COVER_NONE);
	assert_int_not_equal(l->scope, 0);
	talk_close(&t);
	buf_done(&b);
	done(&s);
}

static void
mid_stream(void **state)
{
	struct talk t;
	struct buf b;

	(void)state;
	buf_init(&b);
	put_opaque_record(&b, 23, 40);
	put_opaque_record(&b, 23, 60);
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_say(&t, TO_SERVER, buf_slice(&b));
	assert_true(talk_has(&t, FACT_PROTOCOL, "tls"));
	assert_int_equal(talk_count(&t, FACT_TLS_MID_STREAM), 1);
	assert_int_equal(talk_number(&t, FACT_TLS_APPLICATION_DATA, 0), 40);
	/* Encrypted: neither alert nor message is read. */
	buf_clear(&b);
	put_opaque_record(&b, 21, 26);
	put_opaque_record(&b, 22, 40);
	talk_say(&t, TO_CLIENT, buf_slice(&b));
	assert_int_equal(talk_count(&t, FACT_TLS_ALERT), 0);
	assert_int_equal(talk_number(&t, FACT_TLS_ENCRYPTED_ALERT, 0), 26);
	talk_close(&t);
	buf_done(&b);
}

/* An encrypted Finished that begins like a ServerHello by chance. */
static void
looks_like_hello(void **state)
{
	struct talk t;
	struct buf b;

	(void)state;
	buf_init(&b);
	put(&b, 1, 22);
	put(&b, 4, 0x03030028);
	put(&b, 4, 0x02000000);
	put_fill(&b, 0x7c, 36);
	put_opaque_record(&b, 23, 60);
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_say(&t, TO_CLIENT, buf_slice(&b));
	assert_int_equal(talk_count(&t, FACT_TLS_MID_STREAM), 1);
	assert_int_equal(talk_count(&t, FACT_TLS_LOST), 0);
	assert_int_equal(talk_count(&t, FACT_TLS_SERVER_HELLO), 0);
	talk_close(&t);
	buf_done(&b);
}

static void
expect_stranger(struct slice bytes)
{
	struct talk t;

	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_say(&t, TO_SERVER, bytes);
	assert_false(talk_has(&t, FACT_PROTOCOL, "tls"));
	talk_close(&t);
}

static void
not_tls(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	put_opaque_record(&b, 23, 40);
	buf_add(&b, "\x30\x31\x32", 3); /* no header behind it */
	expect_stranger(buf_slice(&b));
	buf_clear(&b);
	put_record(&b, 23, 0x0305, slice_text("version"));
	expect_stranger(buf_slice(&b));
	buf_clear(&b);
	put_record(&b, 20, 0x0301, slice_text("\2"));
	expect_stranger(buf_slice(&b));
	buf_clear(&b);
	put_record(&b, 24, 0x0301, slice_text("heartbeat"));
	expect_stranger(buf_slice(&b));
	buf_clear(&b);
	put(&b, 1, 22);
	put(&b, 4, 0x03010020);
	put(&b, 4, 0x01ffffff); /* hello of 16 MiB */
	put_fill(&b, 3, 60);
	expect_stranger(buf_slice(&b));
	buf_clear(&b);
	put_fill(&b, 0x16, 64);
	expect_stranger(buf_slice(&b));
	buf_done(&b);
}

/* What follows TLS on the same connection does not spoil what was learnt. */
static void
lost_at_boundary(void **state)
{
	struct script s;
	struct talk t;

	(void)state;
	mutual_12(&s, 1);
	talk_open(&t, IPPROTO_NUM_TCP, 21);
	talk_lines(&t, s.line, s.n);
	talk_say(&t, TO_SERVER, slice_text("QUIT in the clear\r\n"));
	assert_int_equal(talk_count(&t, FACT_TLS_RECORDS), 1);
	assert_int_equal(talk_number(&t, FACT_TLS_SUITE, 0), 0xc02f);
	talk_close(&t);
	done(&s);
}

static void
gap_in_handshake(void **state)
{
	struct script s;
	struct talk t;

	(void)state;
	mutual_12(&s, 1);
	talk_open(&t, IPPROTO_NUM_TCP, 5061);
	talk_say(&t, TO_SERVER, said_bytes(&s.line[0]));
	talk_say(&t, TO_CLIENT, slice_head(said_bytes(&s.line[1]), 400));
	talk_gap(&t, TO_CLIENT, 100);
	talk_say(&t, TO_CLIENT, slice_from(said_bytes(&s.line[1]), 500));
	talk_lines(&t, s.line + 2, s.n - 2);
	assert_int_equal(talk_number(&t, FACT_TLS_LOST, 0), 100);
	assert_int_equal(talk_count(&t, FACT_TLS_SERVER_CHAIN), 0);
	/* The torn record's own header says where the next one begins. */
	assert_int_equal(talk_count(&t, FACT_TLS_CCS), 2);
	assert_int_equal(talk_count(&t, FACT_TLS_APPLICATION_DATA), 2);
	talk_close(&t);
	done(&s);
}

static void
gap_in_data(void **state)
{
	struct script s;
	struct talk t;
	struct buf b;

	(void)state;
	mutual_12(&s, 1);
	buf_init(&b);
	put_opaque_record(&b, 23, 4000);
	talk_open(&t, IPPROTO_NUM_TCP, 5061);
	talk_lines(&t, s.line, s.n);
	talk_say(&t, TO_CLIENT, slice_head(buf_slice(&b), 1000));
	talk_gap(&t, TO_CLIENT, 5000); /* past the end of the record */
	talk_say(&t, TO_CLIENT, slice_from(buf_slice(&b), 1500));
	talk_say(&t, TO_CLIENT, buf_slice(&b));
	buf_clear(&b);
	put_opaque_record(&b, 21, 31);
	talk_say(&t, TO_CLIENT, buf_slice(&b));
	assert_int_equal(talk_count(&t, FACT_TLS_LOST), 0);
	assert_int_equal(talk_count(&t, FACT_GAP), 1);
	assert_int_equal(talk_number(&t, FACT_TLS_ENCRYPTED_ALERT, 0), 31);
	talk_close(&t);
	buf_done(&b);
	done(&s);
}

/* RFC 5246 E.2 */
static void
ssl2_form(void **state)
{
	static const char hello[] =
	    "\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10"
	    "\x00\x00\x04\x00\x00\x05\x00\x00\x0a\x01\x00\x80\x07\x00\xc0"
	    "\x00\x00\x2f\x00\x00\x35"
	    "CHALLENGECHALLEN";
	struct said lines[2] = { { TO_SERVER, hello, sizeof(hello) - 1 } };
	struct hello_of server = { .server = true,
		.version = 0x0301,
		.suite = 0x002f };
	struct talk t;
	struct buf b, out;

	(void)state;
	buf_init(&b);
	buf_init(&out);
	put_hello_message(&b, &server);
	put_record(&out, 22, 0x0301, buf_slice(&b));
	lines[1] = (struct said){ TO_CLIENT, out.p, out.n };
	tls_every_way(lines, 2);
	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_lines(&t, lines, 2);
	assert_int_equal(talk_number(&t, FACT_TLS_SSL2_HELLO, 0), 0x0301);
	assert_int_equal(talk_number(&t, FACT_TLS_CLIENT_HELLO, 0), 5);
	assert_int_equal(talk_number(&t, FACT_TLS_SUITE, 0), 0x002f);
	assert_int_equal(talk_count(&t, FACT_TLS_OFFERED_FORM), 0);
	talk_close(&t);
	buf_done(&b);
	buf_done(&out);
}

/* Called from the other side: roles follow the hellos. */
static void
turned_roles(void **state)
{
	struct script s;
	struct talk t;

	(void)state;
	mutual_12(&s, 1);
	talk_open(&t, IPPROTO_NUM_TCP, 5061);
	for (size_t i = 0; i < s.n; i++)
		talk_say(&t,
		    s.line[i].side == TO_SERVER ? TO_CLIENT : TO_SERVER,
		    said_bytes(&s.line[i]));
	const struct learnt *l =
	    evidence_first(session_evidence(t.session), FACT_TLS_CLIENT_CHAIN);

	assert_non_null(l);
	assert_int_equal(l->side, TO_CLIENT);
	assert_int_equal(l->bytes.n, 203);
	assert_int_equal(talk_count(&t, FACT_TLS_CLIENT_VERIFY), 1);
	talk_close(&t);
	done(&s);
}

/* Long after the handshake there is nothing more to learn. */
static void
settles(void **state)
{
	struct script s;
	struct talk t;
	struct buf b;
	enum feed last = FEED_ON;

	(void)state;
	mutual_12(&s, 1);
	talk_open(&t, IPPROTO_NUM_TCP, 5061);
	talk_lines(&t, s.line, s.n);
	buf_init(&b);
	put_opaque_record(&b, 23, 20000 - 4000);
	for (unsigned i = 0; i < 2 * LIMIT_TLS_RECORDS; i++) {
		struct stream_piece piece = {
			.side = i % 2 ? TO_CLIENT : TO_SERVER,
			.bytes = buf_slice(&b),
			.packet = ++t.packet,
			.segment_start = true,
		};

		last = session_stream(t.session, &piece);
		if (i < LIMIT_TLS_RECORDS)
			assert_int_equal(last, FEED_ON);
	}
	assert_int_equal(last, FEED_DONE);
	assert_true(talk_count(&t, FACT_TLS_RECORDS) >= 1);
	talk_close(&t);
	buf_done(&b);
	done(&s);
}

static void
hello_piece(struct slice piece, bool is_whole, void *ctx)
{
	struct tls_hello h;

	(void)ctx;
	/* A hello may end before its extensions (RFC 5246 7.4.1.2). */
	bool bare = piece.n == 45;

	assert_int_equal(tls_parse_client_hello(piece, false, &h),
	    is_whole || bare);
}

static void
server_hello_piece(struct slice piece, bool is_whole, void *ctx)
{
	struct tls_hello h;
	bool bare = piece.n == 38;

	(void)ctx;
	assert_int_equal(tls_parse_server_hello(piece, false, &h),
	    is_whole || bare);
}

static void
prefixes_of_hellos(void **state)
{
	(void)state;
	each_prefix(slice_of(rfc8448_client_hello + 9,
			sizeof(rfc8448_client_hello) - 10),
	    hello_piece, NULL);
	each_prefix(slice_of(rfc8448_server_hello + 9,
			sizeof(rfc8448_server_hello) - 10),
	    server_hello_piece, NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_12),
		cmocka_unit_test(records_12),
		cmocka_unit_test(any_segmentation),
		cmocka_unit_test(declined_12),
		cmocka_unit_test(declined_ssl3),
		cmocka_unit_test(small_records),
		cmocka_unit_test(message_too_large),
		cmocka_unit_test(rfc8448_hellos),
		cmocka_unit_test(rfc8448_decrypted),
		cmocka_unit_test(retry_and_early_data),
		cmocka_unit_test(client_only),
		cmocka_unit_test(acknowledgements),
		cmocka_unit_test(null_suite),
		cmocka_unit_test(mid_stream),
		cmocka_unit_test(looks_like_hello),
		cmocka_unit_test(not_tls),
		cmocka_unit_test(lost_at_boundary),
		cmocka_unit_test(gap_in_handshake),
		cmocka_unit_test(gap_in_data),
		cmocka_unit_test(ssl2_form),
		cmocka_unit_test(turned_roles),
		cmocka_unit_test(settles),
		cmocka_unit_test(prefixes_of_hellos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
