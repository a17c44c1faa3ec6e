/* SPDX-License-Identifier: Apache-2.0 */
#include "core/digest.h"
#include "dissect/sdp.h"
#include "tests/talk.h"

/* A session that learns; the body goes to the parser itself. */
static unsigned
parse(struct talk *t, struct slice body)
{
	static const struct sdp_origin origin = { .call = 7,
		.cseq = 3,
		.role = SDP_OFFER };

	talk_open(t, IPPROTO_NUM_UDP, 5060);
	return sdp_learn(t->session, body, &origin);
}

static void
parse_prefix(struct slice piece, bool is_whole, void *ctx)
{
	struct talk t;

	(void)is_whole;
	(void)ctx;
	(void)parse(&t, piece);
	talk_close(&t);
}

static unsigned
parse_text(struct talk *t, const char *body)
{
	each_prefix(slice_text(body), parse_prefix, NULL);
	return parse(t, slice_text(body));
}

static void
assert_at(const struct endpoint *e, const char *want)
{
	char text[ADDR_TEXT_MAX];

	assert_string_equal(endpoint_text(e, text), want);
}

/* No fact may hold these bytes. */
static void
assert_nowhere(const struct talk *t, const char *secret)
{
	const struct evidence *e = session_evidence(t->session);

	for (size_t i = 0; i < e->count; i++)
		if (e->facts[i].bytes.n > 0)
			assert_null(memmem(e->facts[i].bytes.p,
			    e->facts[i].bytes.n, secret, strlen(secret)));
}

/* RFC 8866 section 5 */
static void
test_plain(void **state)
{
	struct talk t;

	(void)state;
	unsigned kinds = parse_text(&t,
	    "v=0\r\n"
	    "o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r\n"
	    "s=Call to John Smith\r\n"
	    "c=IN IP4 198.51.100.1\r\n"
	    "t=0 0\r\n"
	    "m=audio 49170 RTP/AVP 0\r\n"
	    "m=audio 49180 RTP/AVP 0\r\n"
	    "m=video 51372/2 RTP/AVP 99 31\r\n"
	    "c=IN IP6 2001:db8::2/127\r\n"
	    "a=rtcp:53020 IN IP4 126.16.64.4\r\n"
	    "a=rtpmap:31 H261/90000\r\n"
	    "a=rtpmap:99 h263-1998/90000\r\n"
	    "m=image 0 udptl t38\r\n");

	assert_int_equal(kinds,
	    1 << MEDIA_AUDIO | 1 << MEDIA_VIDEO | 1 << MEDIA_FAX);
	assert_int_equal(talk_count(&t, FACT_SDP_MEDIA), 4);
	const struct sdp_media *m = talk_struct(&t, FACT_SDP_MEDIA, 0);

	assert_at(&m->at, "198.51.100.1:49170");
	assert_at(&m->rtcp, "198.51.100.1:49171");
	assert_int_equal(m->call, 7);
	assert_int_equal(m->secure, 0);
	assert_int_equal(m->level, LEVEL_REJECTED);
	assert_string_equal(m->profile, "RTP/AVP");
	m = talk_struct(&t, FACT_SDP_MEDIA, 2);
	assert_at(&m->at, "[2001:db8::2]:51372");
	assert_at(&m->rtcp, "126.16.64.4:53020");
	assert_string_equal(m->codec, "h263-1998");
	assert_int_equal(m->pt_count, 2);
	assert_int_equal(m->pt[0], 99);
	assert_int_equal(m->index, 2);
	m = talk_struct(&t, FACT_SDP_MEDIA, 3);
	assert_int_equal(m->rejected, 1);
	assert_int_equal(m->level, LEVEL_UNKNOWN);
	assert_int_equal(m->pt_count, 0);
	talk_close(&t);
}

/* RFC 4568 section 6.1 and 6.3.4 */
static void
test_crypto(void **state)
{
	struct talk t;

	(void)state;
	(void)parse_text(&t,
	    "v=0\n"
	    "c=IN IP4 168.2.17.12\n"
	    "m=audio 49170 RTP/SAVP 0\n"
	    "a=crypto:1 AES_CM_128_HMAC_SHA1_32\n"
	    " inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj|2^20|1:32\n"
	    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
	    "inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj|2^20|1:32\n"
	    "a=crypto:2 F8_128_HMAC_SHA1_80 "
	    "inline:MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm|2^20|1:4;"
	    "inline:QUJjZGVmMTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5|2^20|2:4 "
	    "UNENCRYPTED_SRTP\n"
	    "m=video 51372 RTP/SAVP 31\n"
	    "a=crypto:1 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\n"
	    "a=crypto:2 NzB4d1BINUAvLEw6UzF3WSJ\n");

	const struct sdp_media *m = talk_struct(&t, FACT_SDP_MEDIA, 0);

	assert_int_equal(m->secure, 1);
	assert_int_equal(m->level, LEVEL_REQUIRED);
	assert_int_equal(m->crypto_lines, 3);
	assert_string_equal(m->suite, "AES_CM_128_HMAC_SHA1_32");
	assert_int_equal(m->null_cipher, 1);
	m = talk_struct(&t, FACT_SDP_MEDIA, 1);
	assert_int_equal(m->crypto_lines, 2);
	assert_string_equal(m->suite, "unknown");
	assert_true(talk_has(&t, FACT_SDP_KEY, "AES_CM_128_HMAC_SHA1_80"));
	assert_true(talk_has(&t, FACT_SDP_KEY, "F8_128_HMAC_SHA1_80"));
	assert_nowhere(&t, "NzB4d1");
	assert_nowhere(&t, "d0Rmdm");
	assert_nowhere(&t, "inline");
	talk_close(&t);
}

/* RFC 5763 section 7.1, RFC 5761, RFC 8839 section 5.1 */
static void
test_dtls_and_ice(void **state)
{
	static const char first[] = "\x4a\xad\xb9\xb1\x3f";
	struct talk t;

	(void)state;
	(void)parse_text(&t,
	    "v=0\r\n"
	    "c=IN IP4 192.0.2.1\r\n"
	    "a=fingerprint:SHA-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:"
	    "6B:19:E5:7C:AB\r\n"
	    "m=audio 6056 RTP/AVP 0\r\n"
	    "a=setup:actpass\r\n"
	    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
	    "a=fingerprint:sha-256 00:1\r\n"
	    "a=rtcp-mux\r\n"
	    "a=candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host\r\n"
	    "a=candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr "
	    "203.0.113.141 rport 8998\r\n"
	    "a=candidate:3 2 tcp 1019216383 2001:db8::9 3478 typ relay "
	    "raddr 203.0.113.141 rport 8998 tcptype passive\r\n"
	    "a=candidate:4 1 UDP 1 5a5b.local 3478 typ host\r\n"
	    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n");

	const struct sdp_media *m = talk_struct(&t, FACT_SDP_MEDIA, 0);

	assert_int_equal(m->fingerprint_kind, DIGEST_SHA1 + 1);
	assert_int_equal(m->fingerprint_size, 20);
	assert_memory_equal(m->fingerprint, first, 5);
	assert_int_equal(m->dtls, 1);
	assert_int_equal(m->level, LEVEL_OPTIONAL);
	m = talk_struct(&t, FACT_SDP_MEDIA, 1);
	assert_int_equal(m->rtcp_mux, 1);
	assert_int_equal(m->secure, 1);
	assert_int_equal(m->dtls, 1);
	m = talk_struct(&t, FACT_SDP_MEDIA, 2);
	assert_int_equal(m->kind, MEDIA_DATA);
	assert_int_equal(talk_count(&t, FACT_SDP_CANDIDATE), 3);
	const struct sdp_candidate *c = talk_struct(&t, FACT_SDP_CANDIDATE, 2);

	assert_at(&c->at, "[2001:db8::9]:3478");
	assert_int_equal(c->component, 2);
	assert_int_equal(c->over_tcp, 1);
	assert_int_equal(c->relay, 1);
	assert_int_equal(c->index, 1);
	talk_close(&t);
}

/* MS-SDPEXT section 4, MS-ICE section 4 */
static void
test_microsoft(void **state)
{
	struct talk t;

	(void)state;
	unsigned kinds = parse_text(&t,
	    "v=0\r\n"
	    "o=- 0 0 IN IP4 10.56.65.175\r\n"
	    "s=session\r\n"
	    "c=IN IP4 10.56.65.175\r\n"
	    "b=CT:99980\r\n"
	    "t=0 0\r\n"
	    "m=audio 51054 RTP/AVP 114 111 112 115\r\n"
	    "a=candidate:m1BGFDUbyEpL3n2P+zz2iVsJ21wBmHBCMTrZTsKQx0Y 1 "
	    "zOkWq7MC1dIKZTcsLGO3Bg UDP 0.830 10.56.65.175 51054\r\n"
	    "a=candidate:m1BGFDUbyEpL3n2P+zz2iVsJ21wBmHBCMTrZTsKQx0Y 2 "
	    "zOkWq7MC1dIKZTcsLGO3Bg TCP 0.150 10.56.65.175 51055\r\n"
	    "a=cryptoscale:1 client AES_CM_128_HMAC_SHA1_80 "
	    "inline:Ux8CF0cyHwdZpsSLLHrP5jz3zmMvfSkbp/ghTQTB|2^31|1:1\r\n"
	    "a=crypto:2 AES_CM_128_HMAC_SHA1_80 "
	    "inline:d8RjaDvrOTqeEqw9s/ibuMFtoM2RTJSJfqVdcI6F|2^31|1:1\r\n"
	    "a=rtpmap:114 x-msrta/16000\r\n"
	    "a=encryption:optional\r\n"
	    "m=video 9000 RTP/SAVP 122\r\n"
	    "a=label:applicationsharing-video\r\n"
	    "m=applicationsharing 6000 TCP/RTP/SAVP 127\r\n"
	    "a=rtpmap:127 x-data/90000\r\n"
	    "a=candidate:3 1 TCP-PASS 6556159 10.1.1.1 55400 typ relay raddr "
	    "10.0.0.1 rport 1\r\n"
	    "a=encryption:required\r\n"
	    "m=data 6002 RTP/AVP 127\r\n"
	    "a=encryption:rejected\r\n"
	    "m=message 5060 sip null\r\n");

	assert_int_equal(kinds,
	    1 << MEDIA_AUDIO | 1 << MEDIA_APPSHARING | 1 << MEDIA_DATA |
		1 << MEDIA_MESSAGE);
	const struct sdp_media *m = talk_struct(&t, FACT_SDP_MEDIA, 0);

	assert_int_equal(m->level, LEVEL_OPTIONAL);
	assert_int_equal(m->crypto_lines, 2);
	assert_string_equal(m->codec, "x-msrta");
	assert_string_equal(m->suite, "AES_CM_128_HMAC_SHA1_80");
	m = talk_struct(&t, FACT_SDP_MEDIA, 1);
	assert_int_equal(m->kind, MEDIA_APPSHARING);
	m = talk_struct(&t, FACT_SDP_MEDIA, 2);
	assert_int_equal(m->kind, MEDIA_APPSHARING);
	assert_int_equal(m->over_tcp, 1);
	assert_int_equal(m->secure, 1);
	m = talk_struct(&t, FACT_SDP_MEDIA, 3);
	assert_int_equal(m->level, LEVEL_REJECTED);
	const struct sdp_candidate *c = talk_struct(&t, FACT_SDP_CANDIDATE, 0);

	assert_at(&c->at, "10.56.65.175:51054");
	assert_int_equal(c->component, 1);
	c = talk_struct(&t, FACT_SDP_CANDIDATE, 1);
	assert_int_equal(c->component, 2);
	assert_int_equal(c->over_tcp, 1);
	c = talk_struct(&t, FACT_SDP_CANDIDATE, 2);
	assert_int_equal(c->relay, 1);
	assert_int_equal(c->over_tcp, 1);
	assert_nowhere(&t, "Ux8CF0");
	assert_nowhere(&t, "zOkWq7");
	talk_close(&t);
}

static void
test_mikey_zrtp_bundle(void **state)
{
	struct talk t;

	(void)state;
	(void)parse_text(&t,
	    "v=0\r\n"
	    "c=IN IP4 10.0.0.1\r\n"
	    "m=audio 4000 RTP/AVP 0\r\n"
	    "a=key-mgmt:mikey AQAFgM0XflABAAAAAAAAAAAAAAsAyO\r\n"
	    "m=audio 4002 RTP/AVP 0\r\n"
	    "a=zrtp-hash:1.10 fe30efd02423cb054e50efd0248742ac\r\n"
	    "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"
	    "a=bundle-only\r\n");
	const struct sdp_media *m = talk_struct(&t, FACT_SDP_MEDIA, 0);

	assert_int_equal(m->mikey, 1);
	assert_int_equal(m->zrtp, 0);
	assert_int_equal(talk_number(&t, FACT_SDP_MIKEY, 0), 1);
	m = talk_struct(&t, FACT_SDP_MEDIA, 1);
	assert_int_equal(m->zrtp, 1);
	m = talk_struct(&t, FACT_SDP_MEDIA, 2);
	assert_int_equal(m->rejected, 0);
	assert_nowhere(&t, "AQAFgM");
	talk_close(&t);
}

static void
test_broken(void **state)
{
	struct talk t;

	(void)state;
	assert_int_equal(parse_text(&t, "m=audio 1 RTP/AVP 0\r\n"), 0);
	talk_close(&t);
	assert_int_equal(parse_text(&t,
			     "v=0\r\nm=audio 99999 RTP/AVP 0\r\nm=audio\r\n"
			     "a=crypto\r\na=crypto:\r\na=candidate:1\r\n"
			     "a=fingerprint:sha-256 zz\r\nc=IN IP4\r\nm=\r\n"),
	    0);
	assert_int_equal(talk_count(&t, FACT_SDP_MEDIA), 0);
	talk_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_crypto),
		cmocka_unit_test(test_dtls_and_ice),
		cmocka_unit_test(test_microsoft),
		cmocka_unit_test(test_mikey_zrtp_bundle),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
