/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/ndpi.h"
#include "tests/talk.h"

#define BYTES(s) s, sizeof(s) - 1

/* One conversation and what must, or must not, be learnt of it. */
struct expect {
	uint16_t port;
	struct said lines[8];
	size_t count;
	enum fact fact;
	const char *text; /* NULL: the fact must be absent */
	const char *protocol;
};

static void
check(const struct expect *x)
{
	struct talk t;

	talk_every_way(x->lines, x->count, x->port);
	talk_open(&t, IPPROTO_NUM_TCP, x->port);
	talk_lines(&t, x->lines, x->count);
	session_end(t.session);
	if (!talk_has(&t, FACT_PROTOCOL, x->protocol))
		fail_msg("%s is not known", x->protocol);
	if (x->text == NULL)
		assert_int_equal(talk_count(&t, x->fact), 0);
	else if (!talk_has(&t, x->fact, x->text))
		fail_msg("%s: no %s", x->protocol, x->text);
	talk_close(&t);
}

static const struct expect mails[] = {
	{ 25,
	    { { TO_CLIENT, "220 mail.imc.org SMTP service ready\r\n", 0 },
		{ TO_SERVER, "EHLO mail.example.com\r\n", 0 },
		{ TO_CLIENT, "250-mail.imc.org hi\r\n250 STARTTLS\r\n", 0 },
		{ TO_SERVER, "STARTTLS\r\n", 0 },
		{ TO_CLIENT, "220 Go ahead\r\n", 0 },
		{ TO_SERVER, "SSH-2.0-next\r\n", 0 } },
	    6, FACT_SSH_VERSION, "SSH-2.0-next", "smtp" },
	{ 25,
	    { { TO_CLIENT, "220 mail.imc.org SMTP service ready\r\n", 0 },
		{ TO_SERVER, "EHLO mail.example.com\r\n", 0 },
		{ TO_SERVER, "STARTTLS\r\n", 0 },
		{ TO_CLIENT, "454 not now\r\n", 0 },
		{ TO_SERVER, "MAIL FROM:<a@b>\r\n", 0 },
		{ TO_SERVER, "STARTTLS\r\n", 0 },
		{ TO_CLIENT, "220 a body said it\r\n", 0 } },
	    7, FACT_STARTTLS, NULL, "smtp" },
	{ 2500,
	    { { TO_CLIENT, "220 who knows\r\n", 0 },
		{ TO_SERVER, "EHLO mail.example.com\r\n", 0 },
		{ TO_SERVER, "STARTTLS\r\n", 0 },
		{ TO_CLIENT, "220 ok\r\n", 0 } },
	    4, FACT_STARTTLS, "smtp", "smtp" },
	{ 110,
	    { { TO_CLIENT, "+OK POP3 ready\r\n", 0 },
		{ TO_SERVER, "STLS\r\n", 0 }, { TO_CLIENT, "+OK\r\n", 0 } },
	    3, FACT_STARTTLS, "pop3", "pop3" },
	{ 143,
	    { { TO_CLIENT, "* OK IMAP4rev1 ready\r\n", 0 },
		{ TO_SERVER, "a1 CAPABILITY\r\na2 STARTTLS\r\n", 0 },
		{ TO_CLIENT, "* CAPABILITY x\r\na1 NO x\r\na2 OK go\r\n", 0 } },
	    2, FACT_STARTTLS, NULL, "imap" },
	{ 143,
	    { { TO_CLIENT, "* OK IMAP4rev1 ready\r\n", 0 },
		{ TO_SERVER, "a2 STARTTLS\r\n", 0 },
		{ TO_CLIENT, "* an alert\r\na2 OK go\r\n", 0 } },
	    3, FACT_STARTTLS, "imap", "imap" },
	{ 21,
	    { { TO_CLIENT, "220-Welcome\r\n220 (vsFTPd 3.0.3)\r\n", 0 },
		{ TO_SERVER, "FEAT\r\n", 0 }, { TO_SERVER, "AUTH TLS\r\n", 0 },
		{ TO_CLIENT, "234 Proceed with negotiation.\r\n", 0 } },
	    4, FACT_STARTTLS, "ftp", "ftp" },
};

static const struct expect socks[] = {
	/* RFC 1928 with the password of RFC 1929 */
	{ 1080,
	    { { TO_SERVER, BYTES("\x05\x02\x00\x02") },
		{ TO_CLIENT, BYTES("\x05\x02") },
		{ TO_SERVER, BYTES("\x01\x01u\x01p") },
		{ TO_CLIENT, BYTES("\x01\x00") },
		{ TO_SERVER,
		    BYTES("\x05\x01\x00\x03\x04"
			  "host"
			  "\x01\xbb") },
		{ TO_CLIENT,
		    BYTES("\x05\x00\x00\x01\x0a\x00\x00\x01\x04\x38") },
		{ TO_SERVER, "SSH-2.0-inside\r\n", 0 } },
	    7, FACT_SSH_VERSION, "SSH-2.0-inside", "socks" },
	{ 1080,
	    { { TO_SERVER,
		  BYTES("\x04\x01\x01\xbb\x00\x00\x00\x01me\0host\0") },
		{ TO_CLIENT, BYTES("\x00\x5a\x00\x00\x00\x00\x00\x00") },
		{ TO_SERVER, "SSH-2.0-inside\r\n", 0 } },
	    3, FACT_SSH_VERSION, "SSH-2.0-inside", "socks" },
	{ 1080,
	    { { TO_SERVER, BYTES("\x05\x01\x00") },
		{ TO_CLIENT, BYTES("\x05\xff") } },
	    2, FACT_SSH_VERSION, NULL, "socks" },
};

static const struct expect others[] = {
	{ 22,
	    { { TO_CLIENT, BYTES("SSH-2.0-OpenSSH_9.2\r\n\0\0\1\1") },
		{ TO_SERVER, "SSH-1.99-x\n", 0 } },
	    2, FACT_SSH_VERSION, "SSH-1.99-x", "ssh" },
	/* RFC 4975 section 5 */
	{ 7654,
	    { { TO_SERVER,
		  "MSRP a786hjs2 SEND\r\nTo-Path: msrp://b:8/x;tcp\r\n"
		  "From-Path: msrp://a:7/y;tcp\r\nMessage-ID: 87652491\r\n"
		  "Byte-Range: 1-25/25\r\nContent-Type: text/plain\r\n\r\n"
		  "MSRP abcdefgh REPORT\r\n-------a786hjs2$\r\n",
		  0 },
		{ TO_CLIENT,
		    "MSRP a786hjs2 200 OK\r\nTo-Path: msrp://a:7/y;tcp\r\n"
		    "From-Path: msrp://b:8/x;tcp\r\n-------a786hjs2$\r\n",
		    0 } },
	    2, FACT_MSRP_METHOD, "SEND", "msrp" },
	{ 6891, { { TO_CLIENT, "VER MSN_SECURE_FTP\r\n", 0 } }, 1, FACT_FTP_MSN,
	    "VER MSN_SECURE_FTP", "msnftp" },
	/* Protocol::HandshakeV10, Protocol::SSLRequest */
	{ 3306,
	    { { TO_CLIENT,
		  BYTES("\x1a\x00\x00\x00\x0a"
			"8.0.33\0"
			"\x0b\x00\x00\x00"
			"abcdefgh\0\xff\xf7\x21\x02\x00") },
		{ TO_SERVER,
		    BYTES(
			"\x20\x00\x00\x01\x8d\xae\xff\x19\x00\x00\x00\x01"
			"\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
		{ TO_SERVER, "SSH-2.0-next\r\n", 0 } },
	    3, FACT_SSH_VERSION, "SSH-2.0-next", "mysql" },
	{ 80, { { TO_SERVER, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0 } }, 1,
	    FACT_SSH_VERSION, NULL, "http2" },
	{ 53,
	    { { TO_SERVER,
		BYTES("\x00\x21\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
		      "\x03www\x07"
		      "example\x03"
		      "com\0\x00\x01\x00\x01") } },
	    1, FACT_SSH_VERSION, NULL, "dns" },
};

static void
test_mail(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mails); i++)
		check(&mails[i]);
}

static void
test_socks(void **state)
{
	struct talk t;

	(void)state;
	/* In one segment each: its length is part of how it is known. */
	for (size_t i = 0; i < COUNT(socks); i++) {
		talk_open(&t, IPPROTO_NUM_TCP, 1080);
		talk_lines(&t, socks[i].lines, socks[i].count);
		if (!talk_has(&t, FACT_PROTOCOL, "socks"))
			fail_msg("conversation %zu", i);
		if (socks[i].text != NULL)
			assert_true(talk_has(&t, socks[i].fact, socks[i].text));
		talk_close(&t);
	}
	/* A server that does not answer in kind */
	talk_open(&t, IPPROTO_NUM_TCP, 1080);
	talk_say(&t, TO_SERVER, slice_of("\x05\x01\x00", 3));
	talk_say(&t, TO_CLIENT, slice_text("hello"));
	assert_false(talk_has(&t, FACT_PROTOCOL, "socks"));
	talk_close(&t);
}

static void
test_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		check(&others[i]);
}

/* MS-TDS 4.1 and 4.2, shortened to VERSION and ENCRYPTION */
static void
test_tds(void **state)
{
	static const struct said lines[] = {
		{ TO_SERVER,
		    BYTES("\x12\x01\x00\x1a\x00\x00\x01\x00"
			  "\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff"
			  "\x09\x00\x00\x00\x00\x00\x01") },
		{ TO_CLIENT,
		    BYTES("\x04\x01\x00\x1a\x00\x00\x01\x00"
			  "\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff"
			  "\x09\x00\x04\xbf\x00\x00\x03") },
	};
	struct talk t;

	(void)state;
	talk_every_way(lines, COUNT(lines), 1433);
	talk_open(&t, IPPROTO_NUM_TCP, 1433);
	talk_lines(&t, lines, COUNT(lines));
	assert_true(talk_has(&t, FACT_PROTOCOL, "tds"));
	assert_int_equal(talk_count(&t, FACT_TDS_ENCRYPTION), 2);
	assert_int_equal(talk_number(&t, FACT_TDS_ENCRYPTION, 99), 3);
	talk_close(&t);
}

static bool
datagram_is(struct slice bytes, const char *protocol)
{
	struct talk t;

	talk_open(&t, IPPROTO_NUM_UDP, 4000);
	talk_say(&t, TO_SERVER, bytes);
	bool is = talk_has(&t, FACT_PROTOCOL, protocol);

	talk_close(&t);
	return is;
}

static void
test_dns(void **state)
{
	static const char answer[] =
	    "\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x01"
	    "\x03www\x07"
	    "example\x03"
	    "com\0\x00\x01\x00\x01"
	    "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x00\x00\x01"
	    "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00";
	struct slice whole = slice_of(answer, sizeof(answer) - 1);

	(void)state;
	for (size_t n = 0; n <= whole.n; n++)
		assert_int_equal(datagram_is(slice_head(whole, n), "dns"),
		    n == whole.n);
	talk_prefixes(whole, 53);
}

/* RFC 9001 appendix A.2: header of the client's Initial, then padding */
static void
test_quic(void **state)
{
	uint8_t bytes[1200] = { 0xc3, 0x00, 0x00, 0x00, 0x01, 0x08, 0x83, 0x94,
		0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08, 0x00, 0x00, 0x44, 0x9e };

	(void)state;
	assert_true(datagram_is(slice_of(bytes, 1200), "quic"));
	assert_false(datagram_is(slice_of(bytes, 1199), "quic"));
	bytes[4] = 2;
	assert_false(datagram_is(slice_of(bytes, 1200), "quic"));
	talk_prefixes(slice_of(bytes, 64), 443);
}

/* An IPv4 packet with a DNS query, to see that the library answers. */
static void
test_ndpi(void **state)
{
	static const char packet[] =
	    "\x45\x00\x00\x39\x00\x01\x00\x00\x40\x11\x00\x00"
	    "\x0a\x00\x00\x01\x0a\x00\x00\x02\x9c\x40\x00\x35\x00\x25\x00\x00"
	    "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
	    "\x03www\x07"
	    "example\x03"
	    "com\0\x00\x01\x00\x01";
	struct ndpi_namer *n = ndpi_namer_new();
	struct ndpi_handle h = { 0 };
	char name[NDPI_NAME_SIZE];

	(void)state;
	if (n == NULL)
		skip();
	assert_true(
	    ndpi_name(n, &h, slice_of(packet, sizeof(packet) - 1), 1, name));
	assert_string_equal(name, "dns");
	assert_true(h.over);
	assert_false(
	    ndpi_name(n, &h, slice_of(packet, sizeof(packet) - 1), 2, name));
	ndpi_forget(&h);
	h = (struct ndpi_handle){ 0 };
	for (size_t i = 0; i <= sizeof(packet) - 1; i++) {
		h.packets = 0;
		h.over = false;
		(void)ndpi_name(n, &h, slice_of(packet, i), i, name);
	}
	ndpi_forget(&h);
	h = (struct ndpi_handle){ 0 };
	for (int i = 0; i < NDPI_PACKETS_MOST; i++)
		assert_false(ndpi_name(n, &h, slice_of(packet, 20), 1, name));
	assert_true(h.over);
	ndpi_namer_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_socks),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_tds),
		cmocka_unit_test(test_dns),
		cmocka_unit_test(test_quic),
		cmocka_unit_test(test_ndpi),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
