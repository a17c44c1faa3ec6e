/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/sip_message.h"
#include "tests/talk.h"

/* RFC 3261 section 24.2, F1 with the session description of RFC 4566 */
static const char invite[] =
    "INVITE sip:bob@biloxi.com SIP/2.0\r\n"
    "Via: SIP/2.0/TCP pc33.atlanta.com;branch=z9hG4bK776asdhds\r\n"
    "Max-Forwards: 70\r\n"
    "To: Bob <sip:bob@biloxi.com>\r\n"
    "From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n"
    "Call-ID: a84b4c76e66710@pc33.atlanta.com\r\n"
    "CSeq: 314159 INVITE\r\n"
    "Contact: <sip:alice@pc33.atlanta.com>\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: 136\r\n"
    "\r\n"
    "v=0\r\n"
    "o=alice 2890844526 2890844526 IN IP4 192.0.2.101\r\n"
    "s=-\r\n"
    "c=IN IP4 192.0.2.101\r\n"
    "t=0 0\r\n"
    "m=audio 49172 RTP/AVP 0\r\n"
    "a=rtpmap:0 PCMU/8000\r\n";

static const char ok[] =
    "SIP/2.0 200 OK\r\n"
    "Via: SIP/2.0/TCP pc33.atlanta.com;branch=z9hG4bK776asdhds\r\n"
    "To: Bob <sip:bob@biloxi.com>;tag=a6c85cf\r\n"
    "From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n"
    "Call-ID: a84b4c76e66710@pc33.atlanta.com\r\n"
    "CSeq: 314159 INVITE\r\n"
    "Server: Kamailio\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: 129\r\n"
    "\r\n"
    "v=0\r\n"
    "o=bob 2890844527 2890844527 IN IP4 192.0.2.4\r\n"
    "s=-\r\n"
    "c=IN IP4 192.0.2.4\r\n"
    "t=0 0\r\n"
    "m=audio 3456 RTP/AVP 0\r\n"
    "a=rtpmap:0 PCMU/8000\r\n";

/* RFC 3261 section 24.1, F1 */
static const char reg[] =
    "REGISTER sip:registrar.biloxi.com SIP/2.0\r\n"
    "Via: SIP/2.0/UDP bobspc.biloxi.com:5060;branch=z9hG4bKnashds7\r\n"
    "Max-Forwards: 70\r\n"
    "To: Bob <sip:bob@biloxi.com>\r\n"
    "From: Bob <sip:bob@biloxi.com>;tag=456248\r\n"
    "Call-ID: 843817637684230@998sdasdh09\r\n"
    "CSeq: 1826 REGISTER\r\n"
    "Contact: <sip:bob@192.0.2.4>;+sip.instance=\"<urn:uuid:1>\"\r\n"
    "Authorization: Digest username=\"bob\", realm=\"x\", response=\"1\"\r\n"
    "User-Agent: UCCAPI/15.0.4569.1503 OC/15.0.4569.1503\r\n"
    "ms-keep-alive: UAC;hop-hop=yes;end-end=no;tcp=no\r\n"
    "Expires: 7200\r\n"
    "Content-Length: 0\r\n\r\n";

static const char bye[] = "BYE sip:alice@pc33.atlanta.com SIP/2.0\r\n"
			  "v: SIP/2.0/TCP 192.0.2.4;branch=z9hG4bKnashds10,\r\n"
			  " SIP/2.0/TCP 192.0.2.5;branch=z9hG4bK2\r\n"
			  "f: Bob <sip:bob@biloxi.com>;tag=a6c85cf\r\n"
			  "t: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n"
			  "i: a84b4c76e66710@pc33.atlanta.com\r\n"
			  "CSeq: 231 BYE\r\n"
			  "l: 0\r\n\r\n";

static void
udp(struct talk *t, const char *text)
{
	talk_open(t, IPPROTO_NUM_UDP, 5060);
	talk_say(t, TO_SERVER, slice_text(text));
	session_end(t->session);
}

static void
test_register(void **state)
{
	struct talk t;

	(void)state;
	udp(&t, reg);
	assert_true(talk_has(&t, FACT_PROTOCOL, "sip"));
	assert_true(talk_has(&t, FACT_SIP_METHOD, "REGISTER"));
	assert_true(talk_has(&t, FACT_SIP_CREDENTIALS, "Digest"));
	assert_true(talk_has(&t, FACT_SIP_CLIENT_SIGN, "REGISTER"));
	assert_true(talk_has(&t, FACT_SIP_CLIENT_SIGN, "+sip.instance"));
	assert_true(talk_has(&t, FACT_SIP_CLIENT_SIGN, "ms-keep-alive: UAC"));
	assert_true(talk_has(&t, FACT_SIP_LYNC, "ms-keep-alive"));
	assert_true(talk_has(&t, FACT_SIP_VIA_HOST, "bobspc.biloxi.com:5060"));
	assert_int_equal(talk_count(&t, FACT_SIP_SERVER_SIGN), 0);
	assert_int_equal(talk_count(&t, FACT_SIP_MALFORMED), 0);
	talk_close(&t);
	talk_prefixes(slice_text(reg), 5060);
}

static void
check_call(const struct talk *t)
{
	const struct sdp_media *offer = talk_struct(t, FACT_SDP_MEDIA, 0);
	const struct sdp_media *answer = talk_struct(t, FACT_SDP_MEDIA, 1);

	assert_int_equal(offer->is_answer, 0);
	assert_int_equal(offer->at.port, 49172);
	assert_int_equal(offer->cseq, 314159);
	assert_int_equal(answer->is_answer, 1);
	assert_int_equal(answer->at.port, 3456);
	assert_true(offer->call != 0 && offer->call == answer->call);
	assert_int_equal(talk_count(t, FACT_SDP_MEDIA), 2);
}

static void
test_call_in_stream(void **state)
{
	static const struct said lines[] = { { TO_SERVER, "\r\n\r\n", 0 },
		{ TO_SERVER, invite, 0 }, { TO_CLIENT, ok, 0 },
		{ TO_SERVER, "\r\n\r\n", 0 }, { TO_CLIENT, "\r\n", 0 },
		{ TO_CLIENT, bye, 0 } };
	struct talk t;

	(void)state;
	talk_open(&t, IPPROTO_NUM_TCP, 5060);
	talk_lines(&t, lines, COUNT(lines));
	session_end(t.session);
	check_call(&t);
	assert_true(talk_has(&t, FACT_SIP_SERVER, "Kamailio"));
	assert_true(talk_has(&t, FACT_SIP_SERVER_SIGN, "second Via"));
	assert_true(talk_has(&t, FACT_SIP_VIA_HOST, "192.0.2.4"));
	assert_int_equal(talk_number(&t, FACT_SIP_STATUS, 0), 200);
	assert_int_equal(talk_count(&t, FACT_SIP_MALFORMED), 0);
	talk_close(&t);
	talk_every_way(lines, COUNT(lines), 5060);
}

static void
test_messages_in_one_segment(void **state)
{
	struct buf b;
	struct talk t;

	(void)state;
	buf_init(&b);
	buf_text(&b, reg);
	buf_text(&b, invite);
	buf_text(&b, bye);
	talk_open(&t, IPPROTO_NUM_TCP, 5060);
	talk_say(&t, TO_SERVER, buf_slice(&b));
	assert_int_equal(talk_count(&t, FACT_SIP_METHOD), 3);
	talk_close(&t);
	buf_done(&b);
}

static void
test_resync_after_gap_and_garbage(void **state)
{
	struct talk t;

	(void)state;
	talk_open(&t, IPPROTO_NUM_TCP, 5060);
	talk_say(&t, TO_SERVER, slice_text(reg));
	talk_gap(&t, TO_SERVER, 400);
	talk_say(&t, TO_SERVER, slice_text("the end of a body\r\n"));
	talk_say(&t, TO_SERVER, slice_text("more\r\nof it\r\n"));
	talk_say(&t, TO_SERVER, slice_text(bye));
	talk_say(&t, TO_SERVER, slice_text("garbage\r\n\r\n"));
	talk_say(&t, TO_SERVER, slice_text(invite));
	session_end(t.session);
	assert_true(talk_has(&t, FACT_SIP_METHOD, "BYE"));
	assert_true(talk_has(&t, FACT_SIP_METHOD, "INVITE"));
	assert_int_equal(talk_number(&t, FACT_SIP_MALFORMED, 0), 1);
	talk_close(&t);
}

/* The head counts though its body never came. */
static void
test_body_lost(void **state)
{
	struct talk t;

	(void)state;
	talk_open(&t, IPPROTO_NUM_TCP, 5060);
	talk_say(&t, TO_SERVER,
	    slice_head(slice_text(invite), sizeof(invite) - 50));
	talk_gap(&t, TO_SERVER, 1000);
	talk_say(&t, TO_SERVER, slice_text(bye));
	assert_int_equal(talk_count(&t, FACT_SIP_METHOD), 2);
	assert_int_equal(talk_count(&t, FACT_SDP_MEDIA), 0);
	talk_close(&t);
}

static void
test_big_body_is_passed_over(void **state)
{
	static char body[200000];
	static const char head[] = "NOTIFY sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP "
				   "h\r\nFrom: <sip:a@b>\r\n"
				   "To: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 "
				   "NOTIFY\r\nEvent: presence\r\n"
				   "Content-Type: application/pidf+xml\r\n"
				   "Content-Length: 200000\r\n\r\n";
	struct slice rest = slice_of(body, sizeof(body));
	struct talk t;

	(void)state;
	memset(body, 'x', sizeof(body));
	talk_open(&t, IPPROTO_NUM_TCP, 5060);
	talk_say(&t, TO_SERVER, slice_text(head));
	for (; rest.n > 0; rest = slice_from(rest, 1400))
		talk_say(&t, TO_SERVER, slice_head(rest, 1400));
	talk_say(&t, TO_SERVER, slice_text(bye));
	session_end(t.session);
	assert_int_equal(talk_number(&t, FACT_SIP_PRESENCE, 0), 1);
	assert_true(talk_has(&t, FACT_SIP_METHOD, "BYE"));
	assert_int_equal(talk_count(&t, FACT_SIP_MALFORMED), 0);
	talk_close(&t);
}

static void
test_many_vias(void **state)
{
	struct buf b;
	struct talk t;

	(void)state;
	buf_init(&b);
	buf_text(&b, "OPTIONS sip:a@b SIP/2.0\r\n");
	for (int i = 0; i < 400; i++)
		buf_printf(&b, "Via: SIP/2.0/TCP h%d.example.com:5060\r\n", i);
	buf_text(&b,
	    "From: <sip:a@b>\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\n"
	    "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
	talk_open(&t, IPPROTO_NUM_TCP, 5060);
	talk_say(&t, TO_SERVER, buf_slice(&b));
	assert_true(talk_has(&t, FACT_SIP_VIA_HOST, "h0.example.com:5060"));
	assert_true(talk_has(&t, FACT_SIP_SERVER_SIGN, "second Via"));
	talk_close(&t);
	buf_done(&b);
}

static void
test_late_offer(void **state)
{
	static const char request[] =
	    "INVITE sip:b@b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: "
	    "<sip:a@b>\r\n"
	    "To: <sip:a@b>\r\nCall-ID: 9\r\nCSeq: 7 INVITE\r\n\r\n";
	static const char answer[] =
	    "SIP/2.0 183 Session Progress\r\nVia: SIP/2.0/UDP h\r\n"
	    "From: <sip:a@b>\r\nTo: <sip:a@b>\r\nCall-ID: 9\r\n"
	    "CSeq: 7 INVITE\r\nContent-Type: application/sdp\r\n\r\n"
	    "v=0\nc=IN IP4 10.0.0.2\nm=audio 4000 RTP/SAVP 0\n";
	static const char ack[] =
	    "ACK sip:b@b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@b>\r\n"
	    "To: <sip:a@b>\r\nCall-ID: 9\r\nCSeq: 7 ACK\r\n"
	    "Content-Type: application/sdp\r\n\r\n"
	    "v=0\nc=IN IP4 10.0.0.1\nm=audio 5000 RTP/SAVP 0";
	struct talk t;

	(void)state;
	udp(&t, request);
	talk_say(&t, TO_CLIENT, slice_text(answer));
	talk_say(&t, TO_SERVER, slice_text(ack));
	const struct sdp_media *first = talk_struct(&t, FACT_SDP_MEDIA, 0);
	const struct sdp_media *second = talk_struct(&t, FACT_SDP_MEDIA, 1);

	assert_int_equal(first->is_answer, 0);
	assert_int_equal(first->provisional, 1);
	assert_int_equal(second->is_answer, 1);
	assert_int_equal(second->provisional, 0);
	talk_close(&t);
	udp(&t, answer); /* without its request */
	first = talk_struct(&t, FACT_SDP_MEDIA, 0);
	assert_int_equal(first->is_answer, 2);
	talk_close(&t);
}

static void
test_multipart(void **state)
{
	static const char text[] =
	    "INVITE sip:b@b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: "
	    "<sip:a@b>\r\n"
	    "To: <sip:a@b>\r\nCall-ID: 9\r\nCSeq: 7 INVITE\r\n"
	    "ms-text-format: text/plain; charset=UTF-8;ms-body=SGVsbG8=\r\n"
	    "Content-Type: multipart/mixed;boundary=\"outer\"\r\n\r\n"
	    "preamble\r\n--outer\r\n"
	    "Content-Type: multipart/alternative; boundary=inner\r\n\r\n"
	    "--inner\r\nContent-Type: application/sdp\r\n"
	    "Content-Disposition: session; handling=optional; "
	    "ms-proxy-2007fallback\r\n\r\n"
	    "v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 6000 RTP/AVP 0\r\n\r\n"
	    "--inner\r\nc: application/sdp\r\n\r\n"
	    "v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 6002 RTP/AVP 0\r\n"
	    "--inner--\r\n"
	    "--outer\r\nContent-Type: application/pidf+xml\r\n\r\n<x/>\r\n"
	    "--outer--";
	struct talk t;

	(void)state;
	udp(&t, text);
	assert_int_equal(talk_count(&t, FACT_SDP_MEDIA), 2);
	assert_int_equal(talk_number(&t, FACT_SIP_PRESENCE, 0), 1);
	assert_int_equal(talk_number(&t, FACT_SIP_IM, 0), 1);
	const struct sdp_media *m = talk_struct(&t, FACT_SDP_MEDIA, 1);

	assert_int_equal(m->at.port, 6002);
	assert_int_equal(m->is_answer, 0);
	talk_close(&t);
	talk_prefixes(slice_text(text), 5060);
}

static void
test_im(void **state)
{
	static const char text[] =
	    "MESSAGE sip:user2@domain.com SIP/2.0\r\n"
	    "Via: SIP/2.0/TCP user1pc.domain.com;branch=z9hG4bK776sgdkse\r\n"
	    "Max-Forwards: 70\r\nFrom: sip:user1@domain.com;tag=49583\r\n"
	    "To: sip:user2@domain.com\r\nCall-ID: asd88asd77a@1.2.3.4\r\n"
	    "CSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n"
	    "Content-Length: 18\r\n\r\nWatson, come here.";
	struct talk t;

	(void)state;
	udp(&t, text);
	assert_int_equal(talk_number(&t, FACT_SIP_IM, 0), 1);
	assert_true(talk_has(&t, FACT_SIP_CONTENT_TYPE, "text/plain"));
	talk_close(&t);
}

static void
test_microsoft(void **state)
{
	static const char text[] =
	    "SERVICE sip:a@contoso.com SIP/2.0\r\n"
	    "Via: SIP/2.0/TLS 10.1.1.11:55555\r\n"
	    "Via: SIP/2.0/TLS 10.20.0.5:1025;received=10.20.0.5;"
	    "ms-received-port=1025\r\n"
	    "From: <sip:a@contoso.com>;tag=1;epid=2\r\nTo: "
	    "<sip:a@contoso.com>\r\n"
	    "Call-ID: 77\r\nCSeq: 1 SERVICE\r\n"
	    "Record-Route: <sip:fe1.contoso.com;lr>\r\n"
	    "ms-edge-proxy-message-trust: ms-source-type=AutoFederation\r\n"
	    "User-Agent: UCCAPI/4.0.7577.314 OC/4.0.7577.314\r\n"
	    "Proxy-Authorization: TLS-DSK qop=\"auth\", opaque=\"1\"\r\n"
	    "Content-Type: application/msrtc-category-publish+xml\r\n\r\n<p/>";
	static const char negotiate[] =
	    "NEGOTIATE sip:127.0.0.1:5061 SIP/2.0\r\n"
	    "Via: SIP/2.0/TLS 10.1.1.11:5061\r\nFrom: <sip:f@c>\r\n"
	    "To: <sip:f@c>\r\nCall-ID: 3\r\nCSeq: 1 NEGOTIATE\r\n\r\n";
	struct talk t;

	(void)state;
	udp(&t, text);
	assert_int_equal(talk_number(&t, FACT_SIP_PRESENCE, 0), 1);
	assert_true(talk_has(&t, FACT_SIP_CREDENTIALS, "TLS-DSK"));
	assert_true(talk_has(&t, FACT_SIP_SERVER_SIGN, "Record-Route"));
	assert_true(talk_has(&t, FACT_SIP_SERVER_SIGN, "header of a server"));
	assert_int_equal(talk_count(&t, FACT_SIP_CLIENT_SIGN), 0);
	talk_say(&t, TO_CLIENT, slice_text(negotiate));
	assert_true(talk_has(&t, FACT_SIP_METHOD, "NEGOTIATE"));
	talk_close(&t);
}

/* RFC 4475; `bad` is what must be counted, sections 3.1.2 and 3.3 */
static const struct torture {
	const char *name;
	const char *text;
	const char *method;
	bool bad;
} tortures[] = {
	{ "3.1.1.1 wsinv",
	    "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n"
	    "TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = "
	    "1918181833n\r\n"
	    "from   : \"J Rosenberg \\\\\\\"\"       "
	    "<sip:jdrosen@example.com>\r\n"
	    "  ;\r\n  tag = 98asjd8\r\n"
	    "MaX-fOrWaRdS: 0068\r\n"
	    "Call-ID: wsinv.ndaksdj@192.0.2.1\r\n"
	    "Content-Length   : 150\r\n"
	    "cseq: 0009\r\n  INVITE\r\n"
	    "Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n"
	    "s :\r\n"
	    "NewFangledHeader:   newfangled value\r\n continued newfangled "
	    "value\r\n"
	    "UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
	    "Content-Type: application/sdp\r\n"
	    "Route:\r\n "
	    "<sip:services.example.com;lr;unknownwith=value;unknown-no-value>"
	    "\r\n"
	    "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n"
	    "  branch  =   z9hG4bK9ikj8  ,\r\n"
	    " SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n"
	    " z9hG4bK30239\r\n"
	    "m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam "
	    "=\r\n"
	    "      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\n"
	    "v=0\r\no=mhandley 29739 7272939 IN IP4 192.0.2.3\r\ns=-\r\n"
	    "c=IN IP4 192.0.2.4\r\nt=0 0\r\nm=audio 49217 RTP/AVP 0 12\r\n"
	    "m=video 3227 RTP/AVP 31\r\na=rtpmap:31 LPC\r\n",
	    "INVITE", false },
	{ "3.1.1.2 intmeth",
	    "!interesting-Method0123456789_*+`.%indeed'~ "
	    "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,"
	    "weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0\r\n"
	    "Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~\r\n"
	    "To: \"BEL:\\\x07 NUL:\\\x01 DEL:\\\x7F\" "
	    "<sip:1_unusual.URI~(to-be!sure)@example.com>\r\n"
	    "From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>"
	    ";fromParam''~+*_!.-%=\"\xD1\x80\xD0\xB0\";tag=_token~1'+`*%!-.\r\n"
	    "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\r\n"
	    "CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\r\n"
	    "Max-Forwards: 255\r\n"
	    "extensionHeader-!.%*+_`'~:\xEF\xBB\xBF\xE5\xA4\xA7\r\n"
	    "Content-Length: 0\r\n\r\n",
	    "!interesting-Method0123456789_*+`.%indeed'~", false },
	{ "3.1.1.5 transports",
	    "OPTIONS sip:user@example.com SIP/2.0\r\n"
	    "To: sip:user@example.com\r\nFrom: "
	    "<sip:caller@example.com>;tag=323\r\n"
	    "Max-Forwards: 70\r\nCall-ID:  "
	    "transports.kijh4akdnaqjkwendsasfdj\r\n"
	    "Accept: application/sdp\r\nCSeq: 60 OPTIONS\r\n"
	    "Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw\r\n"
	    "Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf\r\n"
	    "Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj\r\n"
	    "Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en\r\n"
	    "Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee\r\nl: "
	    "0\r\n\r\n",
	    "OPTIONS", false },
	{ "3.1.1.7 escnull",
	    "REGISTER sip:example.com SIP/2.0\r\n"
	    "To: sip:null-%00-null@example.com\r\n"
	    "From: sip:null-%00-null@example.com;tag=839923423\r\n"
	    "Max-Forwards: 70\r\nCall-ID: "
	    "escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd\r\n"
	    "CSeq: 14398234 REGISTER\r\n"
	    "Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw\r\n"
	    "Contact: <sip:%00@host5.example.com>\r\n"
	    "Contact: <sip:%00%00@host5.example.com>\r\nL:0\r\n\r\n",
	    "REGISTER", false },
	{ "3.1.1.8 esc02",
	    "RE%47IST%45R sip:registrar.example.com SIP/2.0\r\n"
	    "To: \"%Z%45\" <sip:resource@example.com>\r\n"
	    "From: \"%Z%45\" <sip:resource@example.com>;tag=f232jadfj23\r\n"
	    "Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf\r\n"
	    "Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234\r\n"
	    "CSeq: 29344 RE%47IST%45R\r\nMax-Forwards: 70\r\n"
	    "Contact: <sip:alias1@host1.example.com>\r\nl: 0\r\n\r\n",
	    "RE%47IST%45R", false },
	{ "3.1.2.1 badinv01",
	    "INVITE sip:user@example.com SIP/2.0\r\n"
	    "To: sip:j.user@example.com\r\nFrom: "
	    "sip:caller@example.net;tag=134161461246\r\n"
	    "Max-Forwards: 7\r\nCall-ID: badinv01.0ha0isndaksdjasdf3234nas\r\n"
	    "CSeq: 8 INVITE\r\n"
	    "Via: SIP/2.0/UDP 192.0.2.15;;,;,,\r\n"
	    "Contact: \"Joe\" <sip:joe@example.org>;;;;\r\n"
	    "Content-Length: 152\r\nContent-Type: application/sdp\r\n\r\n"
	    "v=0\r\no=mhandley 29739 7272939 IN IP4 192.0.2.15\r\ns=-\r\n"
	    "c=IN IP4 192.0.2.15\r\nt=0 0\r\nm=audio 49217 RTP/AVP 0 12\r\n"
	    "m=video 3227 RTP/AVP 31\r\na=rtpmap:31 LPC\r\n",
	    "INVITE", true },
	{ "3.1.2.2 clerr",
	    "INVITE sip:user@example.com SIP/2.0\r\nMax-Forwards: 80\r\n"
	    "To: sip:j.user@example.com\r\nFrom: "
	    "sip:caller@example.net;tag=93942939o2\r\n"
	    "Contact: <sip:caller@hungry.example.net>\r\n"
	    "Call-ID: clerr.0ha0isndaksdjweiafasdk3\r\nCSeq: 8 INVITE\r\n"
	    "Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bK-39234-23523\r\n"
	    "Content-Type: application/sdp\r\nContent-Length: 9999\r\n\r\n"
	    "v=0\r\no=mhandley 29739 7272939 IN IP4 192.0.2.155\r\ns=-\r\n"
	    "c=IN IP4 192.0.2.155\r\nt=0 0\r\nm=audio 49217 RTP/AVP 0 12\r\n",
	    "INVITE", true },
	{ "3.1.2.3 ncl",
	    "INVITE sip:user@example.com SIP/2.0\r\nMax-Forwards: 254\r\n"
	    "To: sip:j.user@example.com\r\nFrom: "
	    "sip:caller@example.net;tag=32394234\r\n"
	    "Call-ID: ncl.0ha0isndaksdj2193423r542w35\r\nCSeq: 0 INVITE\r\n"
	    "Via: SIP/2.0/UDP 192.0.2.53;branch=z9hG4bKkdjuw\r\n"
	    "Contact: <sip:caller@example53.example.net>\r\n"
	    "Content-Type: application/sdp\r\nContent-Length: "
	    "-999\r\n\r\nv=0\r\n",
	    "INVITE", true },
	{ "3.1.2.4 scalar02",
	    "REGISTER sip:example.com SIP/2.0\r\n"
	    "Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bK342sdfoi3\r\n"
	    "To: <sip:user@example.com>\r\nFrom: "
	    "<sip:user@example.com>;tag=239232jh3\r\n"
	    "CSeq: 36893488147419103232 REGISTER\r\n"
	    "Call-ID: scalar02.23o0pd9vanlq3wnrlnewofjas9ui32\r\n"
	    "Max-Forwards: 300\r\nExpires: 10000000\r\nContent-Length: "
	    "0\r\n\r\n",
	    "REGISTER", true },
	{ "3.1.2.6 quotbal",
	    "INVITE sip:user@example.com SIP/2.0\r\n"
	    "To: \"Mr. J. User <sip:j.user@example.com>\r\n"
	    "From: sip:caller@example.net;tag=93334\r\nMax-Forwards: 10\r\n"
	    "Call-ID: quotbal.aksdj\r\nContact: "
	    "<sip:caller@host59.example.net>\r\n"
	    "CSeq: 8 INVITE\r\n"
	    "Via: SIP/2.0/UDP 192.0.2.59:5050;branch=z9hG4bKkdjuw39234\r\n\r\n",
	    "INVITE", true },
	{ "3.1.2.7 ltgtruri",
	    "INVITE <sip:user@example.com> SIP/2.0\r\nTo: "
	    "sip:user@example.com\r\n"
	    "From: sip:caller@example.net;tag=39291\r\nMax-Forwards: 23\r\n"
	    "Call-ID: ltgtruri.1@192.0.2.5\r\nCSeq: 1 INVITE\r\n"
	    "Via: SIP/2.0/UDP 192.0.2.5\r\n\r\n",
	    "INVITE", true },
	{ "3.1.2.8 lwsruri",
	    "INVITE sip:user@example.com; lr SIP/2.0\r\nTo: "
	    "sip:user@example.com\r\n"
	    "From: sip:caller@example.net;tag=39291\r\nMax-Forwards: 23\r\n"
	    "Call-ID: lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423\r\n"
	    "CSeq: 2130706432 INVITE\r\n"
	    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKkdjuw2395\r\n\r\n",
	    "INVITE", true },
	{ "3.1.2.10 trws",
	    "OPTIONS sip:remote-target@example.com SIP/2.0  \r\n"
	    "Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK299342093\r\n"
	    "To: <sip:remote-target@example.com>\r\n"
	    "From: <sip:local-resource@example.com>;tag=329429089\r\n"
	    "Call-ID: trws.oicu34958239neffasdhr2345r\r\nMax-Forwards: 70\r\n"
	    "CSeq: 238923 OPTIONS\r\nContent-Length: 0\r\n\r\n",
	    "OPTIONS", true },
	{ "3.1.2.17 mismatch01",
	    "OPTIONS sip:user@example.com SIP/2.0\r\nTo: "
	    "sip:j.user@example.com\r\n"
	    "From: sip:caller@example.net;tag=34525\r\nMax-Forwards: 6\r\n"
	    "Call-ID: mismatch01.dj0234sxdfl3\r\nCSeq: 8 INVITE\r\n"
	    "Via: SIP/2.0/UDP host.example.com;branch=z9hG4bKkdjuw\r\nl: "
	    "0\r\n\r\n",
	    "OPTIONS", true },
	{ "3.3.1 insuf",
	    "INVITE sip:user@example.com SIP/2.0\r\nCSeq: 193942 INVITE\r\n"
	    "Via: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf\r\n"
	    "Content-Type: application/sdp\r\nl: 152\r\n\r\nv=0\r\n",
	    "INVITE", true },
	{ "3.3.8 multi01",
	    "INVITE sip:user@company.com SIP/2.0\r\n"
	    "Contact: <sip:caller@host25.example.net>\r\n"
	    "Via: SIP/2.0/UDP 192.0.2.25;branch=z9hG4bKkdjuw\r\n"
	    "Max-Forwards: 70\r\nCSeq: 5 INVITE\r\n"
	    "Call-ID: multi01.98asdh@192.0.2.1\r\nCSeq: 59 INVITE\r\n"
	    "Call-ID: multi01.98asdh@192.0.2.2\r\n"
	    "From: sip:caller@example.com;tag=3413415\r\nTo: "
	    "sip:user@example.com\r\n"
	    "To: sip:other@example.net\r\nl: 0\r\n\r\n",
	    "INVITE", true },
};

static void
test_torture(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(tortures); i++) {
		const struct torture *x = &tortures[i];
		struct talk t;

		udp(&t, x->text);
		if (!talk_has(&t, FACT_SIP_METHOD, x->method) ||
		    (talk_count(&t, FACT_SIP_MALFORMED) > 0) != x->bad)
			fail_msg("%s: %s malformed", x->name,
			    x->bad ? "is" : "is not");
		talk_close(&t);
		talk_prefixes(slice_text(x->text), 5060);
	}
}

static void
test_torture_details(void **state)
{
	struct talk t;

	(void)state;
	udp(&t, tortures[0].text);
	assert_true(talk_has(&t, FACT_SIP_VIA_HOST, "192.0.2.2"));
	assert_int_equal(talk_count(&t, FACT_SDP_MEDIA), 2);
	const struct sdp_media *m = talk_struct(&t, FACT_SDP_MEDIA, 1);

	assert_int_equal(m->cseq, 9);
	talk_close(&t);
	udp(&t, tortures[2].text);
	assert_true(talk_has(&t, FACT_SIP_VIA_HOST, "t1.example.com"));
	talk_close(&t);
}

static void
test_probe_is_strict(void **state)
{
	static const char *const no[] = { "OPTIONS sip:a@b SIP/7.0\r\n",
		"GET / HTTP/1.1\r\n", "INVITE\r\n", "SIP/2.0 abc OK\r\n",
		"SIP/2.0 20\r\n", "INV(ITE sip:a SIP/2.0\r\n", "{\"a\": 1}",
		"RTSP/1.0 200 OK\r\n", "A  SIP/2.0\r\n", "CONNECT a" };
	static const char *const more[] = { "I", "INVITE", "INVITE ",
		"INVITE sip:bob@biloxi.com SIP/2", "SIP/2.0 2", "S" };

	(void)state;
	for (size_t i = 0; i < COUNT(no); i++)
		if (sip_start_fits(slice_text(no[i]), true) != PROBE_NO)
			fail_msg("taken for SIP: %s", no[i]);
	for (size_t i = 0; i < COUNT(more); i++)
		if (sip_start_fits(slice_text(more[i]), true) != PROBE_MORE)
			fail_msg("not waited for: %s", more[i]);
	for (size_t i = 1; i < sizeof(invite) - 1; i++) {
		enum probe p = sip_start_fits(slice_of(invite, i), true);

		assert_int_equal(p, i < 35 ? PROBE_MORE : PROBE_YES);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_register),
		cmocka_unit_test(test_call_in_stream),
		cmocka_unit_test(test_messages_in_one_segment),
		cmocka_unit_test(test_resync_after_gap_and_garbage),
		cmocka_unit_test(test_body_lost),
		cmocka_unit_test(test_big_body_is_passed_over),
		cmocka_unit_test(test_many_vias),
		cmocka_unit_test(test_late_offer),
		cmocka_unit_test(test_multipart),
		cmocka_unit_test(test_im),
		cmocka_unit_test(test_microsoft),
		cmocka_unit_test(test_torture),
		cmocka_unit_test(test_torture_details),
		cmocka_unit_test(test_probe_is_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
