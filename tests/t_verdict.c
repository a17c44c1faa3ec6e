/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Class and verdict of flows whose facts are made by hand, under the built-in
 * policy and a small inventory: the cases in which a port or a first look
 * would mislead.
 */
#include "audit/ledger.h"
#include "dissect/media_test.h"
#include "tests/support.h"

static const char inventory[] = "spanward-policy: 1\n"
				"name: made\n"
				"extends: lync-2013\n"
				"hosts:\n"
				"  front-end: [10.0.1.11, 10.0.1.12]\n"
				"  mediation: [10.0.1.31]\n"
				"  exchange-um: [10.0.1.41]\n"
				"  server: [10.0.1.52]\n"
				"  edge: [10.0.2.21]\n"
				"  gateway: [10.0.9.5]\n"
				"  client: [10.0.20.0/24]\n";

#define FE     "10.0.1.11"
#define FE2    "10.0.1.12"
#define MED    "10.0.1.31"
#define UM     "10.0.1.41"
#define FILES  "10.0.1.52"
#define EDGE   "10.0.2.21"
#define GW     "10.0.9.5"
#define CLIENT "10.0.20.101"
#define OTHER  "10.0.20.102"

struct world {
	char path[40];
	struct policy *policy;
	struct ledger *ledger;
	struct capture_totals totals;
	/* of the flow in hand */
	struct arena arena;
	struct evidence facts;
	struct flow_view flow;
	uint64_t packet;
	struct judgement got;
};

static struct addr
address(const char *text)
{
	struct addr a;

	assert_true(addr_parse(slice_text(text), &a));
	return a;
}

static int
open_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct fault f = { "" };

	assert_non_null(w);
	temp_file(w->path, inventory, sizeof(inventory) - 1);
	w->policy = policy_load(w->path, &f);
	if (w->policy == NULL)
		fail_msg("%s", f.text);
	w->ledger = ledger_new(w->policy, &f);
	assert_non_null(w->ledger);
	*state = w;
	return 0;
}

static int
close_world(void **state)
{
	struct world *w = *state;

	ledger_free(w->ledger);
	policy_free(w->policy);
	unlink(w->path);
	free(w);
	return 0;
}

static void
flow(struct world *w, uint8_t proto, const char *src, const char *dst,
    uint16_t port)
{
	w->flow = (struct flow_view){
		.tuple = { .src = { address(src), 50000 },
		    .dst = { address(dst), port },
		    .proto = proto },
		.first_packet = ++w->packet,
		.start = (int64_t)w->packet * 1000000,
		.packets = { 10, 10 },
		.bytes = { 1000, 1000 },
		.ended = true,
	};
	arena_init(&w->arena, 1 << 20);
	evidence_init(&w->facts,
	    proto == IPPROTO_NUM_TCP ? CARRIER_TCP : CARRIER_UDP);
}

static void
learn(struct world *w, struct learnt l)
{
	l.packet = ++w->packet;
	l.time = (int64_t)w->packet * 1000000;
	evidence_learn(&w->facts, &w->arena, &l);
}

static void
text(struct world *w, enum fact f, const char *s)
{
	learn(w,
	    (struct learnt){ .fact = (uint16_t)f, .bytes = slice_text(s) });
}

static void
number(struct world *w, enum fact f, enum side side, uint64_t n)
{
	learn(w,
	    (struct learnt){ .fact = (uint16_t)f,
		.side = (uint8_t)side,
		.number = n });
}

static void
bytes(struct world *w, enum fact f, enum side side, const void *p, size_t n)
{
	learn(w,
	    (struct learnt){ .fact = (uint16_t)f,
		.side = (uint8_t)side,
		.bytes = slice_of(p, n) });
}

/* The flow is over. */
static void
done(struct world *w)
{
	w->flow.last_packet = w->packet;
	w->flow.end = (int64_t)w->packet * 1000000;
	struct notice *n = notice_new(&w->flow, &w->facts, 0);

	assert_non_null(n);
	n->last = true;
	ledger_take(w->ledger, n);
	arena_done(&w->arena);
}

/* Judges the first flow of this port. */
static void
judge(struct world *w, uint16_t port)
{
	ledger_finish(w->ledger, &w->totals);
	for (size_t i = 0; i < ledger_count(w->ledger); i++) {
		const struct record *r = ledger_record(w->ledger, i);

		if (r->facts->flow.tuple.dst.port != port)
			continue;
		ledger_judge(w->ledger, r, &w->got);
		return;
	}
	fail_msg("no flow to port %u", port);
}

static bool
finds(const struct world *w, enum finding_id id)
{
	const struct findings *f = &w->got.findings;

	for (size_t i = 0; i < f->count; i++) {
		if (f->f[i].id == id)
			return true;
	}
	return false;
}

static void
expect(const struct world *w, enum traffic_class class, enum protection p,
    enum verdict v)
{
	assert_string_equal(class_words[w->got.class].word,
	    class_words[class].word);
	assert_string_equal(protection_words[w->got.observed].word,
	    protection_words[p].word);
	assert_string_equal(verdict_words[w->got.verdict].word,
	    verdict_words[v].word);
}

/* ---- what flows say ---- */

static void
clear_sip(struct world *w, const char *method)
{
	text(w, FACT_PROTOCOL, "sip");
	text(w, FACT_SIP_METHOD, method);
}

enum client_part { NOT_ASKED, DECLINED, PRESENTED };

/* A certificate nobody can read does for these tests. */
static void
tls12(struct world *w, enum client_part part)
{
	static const uint8_t chain[] = { 0, 0, 3, 0x30, 1, 0 };

	text(w, FACT_PROTOCOL, "tls");
	number(w, FACT_TLS_CLIENT_HELLO, TO_SERVER, 10);
	number(w, FACT_TLS_SERVER_HELLO, TO_CLIENT, 1);
	number(w, FACT_TLS_VERSION, TO_CLIENT, 0x0303);
	number(w, FACT_TLS_SUITE, TO_CLIENT, 0xc030);
	bytes(w, FACT_TLS_SERVER_CHAIN, TO_CLIENT, chain, sizeof(chain));
	if (part != NOT_ASKED) {
		number(w, FACT_TLS_CERTIFICATE_REQUEST, TO_CLIENT, 1);
		bytes(w, FACT_TLS_CLIENT_CHAIN, TO_SERVER, chain,
		    part == PRESENTED ? sizeof(chain) : 0);
	}
	number(w, FACT_TLS_SERVER_HELLO_DONE, TO_CLIENT, 1);
	number(w, FACT_TLS_CLIENT_KEY_EXCHANGE, TO_SERVER, 1);
	if (part == PRESENTED)
		number(w, FACT_TLS_CLIENT_VERIFY, TO_SERVER, 0x0401);
	for (int side = 0; side < 2; side++) {
		number(w, FACT_TLS_CCS, (enum side)side, 1);
		number(w, FACT_TLS_FINISHED, (enum side)side, 0);
	}
	number(w, FACT_TLS_APPLICATION_DATA, TO_SERVER, 200);
	number(w, FACT_TLS_APPLICATION_DATA, TO_CLIENT, 200);
}

static void
rtp(struct world *w, enum media_result result)
{
	struct media_stream m = {
		.ssrc = 77,
		.result = (uint8_t)result,
		.signs = RTP_SIGN_SEQUENCE,
		.test = result == RESULT_CLEAR ? 'E' : 0,
		.tag = MEDIA_TAG_NONE,
		.packets = 100,
		.tested = 16000,
		.first = w->packet,
		.last = w->packet,
	};

	text(w, FACT_PROTOCOL, "rtp");
	bytes(w, FACT_MEDIA_STREAM, TO_SERVER, &m, sizeof(m));
}

/* One m= line for the media port of the callee. */
static void
describe(struct world *w, bool answer, const char *profile, bool keys,
    const char *host, uint16_t port)
{
	struct sdp_media m;

	memset(&m, 0, sizeof(m));
	m.call = 42;
	m.cseq = 1;
	m.kind = MEDIA_AUDIO;
	m.is_answer = answer;
	m.secure = strstr(profile, "SAVP") != NULL;
	m.crypto_lines = keys;
	m.at = (struct endpoint){ address(host), port };
	strcpy(m.profile, profile);
	if (keys)
		strcpy(m.suite, "AES_CM_128_HMAC_SHA1_80");
	bytes(w, FACT_SDP_MEDIA, answer ? TO_CLIENT : TO_SERVER, &m, sizeof(m));
}

/* ---- TLS where it is, and where it only looks so ---- */

/* TCP 443 of an A/V Edge: a prelude that is not TLS, then MS-TURN. */
static void
pseudo_tls(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_TCP, CLIENT, EDGE, 443);
	text(w, FACT_PROTOCOL, "ms-turn");
	number(w, FACT_TLS_PSEUDO, TO_SERVER, 1);
	number(w, FACT_STUN_MICROSOFT, TO_SERVER, 1);
	rtp(w, RESULT_CLEAR);
	done(w);
	judge(w, 443);
	expect(w, CLASS_AV_MEDIA, PROTECTION_NONE, VERDICT_VIOLATION);
	assert_false(w->got.has_tls);
	assert_true(finds(w, FINDING_TLS_PSEUDO));
	assert_false(finds(w, FINDING_TLS_ANONYMOUS));
	assert_false(finds(w, FINDING_TLS_WEAK_CIPHER));
}

static void
pseudo_tls_control_only(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_TCP, CLIENT, EDGE, 443);
	text(w, FACT_PROTOCOL, "ms-turn");
	number(w, FACT_TLS_PSEUDO, TO_SERVER, 1);
	number(w, FACT_STUN_MICROSOFT, TO_SERVER, 1);
	done(w);
	judge(w, 443);
	expect(w, CLASS_RELAY_CONTROL, PROTECTION_NONE, VERDICT_EXEMPT);
}

/* Servers ask everybody for a certificate; clients decline. */
static void
request_alone_is_not_mutual(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_TCP, CLIENT, FE, 5061);
	tls12(w, DECLINED);
	done(w);
	flow(w, IPPROTO_NUM_TCP, FE, FE2, 5062);
	tls12(w, DECLINED);
	done(w);
	flow(w, IPPROTO_NUM_TCP, FE, FE2, 5063);
	tls12(w, PRESENTED);
	done(w);
	judge(w, 5061);
	expect(w, CLASS_CLIENT_TO_SERVER, PROTECTION_TLS, VERDICT_COMPLIANT);
	assert_int_equal(w->got.client_certificate, CLIENT_CERT_DECLINED);
	judge(w, 5062);
	expect(w, CLASS_SERVER_TO_SERVER, PROTECTION_TLS, VERDICT_VIOLATION);
	judge(w, 5063);
	expect(w, CLASS_SERVER_TO_SERVER, PROTECTION_MTLS, VERDICT_COMPLIANT);
}

/* The port table says "TCP" for 5062 and 5070: it means the transport. */
static void
clear_between_servers(void **state)
{
	static const uint16_t ports[] = { 5060, 5062, 5065, 5070, 5080 };
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(ports); i++) {
		flow(w, IPPROTO_NUM_TCP, FE, FE2, ports[i]);
		clear_sip(w, "INVITE");
		done(w);
	}
	for (size_t i = 0; i < COUNT(ports); i++) {
		judge(w, ports[i]);
		expect(w, CLASS_SERVER_TO_SERVER, PROTECTION_NONE,
		    VERDICT_VIOLATION);
		assert_int_equal(w->got.certainty, CERTAINTY_PROVEN);
	}
}

/* The same port is a gateway's, or Unified Messaging's: roles decide. */
static void
colliding_ports(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_TCP, GW, MED, 5068);
	clear_sip(w, "INVITE");
	done(w);
	flow(w, IPPROTO_NUM_TCP, FE, UM, 5066);
	clear_sip(w, "INVITE");
	done(w);
	judge(w, 5068);
	expect(w, CLASS_GATEWAY_SIGNALLING, PROTECTION_NONE, VERDICT_EXEMPT);
	judge(w, 5066);
	expect(w, CLASS_SERVER_TO_SERVER, PROTECTION_NONE, VERDICT_VIOLATION);
}

/* Clear is allowed to a gateway; TLS, once used, must be mutual. */
static void
gateway_tls(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_TCP, MED, GW, 5067);
	tls12(w, NOT_ASKED);
	done(w);
	flow(w, IPPROTO_NUM_TCP, GW, MED, 5068);
	tls12(w, PRESENTED);
	done(w);
	judge(w, 5067);
	expect(w, CLASS_GATEWAY_SIGNALLING, PROTECTION_TLS, VERDICT_VIOLATION);
	judge(w, 5068);
	expect(w, CLASS_GATEWAY_SIGNALLING, PROTECTION_MTLS, VERDICT_COMPLIANT);
}

/* TLS 1.3 without lengths that tell: no verdict rather than a wrong one. */
static void
hidden_certificates(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_TCP, FE, FE2, 5061);
	text(w, FACT_PROTOCOL, "tls");
	number(w, FACT_TLS_MID_STREAM, TO_SERVER, 1);
	w->flow.mid_stream = true;
	done(w);
	judge(w, 5061);
	assert_int_equal(w->got.class, CLASS_SERVER_TO_SERVER);
	assert_int_equal(w->got.verdict, VERDICT_UNDETERMINED);
	assert_true(w->got.wanting[0] != '\0');
}

static void
sip_over_udp(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_UDP, CLIENT, FE, 5060);
	clear_sip(w, "REGISTER");
	done(w);
	judge(w, 5060);
	expect(w, CLASS_CLIENT_TO_SERVER, PROTECTION_NONE, VERDICT_VIOLATION);
	assert_true(finds(w, FINDING_SIP_UDP));
}

/* ---- media and what signalling said ---- */

/* RTP/AVP with keys is "optional": the answer decides. */
static void
optional_answered(struct world *w, const char *answer, bool keys,
    enum media_result media)
{
	flow(w, IPPROTO_NUM_TCP, CLIENT, FE, 5061);
	text(w, FACT_PROTOCOL, "sip");
	describe(w, false, "RTP/AVP", true, CLIENT, 50000);
	describe(w, true, answer, keys, OTHER, 50020);
	done(w);
	flow(w, IPPROTO_NUM_UDP, CLIENT, OTHER, 50020);
	rtp(w, media);
	done(w);
	judge(w, 50020);
}

static void
optional_taken(void **state)
{
	struct world *w = *state;

	optional_answered(w, "RTP/SAVP", true, RESULT_RANDOM);
	assert_int_equal(w->got.class, CLASS_AV_MEDIA);
	assert_int_equal(w->got.observed, PROTECTION_SRTP);
	assert_string_equal(w->got.media_keying, "sdes");
	/* and the keys stood there for all to read */
	assert_int_equal(w->got.verdict, VERDICT_VIOLATION);
	assert_true(finds(w, FINDING_MEDIA_KEYS_IN_CLEAR));
}

static void
optional_declined(void **state)
{
	struct world *w = *state;

	optional_answered(w, "RTP/AVP", false, RESULT_CLEAR);
	expect(w, CLASS_AV_MEDIA, PROTECTION_NONE, VERDICT_VIOLATION);
	assert_false(finds(w, FINDING_MEDIA_SIGNALLED_SENT_CLEAR));
	assert_false(finds(w, FINDING_MEDIA_KEYS_IN_CLEAR));
}

static void
agreed_and_broken(void **state)
{
	struct world *w = *state;

	optional_answered(w, "RTP/SAVP", true, RESULT_CLEAR);
	expect(w, CLASS_AV_MEDIA, PROTECTION_NONE, VERDICT_VIOLATION);
	assert_true(finds(w, FINDING_MEDIA_SIGNALLED_SENT_CLEAR));
}

/* With bypass a client speaks to the gateway: not client media. */
static void
media_bypass(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_UDP, CLIENT, GW, 30000);
	rtp(w, RESULT_CLEAR);
	done(w);
	flow(w, IPPROTO_NUM_UDP, CLIENT, OTHER, 30002);
	rtp(w, RESULT_CLEAR);
	done(w);
	flow(w, IPPROTO_NUM_UDP, MED, GW, 30004);
	rtp(w, RESULT_RANDOM);
	done(w);
	judge(w, 30000);
	expect(w, CLASS_GATEWAY_MEDIA, PROTECTION_NONE, VERDICT_EXEMPT);
	judge(w, 30002);
	expect(w, CLASS_AV_MEDIA, PROTECTION_NONE, VERDICT_VIOLATION);
	judge(w, 30004);
	expect(w, CLASS_GATEWAY_MEDIA, PROTECTION_SRTP, VERDICT_COMPLIANT);
}

/* TURN is authenticated, never encrypted: by design. */
static void
relay_control(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_UDP, CLIENT, EDGE, 3478);
	text(w, FACT_PROTOCOL, "turn");
	number(w, FACT_TURN_DATA, TO_SERVER, 1);
	done(w);
	judge(w, 3478);
	expect(w, CLASS_RELAY_CONTROL, PROTECTION_NONE, VERDICT_EXEMPT);
}

/* Documented traffic between servers that has no TLS. */
static void
file_store(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_TCP, FE, FILES, 445);
	number(w, FACT_CLEAR_BYTES, TO_SERVER, 100);
	done(w);
	judge(w, 445);
	assert_string_equal(class_words[w->got.class].word,
	    class_words[CLASS_INFRASTRUCTURE].word);
	assert_int_equal(w->got.verdict, VERDICT_OUT_OF_SCOPE);
}

/* Media without a word of signalling, on a port that belongs to SIP. */
static void
media_on_any_port(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_UDP, CLIENT, OTHER, 5061);
	rtp(w, RESULT_OPEN);
	done(w);
	judge(w, 5061);
	expect(w, CLASS_AV_MEDIA, PROTECTION_UNKNOWN, VERDICT_UNDETERMINED);
	assert_true(w->got.wanting[0] != '\0');
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
	const struct CMUnitTest tests[] = {
		CASE(pseudo_tls),
		CASE(pseudo_tls_control_only),
		CASE(request_alone_is_not_mutual),
		CASE(clear_between_servers),
		CASE(colliding_ports),
		CASE(gateway_tls),
		CASE(hidden_certificates),
		CASE(sip_over_udp),
		CASE(optional_taken),
		CASE(optional_declined),
		CASE(agreed_and_broken),
		CASE(media_bypass),
		CASE(relay_control),
		CASE(file_store),
		CASE(media_on_any_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
