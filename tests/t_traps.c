/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the documents of the product say of each listener, web path and
 * exception, row by row, and the cases in which a port, a label or a first
 * look would mislead.
 */
#include "tests/flows.h"
#include "tests/talk.h"
#include "tests/vectors/server_only.h"

/* ---- the port table ---- */

/* How the two speak on the connection. */
enum speech {
	SIP,    /* readable */
	ONE,    /* TLS, the server alone shows a certificate */
	BOTH,   /* TLS, both do */
	OPAQUE, /* bytes of no known protocol */
	KNOCK,  /* ... that nobody answers */
	WEB,    /* readable HTTP for a path of no service */
};

struct row {
	const char *src, *dst;
	uint16_t port;
	enum speech speech;
	enum traffic_class class;
	enum protection observed;
	enum verdict verdict;
};

#define S2S  CLASS_SERVER_TO_SERVER
#define C2S  CLASS_CLIENT_TO_SERVER
#define GWS  CLASS_GATEWAY_SIGNALLING
#define CONF CLASS_WEB_CONFERENCING
#define HTTP CLASS_WEB_SERVICES
#define INFR CLASS_INFRASTRUCTURE
#define GOOD VERDICT_COMPLIANT
#define BAD  VERDICT_VIOLATION
#define FREE VERDICT_EXEMPT
#define OPEN VERDICT_UNDETERMINED
#define OUT  VERDICT_OUT_OF_SCOPE
#define NONE PROTECTION_NONE
#define TLS  PROTECTION_TLS
#define MTLS PROTECTION_MTLS
#define NOT  PROTECTION_UNKNOWN

/* A listener of servers: in clear and one-sided it is wrong. */
#define SERVERS(src, dst, port)                       \
	{ src, dst, port, SIP, S2S, NONE, BAD },      \
	    { src, dst, port, ONE, S2S, TLS, BAD },   \
	{                                             \
		src, dst, port, BOTH, S2S, MTLS, GOOD \
	}
/* The same where the protocol is not SIP. */
#define HIDDEN(src, dst, port)                         \
	{ src, dst, port, ONE, S2S, TLS, BAD },        \
	    { src, dst, port, BOTH, S2S, MTLS, GOOD }, \
	{                                              \
		src, dst, port, OPAQUE, S2S, NOT, OPEN \
	}
/* Gateways: clear is allowed, TLS must be mutual. */
#define TRUNK(src, dst, port)                         \
	{ src, dst, port, SIP, GWS, NONE, FREE },     \
	    { src, dst, port, ONE, GWS, TLS, BAD },   \
	{                                             \
		src, dst, port, BOTH, GWS, MTLS, GOOD \
	}

/* clang-format off */
static const struct row rows[] = {
	/* Front End and Director */
	SERVERS(FE2, FE, 5060), SERVERS(MED, FE, 5061),
	SERVERS(FE2, FE, 5062), SERVERS(FE2, FE, 5063),
	SERVERS(FE2, FE, 5064), SERVERS(FE2, FE, 5065),
	SERVERS(FE2, FE, 5071), SERVERS(FE2, FE, 5072),
	SERVERS(FE2, FE, 5073), SERVERS(FE2, FE, 5075),
	SERVERS(FE2, FE, 5076), SERVERS(EDGE, FE, 5080),
	SERVERS(FE2, FE, 5086), SERVERS(FE2, FE, 5087),
	SERVERS(FE2, FE, 5088), SERVERS(FE2, FE, 5089),
	SERVERS(FE, DIRECTOR, 5060), SERVERS(FE, DIRECTOR, 5061),
	HIDDEN(FE2, FE, 8404),
	{ CLIENT, FE, 5061, SIP, C2S, NONE, BAD },
	{ CLIENT, FE, 5061, ONE, C2S, TLS, GOOD },
	{ CLIENT, FE, 5061, BOTH, C2S, MTLS, GOOD },
	{ CLIENT, DIRECTOR, 5061, ONE, C2S, TLS, GOOD },
	{ CLIENT, DIRECTOR, 5061, SIP, C2S, NONE, BAD },
	{ FE2, FE, 444, ONE, S2S, TLS, GOOD }, /* HTTPS is enough */
	{ DIRECTOR, FE, 444, WEB, HTTP, NONE, BAD },
	{ FE, DIRECTOR, 444, ONE, S2S, TLS, GOOD },
	{ FE2, FE, 135, OPAQUE, INFR, NOT, OUT },
	{ FE2, FE, 445, OPAQUE, INFR, NOT, OUT },
	{ EDGE, FE, 448, OPAQUE, INFR, NOT, OUT },
	TRUNK(GW, FE, 5066), /* E9-1-1 */
	{ CLIENT, FE, 8057, ONE, CONF, TLS, GOOD },
	{ CLIENT, FE, 8057, OPAQUE, CONF, NONE, BAD },
	{ CLIENT, FE, 8057, KNOCK, CONF, NOT, OPEN },
	{ CLIENT, FE, 8058, ONE, CONF, TLS, GOOD },
	{ CLIENT, FE, 8058, OPAQUE, CONF, NONE, BAD },
	{ FE2, FE, 8060, ONE, CONF, TLS, BAD },
	{ FE2, FE, 8060, BOTH, CONF, MTLS, GOOD },
	{ FE2, FE, 8061, ONE, CONF, TLS, BAD },
	{ FE2, FE, 8061, BOTH, CONF, MTLS, GOOD },
	{ CLIENT, FE, 443, ONE, HTTP, TLS, GOOD },
	{ CLIENT, FE, 80, WEB, HTTP, NONE, BAD },
	{ PROXY, FE, 4443, ONE, HTTP, TLS, GOOD },
	{ PROXY, FE, 4443, WEB, HTTP, NONE, BAD },
	{ PROXY, FE, 8080, WEB, HTTP, NONE, BAD },
	{ CLIENT, DIRECTOR, 443, ONE, HTTP, TLS, GOOD },
	{ CLIENT, DIRECTOR, 80, WEB, HTTP, NONE, BAD },
	{ PROXY, DIRECTOR, 4443, ONE, HTTP, TLS, GOOD },
	{ PROXY, DIRECTOR, 8080, WEB, HTTP, NONE, BAD },
	/* Mediation Server and gateways */
	SERVERS(FE, MED, 5070),
	TRUNK(GW, MED, 5067), TRUNK(GW, MED, 5068),
	TRUNK(GW, MED, 5081), TRUNK(GW, MED, 5082),
	TRUNK(MED, GW, 5066), TRUNK(MED, GW, 5067),
	TRUNK(MED, GW, 5081), TRUNK(MED, GW, 5082),
	/* Persistent Chat, Office Web Apps */
	SERVERS(FE, CHAT, 5041),
	HIDDEN(FE, CHAT, 881), HIDDEN(FE, CHAT, 8011),
	{ CLIENT, CHAT, 443, ONE, HTTP, TLS, GOOD },
	{ CLIENT, CHAT, 443, WEB, HTTP, NONE, BAD },
	{ FE, OWA, 443, ONE, HTTP, TLS, GOOD },
	{ CLIENT, OWA, 443, WEB, HTTP, NONE, BAD },
	/* Back end and file store */
	{ FE, SQL_, 1433, OPAQUE, INFR, NOT, OUT },
	{ FE, SQL_, 5022, OPAQUE, INFR, NOT, OUT },
	{ FE, SQL_, 7022, OPAQUE, INFR, NOT, OUT },
	{ FE, FILES, 445, OPAQUE, INFR, NOT, OUT },
	{ FE, FILES, 1801, OPAQUE, INFR, NOT, OUT },
	/* Edge, outside */
	{ CLIENT, EDGE, 443, ONE, C2S, TLS, GOOD },
	{ CLIENT, EDGE, 443, SIP, C2S, NONE, BAD },
	{ CLIENT, EDGE, 5061, ONE, C2S, TLS, GOOD },
	{ CLIENT, EDGE, 444, ONE, CONF, TLS, GOOD },
	{ CLIENT, EDGE, 444, OPAQUE, CONF, NONE, BAD },
	SERVERS(PARTNER, EDGE, 5061), SERVERS(EDGE, PARTNER, 5061),
	/* Edge, inside */
	SERVERS(FE, EDGE, 5061), SERVERS(FE, EDGE, 5062),
	SERVERS(EDGE, FE, 5061),
	{ FE, EDGE, 8057, ONE, CONF, TLS, BAD },
	{ FE, EDGE, 8057, BOTH, CONF, MTLS, GOOD },
	{ FE, EDGE, 4443, ONE, S2S, TLS, GOOD }, /* CMS: HTTPS */
	{ FE, EDGE, 23456, ONE, CLASS_IM_PRESENCE, TLS, BAD },
	{ FE, EDGE, 23456, BOTH, CLASS_IM_PRESENCE, MTLS, GOOD },
	HIDDEN(FE, EDGE, 50001), HIDDEN(FE, EDGE, 50003),
	{ FE, MED, 50002, ONE, S2S, TLS, BAD },
	{ FE, MED, 50002, BOTH, S2S, MTLS, GOOD },
	/* Reverse proxy */
	{ CLIENT, PROXY, 443, ONE, HTTP, TLS, GOOD },
	{ CLIENT, PROXY, 80, WEB, HTTP, NONE, BAD },
	/* Exchange Unified Messaging: with Lync mutual TLS whatever the pages
	 * say of 5065 to 5068, with a gateway as the dial plan has it */
	SERVERS(FE, UM, 5060), SERVERS(FE, UM, 5061), SERVERS(FE, UM, 5062),
	SERVERS(FE, UM, 5063), SERVERS(FE, UM, 5065), SERVERS(FE, UM, 5066),
	SERVERS(FE, UM, 5067), SERVERS(FE, UM, 5068),
	TRUNK(GW, UM, 5060), TRUNK(GW, UM, 5061), TRUNK(GW, UM, 5062),
	TRUNK(GW, UM, 5063), TRUNK(GW, UM, 5065), TRUNK(GW, UM, 5066),
	TRUNK(GW, UM, 5067), TRUNK(GW, UM, 5068),
	/* Nobody who is listed: a port proves nothing */
	{ STRANGER, STRANGER2, 881, ONE, CLASS_OTHER, TLS, OUT },
	{ STRANGER, STRANGER2, 8011, ONE, CLASS_OTHER, TLS, OUT },
	{ STRANGER, STRANGER2, 8404, ONE, CLASS_OTHER, TLS, OUT },
	{ STRANGER, STRANGER2, 8080, ONE, CLASS_OTHER, TLS, OUT },
	{ STRANGER, STRANGER2, 50001, ONE, CLASS_OTHER, TLS, OUT },
	{ STRANGER, STRANGER2, 443, ONE, CLASS_OTHER, TLS, OUT },
	{ FE, STRANGER2, 443, ONE, CLASS_OTHER, TLS, OUT },
	{ STRANGER, STRANGER2, 8057, OPAQUE, CLASS_OTHER, NOT, OUT },
	/* Clients listen, too, but not for what the table means */
	{ CLIENT, OTHER, 8443, ONE, CLASS_OTHER, TLS, OUT },
	{ STRANGER, CLIENT, 40443, ONE, CLASS_OTHER, TLS, OUT },
	/* A port of no row, between hosts that are listed */
	{ CLIENT, FE, 15061, ONE, C2S, TLS, GOOD },
	{ FE, FE2, 15061, ONE, INFR, TLS, OUT },
	{ CLIENT, FILES, 993, ONE, CLASS_OTHER, TLS, OUT },
	{ CLIENT, SQL_, 3306, ONE, CLASS_OTHER, TLS, OUT },
	/* A server calls by SIP: whoever answers is one as well */
	{ EDGE, "203.0.113.9", 5061, ONE, S2S, TLS, BAD },
	{ EDGE, STRANGER, 5061, BOTH, S2S, MTLS, GOOD },
	{ STRANGER2, EDGE, 5061, ONE, C2S, TLS, GOOD },
	/* A balancer that calls in its own name passes on anybody */
	{ BALANCER, FE, 5061, ONE, S2S, TLS, OPEN },
	{ BALANCER, FE, 5061, BOTH, S2S, MTLS, GOOD },
	{ BALANCER, FE, 5061, SIP, S2S, NONE, BAD },
	{ BALANCER, EDGE, 5061, ONE, S2S, TLS, OPEN },
	{ BALANCER, EDGE, 443, ONE, C2S, TLS, GOOD },
	{ BALANCER, EDGE, 443, SIP, C2S, NONE, BAD },
	{ BALANCER, EDGE, 444, ONE, CONF, TLS, GOOD },
	{ FE, BALANCER, 5061, ONE, S2S, TLS, BAD },
	/* Gateways are for servers: no exemption for clients */
	{ CLIENT, GW, 5061, ONE, C2S, TLS, GOOD },
	{ CLIENT, GW, 5060, SIP, C2S, NONE, BAD },
};
/* clang-format on */

static void
exchange(struct world *w, const char *words, unsigned flags, uint16_t status)
{
	struct http_exchange x = { .status = status,
		.flags = (uint16_t)flags,
		.count = 1 };

	assert_true(strlen(words) < sizeof(x.text));
	strcpy(x.text, words);
	bytes(w, FACT_HTTP_EXCHANGE, TO_SERVER, &x, sizeof(x));
}

static void
web(struct world *w, const char *words, unsigned flags, uint16_t status)
{
	text(w, FACT_PROTOCOL, "http");
	exchange(w, words, flags, status);
}

static void
speak(struct world *w, enum speech how)
{
	switch (how) {
	case SIP:
		clear_sip(w, "INVITE");
		break;
	case ONE:
		tls12(w, DECLINED);
		break;
	case BOTH:
		tls12(w, PRESENTED);
		break;
	case OPAQUE:
		number(w, FACT_CLEAR_BYTES, TO_CLIENT, 100);
		number(w, FACT_CLEAR_BYTES, TO_SERVER, 100);
		break;
	case KNOCK:
		number(w, FACT_CLEAR_BYTES, TO_SERVER, 100);
		break;
	case WEB:
		web(w, "GET fe.example /no/service", 0, 200);
		break;
	}
}

static void
port_table(void **state)
{
	struct world *w = *state;
	uint64_t first[COUNT(rows)];

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];

		flow(w, IPPROTO_NUM_TCP, r->src, r->dst, r->port);
		first[i] = w->flow.first_packet;
		speak(w, r->speech);
		done(w);
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];

		judge_at(w, first[i]);
		if (w->got.class != r->class ||
		    w->got.observed != r->observed ||
		    w->got.verdict != r->verdict)
			fail_msg("%s > %s port %u, speech %d: %s %s %s", r->src,
			    r->dst, r->port, r->speech,
			    class_words[w->got.class].word,
			    protection_words[w->got.observed].word,
			    verdict_words[w->got.verdict].word);
	}
}

/* The same over UDP: nothing of it is TLS. */
static void
datagram_table(void **state)
{
	static const struct {
		const char *src, *dst;
		uint16_t port;
		bool sip;
		enum traffic_class class;
		enum verdict verdict;
	} udp[] = {
		{ CLIENT, FE, 5060, true, C2S, BAD },
		{ CLIENT, FE, 5061, true, C2S, BAD },
		{ GW, MED, 5068, true, GWS, BAD },
		{ MED, GW, 5060, true, GWS, BAD },
		{ FE, SQL_, 1434, false, INFR, OUT },
		{ FE, MED, 1434, false, INFR, OUT },
		{ EDGE, STRANGER, 53, false, INFR, OUT },
		{ CLIENT, FILES, 67, false, INFR, OUT },
		{ CLIENT, EDGE, 3478, false, CLASS_OTHER, OUT },
		{ CLIENT, EDGE, 50010, false, CLASS_OTHER, OUT },
		{ CLIENT, OTHER, 50020, false, CLASS_OTHER, OUT },
	};
	struct world *w = *state;
	uint64_t first[COUNT(udp)];

	for (size_t i = 0; i < COUNT(udp); i++) {
		flow(w, IPPROTO_NUM_UDP, udp[i].src, udp[i].dst, udp[i].port);
		first[i] = w->flow.first_packet;
		speak(w, udp[i].sip ? SIP : OPAQUE);
		done(w);
	}
	for (size_t i = 0; i < COUNT(udp); i++) {
		judge_at(w, first[i]);
		expect(w, udp[i].class, udp[i].sip ? NONE : NOT,
		    udp[i].verdict);
		assert_int_equal(finds(w, FINDING_SIP_UDP), udp[i].sip);
	}
}

/* ---- web paths ---- */

struct page {
	const char *words;
	unsigned flags;
	uint16_t status;
	enum traffic_class class;
	enum verdict verdict;
};

static void
pages(struct world *w, const struct page *p, size_t n, const char *server)
{
	uint64_t first[64];

	assert_true(n <= COUNT(first));
	for (size_t i = 0; i < n; i++) {
		flow(w, IPPROTO_NUM_TCP, CLIENT, server, 80);
		first[i] = w->flow.first_packet;
		web(w, p[i].words, p[i].flags, p[i].status);
		done(w);
	}
	for (size_t i = 0; i < n; i++) {
		judge_at(w, first[i]);
		if (w->got.class != p[i].class || w->got.observed != NONE ||
		    w->got.verdict != p[i].verdict)
			fail_msg("%s: %s %s %s", p[i].words,
			    class_words[w->got.class].word,
			    protection_words[w->got.observed].word,
			    verdict_words[w->got.verdict].word);
	}
}

#define ADDR CLASS_ADDRESS_BOOK_DOWNLOAD
#define CONT CLASS_CONTENT_DOWNLOAD
#define BOOT CLASS_BOOTSTRAP

static void
web_paths(void **state)
{
	static const struct page list[] = {
		{ "GET h /abs/handler", 0, 200, ADDR, BAD },
		{ "GET h /ABS/F-1299.lsabs", 0, 200, ADDR, BAD },
		{ "POST h /groupexpansion/service.svc", HTTP_SOAP, 200,
		    CLASS_GROUP_EXPANSION, BAD },
		{ "GET h /CollabContent/x.pptx", 0, 200, CONT, BAD },
		{ "GET h /DataCollabWeb/Int/Handler", 0, 200, CONT, BAD },
		{ "GET h /DataCollabWeb/Ext/Handler", 0, 200, CONT, BAD },
		{ "GET h /Meet/alice/ABC", 0, 200, CONT, BAD },
		{ "GET h /Meeting/x", 0, 200, CONT, BAD },
		{ "GET h /Dialin", 0, 200, CONT, BAD },
		{ "GET h /m/Presenter.aspx", 0, 200, CONT, BAD },
		{ "GET h /m/ParticipantFrame.aspx", 0, 200, CONT, BAD },
		{ "POST h /WebTicket/WebTicketService.svc", HTTP_SOAP, 200,
		    HTTP, BAD },
		{ "GET h /ucwa/v1/applications", 0, 200, HTTP, BAD },
		{ "GET h /Mcx/McxService.svc", 0, 200, HTTP, BAD },
		{ "GET h /Reach/sip.svc", 0, 200, HTTP, BAD },
		{ "GET h /RequestHandler/ucdevice.upx", 0, 200, HTTP, BAD },
		{ "GET h /RequestHandlerExt/ucdevice.upx", 0, 200, HTTP, BAD },
		{ "GET h /locationinformation/liservice.svc", 0, 200, HTTP,
		    BAD },
		{ "GET h /RgsClients/AgentService.svc", 0, 200, HTTP, BAD },
		{ "GET h /RgsConfig", 0, 200, HTTP, BAD },
		{ "GET h /cscp", 0, 200, HTTP, BAD },
		{ "GET h /PersistentChat/x", 0, 200, HTTP, BAD },
		{ "GET h /passiveauth/x", 0, 200, HTTP, BAD },
		/* first contact */
		{ "GET h /CertProv/CertProvisioningService.svc", 0, 200, BOOT,
		    FREE },
		{ "GET h /Autodiscover/AutodiscoverService.svc/root", 0, 200,
		    BOOT, FREE },
		{ "GET lyncdiscover.a.example /", HTTP_SIPURI, 200, BOOT,
		    FREE },
		{ "GET h /RequestHandler/Files/x.cat", 0, 200, BOOT, FREE },
		{ "GET h /CertEnroll/a.crl", 0, 200, BOOT, FREE },
		{ "GET h /pki/a.crt", 0, 200, BOOT, FREE },
		{ "GET h /pki/a.p7b", 0, 200, BOOT, FREE },
		{ "POST h /ocsp", HTTP_BODY_SENT, 200, BOOT, FREE },
		{ "GET h /abs/handler", HTTP_TO_HTTPS, 302, BOOT, FREE },
		/* as the server understands them */
		{ "GET h /%61bs//handler", 0, 200, ADDR, BAD },
		{ "GET h /CertProv/../abs/handler?x=/../y", 0, 200, ADDR, BAD },
		{ "GET h /./x/y/../../Meet/a", 0, 200, CONT, BAD },
		{ "GET h /CertProv/%2e%2e/CollabContent/x", 0, 200, CONT, BAD },
		{ "GET h /../../CertProv/x.svc", 0, 200, BOOT, FREE },
		{ "GET h /x/%", 0, 200, HTTP, BAD },
		{ "GET h /..", 0, 200, HTTP, BAD },
	};

	pages(*state, list, COUNT(list), FE);
}

/* What a first contact must not carry. */
static void
web_secrets(void **state)
{
	static const struct page list[] = {
		{ "GET h /Autodiscover/AutodiscoverService.svc/root/user",
		    HTTP_AUTHORIZATION, 200, HTTP, BAD },
		{ "GET h /Autodiscover/AutodiscoverService.svc/root",
		    HTTP_COOKIE, 200, HTTP, BAD },
		{ "POST h /CertProv/CertProvisioningService.svc",
		    HTTP_WEBTICKET, 200, HTTP, BAD },
		{ "POST h /CertProv/CertProvisioningService.svc",
		    HTTP_SOAP | HTTP_SECURITY, 200, HTTP, BAD },
		/* the question for root certificates names nobody */
		{ "POST h /CertProv/CertProvisioningService.svc", HTTP_SOAP,
		    200, CLASS_BOOTSTRAP, VERDICT_EXEMPT },
		{ "GET h /abs/handler", HTTP_TO_HTTPS | HTTP_AUTHORIZATION, 302,
		    ADDR, BAD },
	};

	pages(*state, list, COUNT(list), FE);
}

/* One half of an exchange: what is missing may excuse it. */
static void
half_seen(void **state)
{
	static const struct page list[] = {
		{ "GET h /abs/handler", 0, 0, ADDR, OPEN },
		{ "GET h /Meet/alice/ABC", 0, 0, CONT, OPEN },
		{ "", 0, 200, HTTP, OPEN },
		{ "", HTTP_TO_HTTPS, 302, HTTP, OPEN },
		/* what was sent, was sent */
		{ "GET h /abs/handler", HTTP_AUTHORIZATION, 0, ADDR, BAD },
		{ "POST h /ucwa/v1/x", HTTP_BODY_SENT, 0, HTTP, BAD },
		{ "GET h /Autodiscover/AutodiscoverService.svc/root", 0, 0,
		    BOOT, FREE },
	};
	struct world *w = *state;

	pages(w, list, COUNT(list), FE);
	/* and a whole one beside it decides */
	flow(w, IPPROTO_NUM_TCP, CLIENT, FE, 8080);
	web(w, "GET h /abs/handler/1", 0, 0);
	exchange(w, "GET h /abs/handler/2", 0, 200);
	done(w);
	judge(w, 8080);
	expect(w, ADDR, NONE, BAD);
}

/* Other people's sites: their pages are none of the product's. */
static void
web_strangers(void **state)
{
	static const struct page list[] = {
		{ "GET h /", 0, 200, CLASS_OTHER, OUT },
		{ "GET h /login", HTTP_AUTHORIZATION, 200, CLASS_OTHER, OUT },
		{ "GET h /Meet/us", 0, 200, CLASS_OTHER, OUT },
		{ "GET h /abs/index.html", 0, 200, CLASS_OTHER, OUT },
		{ "", 0, 200, CLASS_OTHER, OUT },
		{ "GET h /groupexpansion/service.svc", 0, 200,
		    CLASS_GROUP_EXPANSION, BAD },
	};

	pages(*state, list, COUNT(list), STRANGER);
}

/* ---- TLS that is less, or more, than it looks ---- */

/* Suites that protect nothing, whatever a label says of them; weak ones are a
 * finding, and so is what was approved once. */
static void
suites(void **state)
{
	static const struct {
		uint16_t suite;
		enum protection observed;
		enum verdict verdict;
		enum finding_id finding, other;
	} list[] = {
		{ 0x0018, PROTECTION_NULL, BAD, FINDING_TLS_ANONYMOUS,
		    FINDING_TLS_WEAK_CIPHER },
		{ 0x0034, PROTECTION_NULL, BAD, FINDING_TLS_ANONYMOUS,
		    FINDING_TLS_NOT_FIPS },
		{ 0xc018, PROTECTION_NULL, BAD, FINDING_TLS_ANONYMOUS,
		    FINDING_TLS_NOT_FIPS },
		{ 0x0001, PROTECTION_NULL, BAD, FINDING_TLS_NULL_CIPHER,
		    FINDING_TLS_NOT_FIPS },
		{ 0x003b, PROTECTION_NULL, BAD, FINDING_TLS_NULL_CIPHER,
		    FINDING_TLS_NOT_FIPS },
		{ 0xc006, PROTECTION_NULL, BAD, FINDING_TLS_NULL_CIPHER,
		    FINDING_TLS_NOT_FIPS },
		/* RC4, DES and export suites still encrypt */
		{ 0x0005, TLS, GOOD, FINDING_TLS_WEAK_CIPHER,
		    FINDING_TLS_NOT_FIPS },
		{ 0x0003, TLS, GOOD, FINDING_TLS_WEAK_CIPHER,
		    FINDING_TLS_NOT_FIPS },
		{ 0x0009, TLS, GOOD, FINDING_TLS_WEAK_CIPHER,
		    FINDING_TLS_NOT_FIPS },
		/* static RSA of the supported hardening: both facts */
		{ 0x009d, TLS, GOOD, FINDING_TLS_NO_FORWARD_SECRECY,
		    FINDING_TLS_NOT_FIPS },
		{ 0x009c, TLS, GOOD, FINDING_TLS_NO_FORWARD_SECRECY,
		    FINDING_TLS_NOT_FIPS },
		{ 0x003d, TLS, GOOD, FINDING_TLS_NO_FORWARD_SECRECY,
		    FINDING_TLS_NOT_FIPS },
		{ 0x003c, TLS, GOOD, FINDING_TLS_NO_FORWARD_SECRECY,
		    FINDING_TLS_NOT_FIPS },
	};
	struct world *w = *state;
	uint64_t first[COUNT(list)];

	for (size_t i = 0; i < COUNT(list); i++) {
		flow(w, IPPROTO_NUM_TCP, CLIENT, FE, 5061);
		first[i] = w->flow.first_packet;
		tls_of(w, NOT_ASKED, 0x0303, list[i].suite);
		done(w);
	}
	for (size_t i = 0; i < COUNT(list); i++) {
		judge_at(w, first[i]);
		expect(w, C2S, list[i].observed, list[i].verdict);
		assert_true(finds(w, list[i].finding));
		assert_true(finds(w, list[i].other));
	}
}

/* An approved suite with a group or a signature that is not. */
static void
exchanges(void **state)
{
	static const struct {
		enum fact fact;
		uint64_t value;
		bool good;
	} list[] = {
		{ FACT_TLS_GROUP, 0x0017, true },  /* secp256r1 */
		{ FACT_TLS_GROUP, 0x001d, false }, /* x25519 */
		{ FACT_TLS_GROUP, 0x0100, true },  /* ffdhe2048 */
		{ FACT_TLS_GROUP, 0x11ec, true },  /* X25519MLKEM768 */
		{ FACT_TLS_GROUP, 0x6399, false }, /* Kyber, a draft */
		{ FACT_TLS_DH_BITS, 2048, true },
		{ FACT_TLS_DH_BITS, 1024, false },
		{ FACT_TLS_KEX_SCHEME, 0x0401, true },  /* rsa_pkcs1_sha256 */
		{ FACT_TLS_KEX_SCHEME, 0x0807, true },  /* ed25519 */
		{ FACT_TLS_KEX_SCHEME, 0x0201, false }, /* rsa_pkcs1_sha1 */
		{ FACT_TLS_CLIENT_VERIFY, 0x0203, false }, /* ecdsa_sha1 */
	};
	struct world *w = *state;
	uint64_t first[COUNT(list)];

	for (size_t i = 0; i < COUNT(list); i++) {
		flow(w, IPPROTO_NUM_TCP, CLIENT, FE, 5061);
		first[i] = w->flow.first_packet;
		number(w, list[i].fact, TO_CLIENT, list[i].value);
		tls_of(w, NOT_ASKED, 0x0303, 0xc030);
		done(w);
	}
	for (size_t i = 0; i < COUNT(list); i++) {
		judge_at(w, first[i]);
		expect(w, C2S, TLS, GOOD);
		assert_int_equal(!finds(w, FINDING_TLS_NOT_FIPS), list[i].good);
	}
}

/* Only the client was captured: a mutual handshake that may not encrypt. */
static void
choice_not_seen(void **state)
{
	static const uint8_t null_too[] = { 0xc0, 0x30, 0x00, 0x3b, 0, 0xff };
	static const uint8_t sound[] = { 0xc0, 0x30, 0x00, 0x9d, 0, 0xff };
	struct world *w = *state;

	for (int i = 0; i < 2; i++) {
		flow(w, IPPROTO_NUM_TCP, FE, FE2, (uint16_t)(5061 + i));
		text(w, FACT_PROTOCOL, "tls");
		number(w, FACT_TLS_CLIENT_HELLO, TO_SERVER, 3);
		bytes(w, FACT_TLS_OFFERED_SUITES, TO_SERVER,
		    i == 0 ? null_too : sound, 6);
		bytes(w, FACT_TLS_CLIENT_CHAIN, TO_SERVER, "\0\0\3\x30\1", 6);
		number(w, FACT_TLS_CLIENT_KEY_EXCHANGE, TO_SERVER, 1);
		number(w, FACT_TLS_CLIENT_VERIFY, TO_SERVER, 0x0401);
		number(w, FACT_TLS_CCS, TO_SERVER, 1);
		number(w, FACT_TLS_FINISHED, TO_SERVER, 0);
		number(w, FACT_TLS_APPLICATION_DATA, TO_SERVER, 200);
		done(w);
	}
	judge(w, 5061);
	expect(w, S2S, PROTECTION_UNKNOWN, OPEN);
	judge(w, 5062);
	expect(w, S2S, MTLS, GOOD);
}

/* A certificate for servers alone is what the documents ask for. */
static void
no_client_usage(void **state)
{
	uint8_t chain[3 + sizeof(server_only)] = { 0 };
	struct world *w = *state;
	const struct findings *f = &w->got.findings;
	bool seen = false;

	chain[1] = (uint8_t)(sizeof(server_only) >> 8);
	chain[2] = (uint8_t)(sizeof(server_only) & 0xff);
	memcpy(chain + 3, server_only, sizeof(server_only));
	flow(w, IPPROTO_NUM_TCP, FE, FE2, 5061);
	text(w, FACT_PROTOCOL, "tls");
	number(w, FACT_TLS_CLIENT_HELLO, TO_SERVER, 10);
	number(w, FACT_TLS_SERVER_HELLO, TO_CLIENT, 1);
	number(w, FACT_TLS_VERSION, TO_CLIENT, 0x0303);
	number(w, FACT_TLS_SUITE, TO_CLIENT, 0xc030);
	bytes(w, FACT_TLS_SERVER_CHAIN, TO_CLIENT, chain, sizeof(chain));
	number(w, FACT_TLS_CERTIFICATE_REQUEST, TO_CLIENT, 1);
	bytes(w, FACT_TLS_CLIENT_CHAIN, TO_SERVER, chain, sizeof(chain));
	number(w, FACT_TLS_CLIENT_KEY_EXCHANGE, TO_SERVER, 1);
	number(w, FACT_TLS_CLIENT_VERIFY, TO_SERVER, 0x0403);
	for (int side = 0; side < 2; side++) {
		number(w, FACT_TLS_CCS, (enum side)side, 1);
		number(w, FACT_TLS_FINISHED, (enum side)side, 0);
	}
	number(w, FACT_TLS_APPLICATION_DATA, TO_CLIENT, 200);
	done(w);
	judge(w, 5061);
	expect(w, S2S, MTLS, GOOD);
	for (size_t i = 0; i < f->count; i++) {
		if (f->f[i].id != FINDING_CERT_NO_CLIENT_AUTH)
			continue;
		seen = true;
		assert_int_equal(f->f[i].severity, SEVERITY_LOW);
	}
	assert_true(seen);
	assert_false(finds(w, FINDING_CERT_NO_SERVER_AUTH));
}

/* The 2019 page promises TLS 1.3: 1.2 is no fault, 1.0 and 1.1 are. */
static void
versions(void **state)
{
	static const uint16_t list[] = { 0x0300, 0x0301, 0x0302, 0x0303 };
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(list); i++) {
		flow(w, IPPROTO_NUM_TCP, CLIENT, FE, (uint16_t)(8057 + i % 2));
		tls_of(w, DECLINED, list[i], 0xc030);
		done(w);
	}
	ledger_finish(w->ledger, &w->totals);
	for (size_t i = 0; i < COUNT(list); i++) {
		ledger_judge(w->ledger, ledger_record(w->ledger, i), &w->got);
		assert_int_equal(w->got.verdict, GOOD);
		assert_int_equal(finds(w, FINDING_TLS_OLD_VERSION),
		    list[i] < 0x0303);
	}
}

static int
open_2019(void **state)
{
	return open_world_of(state,
	    "spanward-policy: 1\nname: made\nextends: skype-2019\n"
	    "hosts:\n  front-end: [10.0.1.11]\n  client: [10.0.20.0/24]\n");
}

/* Certificates belong to an earlier handshake: open, or inherited. */
static void
resumed(struct world *w, uint16_t port, const char *id)
{
	flow(w, IPPROTO_NUM_TCP, FE, FE2, port);
	text(w, FACT_PROTOCOL, "tls");
	number(w, FACT_TLS_CLIENT_HELLO, TO_SERVER, 10);
	text(w, FACT_TLS_CLIENT_SESSION_ID, id);
	number(w, FACT_TLS_SERVER_HELLO, TO_CLIENT, 1);
	number(w, FACT_TLS_VERSION, TO_CLIENT, 0x0303);
	number(w, FACT_TLS_SUITE, TO_CLIENT, 0xc030);
	for (int side = 0; side < 2; side++) {
		number(w, FACT_TLS_CCS, (enum side) !side, 1);
		number(w, FACT_TLS_FINISHED, (enum side) !side, 0);
	}
	number(w, FACT_TLS_APPLICATION_DATA, TO_SERVER, 200);
	number(w, FACT_TLS_APPLICATION_DATA, TO_CLIENT, 200);
	done(w);
}

static void
resumption(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_TCP, FE, FE2, 5062);
	text(w, FACT_TLS_SERVER_SESSION_ID, "first of all, shown");
	tls12(w, PRESENTED);
	done(w);
	flow(w, IPPROTO_NUM_TCP, FE, FE2, 5063);
	text(w, FACT_TLS_SERVER_SESSION_ID, "second, not shown");
	tls12(w, DECLINED);
	done(w);
	resumed(w, 5071, "first of all, shown");
	resumed(w, 5072, "second, not shown");
	resumed(w, 5073, "nobody has seen this");
	judge(w, 5071);
	expect(w, S2S, MTLS, GOOD);
	assert_int_equal(w->got.client_certificate, CLIENT_CERT_INHERITED);
	judge(w, 5072);
	expect(w, S2S, TLS, BAD);
	judge(w, 5073);
	expect(w, S2S, TLS, OPEN);
	assert_true(w->got.wanting[0] != '\0');
}

/* TLS 1.3 hides the certificates: lengths that fit nothing say nothing. */
static void
new_version(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_TCP, FE, FE2, 5061);
	text(w, FACT_PROTOCOL, "tls");
	number(w, FACT_TLS_CLIENT_HELLO, TO_SERVER, 5);
	number(w, FACT_TLS_CLIENT_VERSION, TO_SERVER, 0x0304);
	number(w, FACT_TLS_SERVER_HELLO, TO_CLIENT, 1);
	number(w, FACT_TLS_VERSION, TO_CLIENT, 0x0304);
	number(w, FACT_TLS_SUITE, TO_CLIENT, 0x1302);
	number(w, FACT_TLS_PSK_CHOSEN, TO_CLIENT, 1);
	number(w, FACT_TLS_APPLICATION_DATA, TO_CLIENT, 200);
	done(w);
	judge(w, 5061);
	assert_int_equal(w->got.class, S2S);
	assert_int_equal(w->got.verdict, OPEN);
}

/* Another protocol that turned to TLS is none of the table's. */
static void
starttls(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_TCP, CLIENT, FILES, 587);
	text(w, FACT_PROTOCOL, "smtp");
	text(w, FACT_STARTTLS, "smtp");
	tls12(w, NOT_ASKED);
	done(w);
	judge(w, 587);
	expect(w, CLASS_OTHER, TLS, OUT);
}

/* ---- Microsoft's TURN ---- */

/* The cookie of MS-TURN is an attribute, and on TCP a frame stands before the
 * header: neither RFC 8489 nor RFC 4571 fits. */
static void
old_stun(void **state UNUSED)
{
	static const uint8_t frame[] = {
		/* clang-format off */
		0x02, 0x00, 0x00, 0x1c,	/* control, 28 octets */
		0x00, 0x03, 0x00, 0x08,	/* Allocate */
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
		0x00, 0x0f, 0x00, 0x04, 0x72, 0xc6, 0x4b, 0xc6,
		/* clang-format on */
	};
	struct talk t;

	talk_open(&t, IPPROTO_NUM_TCP, 443);
	talk_say(&t, TO_SERVER, slice_of(frame, sizeof(frame)));
	assert_true(talk_has(&t, FACT_PROTOCOL, "ms-turn"));
	assert_int_equal(talk_count(&t, FACT_STUN_MICROSOFT), 1);
	assert_int_equal(talk_count(&t, FACT_TLS_CLIENT_HELLO), 0);
	talk_close(&t);
}

/* Nothing on the A/V Edge's media ports has a certificate to look for. */
static void
no_certificate_for_media(void **state)
{
	static const uint16_t ports[] = { 443, 50000, 59999 };
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(ports); i++) {
		flow(w, IPPROTO_NUM_TCP, CLIENT, EDGE, ports[i]);
		text(w, FACT_PROTOCOL, "ms-turn");
		number(w, FACT_TLS_PSEUDO, TO_SERVER, 1);
		number(w, FACT_STUN_MICROSOFT, TO_SERVER, 1);
		rtp(w, RESULT_RANDOM);
		done(w);
	}
	for (size_t i = 0; i < COUNT(ports); i++) {
		judge(w, ports[i]);
		expect(w, CLASS_AV_MEDIA, PROTECTION_SRTP, GOOD);
		assert_int_equal(w->got.findings.count, 1);
		assert_true(finds(w, FINDING_TLS_PSEUDO));
	}
}

/* ---- media: what it is does not follow from the port ---- */

static void
modality(void **state)
{
	static const struct {
		uint8_t proto;
		const char *dst;
		uint16_t port;
		bool rdp;
		enum traffic_class class;
	} list[] = {
		/* ranges of audio, video and application sharing overlap */
		{ IPPROTO_NUM_UDP, FE, 49200, false, CLASS_AV_MEDIA },
		{ IPPROTO_NUM_UDP, FE, 58000, false, CLASS_AV_MEDIA },
		{ IPPROTO_NUM_TCP, FE, 49200, false, CLASS_AV_MEDIA },
		{ IPPROTO_NUM_TCP, FE, 49201, true, CLASS_DESKTOP_MEDIA },
		{ IPPROTO_NUM_UDP, FE, 49202, true, CLASS_DESKTOP_MEDIA },
		/* and the Edge's relay ports hold those of its logging */
		{ IPPROTO_NUM_UDP, EDGE, 50001, false, CLASS_AV_MEDIA },
		{ IPPROTO_NUM_TCP, EDGE, 50002, false, CLASS_AV_MEDIA },
		{ IPPROTO_NUM_UDP, OTHER, 443, false, CLASS_AV_MEDIA },
		{ IPPROTO_NUM_UDP, OTHER, 5061, false, CLASS_AV_MEDIA },
	};
	struct world *w = *state;
	uint64_t first[COUNT(list)];

	for (size_t i = 0; i < COUNT(list); i++) {
		flow(w, list[i].proto, CLIENT, list[i].dst, list[i].port);
		first[i] = w->flow.first_packet;
		rtp(w, RESULT_CLEAR);
		if (list[i].rdp)
			number(w, FACT_RDP_CLEAR, TO_SERVER, 1);
		done(w);
	}
	for (size_t i = 0; i < COUNT(list); i++) {
		judge_at(w, first[i]);
		expect(w, list[i].class, NONE, BAD);
	}
}

static void
promise_screen(struct world *w, uint16_t port)
{
	struct sdp_media m;

	for (int answer = 0; answer < 2; answer++) {
		memset(&m, 0, sizeof(m));
		m.call = port;
		m.cseq = 1;
		m.kind = MEDIA_APPSHARING;
		m.is_answer = (uint8_t)answer;
		m.secure = 1;
		m.crypto_lines = 1;
		m.at = (struct endpoint){ address(answer ? OTHER : CLIENT),
			answer ? port : 50000 };
		strcpy(m.profile, "RTP/SAVP");
		bytes(w, FACT_SDP_MEDIA, answer ? TO_CLIENT : TO_SERVER, &m,
		    sizeof(m));
	}
}

/* Video-based screen sharing: H.264 over UDP, and yet the desktop's row. */
static void
screen_as_video(void **state)
{
	static const enum media_result results[] = { RESULT_RANDOM,
		RESULT_CLEAR };
	struct world *w = *state;

	for (uint16_t i = 0; i < 2; i++) {
		uint16_t port = (uint16_t)(50030 + i);

		flow(w, IPPROTO_NUM_TCP, CLIENT, FE, (uint16_t)(6061 + i));
		text(w, FACT_PROTOCOL, "sip");
		promise_screen(w, port);
		done(w);
		flow(w, IPPROTO_NUM_UDP, CLIENT, OTHER, port);
		rtp(w, results[i]);
		done(w);
	}
	judge(w, 50030);
	assert_int_equal(w->got.class, CLASS_DESKTOP_MEDIA);
	assert_int_equal(w->got.observed, PROTECTION_SRTP);
	judge(w, 50031);
	expect(w, CLASS_DESKTOP_MEDIA, NONE, BAD);
}

/* ---- documented exceptions ---- */

static void
xmpp_flow(struct world *w, const char *src, const char *dst, uint16_t port)
{
	flow(w, IPPROTO_NUM_TCP, src, dst, port);
	text(w, FACT_PROTOCOL, "xmpp");
	text(w, FACT_XMPP_STREAM, "jabber:server");
}

static void
xmpp(void **state)
{
	struct world *w = *state;
	uint64_t first[5];

	/* dialback, configured per partner */
	xmpp_flow(w, PARTNER, EDGE, 5269);
	first[0] = w->flow.first_packet;
	number(w, FACT_XMPP_DIALBACK, TO_SERVER, 1);
	number(w, FACT_XMPP_CONTENT, TO_SERVER, 1);
	done(w);
	/* a password */
	xmpp_flow(w, PARTNER, EDGE, 5269);
	first[1] = w->flow.first_packet;
	text(w, FACT_XMPP_SASL, "PLAIN");
	done(w);
	/* STARTTLS */
	xmpp_flow(w, PARTNER, EDGE, 5269);
	first[2] = w->flow.first_packet;
	text(w, FACT_STARTTLS, "xmpp");
	tls12(w, NOT_ASKED);
	done(w);
	/* the beginning of a stream elsewhere, and what follows it */
	xmpp_flow(w, CLIENT, STRANGER, 5222);
	first[3] = w->flow.first_packet;
	done(w);
	xmpp_flow(w, CLIENT, STRANGER, 5222);
	first[4] = w->flow.first_packet;
	number(w, FACT_XMPP_CONTENT, TO_SERVER, 1);
	done(w);
	judge_at(w, first[0]);
	expect(w, CLASS_IM_PRESENCE, NONE, FREE);
	judge_at(w, first[1]);
	expect(w, CLASS_IM_PRESENCE, NONE, BAD);
	judge_at(w, first[2]);
	expect(w, CLASS_IM_PRESENCE, TLS, GOOD);
	judge_at(w, first[3]);
	expect(w, CLASS_IM_PRESENCE, NONE, OPEN);
	judge_at(w, first[4]);
	expect(w, CLASS_IM_PRESENCE, NONE, BAD);
}

/* Clear only to the peer that is declared. */
static int
open_declared(void **state)
{
	return open_world_of(state,
	    "spanward-policy: 1\nname: made\nextends: lync-2013\n"
	    "hosts:\n  front-end: [10.0.1.11, 10.0.1.12]\n"
	    "  edge: [10.0.2.21]\n  client: [10.0.20.0/24]\n"
	    "  server: [10.0.1.52]\n"
	    "require:\n  im-presence: none\n"
	    "rules:\n"
	    "  - id: rcc\n    class: server-to-server\n"
	    "    between: [front-end, 10.0.1.52]\n    port: 5060\n"
	    "    transport: tcp\n    protocol: sip\n    require: none\n"
	    "    because: static route\n"
	    "  - id: live\n    class: av-media\n"
	    "    between: [edge, 203.0.113.0/24]\n    require: none\n"
	    "    because: the provider has no SRTP\n");
}

static void
declared(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_TCP, FE, FILES, 5060);
	clear_sip(w, "INVITE");
	done(w);
	flow(w, IPPROTO_NUM_TCP, FE, FILES, 5062);
	clear_sip(w, "INVITE");
	done(w);
	flow(w, IPPROTO_NUM_UDP, STRANGER, EDGE, 50100);
	rtp(w, RESULT_CLEAR);
	done(w);
	flow(w, IPPROTO_NUM_UDP, CLIENT, EDGE, 50102);
	rtp(w, RESULT_CLEAR);
	done(w);
	judge(w, 5060);
	expect(w, S2S, NONE, FREE);
	judge(w, 5062);
	expect(w, S2S, NONE, BAD);
	judge(w, 50100);
	expect(w, CLASS_AV_MEDIA, NONE, FREE);
	judge(w, 50102);
	expect(w, CLASS_AV_MEDIA, NONE, BAD);
}

/* Unified Messaging and gateways: media in clear as the dial plan has it. */
static void
media_exceptions(void **state)
{
	static const struct {
		const char *src, *dst;
		enum traffic_class class;
		enum verdict verdict;
	} list[] = {
		{ GW, UM, CLASS_GATEWAY_MEDIA, FREE },
		{ CLIENT, UM, CLASS_AV_MEDIA, BAD },
		{ MED, GW, CLASS_GATEWAY_MEDIA, FREE },
		{ CLIENT, GW, CLASS_GATEWAY_MEDIA, FREE },
		{ CLIENT, MED, CLASS_AV_MEDIA, BAD },
		{ PARTNER, EDGE, CLASS_AV_MEDIA, BAD },
	};
	struct world *w = *state;

	for (uint16_t i = 0; i < COUNT(list); i++) {
		flow(w, IPPROTO_NUM_UDP, list[i].src, list[i].dst,
		    (uint16_t)(50200 + i));
		rtp(w, RESULT_CLEAR);
		done(w);
	}
	for (uint16_t i = 0; i < COUNT(list); i++) {
		judge(w, (uint16_t)(50200 + i));
		expect(w, list[i].class, NONE, list[i].verdict);
	}
}

/* Between clients, with RC4 of its own. */
static void
file_transfer(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_TCP, CLIENT, OTHER, 6891);
	text(w, FACT_PROTOCOL, "msnftp");
	text(w, FACT_FTP_MSN, "VER MSN_SECURE_FTP");
	done(w);
	judge(w, 6891);
	assert_int_equal(w->got.verdict, OUT);
	assert_true(finds(w, FINDING_FILE_TRANSFER_RC4));
}

/* Messages over WebSocket may be compressed: that hides nothing. */
static void
websocket(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_TCP, CLIENT, FE, 8088);
	web(w, "GET h /ws", 0, 101);
	text(w, FACT_PROTOCOL, "sip");
	text(w, FACT_HTTP_UPGRADE, "websocket");
	done(w);
	judge(w, 8088);
	expect(w, C2S, NONE, BAD);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
	const struct CMUnitTest tests[] = {
		CASE(port_table),
		CASE(datagram_table),
		CASE(web_paths),
		CASE(web_secrets),
		CASE(half_seen),
		CASE(web_strangers),
		CASE(suites),
		CASE(exchanges),
		CASE(choice_not_seen),
		CASE(no_client_usage),
		cmocka_unit_test_setup_teardown(versions, open_2019,
		    close_world),
		CASE(resumption),
		CASE(new_version),
		CASE(starttls),
		cmocka_unit_test(old_stun),
		CASE(no_certificate_for_media),
		CASE(modality),
		CASE(screen_as_video),
		CASE(xmpp),
		cmocka_unit_test_setup_teardown(declared, open_declared,
		    close_world),
		CASE(media_exceptions),
		CASE(file_transfer),
		CASE(websocket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
