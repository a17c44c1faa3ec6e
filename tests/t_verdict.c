/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Class and verdict of flows whose facts are made by hand, under the built-in
 * policy and a small inventory: the cases in which a port or a first look
 * would mislead.
 */
#include "tests/flows.h"

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

/* What was not seen may have been lost; what was readable was there. */
static void
lost_packets(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_TCP, FE, FE2, 5061);
	tls12(w, NOT_ASKED);
	w->flow.lost[TO_CLIENT] = 100;
	done(w);
	flow(w, IPPROTO_NUM_TCP, FE, FE2, 5062);
	tls12(w, NOT_ASKED);
	done(w);
	flow(w, IPPROTO_NUM_TCP, FE, FE2, 5063);
	tls12(w, DECLINED);
	w->flow.lost[TO_CLIENT] = 100;
	done(w);
	flow(w, IPPROTO_NUM_TCP, FE, FE2, 5060);
	clear_sip(w, "INVITE");
	w->flow.lost[TO_SERVER] = 100;
	done(w);
	judge(w, 5061);
	expect(w, CLASS_SERVER_TO_SERVER, PROTECTION_TLS, VERDICT_UNDETERMINED);
	assert_true(finds(w, FINDING_CAPTURE_LOSS));
	assert_int_equal(w->got.certainty, CERTAINTY_INFERRED);
	assert_true(w->got.wanting[0] != '\0');
	judge(w, 5062);
	expect(w, CLASS_SERVER_TO_SERVER, PROTECTION_TLS, VERDICT_VIOLATION);
	assert_false(finds(w, FINDING_CAPTURE_LOSS));
	judge(w, 5063);
	expect(w, CLASS_SERVER_TO_SERVER, PROTECTION_TLS, VERDICT_VIOLATION);
	assert_true(finds(w, FINDING_CAPTURE_LOSS));
	judge(w, 5060);
	expect(w, CLASS_SERVER_TO_SERVER, PROTECTION_NONE, VERDICT_VIOLATION);
	assert_true(finds(w, FINDING_CAPTURE_LOSS));
	assert_int_equal(w->totals.whole, 0);
	assert_int_equal(ledger_totals(w->ledger)->whole, 1);
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

/* Being called by SIP makes no server of a host that nobody listed: phones
 * call each other, and show no certificates. */
static void
phones(void **state)
{
	struct world *w = *state;

	flow(w, IPPROTO_NUM_TCP, STRANGER, STRANGER2, 5060);
	clear_sip(w, "INVITE");
	done(w);
	flow(w, IPPROTO_NUM_TCP, STRANGER2, STRANGER, 5060);
	clear_sip(w, "INVITE");
	done(w);
	flow(w, IPPROTO_NUM_TCP, STRANGER, STRANGER2, 5061);
	tls12(w, DECLINED);
	done(w);
	judge(w, 5061);
	expect(w, CLASS_SERVER_TO_SERVER, PROTECTION_TLS, VERDICT_UNDETERMINED);
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
		CASE(lost_packets),
		CASE(hidden_certificates),
		CASE(sip_over_udp),
		CASE(optional_taken),
		CASE(optional_declined),
		CASE(agreed_and_broken),
		CASE(media_bypass),
		CASE(relay_control),
		CASE(phones),
		CASE(file_store),
		CASE(media_on_any_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
