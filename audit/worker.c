/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/worker.h"

#include <stdio.h>
#include <stdlib.h>

#include "capture/stream.h"
#include "core/clock.h"
#include "dissect/ndpi.h"
#include "dissect/registry.h"

/* Whoever follows sees the counters of a living flow move so often. */
enum { COUNTERS_S = 5 };
/* On a wire nobody knows when the next packet comes: the first facts of a
 * flow, as of a handshake, are told at once. */
enum { EAGER_FACTS = 48 };

enum { SURE_PACKETS = 8 };
/* Conversations passed over while room is made for one session. */
enum { PASSED_OVER = 8 };

/* A flow that was given a session, or has ended; another may live in its
 * place by now. */
struct turn {
	struct flow *flow;
	uint64_t first_packet;
	int64_t time;
};

/* Flows in the order of their turn, in a circle. */
struct turns {
	struct turn *t;
	size_t first, count, room;
};

enum {
	ENDED_MOST = 4096,
	ENDED_MS = 1000, /* later packets of an ended flow still count so long:
			  * captures of two taps are not quite in order */
};

struct worker {
	struct worker_options o;
	struct flow_table *flows;
	struct ndpi_namer *namer; /* NULL until it is needed */
	bool tried_namer;
	struct worker_stats stats;
	struct turns open;      /* flows with a session, oldest first */
	struct turns ended;     /* of them, those that have ended */
	struct flow *at;        /* flow of the packet at hand */
	bool settle;            /* it learnt all there is */
	struct arena_pool pool; /* of sessions */
	uint32_t period;        /* of the run, for the notices */
	struct notice room;     /* of one that is lent */
};

/* What nDPI says of a flow that nobody recognised. */
struct naming {
	struct ndpi_handle handle;
	char name[NDPI_NAME_SIZE];
};

static void
view_of(const struct flow *f, struct flow_view *v)
{
	*v = (struct flow_view){
		.tuple = f->tuple,
		.first_packet = f->first_packet,
		.last_packet = f->last_packet,
		.start = f->start,
		.end = f->end,
		.duplicates = f->duplicates,
		.cut = f->cut,
		.vlan = { f->vlan[0], f->vlan[1] },
		.vlans = f->vlans,
		.mid_stream = f->mid_stream,
		.opened_by_guess = f->opened_by_guess,
		.ended = f->ended,
		.evicted = f->evicted,
	};
	for (int i = 0; i < 2; i++) {
		v->packets[i] = f->half[i].packets;
		v->bytes[i] = f->half[i].bytes;
		v->tcp_flags[i] = f->half[i].tcp_flags;
		v->lost[i] = f->stream != NULL
		    ? stream_lost(f->stream, (enum side)i)
		    : f->half[i].lost;
	}
	v->conflicts = f->conflicts +
	    (f->stream != NULL ? stream_conflicts(f->stream) : 0);
}

/* Of packet time, some 1.05 ms each: near enough for a notice. */
static uint32_t
ticks(int64_t time)
{
	return (uint32_t)((uint64_t)time >> 20);
}

static bool
is_due(const struct flow *f, unsigned seconds)
{
	return ticks(f->end) - f->told >= ticks(seconds * NS_PER_S);
}

static void
drop_naming(struct flow *f)
{
	struct naming *n =
	    f->session != NULL ? *session_extra(f->session) : NULL;

	if (n == NULL)
		return;
	ndpi_forget(&n->handle);
	free(n);
	*session_extra(f->session) = NULL;
}

static void
tell(struct worker *w, struct flow *f, bool last)
{
	struct flow_view view;
	const struct naming *n =
	    f->session != NULL ? *session_extra(f->session) : NULL;

	view_of(f, &view);
	const struct evidence *e =
	    f->session != NULL ? session_evidence(f->session) : NULL;
	size_t from = f->session != NULL ? session_told(f->session) : 0;
	struct notice *notice = w->o.lend
	    ? notice_lend(&w->room, &view, e, from)
	    : notice_new(&view, e, from);

	if (notice == NULL) {
		w->stats.starved++;
		return;
	}
	notice->last = last;
	notice->period = w->period;
	if (n != NULL)
		(void)snprintf(notice->guess, sizeof(notice->guess), "%s",
		    n->name);
	f->reported = true;
	f->news = false;
	f->told = ticks(f->end);
	w->o.tell(w->o.ctx, notice);
	if (f->session != NULL)
		session_collected(f->session);
}

static void
take_piece(void *ctx, const struct stream_piece *piece)
{
	struct worker *w = ctx;

	if (w->at->session != NULL && !w->settle &&
	    session_stream(w->at->session, piece) == FEED_DONE)
		w->settle = true;
}

/* What the stream knew better than the counters. */
static void
inherit(struct flow *f)
{
	for (int i = 0; i < 2; i++) {
		uint64_t lost = stream_lost(f->stream, (enum side)i);

		if (lost > f->half[i].lost)
			f->half[i].lost = lost;
	}
	f->conflicts += (uint32_t)stream_conflicts(f->stream);
}

static void
let_go_of_state(struct flow *f)
{
	if (f->stream != NULL)
		inherit(f);
	drop_naming(f);
	stream_free(f->stream);
	session_free(f->session);
	f->stream = NULL;
	f->session = NULL;
}

/* The dissectors have all they want: tell it, and only count from now on. */
static void
settle(struct worker *w, struct flow *f)
{
	if (f->stream != NULL && !w->settle)
		stream_flush(f->stream, take_piece, w);
	session_end(f->session);
	tell(w, f, false);
	let_go_of_state(f);
	f->settled = true;
}

static bool
turns_init(struct turns *q, size_t room)
{
	q->room = room > 0 ? room : 1;
	q->t = calloc(q->room, sizeof(*q->t));
	return q->t != NULL;
}

static void
turns_add(struct turns *q, struct flow *f)
{
	q->t[(q->first + q->count++) % q->room] =
	    (struct turn){ f, f->first_packet, f->end };
}

/* Takes the first off and settles its flow if that has a session. */
static bool
settle_first(struct worker *w, struct turns *q)
{
	struct turn t = q->t[q->first];
	struct flow *at = w->at;

	q->first = (q->first + 1) % q->room;
	q->count--;
	if (t.flow->first_packet != t.first_packet || t.flow->session == NULL)
		return false;
	w->at = t.flow;
	w->settle = false;
	settle(w, t.flow);
	w->at = at;
	w->settle = false;
	return true;
}

/* Both sides talk, and somebody knows the language. */
static bool
is_conversation(const struct flow *f)
{
	return !f->ended && f->half[0].packets > 0 && f->half[1].packets > 0 &&
	    session_recognised(f->session);
}

/* The flow that has had its session for the longest is judged by what is known.
 * Some conversations are passed over, so that a flood of single packets ends
 * others of its kind. */
static void
settle_oldest(struct worker *w)
{
	struct turns *q = &w->open;
	struct turn t = q->t[q->first];

	for (unsigned i = 0; i < PASSED_OVER; i++) {
		if (t.flow->first_packet != t.first_packet ||
		    t.flow->session == NULL || !is_conversation(t.flow))
			break;
		q->first = (q->first + 1) % q->room;
		q->t[(q->first + q->count - 1) % q->room] = t;
		t = q->t[q->first];
	}
	if (t.flow->first_packet == t.first_packet && t.flow->session != NULL)
		t.flow->evicted = true;
	w->stats.early += settle_first(w, q);
}

static void
open_session(struct worker *w, struct flow *f)
{
	/* Sessions are what costs memory. */
	while (w->open.count == w->open.room)
		settle_oldest(w);
	f->session = session_new(f, w->o.keylog, &w->pool);
	if (f->session == NULL)
		w->stats.starved++;
	else
		turns_add(&w->open, f);
}

static void
settle_ended(struct worker *w, int64_t now)
{
	struct turns *q = &w->ended;

	while (q->count > 0 &&
	    (q->count == q->room ||
		now - q->t[q->first].time > ENDED_MS * NS_PER_MS))
		(void)settle_first(w, q);
}

static void
gone(void *ctx, struct flow *f)
{
	struct worker *w = ctx;

	w->at = f;
	w->settle = false;
	if (f->stream != NULL)
		stream_flush(f->stream, take_piece, w);
	if (f->session != NULL)
		session_end(f->session);
	tell(w, f, true);
	let_go_of_state(f);
}

struct worker *
worker_new(const struct worker_options *o)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->o = *o;
	w->flows = flow_table_new(o->most_flows, gone, w);
	if (w->flows == NULL || !turns_init(&w->open, o->most_sessions) ||
	    !turns_init(&w->ended,
		o->most_flows < ENDED_MOST ? o->most_flows : ENDED_MOST)) {
		worker_free(w);
		return NULL;
	}
	return w;
}

void
worker_finish(struct worker *w)
{
	if (w->flows == NULL)
		return;
	w->stats.duplicates = flow_table_duplicates(w->flows);
	w->stats.evicted = flow_table_evicted(w->flows);
	w->stats.flows = 0;
	flow_table_free(w->flows);
	arena_pool_done(&w->pool);
	w->flows = NULL;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	worker_finish(w);
	ndpi_namer_free(w->namer);
	free(w->open.t);
	free(w->ended.t);
	free(w);
}

void
worker_stats(const struct worker *w, struct worker_stats *out)
{
	*out = w->stats;
	if (w->flows == NULL)
		return;
	out->duplicates = flow_table_duplicates(w->flows);
	out->evicted = flow_table_evicted(w->flows);
	out->flows = flow_table_count(w->flows);
}

/* Nobody knows these bytes, or who claimed them is not sure after a while. */
static bool
is_stranger(const struct flow *f)
{
	return session_unknown(f->session) &&
	    (!session_recognised(f->session) ||
		f->half[0].packets + f->half[1].packets > SURE_PACKETS);
}

/* nDPI may have a name for the report. Its module takes time and memory to
 * make, so it is made for the first stranger. */
static void
name_stranger(struct worker *w, struct flow *f, const struct packet *p)
{
	struct naming *n = *session_extra(f->session);

	if (w->namer == NULL && !w->tried_namer) {
		w->tried_namer = true;
		w->namer = ndpi_namer_new();
	}
	if (w->namer == NULL)
		return;
	if (n == NULL) {
		n = calloc(1, sizeof(*n));
		if (n == NULL)
			return;
		*session_extra(f->session) = n;
	}
	if (!n->handle.over)
		(void)ndpi_name(w->namer, &n->handle, p->network,
		    (uint64_t)(p->time / NS_PER_MS), n->name);
}

static void
tcp(struct worker *w, struct flow *f, const struct packet *p, enum side side)
{
	if (f->stream == NULL)
		f->stream = stream_new();
	if (f->stream == NULL) {
		w->stats.starved++;
		return;
	}
	if (f->session == NULL && p->payload_wire > 0)
		open_session(w, f);
	if (f->session != NULL && (p->tcp_flags & TCP_ACK) != 0)
		session_ack(f->session, (enum side) !side, p->ack);
	stream_packet(f->stream, p, side, take_piece, w);
}

static void
datagram(struct worker *w, struct flow *f, const struct packet *p,
    enum side side)
{
	if (p->payload.n == 0)
		return;
	if (f->session == NULL)
		open_session(w, f);
	enum feed r = f->session != NULL ? session_datagram(f->session, p, side)
					 : FEED_ON;

	w->settle = w->settle || r == FEED_DONE;
}

static void
tell_so_far(void *ctx, struct flow *f)
{
	struct worker *w = ctx;

	if (f->session != NULL)
		session_end(f->session);
	if (!f->reported || f->news ||
	    (f->session != NULL && session_news(f->session) > 0))
		tell(w, f, false);
}

void
worker_pass(struct worker *w, uint32_t next)
{
	/* Of those that have ended only strays would still come. */
	while (w->ended.count > 0)
		(void)settle_first(w, &w->ended);
	if (w->flows != NULL)
		flow_table_each(w->flows, tell_so_far, w);
	w->period = next;
}

static bool
is_time_to_tell(const struct worker *w, const struct flow *f)
{
	size_t news = session_news(f->session);

	if (news >= LIMIT_FACTS_UNTOLD)
		return true;
	if (!w->o.live)
		return false;
	if (!f->reported || is_due(f, COUNTERS_S))
		return true;
	return news > 0 &&
	    (f->ended || is_due(f, 1) ||
		(w->o.eager && session_told(f->session) < EAGER_FACTS));
}

void
worker_packet(struct worker *w, const struct packet *p)
{
	enum side side;
	bool duplicate;
	struct flow *f = flow_find(w->flows, p, &side, &duplicate);

	if (f == NULL) {
		w->stats.starved++;
		return;
	}
	if (duplicate)
		return;
	if (f->settled) {
		if (w->o.live && is_due(f, COUNTERS_S))
			tell(w, f, false);
		return;
	}
	settle_ended(w, p->time);
	w->at = f;
	w->settle = false;
	if (p->tuple.proto == IPPROTO_NUM_TCP)
		tcp(w, f, p, side);
	else
		datagram(w, f, p, side);
	if (f->session != NULL && p->payload.n > 0 && is_stranger(f))
		name_stranger(w, f, p);
	if (w->settle)
		settle(w, f);
	else if (f->session != NULL && is_time_to_tell(w, f))
		tell(w, f, false);
	if (f->session != NULL && f->ended &&
	    (p->tcp_flags & (TCP_FIN | TCP_RST)) != 0)
		turns_add(&w->ended, f);
}

/* Of so many packets ahead the entry, of so many the flow is fetched. */
enum { AHEAD_ENTRY = 12, AHEAD_FLOW = 5 };
/* So few flows are near anyway. */
enum { FLOWS_NEAR = 512 };

void
worker_packets(struct worker *w, const struct packet *p, size_t n)
{
	bool near = flow_table_count(w->flows) <= FLOWS_NEAR;

	for (size_t i = 0; i < n; i++) {
		if (!near && i + AHEAD_ENTRY < n)
			flow_expect(w->flows, &p[i + AHEAD_ENTRY], false);
		if (!near && i + AHEAD_FLOW < n)
			flow_expect(w->flows, &p[i + AHEAD_FLOW], true);
		worker_packet(w, &p[i]);
	}
}
