/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/talk.h"

/* RFC 6120 section 9.2 */
#define OPEN(rest)                                  \
	"<?xml version='1.0'?><stream:stream " rest \
	" version='1.0' xmlns='jabber:server'\n"    \
	" xmlns:stream='http://etherx.jabber.org/streams'>"

static void
test_starttls(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER, OPEN("from='im.example.com' to='e.example'"), 0 },
		{ TO_CLIENT, OPEN("from='e.example' id='a>b'"), 0 },
		{ TO_CLIENT,
		    "<stream:features><starttls xmlns="
		    "'urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
		    "</stream:features>",
		    0 },
		{ TO_SERVER,
		    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", 0 },
		{ TO_CLIENT,
		    "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", 0 },
		{ TO_SERVER, "SSH-2.0-whatever follows\r\n", 0 },
	};
	struct talk t;

	(void)state;
	talk_every_way(lines, COUNT(lines), 5269);
	talk_open(&t, IPPROTO_NUM_TCP, 5269);
	talk_lines(&t, lines, 3);
	assert_true(talk_has(&t, FACT_PROTOCOL, "xmpp"));
	assert_true(talk_has(&t, FACT_XMPP_STREAM, "jabber:server"));
	assert_int_equal(talk_count(&t, FACT_XMPP_STARTTLS), 2);
	assert_int_equal(talk_number(&t, FACT_XMPP_STARTTLS, 0), 4);
	talk_lines(&t, lines + 3, 1);
	assert_int_equal(talk_number(&t, FACT_XMPP_STARTTLS, 0), 2);
	talk_lines(&t, lines + 4, 2);
	assert_int_equal(talk_number(&t, FACT_XMPP_STARTTLS, 0), 3);
	assert_true(talk_has(&t, FACT_STARTTLS, "xmpp"));
	assert_true(talk_has(&t, FACT_PROTOCOL, "ssh"));
	assert_int_equal(talk_count(&t, FACT_XMPP_CONTENT), 0);
	talk_close(&t);
}

static void
test_in_clear(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER,
		    "<stream:stream to='e' xmlns='jabber:client' xmlns:stream="
		    "'http://etherx.jabber.org/streams'>",
		    0 },
		{ TO_SERVER,
		    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' "
		    "mechanism='PLAIN'>AGp1bGlldAByMG0zMG15cjBtMzA=</auth>",
		    0 },
		{ TO_SERVER, "<db:result from='a' to='b'>98ab</db:result>", 0 },
		{ TO_SERVER, "<message to='a@b'><body>x</body></message>", 0 },
	};
	struct talk t;

	(void)state;
	talk_every_way(lines, COUNT(lines), 5222);
	talk_open(&t, IPPROTO_NUM_TCP, 5222);
	talk_lines(&t, lines, COUNT(lines));
	assert_true(talk_has(&t, FACT_XMPP_STREAM, "jabber:client"));
	assert_true(talk_has(&t, FACT_XMPP_SASL, "PLAIN"));
	assert_int_equal(talk_number(&t, FACT_XMPP_DIALBACK, 0), 1);
	assert_int_equal(talk_number(&t, FACT_XMPP_CONTENT, 0), 1);
	assert_int_equal(talk_count(&t, FACT_XMPP_STARTTLS), 0);
	talk_close(&t);
}

static void
test_mid_stream_and_gap(void **state)
{
	struct talk t;

	(void)state;
	talk_open(&t, IPPROTO_NUM_TCP, 5222);
	talk_say(&t, TO_SERVER,
	    slice_text("<iq id='1' type='get'><query xmlns='x'/></iq>"));
	assert_int_equal(talk_number(&t, FACT_XMPP_CONTENT, 0), 1);
	talk_gap(&t, TO_SERVER, 50);
	talk_say(&t, TO_SERVER, slice_text("bc='2'/><db:verify id='1'/>"));
	assert_int_equal(talk_number(&t, FACT_XMPP_DIALBACK, 0), 1);
	talk_close(&t);
}

static void
test_strict(void **state)
{
	static const char *const no[] = { "<?xml version='1.0'?><rss a='b'>",
		"<stream:stream xmlns='x'>", "<html>", "<iq>", "<message>",
		"<presence/>", "< iq id='1' type='get'>" };

	(void)state;
	for (size_t i = 0; i < COUNT(no); i++) {
		struct talk t;

		talk_open(&t, IPPROTO_NUM_TCP, 5222);
		talk_say(&t, TO_SERVER, slice_text(no[i]));
		if (talk_has(&t, FACT_PROTOCOL, "xmpp"))
			fail_msg("taken for XMPP: %s", no[i]);
		talk_close(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starttls),
		cmocka_unit_test(test_in_clear),
		cmocka_unit_test(test_mid_stream_and_gap),
		cmocka_unit_test(test_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
