/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/talk.h"

#define BYTES(s) s, sizeof(s) - 1

/* MS-RDPBCGR 4.1.1 and 4.1.2 */
static const char request[] = "\x03\x00\x00\x2c\x27\xe0\x00\x00\x00\x00\x00"
			      "Cookie: mstshash=eltons\r\n"
			      "\x01\x00\x08\x00\x00\x00\x00\x00";
static const char confirm[] = "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00"
			      "\x02\x00\x08\x00\x00\x00\x00\x00";

/* The same with TLS and CredSSP. */
static const char request_tls[] = "\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00"
				  "\x01\x00\x08\x00\x0b\x00\x00\x00";
static const char confirm_tls[] = "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00"
				  "\x02\x1f\x08\x00\x02\x00\x00\x00";
static const char refused[] = "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00"
			      "\x03\x00\x08\x00\x05\x00\x00\x00";

/* MS-RDPBCGR 4.1.4, with the security block cut down to method and level */
static const char connect_response[] =
    "\x03\x00\x00\x50\x02\xf0\x80"
    "\x7f\x66\x82\x00\x45\x0a\x01\x00\x02\x01\x00\x30\x1a\x02\x01\x22\x02"
    "\x01\x03\x02\x01\x00\x02\x01\x01\x02\x01\x00\x02\x01\x01\x02\x03\x00"
    "\xff\xf8\x02\x01\x02\x04\x1f\x00\x05\x00\x14\x7c\x00\x01"
    "McDn\x14"
    "\x01\x0c\x08\x00\x04\x00\x08\x00"
    "\x02\x0c\x0c\x00\x02\x00\x00\x00\x02\x00\x00\x00";

static void
test_standard(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER, BYTES(request) },
		{ TO_CLIENT, BYTES(confirm) },
		{ TO_CLIENT, BYTES(connect_response) },
	};
	struct talk t;

	(void)state;
	talk_every_way(lines, COUNT(lines), 3389);
	talk_open(&t, IPPROTO_NUM_TCP, 3389);
	talk_lines(&t, lines, COUNT(lines));
	assert_true(talk_has(&t, FACT_PROTOCOL, "rdp"));
	assert_int_equal(talk_number(&t, FACT_RDP_REQUESTED, 99), 0);
	assert_int_equal(talk_number(&t, FACT_RDP_SELECTED, 99), 0);
	assert_int_equal(talk_number(&t, FACT_RDP_METHOD, 99), 2);
	assert_int_equal(talk_number(&t, FACT_RDP_LEVEL, 99), 2);
	assert_int_equal(talk_number(&t, FACT_RDP_CLEAR, 99), 1);
	assert_int_equal(talk_count(&t, FACT_STARTTLS), 0);
	talk_close(&t);
}

static void
test_tls(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER, BYTES(request_tls) },
		{ TO_CLIENT, BYTES(confirm_tls) },
		{ TO_SERVER, "SSH-2.0-whatever follows\r\n", 0 },
	};
	struct talk t;

	(void)state;
	talk_every_way(lines, COUNT(lines), 3389);
	talk_open(&t, IPPROTO_NUM_TCP, 3389);
	talk_lines(&t, lines, COUNT(lines));
	assert_int_equal(talk_number(&t, FACT_RDP_REQUESTED, 99), 11);
	assert_int_equal(talk_number(&t, FACT_RDP_SELECTED, 99), 2);
	assert_true(talk_has(&t, FACT_STARTTLS, "rdp"));
	assert_int_equal(talk_count(&t, FACT_RDP_CLEAR), 0);
	assert_true(talk_has(&t, FACT_PROTOCOL, "ssh"));
	talk_close(&t);
}

static void
test_refused(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER, BYTES(request) },
		{ TO_CLIENT, BYTES(refused) },
	};
	struct talk t;

	(void)state;
	talk_open(&t, IPPROTO_NUM_TCP, 3389);
	talk_lines(&t, lines, COUNT(lines));
	assert_int_equal(talk_count(&t, FACT_RDP_SELECTED), 0);
	assert_int_equal(talk_count(&t, FACT_STARTTLS), 0);
	talk_close(&t);
}

/* Data PDUs alone: MCS SendDataRequest to the I/O channel */
static void
test_mid_stream(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER,
		    BYTES("\x03\x00\x00\x12\x02\xf0\x80\x64\x00\x06\x03\xeb"
			  "\x70\x04\x08\x00\x00\x00") },
	};
	struct talk t;

	(void)state;
	talk_open(&t, IPPROTO_NUM_TCP, 3389);
	talk_lines(&t, lines, COUNT(lines));
	assert_int_equal(talk_number(&t, FACT_RDP_CLEAR, 99), 1);
	assert_int_equal(talk_count(&t, FACT_RDP_METHOD), 0);
	talk_close(&t);
}

/* S7comm: TSAP parameters; H.225 in TPKT; other versions; wrong lengths */
static void
test_strict(void **state)
{
	static const struct said no[] = {
		{ TO_SERVER,
		    BYTES("\x03\x00\x00\x16\x11\xe0\x00\x00\x00\x01\x00"
			  "\xc1\x02\x01\x00\xc2\x02\x01\x02\xc0\x01\x09") },
		{ TO_SERVER,
		    BYTES("\x03\x00\x00\x0e\x08\x02\x00\x01\x05\x04\x03\x88"
			  "\x90\xa5") },
		{ TO_SERVER,
		    BYTES("\x04\x00\x00\x0b\x06\xe0\x00\x00\x00\x00\x00") },
		{ TO_SERVER,
		    BYTES("\x03\x00\x00\x0b\x07\xe0\x00\x00\x00\x00\x00") },
		{ TO_SERVER,
		    BYTES("\x03\x00\x00\x19\x02\xf0\x80\x32\x01\x00\x00\x00"
			  "\x00\x00\x08\x00\x00\xf0\x00\x00\x01\x00\x01\x01"
			  "\xe0") },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(no); i++) {
		struct talk t;

		talk_open(&t, IPPROTO_NUM_TCP, 102);
		talk_lines(&t, &no[i], 1);
		assert_false(talk_has(&t, FACT_PROTOCOL, "rdp"));
		talk_close(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_standard),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_mid_stream),
		cmocka_unit_test(test_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
