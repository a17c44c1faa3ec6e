/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole way of a packet: frames, flows, streams, dissectors, notices,
 * ledger, judgement, one report. What the engine does with one worker, without
 * its files.
 *
 * The first octet chooses the link type of raw frames, the second is SETUP_*
 * and the report. Then, for each frame, one octet FRAME_*; for a made one its
 * conversation and its TCP flags; 16 bits of length and so many octets: a
 * frame as it is, or the payload of a packet whose headers are written here.
 * Conversations let the fuzzer get behind the headers and both ways.
 * tests/fuzz/seeds.py makes such inputs of the samples.
 */
#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audit/ledger.h"
#include "audit/worker.h"
#include "core/clock.h"
#include "core/cursor.h"
#include "core/hash.h"
#include "core/log.h"
#include "report/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	SETUP_REPORT = 7,
	SETUP_KEYS = 8,
	SETUP_LIVE = 16,
	SETUP_EAGER = 32,
	SETUP_FEW = 64, /* flows and sessions: they must make room */
	SETUP_FOLLOW = 128,

	FRAME_STEP = 3, /* of time */
	FRAME_MADE = 4,
	FRAME_CUT = 8,
	FRAME_TWICE = 16,
	FRAME_PERIOD = 32, /* a period of the run ends behind it */
	FRAME_ASKED = 64,  /* a report was asked for */

	MADE_SERVICE = 15,
	MADE_ANSWER = 16,
	MADE_CALLER = 32, /* 2 bits */

	/* beside FIN, SYN, RST and ACK */
	TCP_GAP = 0x40,
	TCP_AGAIN = 0x80,

	/* Reports take longer than all before them. One input of so many gets a
	 * whole one, by its hash, and some more each flow as JSON, which is
	 * where what was captured shows. */
	WHOLE_REPORT = 64,
	FLOWS_REPORT = 4,

	FRAMES_MOST = 256,
	FLOWS_MOST = 64,
	IP4_HEAD = 20,
	TCP_HEAD = 20,
	UDP_HEAD = 8,
	LINK_RAW = 101
};

static const uint16_t links[] = { 1, 101, 0, 9, 12, 50, 51, 104, 105, 108, 113,
	127, 192, 228, 229, 239, 276, 187 };
static const int64_t steps[] = { NS_PER_MS, 300 * NS_PER_MS, 61 * NS_PER_S,
	-1500 * NS_PER_MS };

/* Who calls whom in 10.55.0.0/16; the network of the samples. */
struct service {
	uint8_t from[2], to[2];
	uint16_t port;
	uint8_t proto;
};
static const struct service services[MADE_SERVICE + 1] = {
	{ { 20, 5 }, { 1, 11 }, 5061, IPPROTO_NUM_TCP },
	{ { 20, 5 }, { 1, 11 }, 443, IPPROTO_NUM_TCP },
	{ { 20, 5 }, { 1, 11 }, 5060, IPPROTO_NUM_TCP },
	{ { 20, 5 }, { 2, 21 }, 3478, IPPROTO_NUM_UDP },
	{ { 20, 5 }, { 2, 21 }, 443, IPPROTO_NUM_TCP },
	{ { 20, 5 }, { 20, 9 }, 50010, IPPROTO_NUM_UDP },
	{ { 20, 5 }, { 1, 31 }, 49200, IPPROTO_NUM_UDP },
	{ { 1, 11 }, { 1, 31 }, 5067, IPPROTO_NUM_TCP },
	{ { 1, 11 }, { 1, 12 }, 5061, IPPROTO_NUM_TCP },
	{ { 2, 21 }, { 8, 22 }, 5061, IPPROTO_NUM_TCP },
	{ { 1, 31 }, { 9, 41 }, 5068, IPPROTO_NUM_TCP },
	{ { 20, 5 }, { 1, 11 }, 8057, IPPROTO_NUM_TCP },
	{ { 1, 11 }, { 1, 51 }, 1433, IPPROTO_NUM_TCP },
	{ { 20, 5 }, { 1, 11 }, 5060, IPPROTO_NUM_UDP },
	{ { 20, 5 }, { 2, 62 }, 80, IPPROTO_NUM_TCP },
	{ { 20, 5 }, { 20, 9 }, 49160, IPPROTO_NUM_TCP },
};

static const char policy_text[] =
    "spanward-policy: 1\n"
    "name: fuzz\n"
    "extends: lync-2013\n"
    "hosts:\n"
    "  front-end: [10.55.1.11, 10.55.1.12, \"2001:db8:55:1::b\"]\n"
    "  mediation: [10.55.1.31]\n"
    "  sql: [10.55.1.51]\n"
    "  edge: [10.55.2.21]\n"
    "  partner: [10.55.8.22]\n"
    "  gateway: [10.55.9.41]\n"
    "  client: [10.55.20.0/24]\n"
    "names:\n"
    "  10.55.1.11: [pool.contoso.example, fe1.contoso.example]\n"
    "  10.55.8.22: [sip.fabrikam.example]\n";

#define ZERO32                             \
	"00000000000000000000000000000000" \
	"00000000000000000000000000000000"

static const char secrets[] =
    "CLIENT_RANDOM " ZERO32 " " ZERO32 "00000000000000000000000000000000\n"
    "CLIENT_TRAFFIC_SECRET_0 " ZERO32 " " ZERO32 "\n"
    "SERVER_TRAFFIC_SECRET_0 " ZERO32 " " ZERO32 "\n";

/* Constant once made. */
struct kept {
	struct policy policy;
	struct keylog *keys;
	FILE *nowhere;
};

struct path {
	struct cursor in;
	struct decoder *decoder;
	struct worker *worker;
	struct ledger *ledger;
	struct capture_totals totals;
	uint32_t period;
	uint8_t setup;
	int64_t time;
	uint16_t link;
	uint32_t seq[MADE_SERVICE + 1][4][2];
};

static void
must(bool truth)
{
	if (!truth)
		abort();
}

/* ---- memory of JSON ---- */

/*
 * Most memory an input takes is small objects of jansson, so it comes off a
 * pile that is cleared after the input. What was given back is poisoned; what
 * was not is a leak.
 */
enum { PILE = 8 * 1024 * 1024, PILE_ALIGN = 16 };
static struct {
	size_t used, held;
	_Alignas(PILE_ALIGN) uint8_t bytes[PILE];
} pile;

static void *
pile_take(size_t n)
{
	size_t whole = PILE_ALIGN + (n + PILE_ALIGN) / PILE_ALIGN * PILE_ALIGN;

	must(whole <= PILE - pile.used);
	uint8_t *p = pile.bytes + pile.used;

	pile.used += whole;
	pile.held++;
	ASAN_UNPOISON_MEMORY_REGION(p, PILE_ALIGN + n);
	memcpy(p, &n, sizeof(n));
	ASAN_POISON_MEMORY_REGION(p, PILE_ALIGN);
	return p + PILE_ALIGN;
}

static void
pile_give(void *at)
{
	uint8_t *p = at;
	size_t n;

	if (p == NULL)
		return;
	p -= PILE_ALIGN;
	ASAN_UNPOISON_MEMORY_REGION(p, PILE_ALIGN);
	memcpy(&n, p, sizeof(n));
	ASAN_POISON_MEMORY_REGION(p, PILE_ALIGN + n);
	pile.held--;
}

static void
pile_clear(void)
{
	must(pile.held == 0);
	pile.used = 0;
}

/* ---- made once ---- */

static ssize_t
swallow(void *ctx, const char *p, size_t n)
{
	(void)ctx;
	(void)p;
	return (ssize_t)n;
}

static void
prepare(struct kept *k)
{
	int fd = memfd_create("policy", 0);
	struct fault f = { "" };
	char path[40];

	ASAN_POISON_MEMORY_REGION(pile.bytes, PILE);
	json_set_alloc_funcs(pile_take, pile_give);
	hash_seed(1, 2);
	json_object_seed(1);
	log_set_level(LOG_ERROR);
	must(fd >= 0 &&
	    write(fd, policy_text, sizeof(policy_text) - 1) ==
		(ssize_t)sizeof(policy_text) - 1);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	const struct policy *loaded = policy_load(path, &f);

	close(fd);
	must(loaded != NULL);
	k->policy = *loaded;
	/* every report would copy the texts */
	k->policy.text = "fuzz\n";
	k->policy.base = NULL;
	k->keys = keylog_new();
	k->nowhere =
	    fopencookie(NULL, "w", (cookie_io_functions_t){ .write = swallow });
	must(k->keys != NULL && k->nowhere != NULL);
	keylog_add(k->keys, slice_of(secrets, sizeof(secrets) - 1));
}

/* ---- frames ---- */

static void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static size_t
put_ip(uint8_t *p, const struct service *v, uint8_t place, size_t n)
{
	const uint8_t *from = place & MADE_ANSWER ? v->to : v->from;
	const uint8_t *to = place & MADE_ANSWER ? v->from : v->to;

	memset(p, 0, IP4_HEAD);
	p[0] = 0x45;
	put16(p + 2, (uint32_t)(n + IP4_HEAD));
	p[8] = 64;
	p[9] = v->proto;
	p[12] = p[16] = 10;
	p[13] = p[17] = 55;
	memcpy(p + 14, from, 2);
	memcpy(p + 18, to, 2);
	return IP4_HEAD;
}

static void
put_tcp(struct path *w, uint8_t *p, uint8_t place, uint8_t flags, size_t n)
{
	uint32_t *seq = w->seq[place & MADE_SERVICE][place >> 5 & 3];
	enum side side = place & MADE_ANSWER ? TO_CLIENT : TO_SERVER;
	uint32_t at = seq[side] += flags & TCP_GAP ? 1460 : 0;

	if (flags & TCP_AGAIN)
		at -= (uint32_t)n;
	else
		seq[side] += (uint32_t)n + ((flags & TCP_SYN) != 0) +
		    ((flags & TCP_FIN) != 0);
	memset(p, 0, TCP_HEAD);
	put32(p + 4, at);
	put32(p + 8, seq[!side]);
	p[12] = 0x50;
	p[13] = flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK);
	put16(p + 14, 0xffff);
}

/* The frame in memory of its own size; NULL: the input is at its end. */
static uint8_t *
made_frame(struct path *w, size_t *size)
{
	uint8_t place, flags;
	uint16_t length;

	if (!cur_u8(&w->in, &place) || !cur_u8(&w->in, &flags) ||
	    !cur_u16(&w->in, &length))
		return NULL;
	const struct service *v = &services[place & MADE_SERVICE];
	bool tcp = v->proto == IPPROTO_NUM_TCP;
	size_t head = tcp ? TCP_HEAD : UDP_HEAD;
	size_t n = slice_head(cur_rest(&w->in), length).n;
	uint16_t caller = (uint16_t)(40000 + (place >> 5 & 3));
	uint8_t *p = malloc(IP4_HEAD + head + n);

	must(p != NULL);
	uint8_t *at = p + put_ip(p, v, place, head + n);

	if (tcp)
		put_tcp(w, at, place, flags, n);
	else
		put32(at + 4, (uint32_t)(UDP_HEAD + n) << 16);
	put16(at, place & MADE_ANSWER ? v->port : caller);
	put16(at + 2, place & MADE_ANSWER ? caller : v->port);
	must(cur_copy(&w->in, at + head, n));
	*size = IP4_HEAD + head + n;
	return p;
}

static uint8_t *
raw_frame(struct path *w, size_t *size)
{
	uint16_t length;

	if (!cur_u16(&w->in, &length))
		return NULL;
	*size = slice_head(cur_rest(&w->in), length).n;
	uint8_t *p = malloc(*size > 0 ? *size : 1);

	must(p != NULL && cur_copy(&w->in, p, *size));
	return p;
}

static void
give(struct path *w, const struct packet *p)
{
	if (p->has_transport)
		worker_packet(w->worker, p);
	else
		w->totals.no_transport++;
}

static void
give_late(struct path *w, int64_t now)
{
	struct packet p;

	while (decode_late(w->decoder, now, &p))
		give(w, &p);
}

/* As the engine does it. */
static void
handle(struct path *w, struct packet *p)
{
	p->number = ++w->totals.packets;
	w->totals.bytes += p->wire_len;
	give_late(w, p->time);
	if (decode(w->decoder, p) == DECODE_OK)
		give(w, p);
}

/* ---- the end ---- */

static bool
judged(void *ctx, const struct record *r, const struct judgement *j)
{
	(void)ctx;
	must(r != NULL && j->class < CLASSES && j->verdict < VERDICTS);
	return true;
}

/* What the view does from time to time. */
static void
follow(struct ledger *l)
{
	struct judgement j;
	size_t i;

	if (ledger_is_stale(l) && !ledger_prepare(l))
		return;
	while (ledger_changed(l, &i)) {
		ledger_judge(l, ledger_record(l, i), &j);
		ledger_judged_now(l, i, &j);
	}
}

static void
sum_up(struct path *w)
{
	struct capture_totals *t = &w->totals;
	struct worker_stats s;

	decode_stats(w->decoder, &t->decode);
	worker_stats(w->worker, &s);
	t->cut = t->decode.cut;
	t->not_ip = t->decode.results[DECODE_NOT_IP];
	t->fragments = t->decode.fragments;
	t->fragments_lost = t->decode.fragments_lost;
	t->duplicates = s.duplicates;
	t->evicted = s.evicted + s.early;
	t->starved = s.starved;
	must(s.starved == 0);
}

static void
check(const struct path *w)
{
	const struct summary *s = ledger_summary(w->ledger);
	uint64_t flows = 0, last = w->totals.packets;
	struct unpacked room;

	for (int v = 0; v < VERDICTS; v++)
		flows += s->by_verdict[v];
	must(s->flows == flows && flows == ledger_count(w->ledger));
	for (size_t i = 0; i < ledger_count(w->ledger); i++) {
		const struct record *r = ledger_record(w->ledger, i);
		const struct flow_view *f = &record_facts(r, &room)->flow;

		must(f->first_packet >= 1 && f->last_packet <= last &&
		    f->first_packet <= f->last_packet);
		must(f->packets[0] + f->packets[1] <= last);
	}
}

/* Jansson's part of it, the writing, is left out. */
static void
make_flows(const struct path *w)
{
	struct audited a = { .ledger = w->ledger, .tool_version = "fuzz" };

	for (size_t i = 0; i < ledger_count(w->ledger); i++) {
		json_t *o = json_of_flow(&a, ledger_record(w->ledger, i));

		must(o != NULL);
		json_decref(o);
	}
}

/* Past the last format: text in full. */
static void
write_report(const struct path *w, FILE *out, unsigned which)
{
	struct audit_doc *d = doc_of_ledger(&(struct audited){
	    .ledger = w->ledger,
	    .tool_version = "fuzz",
	});
	struct report r = { .doc = d };

	must(d != NULL);
	r.verbose = which >= report_formats.count;
	must(report_formats.list[which % report_formats.count].write(&r, out));
	doc_free(d);
}

/* ---- periods ---- */

static void
finish(struct path *w)
{
	sum_up(w);
	ledger_finish(w->ledger, &w->totals);
	check(w);
}

static void
next_period(struct path *w)
{
	worker_pass(w->worker, ++w->period);
	struct ledger *next = ledger_next(w->ledger);

	must(next != NULL);
	if (w->setup & SETUP_FOLLOW)
		ledger_follow(next, judged, NULL);
	finish(w);
	ledger_free(w->ledger);
	w->ledger = next;
}

static void
report_asked(struct path *w)
{
	worker_pass(w->worker, w->period);
	finish(w);
	ledger_reopen(w->ledger);
}

static bool
one_frame(struct path *w)
{
	uint8_t what;
	size_t size;
	uint8_t *frame;

	if (w->totals.packets >= FRAMES_MOST || !cur_u8(&w->in, &what))
		return false;
	bool made = what & FRAME_MADE;

	w->time += steps[what & FRAME_STEP];
	frame = made ? made_frame(w, &size) : raw_frame(w, &size);
	if (frame == NULL)
		return false;
	for (int i = what & FRAME_TWICE ? 2 : 1; i > 0; i--) {
		struct packet p = {
			.time = w->time,
			.frame = slice_of(frame, size),
			.wire_len =
			    (uint32_t)size + (what & FRAME_CUT ? 100 : 0),
			.link = made ? LINK_RAW : w->link,
		};

		handle(w, &p);
	}
	free(frame);
	if (what & FRAME_PERIOD)
		next_period(w);
	else if (what & FRAME_ASKED)
		report_asked(w);
	return true;
}

static void
take(void *ctx, struct notice *n)
{
	struct path *w = ctx;

	must(n->period <= w->period);
	ledger_take(w->ledger, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct kept kept;
	struct path w = { .in = cur_of(slice_of(data, size)),
		.time = 1700000000 * NS_PER_S };
	struct fault f = { "" };
	uint8_t link, setup;

	if (!cur_u8(&w.in, &link) || !cur_u8(&w.in, &setup))
		return 0;
	if (kept.nowhere == NULL)
		prepare(&kept);
	uint64_t hash = hash_bytes(data, size);

	w.setup = setup;
	w.link = links[link % COUNT(links)];
	w.ledger = ledger_new(&kept.policy, &f);
	w.decoder = decoder_new();
	w.worker = worker_new(&(struct worker_options){
	    .keylog = setup & SETUP_KEYS ? kept.keys : NULL,
	    .most_flows = setup & SETUP_FEW ? 4 : FLOWS_MOST,
	    .most_sessions = setup & SETUP_FEW ? 2 : FLOWS_MOST,
	    .live = setup & SETUP_LIVE,
	    .eager = setup & SETUP_EAGER,
	    .lend = hash >> 32 & 1,
	    .tell = take,
	    .ctx = &w,
	});
	must(w.ledger != NULL && w.decoder != NULL && w.worker != NULL);
	if (setup & SETUP_FOLLOW)
		ledger_follow(w.ledger, judged, NULL);
	while (one_frame(&w)) {
		if ((setup & SETUP_FOLLOW) && w.totals.packets % 8 == 0)
			follow(w.ledger);
	}
	give_late(&w, INT64_MAX);
	worker_finish(w.worker);
	finish(&w);
	if (hash % WHOLE_REPORT == 0)
		write_report(&w, kept.nowhere, setup & SETUP_REPORT);
	else if (hash % FLOWS_REPORT == 0)
		make_flows(&w);
	worker_free(w.worker);
	decoder_free(w.decoder);
	ledger_free(w.ledger);
	pile_clear();
	return 0;
}
