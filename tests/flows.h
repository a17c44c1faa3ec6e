/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flows.h - flows whose facts are made by hand, in a small made-up deployment,
 * and what is made of them.
 */
#ifndef TESTS_FLOWS_H
#define TESTS_FLOWS_H

#include "audit/ledger.h"
#include "dissect/media_test.h"
#include "tests/support.h"

static const char inventory[] = "spanward-policy: 1\n"
				"name: made\n"
				"extends: lync-2013\n"
				"hosts:\n"
				"  front-end: [10.0.1.11, 10.0.1.12]\n"
				"  director: [10.0.1.15]\n"
				"  persistent-chat: [10.0.1.35]\n"
				"  sql: [10.0.1.51]\n"
				"  office-web-apps: [10.0.1.53]\n"
				"  reverse-proxy: [10.0.2.25]\n"
				"  partner: [192.0.2.9]\n"
				"  mediation: [10.0.1.31]\n"
				"  exchange-um: [10.0.1.41]\n"
				"  server: [10.0.1.52]\n"
				"  edge: [10.0.2.21]\n"
				"  gateway: [10.0.9.5]\n"
				"  load-balancer: [10.0.1.80]\n"
				"  client: [10.0.20.0/24]\n";

#define DIRECTOR  "10.0.1.15"
#define CHAT      "10.0.1.35"
#define SQL_      "10.0.1.51"
#define OWA       "10.0.1.53"
#define PROXY     "10.0.2.25"
#define PARTNER   "192.0.2.9"
#define STRANGER  "203.0.113.7"
#define STRANGER2 "203.0.113.8"
#define FE        "10.0.1.11"
#define FE2       "10.0.1.12"
#define MED       "10.0.1.31"
#define UM        "10.0.1.41"
#define FILES     "10.0.1.52"
#define EDGE      "10.0.2.21"
#define GW        "10.0.9.5"
#define BALANCER  "10.0.1.80"
#define CLIENT    "10.0.20.101"
#define OTHER     "10.0.20.102"

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

static inline struct addr
address(const char *text)
{
	struct addr a;

	assert_true(addr_parse(slice_text(text), &a));
	return a;
}

static inline int
open_world_of(void **state, const char *policy)
{
	struct world *w = calloc(1, sizeof(*w));
	struct fault f = { "" };

	assert_non_null(w);
	temp_file(w->path, policy, strlen(policy));
	w->policy = policy_load(w->path, &f);
	if (w->policy == NULL)
		fail_msg("%s", f.text);
	w->ledger = ledger_new(w->policy, &f);
	assert_non_null(w->ledger);
	*state = w;
	return 0;
}

static inline int
open_world(void **state)
{
	return open_world_of(state, inventory);
}

static inline int
close_world(void **state)
{
	struct world *w = *state;

	ledger_free(w->ledger);
	policy_free(w->policy);
	unlink(w->path);
	free(w);
	return 0;
}

static inline void
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

static inline void
learn(struct world *w, struct learnt l)
{
	l.packet = ++w->packet;
	l.time = (int64_t)w->packet * 1000000;
	evidence_learn(&w->facts, &w->arena, &l);
}

static inline void
text(struct world *w, enum fact f, const char *s)
{
	learn(w,
	    (struct learnt){ .fact = (uint16_t)f, .bytes = slice_text(s) });
}

static inline void
number(struct world *w, enum fact f, enum side side, uint64_t n)
{
	learn(w,
	    (struct learnt){ .fact = (uint16_t)f,
		.side = (uint8_t)side,
		.number = n });
}

static inline void
bytes(struct world *w, enum fact f, enum side side, const void *p, size_t n)
{
	learn(w,
	    (struct learnt){ .fact = (uint16_t)f,
		.side = (uint8_t)side,
		.bytes = slice_of(p, n) });
}

/* The flow is over. */
static inline void
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

/* Judges the flow that began with this packet. */
static inline void
judge_at(struct world *w, uint64_t first)
{
	ledger_finish(w->ledger, &w->totals);
	for (size_t i = 0; i < ledger_count(w->ledger); i++) {
		const struct record *r = ledger_record(w->ledger, i);

		if (r->first_packet != first)
			continue;
		ledger_judge(w->ledger, r, &w->got);
		return;
	}
	fail_msg("no flow from packet %u", (unsigned)first);
}

/* Judges the first flow of this port. */
static inline void
judge(struct world *w, uint16_t port)
{
	struct unpacked room;

	ledger_finish(w->ledger, &w->totals);
	for (size_t i = 0; i < ledger_count(w->ledger); i++) {
		const struct record *r = ledger_record(w->ledger, i);

		if (record_head(r, &room)->flow.tuple.dst.port != port)
			continue;
		ledger_judge(w->ledger, r, &w->got);
		return;
	}
	fail_msg("no flow to port %u", port);
}

static inline bool
finds(const struct world *w, enum finding_id id)
{
	const struct findings *f = &w->got.findings;

	for (size_t i = 0; i < f->count; i++) {
		if (f->f[i].id == id)
			return true;
	}
	return false;
}

static inline void
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

static inline void
clear_sip(struct world *w, const char *method)
{
	text(w, FACT_PROTOCOL, "sip");
	text(w, FACT_SIP_METHOD, method);
}

enum client_part { NOT_ASKED, DECLINED, PRESENTED };

/* A certificate nobody can read does for these tests. */
static inline void
tls_of(struct world *w, enum client_part part, uint16_t version, uint16_t suite)
{
	static const uint8_t chain[] = { 0, 0, 3, 0x30, 1, 0 };

	text(w, FACT_PROTOCOL, "tls");
	number(w, FACT_TLS_CLIENT_HELLO, TO_SERVER, 10);
	number(w, FACT_TLS_SERVER_HELLO, TO_CLIENT, 1);
	number(w, FACT_TLS_VERSION, TO_CLIENT, version);
	number(w, FACT_TLS_SUITE, TO_CLIENT, suite);
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

static inline void
tls12(struct world *w, enum client_part part)
{
	tls_of(w, part, 0x0303, 0xc030);
}

static inline void
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
static inline void
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

#endif
