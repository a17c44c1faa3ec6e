/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/talk.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: fe1.contoso.com\r\n"
#define OK(more)  "HTTP/1.1 200 OK\r\n" more "\r\n"

static const struct http_exchange *
exchange(const struct talk *t, size_t i)
{
	return talk_struct(t, FACT_HTTP_EXCHANGE, i);
}

static void
talk_http(struct talk *t, const struct said *lines, size_t n)
{
	talk_every_way(lines, n, 80);
	talk_open(t, IPPROTO_NUM_TCP, 80);
	talk_lines(t, lines, n);
	session_end(t->session);
	assert_true(talk_has(t, FACT_PROTOCOL, "http"));
}

static void
test_flags(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER,
		    GET("/abs/handler/F-1299.lsabs?x=1") "Authorization: NTLM "
							 "TlRMTVNTUAAB\r\nCooki"
							 "e: a=b\r\n"
							 "User-Agent: "
							 "OC/4.0\r\n\r\n",
		    0 },
		{ TO_CLIENT,
		    OK("Content-Length: 5\r\nContent-Type: text/html; q=1\r\n"
		       "Set-Cookie: c=d\r\n") "12345",
		    0 },
		{ TO_SERVER,
		    "POST http://dlx.contoso.com/groupexpansion/service.svc "
		    "HTTP/1.1\r\nHost: proxy\r\nX-MS-WebTicket: opaque=1\r\n"
		    "Content-Type: application/soap+xml\r\n"
		    "Proxy-Authorization: Basic eDp5\r\n"
		    "Content-Length: 4\r\n\r\n<x/>",
		    0 },
		{ TO_CLIENT,
		    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 302 Found\r\n"
		    "Location: https://dlx.contoso.com/\r\n"
		    "Content-Length: 0\r\n\r\n",
		    0 },
		{ TO_SERVER, GET("/?sipuri=a@contoso.com") "\r\n", 0 },
		{ TO_CLIENT, "HTTP/1.1 304 Not Modified\r\n\r\n", 0 },
	};
	struct talk t;

	(void)state;
	talk_http(&t, lines, COUNT(lines));
	assert_int_equal(talk_count(&t, FACT_HTTP_EXCHANGE), 3);
	const struct http_exchange *x = exchange(&t, 0);

	assert_string_equal(x->text,
	    "GET fe1.contoso.com /abs/handler/F-1299.lsabs");
	assert_int_equal(x->flags,
	    HTTP_AUTHORIZATION | HTTP_NTLM | HTTP_COOKIE | HTTP_SET_COOKIE |
		HTTP_CONTENT);
	assert_string_equal(x->content_type, "text/html");
	assert_int_equal(x->status, 200);
	assert_int_equal(x->count, 1);
	x = exchange(&t, 1);
	assert_string_equal(x->text,
	    "POST dlx.contoso.com /groupexpansion/service.svc");
	assert_int_equal(x->flags,
	    HTTP_AUTHORIZATION | HTTP_WEBTICKET | HTTP_SOAP | HTTP_PROXY |
		HTTP_BODY_SENT | HTTP_TO_HTTPS);
	assert_int_equal(x->status, 302);
	x = exchange(&t, 2);
	assert_string_equal(x->text, "GET fe1.contoso.com /");
	assert_int_equal(x->flags, HTTP_SIPURI);
	assert_true(talk_has(&t, FACT_HTTP_HOST, "fe1.contoso.com"));
	assert_true(talk_has(&t, FACT_HTTP_USER_AGENT, "OC/4.0"));
	talk_close(&t);
}

static void
test_pipelined_chunked_head(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER,
		    "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n" GET("/b") "\r\n" GET(
			"/c") "\r\n",
		    0 },
		{ TO_CLIENT,
		    OK("Content-Length: 1000\r\n") OK(
			"Transfer-Encoding: chunked\r\n") "5;x="
							  "y\r\nhello\r\n1A\r\n"
							  "abcdefghijklmnopqrst"
							  "uvwxyz\r\n"
							  "0\r\nTrailer: "
							  "x\r\n\r\n"
							  "HTTP/1.1 404 Not "
							  "Found\r\nContent-"
							  "Length: 0\r\n\r\n",
		    0 },
	};
	struct talk t;

	(void)state;
	talk_http(&t, lines, COUNT(lines));
	assert_int_equal(talk_count(&t, FACT_HTTP_EXCHANGE), 3);
	assert_int_equal(exchange(&t, 0)->flags, 0);
	assert_int_equal(exchange(&t, 1)->flags, HTTP_CONTENT);
	assert_string_equal(exchange(&t, 2)->text, "GET fe1.contoso.com /c");
	assert_int_equal(exchange(&t, 2)->status, 404);
	talk_close(&t);
}

static void
test_until_close(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER, "GET /x HTTP/1.0\r\n\r\n", 0 },
		{ TO_CLIENT, "HTTP/1.0 200 OK\r\n\r\nHTTP/1.0 is what ...", 0 },
		{ TO_CLIENT, "HTTP/1.1 500 a body\r\n\r\n", 0 },
	};
	struct talk t;

	(void)state;
	talk_http(&t, lines, COUNT(lines));
	assert_int_equal(talk_count(&t, FACT_HTTP_EXCHANGE), 1);
	assert_string_equal(exchange(&t, 0)->text, "GET - /x");
	assert_int_equal(exchange(&t, 0)->status, 200);
	talk_close(&t);
}

static void
test_same_is_counted(void **state)
{
	struct talk t;
	uint32_t sum = 0;

	(void)state;
	talk_open(&t, IPPROTO_NUM_TCP, 80);
	for (int i = 0; i < 200; i++) {
		talk_say(&t, TO_SERVER, slice_text(GET("/same") "\r\n"));
		talk_say(&t, TO_CLIENT,
		    slice_text(OK("Content-Length: 0\r\n")));
		if (i == 99)
			session_end(t.session);
	}
	talk_say(&t, TO_SERVER, slice_text(GET("/last") "\r\n"));
	session_end(t.session);
	session_end(t.session);
	for (size_t i = 0; i < 4; i++)
		if (exchange(&t, i)->status == 200)
			sum += exchange(&t, i)->count;
	assert_int_equal(sum, 200);
	assert_int_equal(talk_count(&t, FACT_HTTP_EXCHANGE), 4);
	assert_int_equal(exchange(&t, 2)->status, 0);
	talk_close(&t);
}

/* However many harmless requests: one with a secret is not lost. */
static void
test_secrets_have_room(void **state)
{
	struct talk t;
	char line[128];

	(void)state;
	talk_open(&t, IPPROTO_NUM_TCP, 80);
	for (int i = 0; i < 300; i++) {
		snprintf(line, sizeof(line), GET("/%d") "\r\n", i);
		talk_say(&t, TO_SERVER, slice_text(line));
		talk_say(&t, TO_CLIENT,
		    slice_text(OK("Content-Length: 0\r\n")));
	}
	talk_say(&t, TO_SERVER,
	    slice_text(GET("/secret") "Authorization: Basic eDp5\r\n\r\n"));
	session_end(t.session);
	assert_int_equal(
	    exchange(&t, talk_count(&t, FACT_HTTP_EXCHANGE) - 1)->flags,
	    HTTP_AUTHORIZATION);
	talk_close(&t);
}

static void
test_body_is_passed_over(void **state)
{
	static char body[300000];
	struct slice rest = slice_of(body, sizeof(body));
	struct talk t;

	(void)state;
	memset(body, 'G', sizeof(body));
	talk_open(&t, IPPROTO_NUM_TCP, 80);
	talk_say(&t, TO_SERVER, slice_text(GET("/big") "\r\n"));
	talk_say(&t, TO_CLIENT, slice_text(OK("Content-Length: 300000\r\n")));
	talk_say(&t, TO_CLIENT, slice_head(rest, 1000));
	talk_gap(&t, TO_CLIENT, 199000);
	for (rest = slice_from(rest, 200000); rest.n > 0;
	     rest = slice_from(rest, 1400))
		talk_say(&t, TO_CLIENT, slice_head(rest, 1400));
	talk_say(&t, TO_SERVER, slice_text(GET("/next") "\r\n"));
	talk_say(&t, TO_CLIENT, slice_text(OK("Content-Length: 0\r\n")));
	assert_int_equal(talk_count(&t, FACT_HTTP_EXCHANGE), 2);
	assert_int_equal(exchange(&t, 1)->status, 200);
	talk_close(&t);
}

static void
test_gap_and_reply_first(void **state)
{
	struct talk t;

	(void)state;
	talk_open_at(&t, IPPROTO_NUM_TCP, 80, true);
	talk_say(&t, TO_CLIENT, slice_text(OK("Content-Length: 2\r\n") "ab"));
	assert_int_equal(exchange(&t, 0)->status, 200);
	assert_string_equal(exchange(&t, 0)->text, "");
	talk_say(&t, TO_SERVER, slice_text(GET("/1") "\r\n"));
	talk_gap(&t, TO_CLIENT, 500);
	talk_say(&t, TO_CLIENT, slice_text("rest of it\r\n\r\nmore"));
	talk_say(&t, TO_SERVER, slice_text(GET("/2") "\r\n"));
	talk_say(&t, TO_CLIENT, slice_text(OK("Content-Length: 0\r\n")));
	session_end(t.session);
	assert_int_equal(talk_count(&t, FACT_HTTP_EXCHANGE), 3);
	assert_int_equal(exchange(&t, 1)->status, 0);
	assert_string_equal(exchange(&t, 2)->text, "GET fe1.contoso.com /2");
	assert_int_equal(exchange(&t, 2)->status, 200);
	talk_close(&t);
}

/* Two taps out of step: the answers stand before their requests. */
static void
test_early_answers(void **state)
{
	struct talk t;

	(void)state;
	talk_open(&t, IPPROTO_NUM_TCP, 80);
	talk_say(&t, TO_CLIENT, slice_text(OK("Content-Length: 2\r\n") "ab"));
	talk_say(&t, TO_CLIENT,
	    slice_text("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"));
	talk_say(&t, TO_CLIENT, slice_text(OK("Content-Length: 0\r\n")));
	assert_int_equal(talk_count(&t, FACT_HTTP_EXCHANGE), 0);
	talk_say(&t, TO_SERVER, slice_text(GET("/1") "\r\n"));
	talk_say(&t, TO_SERVER, slice_text(GET("/2") "\r\n"));
	assert_int_equal(exchange(&t, 0)->status, 200);
	assert_string_equal(exchange(&t, 0)->text, "GET fe1.contoso.com /1");
	assert_int_equal(exchange(&t, 1)->status, 404);
	assert_string_equal(exchange(&t, 1)->text, "GET fe1.contoso.com /2");
	session_end(t.session);
	assert_int_equal(talk_count(&t, FACT_HTTP_EXCHANGE), 3);
	assert_int_equal(exchange(&t, 2)->status, 200);
	assert_string_equal(exchange(&t, 2)->text, "");
	talk_close(&t);
}

static void
test_connect(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER, "CONNECT sip.contoso.com:443 HTTP/1.1\r\n\r\n",
		    0 },
		{ TO_CLIENT, "HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno",
		    0 },
		{ TO_SERVER,
		    "CONNECT sip.contoso.com:443 HTTP/1.1\r\n"
		    "Proxy-Authorization: Negotiate YII\r\n\r\n",
		    0 },
		{ TO_CLIENT, "HTTP/1.1 200 Connection established\r\n\r\n", 0 },
		{ TO_SERVER, "SSH-2.0-inside\r\n", 0 },
		{ TO_CLIENT, "SSH-2.0-there\r\n", 0 },
	};
	struct talk t;

	(void)state;
	talk_http(&t, lines, COUNT(lines));
	assert_int_equal(talk_count(&t, FACT_HTTP_CONNECT), 1);
	assert_true(talk_has(&t, FACT_HTTP_CONNECT, "sip.contoso.com:443"));
	assert_true(talk_has(&t, FACT_SSH_VERSION, "SSH-2.0-inside"));
	assert_true(talk_has(&t, FACT_SSH_VERSION, "SSH-2.0-there"));
	assert_int_equal(exchange(&t, 1)->flags,
	    HTTP_AUTHORIZATION | HTTP_NTLM);
	talk_close(&t);
}

/* RFC 7540 section 3.2 */
static void
test_upgrade_h2c(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER,
		    GET("/") "Connection: Upgrade, HTTP2-Settings\r\n"
			     "Upgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
		    0 },
		{ TO_CLIENT,
		    "HTTP/1.1 101 Switching Protocols\r\nConnection: "
		    "Upgrade\r\n"
		    "Upgrade: h2c\r\n\r\n",
		    0 },
		{ TO_SERVER, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0 },
	};
	struct talk t;

	(void)state;
	talk_http(&t, lines, COUNT(lines));
	assert_true(talk_has(&t, FACT_HTTP_UPGRADE, "h2c"));
	assert_true(talk_has(&t, FACT_PROTOCOL, "http2"));
	assert_int_equal(talk_number(&t, FACT_HTTP_2, 0), 1);
	talk_close(&t);
}

static void
test_refused_upgrade(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER, GET("/1") "Upgrade: h2c\r\n\r\n", 0 },
		{ TO_CLIENT, OK("Content-Length: 0\r\n"), 0 },
		{ TO_SERVER, GET("/2") "\r\n", 0 },
		{ TO_CLIENT, OK("Content-Length: 0\r\n"), 0 },
	};
	struct talk t;

	(void)state;
	talk_http(&t, lines, COUNT(lines));
	assert_int_equal(talk_count(&t, FACT_HTTP_EXCHANGE), 2);
	talk_close(&t);
}

static void
test_strict(void **state)
{
	static const char *const no[] = { "GET / SIP/2.0\r\n",
		"GET  HTTP/1.1\r\n", "get / HTTP/1.1\r\n", "GET /\r\n",
		"HTTP/1.1 2x0 OK\r\n", "HTTP/2.0 200 OK\r\n",
		"FOO / b HTTP/1.1\r\n", "M-SEARCH\r\n" };

	(void)state;
	for (size_t i = 0; i < COUNT(no); i++) {
		struct talk t;

		talk_open(&t, IPPROTO_NUM_TCP, 80);
		talk_say(&t, TO_SERVER, slice_text(no[i]));
		if (talk_has(&t, FACT_PROTOCOL, "http"))
			fail_msg("taken for HTTP: %s", no[i]);
		talk_close(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_pipelined_chunked_head),
		cmocka_unit_test(test_until_close),
		cmocka_unit_test(test_same_is_counted),
		cmocka_unit_test(test_secrets_have_room),
		cmocka_unit_test(test_body_is_passed_over),
		cmocka_unit_test(test_gap_and_reply_first),
		cmocka_unit_test(test_early_answers),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_upgrade_h2c),
		cmocka_unit_test(test_refused_upgrade),
		cmocka_unit_test(test_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
