/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/media.h"

#include "dissect/media_test.h"
#include "tests/support.h"

/* Facts made by hand. */
struct scene {
	struct arena arena;
	struct notice notice;
	struct record signalling;
	struct promise promise[2];
	struct sdp_media line;
	size_t promises;
	struct media_state out;
	uint64_t packet;
};

static void
begin(struct scene *s, enum carrier carrier)
{
	memset(s, 0, sizeof(*s));
	arena_init(&s->arena, 1 << 20);
	evidence_init(&s->notice.news, carrier);
	s->notice.flow.tuple.proto =
	    carrier == CARRIER_UDP ? IPPROTO_NUM_UDP : IPPROTO_NUM_TCP;
}

static void
learn(struct scene *s, struct learnt l)
{
	l.packet = ++s->packet;
	evidence_learn(&s->notice.news, &s->arena, &l);
}

static void
number(struct scene *s, enum fact f, enum side side, uint64_t n)
{
	learn(s,
	    (struct learnt){ .fact = (uint16_t)f,
		.side = (uint8_t)side,
		.number = n });
}

static void
in_scope(struct scene *s, const struct media_stream *m, unsigned scope)
{
	learn(s,
	    (struct learnt){ .fact = FACT_MEDIA_STREAM,
		.scope = (uint8_t)scope,
		.bytes = slice_of(m, sizeof(*m)) });
}

/* A stream of G.711 that is certain to be RTP. */
static struct media_stream
stream(enum media_result result, uint32_t packets, uint8_t tag)
{
	return (struct media_stream){
		.ssrc = 0x1234,
		.result = (uint8_t)result,
		.signs = RTP_SIGN_SEQUENCE,
		.test = result == RESULT_CLEAR ? 'E' : 0,
		.tag = tag,
		.tag_share = tag == MEDIA_TAG_NONE ? 0 : 100,
		.packets = packets,
		.tested = packets * 160,
		.wanted = packets < 100 ? 100 - packets : 0,
		.first = 1,
		.last = packets,
	};
}

static void
add(struct scene *s, struct media_stream m)
{
	in_scope(s, &m, 0);
}

static void
rtcp(struct scene *s, enum rtcp_form form, uint32_t count)
{
	struct rtcp_seen r = { .first = 9, .last = 9 + count };

	r.count[form] = count;
	learn(s,
	    (struct learnt){ .fact = FACT_RTCP,
		.bytes = slice_of(&r, sizeof(r)) });
}

enum agreed { OFFERED, AGREED };

/* What signalling said of these ports. */
static void
promised(struct scene *s, const char *profile, bool secure, enum agreed a)
{
	strcpy(s->line.profile, profile);
	s->line.kind = MEDIA_AUDIO;
	s->line.secure = secure;
	s->line.crypto_lines = secure;
	s->promise[0] = (struct promise){
		.by = &s->signalling,
		.packet = 3,
		.media = &s->line,
		.answered = a == AGREED,
		.secure = secure,
		.clear = !secure,
	};
	s->promises = 1;
}

static void
dtls(struct scene *s, uint64_t version, bool agreed, bool finished)
{
	static const uint8_t profiles[] = { 0, 1 };

	number(s, FACT_TLS_CLIENT_HELLO, TO_SERVER, 4);
	learn(s,
	    (struct learnt){ .fact = FACT_TLS_SRTP_OFFERED,
		.bytes = slice_of(profiles, sizeof(profiles)) });
	number(s, FACT_TLS_SERVER_HELLO, TO_CLIENT, 1);
	number(s, FACT_TLS_VERSION, TO_CLIENT, version);
	number(s, FACT_TLS_SUITE, TO_CLIENT, 0xc02f);
	if (agreed)
		number(s, FACT_TLS_SRTP_PROFILE, TO_CLIENT, 1);
	for (int side = 0; side < 2 && finished; side++) {
		number(s, FACT_TLS_CCS, (enum side)side, 1);
		number(s, FACT_TLS_FINISHED, (enum side)side, 0);
	}
}

static const struct media_state *
judge(struct scene *s)
{
	s->out = (struct media_state){ .observed = PROTECTION_TLS };
	s->out.seen = media_judge(&s->notice, s->promise, s->promises, &s->out);
	arena_done(&s->arena);
	return &s->out;
}

static void
assert_says(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", text, part);
}

/* ---- streams alone ---- */

static void
test_streams(void **state)
{
	static const struct {
		enum media_result result;
		uint32_t packets;
		uint8_t tag;
		enum protection observed;
		enum certainty certainty;
		bool null_cipher;
		const char *says;
	} rows[] = {
		{ RESULT_CLEAR, 5, MEDIA_TAG_NONE, PROTECTION_NONE,
		    CERTAINTY_PROVEN, false, "plain RTP" },
		{ RESULT_CLEAR, 5, 0, PROTECTION_NONE, CERTAINTY_PROVEN, false,
		    "plain RTP" },
		{ RESULT_CLEAR, 20, 10, PROTECTION_NONE, CERTAINTY_PROVEN, true,
		    "NULL cipher" },
		{ RESULT_CLEAR, 20, 4, PROTECTION_NONE, CERTAINTY_PROVEN, true,
		    "NULL cipher" },
		{ RESULT_CLEAR, 20, 11, PROTECTION_NONE, CERTAINTY_PROVEN, true,
		    "NULL cipher" },
		/* too few lengths to speak of a tag */
		{ RESULT_CLEAR, 5, 10, PROTECTION_NONE, CERTAINTY_PROVEN, false,
		    "plain RTP" },
		{ RESULT_RANDOM, 50, 10, PROTECTION_SRTP, CERTAINTY_INFERRED,
		    false, "tag of 10" },
		{ RESULT_RANDOM, 50, 11, PROTECTION_SRTP, CERTAINTY_INFERRED,
		    false, "tag of 11" },
		{ RESULT_RANDOM, 50, 16, PROTECTION_SRTP, CERTAINTY_INFERRED,
		    false, "tag of 16" },
		/* SRTP without authentication, or encrypted by somebody else */
		{ RESULT_RANDOM, 100, 0, PROTECTION_SRTP, CERTAINTY_INFERRED,
		    false, "nothing else says that it is SRTP" },
		{ RESULT_RANDOM, 100, MEDIA_TAG_NONE, PROTECTION_SRTP,
		    CERTAINTY_INFERRED, false,
		    "nothing else says that it is SRTP" },
		{ RESULT_OPEN, 30, MEDIA_TAG_NONE, PROTECTION_UNKNOWN,
		    CERTAINTY_INFERRED, false, "too few" },
		/* a tag alone does not make it encrypted */
		{ RESULT_OPEN, 30, 10, PROTECTION_UNKNOWN, CERTAINTY_INFERRED,
		    false, "too few" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene s;

		begin(&s, CARRIER_UDP);
		add(&s, stream(rows[i].result, rows[i].packets, rows[i].tag));
		const struct media_state *m = judge(&s);

		assert_true(m->seen);
		assert_int_equal(m->observed, rows[i].observed);
		assert_int_equal(m->certainty, rows[i].certainty);
		assert_int_equal(m->null_cipher, rows[i].null_cipher);
		assert_says(m->why, rows[i].says);
		assert_int_equal(m->kind, MEDIA_AUDIO);
		assert_string_equal(m->keying, "unknown");
		assert_string_equal(m->carrier, "udp");
		assert_true((m->missing[0] != '\0') ==
		    (m->observed == PROTECTION_UNKNOWN));
	}
}

/* Nobody confirmed that it is RTP: no word of media, unless SDP says so. */
static void
test_unconfirmed(void **state)
{
	struct media_stream m = stream(RESULT_CLEAR, 3, MEDIA_TAG_NONE);
	struct scene s;

	(void)state;
	m.signs = 0;
	begin(&s, CARRIER_UDP);
	add(&s, m);
	assert_false(judge(&s)->seen);
	begin(&s, CARRIER_UDP);
	add(&s, m);
	promised(&s, "RTP/AVP", false, OFFERED);
	assert_true(judge(&s)->seen);
	assert_int_equal(s.out.observed, PROTECTION_NONE);
	begin(&s, CARRIER_UDP);
	assert_false(judge(&s)->seen);
}

/* One clear stream makes the flow clear, whatever the others are. */
static void
test_clear_outweighs(void **state)
{
	struct media_stream clear = stream(RESULT_CLEAR, 5, MEDIA_TAG_NONE);
	struct scene s;

	(void)state;
	clear.ssrc = 0x9999;
	begin(&s, CARRIER_UDP);
	add(&s, stream(RESULT_RANDOM, 100, 10));
	add(&s, clear);
	assert_int_equal(judge(&s)->observed, PROTECTION_NONE);
	assert_says(s.out.why, "5 packets");
}

static void
test_open_beside_random(void **state)
{
	struct media_stream open = stream(RESULT_OPEN, 12, MEDIA_TAG_NONE);
	struct scene s;

	(void)state;
	open.ssrc = 0x9999;
	begin(&s, CARRIER_UDP);
	add(&s, open);
	add(&s, stream(RESULT_RANDOM, 100, 10));
	assert_int_equal(judge(&s)->observed, PROTECTION_SRTP);
	assert_says(s.out.remark, "1 further stream had");
}

/* The last word about a stream counts; beginning anew is no word. */
static void
test_newest_counts(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, CARRIER_UDP);
	add(&s, stream(RESULT_OPEN, 10, MEDIA_TAG_NONE));
	add(&s, stream(RESULT_RANDOM, 100, 10));
	assert_int_equal(judge(&s)->observed, PROTECTION_SRTP);
	assert_string_equal(s.out.remark, "");
	begin(&s, CARRIER_UDP);
	add(&s, stream(RESULT_CLEAR, 10, MEDIA_TAG_NONE));
	add(&s, stream(RESULT_OPEN, 10, MEDIA_TAG_NONE));
	assert_int_equal(judge(&s)->observed, PROTECTION_NONE);
}

/* ---- what signalling agreed on ---- */

static void
test_promises(void **state)
{
	static const struct {
		bool secure;
		enum agreed agreed;
		enum media_result result;
		uint32_t packets;
		enum protection observed;
		const char *says;
	} rows[] = {
		{ true, AGREED, RESULT_RANDOM, 100, PROTECTION_SRTP,
		    "as signalling agreed" },
		{ true, AGREED, RESULT_OPEN, 60, PROTECTION_SRTP,
		    "as signalling agreed" },
		{ true, AGREED, RESULT_OPEN, 20, PROTECTION_UNKNOWN,
		    "too few" },
		{ true, OFFERED, RESULT_OPEN, 60, PROTECTION_UNKNOWN,
		    "too few" },
		/* bytes outweigh words, both ways */
		{ true, AGREED, RESULT_CLEAR, 5, PROTECTION_NONE, "plain RTP" },
		{ false, AGREED, RESULT_RANDOM, 100, PROTECTION_SRTP,
		    "encrypted payload" },
		{ false, AGREED, RESULT_OPEN, 20, PROTECTION_NONE,
		    "signalling agreed on plain RTP" },
		{ false, OFFERED, RESULT_OPEN, 20, PROTECTION_UNKNOWN,
		    "too few" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene s;

		begin(&s, CARRIER_UDP);
		add(&s,
		    stream(rows[i].result, rows[i].packets, MEDIA_TAG_NONE));
		promised(&s, rows[i].secure ? "RTP/SAVP" : "RTP/AVP",
		    rows[i].secure, rows[i].agreed);
		const struct media_state *m = judge(&s);

		assert_true(m->seen);
		assert_int_equal(m->observed, rows[i].observed);
		assert_says(m->why, rows[i].says);
		assert_int_equal(m->promised_srtp, rows[i].secure);
		assert_string_equal(m->keying,
		    rows[i].secure ? "sdes" : "unknown");
		assert_ptr_equal(m->promise, &s.promise[0]);
	}
}

/* RFC 5764 section 4.1.2: a handshake that agrees on no encryption. */
static void
test_null_profile(void **state)
{
	struct scene s;

	(void)state;
	for (uint64_t profile = 5; profile <= 6; profile++) {
		begin(&s, CARRIER_UDP);
		dtls(&s, 0xfefd, false, true);
		number(&s, FACT_TLS_SRTP_PROFILE, TO_CLIENT, profile);
		add(&s, stream(RESULT_OPEN, 20, 0));
		assert_int_equal(judge(&s)->observed, PROTECTION_NONE);
		assert_true(s.out.null_cipher);
		assert_int_equal(s.out.certainty, CERTAINTY_PROVEN);
	}
}

static void
test_readable_keys(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, CARRIER_UDP);
	add(&s, stream(RESULT_RANDOM, 100, 10));
	promised(&s, "RTP/SAVP", true, AGREED);
	assert_false(judge(&s)->keys_readable);
	s.promise[0].keys_readable = true;
	begin(&s, CARRIER_UDP);
	add(&s, stream(RESULT_RANDOM, 100, 10));
	promised(&s, "RTP/SAVP", true, AGREED);
	s.promise[0].keys_readable = true;
	assert_true(judge(&s)->keys_readable);
	assert_int_equal(s.out.observed, PROTECTION_SRTP);
	/* any description of this media gives them away */
	begin(&s, CARRIER_UDP);
	add(&s, stream(RESULT_RANDOM, 100, 10));
	promised(&s, "RTP/SAVP", true, AGREED);
	s.promise[1] = s.promise[0];
	s.promise[1].keys_readable = true;
	s.promises = 2;
	assert_true(judge(&s)->keys_readable);
	/* readable, but DTLS keyed the media */
	begin(&s, CARRIER_UDP);
	dtls(&s, 0xfefd, true, true);
	add(&s, stream(RESULT_RANDOM, 100, 10));
	promised(&s, "UDP/TLS/RTP/SAVP", true, AGREED);
	s.promise[0].keys_readable = true;
	s.promise[0].dtls = true;
	assert_false(judge(&s)->keys_readable);
	assert_string_equal(s.out.keying, "dtls");
}

/* ---- DTLS ---- */

static void
test_dtls_finished(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, CARRIER_UDP);
	dtls(&s, 0xfefd, true, true);
	add(&s, stream(RESULT_OPEN, 5, MEDIA_TAG_NONE));
	assert_int_equal(judge(&s)->observed, PROTECTION_SRTP);
	assert_int_equal(s.out.certainty, CERTAINTY_PROVEN);
	assert_string_equal(s.out.keying, "dtls");
	assert_true(s.out.dtls);
	/* keys were agreed on and not used */
	begin(&s, CARRIER_UDP);
	dtls(&s, 0xfefd, true, true);
	add(&s, stream(RESULT_CLEAR, 5, MEDIA_TAG_NONE));
	assert_int_equal(judge(&s)->observed, PROTECTION_NONE);
}

static void
test_dtls_unfinished(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, CARRIER_UDP);
	dtls(&s, 0xfefd, true, false);
	assert_true(judge(&s)->seen);
	assert_int_equal(s.out.observed, PROTECTION_UNKNOWN);
	assert_says(s.out.why, "not seen to finish");
	begin(&s, CARRIER_UDP);
	dtls(&s, 0xfefd, true, false);
	add(&s, stream(RESULT_RANDOM, 100, 10));
	assert_int_equal(judge(&s)->observed, PROTECTION_SRTP);
	assert_int_equal(s.out.certainty, CERTAINTY_INFERRED);
	assert_false(s.out.dtls);
}

/* RFC 8261: a data channel, or a server that declined use_srtp. */
static void
test_data_channel(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, CARRIER_UDP);
	dtls(&s, 0xfefd, true, true);
	number(&s, FACT_TLS_APPLICATION_DATA, TO_SERVER, 90);
	assert_false(judge(&s)->seen);
	begin(&s, CARRIER_UDP);
	dtls(&s, 0xfefd, false, true);
	assert_false(judge(&s)->seen);
	begin(&s, CARRIER_UDP);
	dtls(&s, 0xfefd, false, false);
	assert_false(judge(&s)->seen);
	/* audio beside it */
	begin(&s, CARRIER_UDP);
	dtls(&s, 0xfefd, true, true);
	number(&s, FACT_TLS_APPLICATION_DATA, TO_SERVER, 90);
	add(&s, stream(RESULT_OPEN, 5, MEDIA_TAG_NONE));
	assert_int_equal(judge(&s)->observed, PROTECTION_SRTP);
}

/* RFC 9147 hides the answer to use_srtp. */
static void
test_dtls_13(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, CARRIER_UDP);
	dtls(&s, 0xfefc, false, false);
	add(&s, stream(RESULT_RANDOM, 100, MEDIA_TAG_NONE));
	assert_int_equal(judge(&s)->observed, PROTECTION_SRTP);
	assert_string_equal(s.out.keying, "dtls");
	begin(&s, CARRIER_UDP);
	dtls(&s, 0xfefc, false, true);
	add(&s, stream(RESULT_OPEN, 10, MEDIA_TAG_NONE));
	assert_int_equal(judge(&s)->observed, PROTECTION_SRTP);
	assert_int_equal(s.out.certainty, CERTAINTY_INFERRED);
	/* data, as far as one can see */
	begin(&s, CARRIER_UDP);
	dtls(&s, 0xfefc, false, true);
	assert_false(judge(&s)->seen);
	begin(&s, CARRIER_UDP);
	dtls(&s, 0xfefc, false, false);
	add(&s, stream(RESULT_CLEAR, 5, MEDIA_TAG_NONE));
	assert_int_equal(judge(&s)->observed, PROTECTION_NONE);
	assert_string_equal(s.out.keying, "unknown");
}

/* ---- control packets ---- */

static void
test_rtcp_only(void **state)
{
	static const struct {
		enum rtcp_form form;
		uint32_t count;
		enum protection observed;
		bool null_cipher;
	} rows[] = {
		{ RTCP_CLEAR, 1, PROTECTION_UNKNOWN, false },
		{ RTCP_CLEAR, 2, PROTECTION_UNKNOWN, false },
		{ RTCP_CLEAR, 3, PROTECTION_NONE, false },
		/* sent in clear by senders of SRTP, too */
		{ RTCP_BARE, 1, PROTECTION_UNKNOWN, false },
		{ RTCP_BARE, 40, PROTECTION_UNKNOWN, false },
		{ RTCP_SRTCP_80, 1, PROTECTION_SRTP, false },
		{ RTCP_SRTCP_32, 1, PROTECTION_SRTP, false },
		{ RTCP_SRTCP_GCM, 2, PROTECTION_SRTP, false },
		{ RTCP_SRTCP_PROBABLE, 4, PROTECTION_SRTP, false },
		{ RTCP_SRTCP_NULL, 3, PROTECTION_NONE, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene s;

		begin(&s, CARRIER_UDP);
		rtcp(&s, rows[i].form, rows[i].count);
		const struct media_state *m = judge(&s);

		assert_true(m->seen);
		assert_true(m->only_rtcp);
		assert_int_equal(m->observed, rows[i].observed);
		assert_int_equal(m->null_cipher, rows[i].null_cipher);
		assert_int_equal(m->certainty, CERTAINTY_INFERRED);
	}
}

/* The first and the last packet may be clear. */
static void
test_rtcp_mixed(void **state)
{
	struct rtcp_seen r = { .first = 1 };
	struct scene s;

	(void)state;
	r.count[RTCP_CLEAR] = 1;
	r.count[RTCP_BARE] = 2;
	r.count[RTCP_SRTCP_80] = 4;
	begin(&s, CARRIER_UDP);
	learn(&s,
	    (struct learnt){ .fact = FACT_RTCP,
		.bytes = slice_of(&r, sizeof(r)) });
	assert_int_equal(judge(&s)->observed, PROTECTION_SRTP);
	/* beside media they are a remark */
	begin(&s, CARRIER_UDP);
	add(&s, stream(RESULT_RANDOM, 100, 10));
	rtcp(&s, RTCP_CLEAR, 2);
	assert_int_equal(judge(&s)->observed, PROTECTION_SRTP);
	assert_false(s.out.only_rtcp);
	assert_says(s.out.remark, "2 control packets of it are readable");
}

static void
test_rtcp_beside_media(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, CARRIER_UDP);
	add(&s, stream(RESULT_RANDOM, 100, MEDIA_TAG_NONE));
	rtcp(&s, RTCP_SRTCP_80, 3);
	assert_int_equal(judge(&s)->observed, PROTECTION_SRTP);
	assert_says(s.out.why, "SRTCP");
	begin(&s, CARRIER_UDP);
	add(&s, stream(RESULT_OPEN, 10, MEDIA_TAG_NONE));
	rtcp(&s, RTCP_SRTCP_80, 3);
	assert_int_equal(judge(&s)->observed, PROTECTION_SRTP);
	/* a header that only looks encrypted is too little */
	begin(&s, CARRIER_UDP);
	add(&s, stream(RESULT_OPEN, 10, MEDIA_TAG_NONE));
	rtcp(&s, RTCP_SRTCP_PROBABLE, 3);
	assert_int_equal(judge(&s)->observed, PROTECTION_UNKNOWN);
	begin(&s, CARRIER_UDP);
	add(&s, stream(RESULT_CLEAR, 10, MEDIA_TAG_NONE));
	rtcp(&s, RTCP_SRTCP_NULL, 1);
	assert_true(judge(&s)->null_cipher);
}

/* ---- ZRTP (RFC 6189) ---- */

static void
test_zrtp(void **state)
{
	static const struct {
		enum zrtp_step step;
		enum media_result before, after;
		enum protection observed;
		bool keyed;
	} rows[] = {
		/* clear until the keys were there */
		{ ZRTP_SECURE, RESULT_CLEAR, RESULT_OPEN, PROTECTION_SRTP,
		    true },
		{ ZRTP_SECURE, RESULT_CLEAR, RESULT_RANDOM, PROTECTION_SRTP,
		    true },
		{ ZRTP_SECURE, RESULT_OPEN, RESULT_CLEAR, PROTECTION_NONE,
		    true },
		{ ZRTP_GO_CLEAR, RESULT_RANDOM, RESULT_CLEAR, PROTECTION_NONE,
		    true },
		{ ZRTP_HELLO, RESULT_OPEN, RESULT_OPEN, PROTECTION_UNKNOWN,
		    false },
		{ ZRTP_COMMIT, RESULT_OPEN, RESULT_CLEAR, PROTECTION_NONE,
		    false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene s;

		begin(&s, CARRIER_UDP);
		add(&s, stream(rows[i].before, 100, MEDIA_TAG_NONE));
		number(&s, FACT_ZRTP, TO_SERVER, rows[i].step);
		add(&s, stream(rows[i].after, 10, MEDIA_TAG_NONE));
		const struct media_state *m = judge(&s);

		assert_int_equal(m->observed, rows[i].observed);
		assert_string_equal(m->keying,
		    rows[i].keyed ? "zrtp" : "unknown");
	}
}

/* ---- carriers and kinds ---- */

static unsigned
scope(struct scene *s, unsigned parent, enum carrier c)
{
	struct evidence *e = &s->notice.news;

	e->scopes[e->scope_count] =
	    (struct scope){ .parent = (uint8_t)parent, .carrier = (uint8_t)c };
	return e->scope_count++;
}

static const char *
carrier_through(enum carrier outer, enum carrier middle, enum carrier inner)
{
	struct media_stream m = stream(RESULT_CLEAR, 5, MEDIA_TAG_NONE);
	unsigned at = 0;
	struct scene s;

	begin(&s, outer);
	if (middle != CARRIER_COUNT)
		at = scope(&s, at, middle);
	if (inner != CARRIER_COUNT)
		at = scope(&s, at, inner);
	in_scope(&s, &m, at);
	return judge(&s)->carrier;
}

static void
test_carriers(void **state)
{
	const enum carrier none = CARRIER_COUNT;

	(void)state;
	assert_string_equal(carrier_through(CARRIER_UDP, none, none), "udp");
	assert_string_equal(carrier_through(CARRIER_TCP, none, none), "tcp");
	assert_string_equal(carrier_through(CARRIER_UDP, CARRIER_TURN, none),
	    "turn");
	assert_string_equal(carrier_through(CARRIER_TCP, CARRIER_TURN, none),
	    "turn");
	assert_string_equal(
	    carrier_through(CARRIER_TCP, CARRIER_TLS, CARRIER_TURN), "turn");
	assert_string_equal(carrier_through(CARRIER_UDP, CARRIER_MS_TURN, none),
	    "ms-turn");
	assert_string_equal(
	    carrier_through(CARRIER_TCP, CARRIER_PSEUDO_TLS, CARRIER_MS_TURN),
	    "pseudo-tls");
}

static void
test_desktop(void **state)
{
	struct media_stream m = stream(RESULT_CLEAR, 5, MEDIA_TAG_NONE);
	struct scene s;

	(void)state;
	m.rdp = 1;
	m.pt = 127;
	begin(&s, CARRIER_TCP);
	add(&s, m);
	assert_true(judge(&s)->rdp);
	assert_int_equal(s.out.kind, MEDIA_APPSHARING);
	m.rdp = 0;
	m.pt = 34;
	begin(&s, CARRIER_UDP);
	add(&s, m);
	assert_false(judge(&s)->rdp);
	assert_int_equal(s.out.kind, MEDIA_VIDEO);
	m.pt = 111;
	begin(&s, CARRIER_UDP);
	add(&s, m);
	assert_int_equal(judge(&s)->kind, MEDIA_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_unconfirmed),
		cmocka_unit_test(test_clear_outweighs),
		cmocka_unit_test(test_open_beside_random),
		cmocka_unit_test(test_newest_counts),
		cmocka_unit_test(test_promises),
		cmocka_unit_test(test_null_profile),
		cmocka_unit_test(test_readable_keys),
		cmocka_unit_test(test_dtls_finished),
		cmocka_unit_test(test_dtls_unfinished),
		cmocka_unit_test(test_data_channel),
		cmocka_unit_test(test_dtls_13),
		cmocka_unit_test(test_rtcp_only),
		cmocka_unit_test(test_rtcp_mixed),
		cmocka_unit_test(test_rtcp_beside_media),
		cmocka_unit_test(test_zrtp),
		cmocka_unit_test(test_carriers),
		cmocka_unit_test(test_desktop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
