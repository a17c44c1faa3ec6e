/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader -> workers -> auditor. The reader copies packets into batches, one
 * worker per flow by its hash; notices come back through one ring. The report
 * does not depend on their order (audit/ledger.c). A single worker is its own
 * auditor; and its own reader, too, with nothing copied, where it has little to
 * look into, follows a wire, or there is but one processor. Where the kernel
 * spreads a live capture each worker reads for itself (audit/lanes.h), and the
 * calling thread only looks after them.
 */
#include "audit/engine.h"

#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit/lanes.h"
#include "audit/loss.h"
#include "audit/shard.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/processors.h"
#include "core/ring.h"

enum {
	NOTICES = 4096,        /* on their way to the auditor */
	PATIENT_NOTICES = 256, /* of a file, where more come at once */
	TICK_PACKETS = 4096,   /* look at the clock so often */
	TICK_LIVE = 64,        /* the same where packets may be rare */
	HEAP_STEP = 4 * 1024 * 1024,
	/* Windows of TICK_PACKETS packets: */
	PART_AT = 2, /* one packet of so many is looked into */
	PART_AFTER = 3,
	JOIN_BELOW = 3,
	JOIN_AFTER = 16,
};

struct engine {
	struct engine_options o;
	struct source *source;
	struct decoder *decoder;
	struct periods *periods;
	struct loss *loss; /* of a live source, or NULL */
	struct shard **shards;
	unsigned shard_count;
	bool apart;    /* workers have threads, unless lanes do */
	bool may_part; /* the only worker may get one */
	struct {
		uint64_t packets, looked;
		unsigned others; /* in a row that speak for the other way */
	} window;
	struct lanes *lanes;     /* NULL: one reader */
	_Atomic uint32_t passed; /* periods that lanes have to pass */
	int64_t looked;          /* at what was lost; monotonic */
	struct ring *notices;
	pthread_t auditor;
	bool auditing;
	_Atomic uint64_t records;
	struct capture_totals totals;
	int64_t newest;          /* packet time, to see the clock step back */
	struct flow_clock clock; /* of all workers */
	struct notice look;      /* among the notices: time to look around */
	uint32_t period;         /* as notices count them */
	atomic_bool turn, ask;   /* engine_turn(), engine_ask() */
};

static void
take_notice(void *ctx, struct notice *n)
{
	struct engine *e = ctx;

	if (n->last)
		atomic_fetch_add_explicit(&e->records, 1, memory_order_relaxed);
	if (e->notices == NULL)
		periods_take(e->periods, n);
	else if (!ring_put(e->notices, n))
		notice_free(n);
}

/* ---- threads ---- */

/* On the auditor's thread. */
static void
look_around(void *ctx)
{
	struct engine *e = ctx;

	if (e->o.view != NULL)
		view_refresh(e->o.view);
	else
		periods_tick(e->periods);
}

static void *
auditor_main(void *arg)
{
	struct engine *e = arg;
	struct notice *n;

	while ((n = ring_get(e->notices)) != NULL) {
		if (n == &e->look)
			look_around(e);
		else
			periods_take(e->periods, n);
	}
	return NULL;
}

/* ---- life ---- */

static bool
start_shard(struct engine *e, unsigned i)
{
	e->shards[i] = shard_new(&(struct shard_options){
	    .worker = {
		.keylog = e->o.keylog,
		.most_flows = LIMIT_FLOWS / e->shard_count,
		.most_sessions = LIMIT_SESSIONS / e->shard_count,
		.live = e->o.view != NULL || e->o.periods.judged != NULL,
		.eager = e->o.source.interface_count > 0,
		.tell = take_notice,
		.ctx = e,
	    },
	    .patient = e->o.source.file_count > 0,
	    .mark = take_notice,
	    .look = look_around,
	    .ctx = e,
	});
	if (e->shards[i] == NULL)
		return false;
	return !e->apart || source_lanes(e->source) > 1 ||
	    shard_part(e->shards[i]);
}

static void
tend_lane(void *ctx, unsigned lane)
{
	struct engine *e = ctx;
	struct shard *s = e->shards[lane];

	shard_show(s);
	while (shard_period(s) != atomic_load(&e->passed))
		shard_pass(s);
}

static bool
start_lanes(struct engine *e, struct fault *f)
{
	struct worker **workers =
	    calloc(e->shard_count, sizeof(struct worker *));

	if (workers == NULL)
		return fail(f, "cannot start the readers: no memory");
	for (unsigned i = 0; i < e->shard_count; i++)
		workers[i] = shard_worker(e->shards[i]);
	e->lanes = lanes_new(
	    &(struct lanes_options){
		.source = e->source,
		.workers = workers,
		.tend = tend_lane,
		.ctx = e,
	    },
	    f);
	free(workers);
	return e->lanes != NULL;
}

/*
 * Records are kept to the end: the heap only grows. glibc would let a second
 * thread have a heap of its own, which grows by the page, with a system call
 * each; one worker can do with the first.
 */
static void
tune_heap(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_TOP_PAD, HEAP_STEP);
}

static bool
start(struct engine *e, struct fault *f)
{
	e->apart = e->shard_count > 1;
	e->may_part =
	    !e->apart && e->o.source.file_count > 0 && processors() > 1;
	if (e->may_part)
		tune_heap();
	if (e->shard_count > 1) {
		e->notices = ring_new(NOTICES);
		if (e->notices != NULL && e->o.source.file_count > 0)
			ring_patient(e->notices, PATIENT_NOTICES);
		e->auditing = e->notices != NULL &&
		    pthread_create(&e->auditor, NULL, auditor_main, e) == 0;
		if (!e->auditing)
			return fail(f, "cannot start the auditor: no memory");
	}
	for (unsigned i = 0; i < e->shard_count; i++) {
		if (!start_shard(e, i))
			return fail(f, "cannot start worker %u: no memory", i);
	}
	return source_lanes(e->source) == 1 || start_lanes(e, f);
}

static void
add_secrets(void *ctx, struct slice text)
{
	keylog_add(ctx, text);
}

/* Opening files looks into them; an interface only fills its buffers. */
static bool
open_source(struct engine *e, struct fault *f)
{
	const struct engine_options *o = &e->o;
	bool files = o->source.file_count > 0;

	if (files && o->ready != NULL && !o->ready(o->ready_ctx, f))
		return false;
	/* Who sees every packet wants them all in one thread. */
	e->o.source.lanes = o->see == NULL ? e->shard_count : 1;
	e->o.source.prompt = o->view != NULL;
	e->source = source_open(&e->o.source, f);
	return e->source != NULL &&
	    (files || o->ready == NULL || o->ready(o->ready_ctx, f));
}

static bool
begin_periods(struct engine *e, struct fault *f)
{
	struct periods_options o = e->o.periods;

	o.policy = e->o.policy;
	o.workers = e->shard_count;
	o.patient = e->o.source.file_count > 0;
	e->periods = periods_new(&o, f);
	if (e->periods != NULL && e->loss != NULL)
		ledger_watch_loss(periods_ledger(e->periods), e->loss);
	if (e->periods != NULL && !o.patient)
		rotation_begin(&e->o.rotation, clock_now());
	return e->periods != NULL;
}

struct engine *
engine_new(const struct engine_options *o, struct fault *f)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (e == NULL) {
		(void)fail(f, "no memory");
		return NULL;
	}
	e->o = *o;
	e->shard_count = o->workers > 0 ? o->workers : 1;
	e->shards = calloc(e->shard_count, sizeof(*e->shards));
	e->decoder = decoder_new();
	if (o->source.interface_count > 0)
		e->loss = loss_new();
	if (e->shards == NULL || e->decoder == NULL ||
	    (e->loss == NULL && o->source.interface_count > 0)) {
		(void)fail(f, "no memory");
		goto bad;
	}
	if (!open_source(e, f))
		goto bad;
	if (o->keylog != NULL &&
	    !source_secrets(e->source, add_secrets, o->keylog))
		log_warn("keys: secrets inside the capture could not be read");
	/* Without any secret workers need not ask for one. */
	if (o->keylog != NULL && keylog_count(o->keylog) == 0 &&
	    (o->source.interface_count == 0 || !keylog_follows(o->keylog)))
		e->o.keylog = NULL;
	if (!begin_periods(e, f))
		goto bad;
	if (o->view != NULL)
		view_attach(o->view, periods_ledger(e->periods),
		    o->source.interface_count > 0);
	if (!start(e, f))
		goto bad;
	return e;
bad:
	engine_free(e);
	return NULL;
}

static void
stop_threads(struct engine *e)
{
	if (e->lanes != NULL) {
		source_stop(e->source);
		lanes_finish(e->lanes);
	}
	for (unsigned i = 0; i < e->shard_count; i++) {
		if (e->shards[i] != NULL)
			shard_join(e->shards[i]);
	}
	if (e->auditing) {
		ring_close(e->notices);
		pthread_join(e->auditor, NULL);
		e->auditing = false;
	}
}

void
engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	if (e->shards != NULL)
		stop_threads(e);
	lanes_free(e->lanes);
	for (unsigned i = 0; e->shards != NULL && i < e->shard_count; i++)
		shard_free(e->shards[i]);
	free(e->shards);
	if (e->notices != NULL)
		ring_free(e->notices);
	periods_free(e->periods);
	loss_free(e->loss);
	decoder_free(e->decoder);
	if (e->source != NULL)
		source_close(e->source);
	free(e);
}

/* All that is not counted by workers. */
static void
sum_up_capture(struct engine *e)
{
	struct capture_totals *t = &e->totals;
	struct source_stats s;

	source_sum(e->source);
	source_stats(e->source, &s);
	decode_stats(e->decoder, &t->decode);
	if (e->lanes != NULL) {
		t->packets = t->bytes = t->no_transport = t->clock_steps = 0;
		lanes_totals(e->lanes, t, &e->newest);
	}
	t->kernel_drops = s.kernel_drops;
	t->interface_drops = s.interface_drops;
	t->cut = t->decode.cut;
	t->undecodable = t->decode.results[DECODE_MALFORMED] +
	    t->decode.results[DECODE_TRUNCATED] +
	    t->decode.results[DECODE_UNKNOWN_LINK] +
	    t->decode.results[DECODE_TOO_DEEP];
	t->not_ip = t->decode.results[DECODE_NOT_IP];
	t->fragments = t->decode.fragments;
	t->fragments_lost = t->decode.fragments_lost;
	for (size_t i = 0; i < source_inputs(e->source); i++)
		t->has_secrets |= source_input(e->source, i)->has_secrets;
	if (e->o.keylog != NULL)
		t->secrets = keylog_count(e->o.keylog);
}

static void
sum_up(struct engine *e)
{
	sum_up_capture(e);
	for (unsigned i = 0; i < e->shard_count; i++) {
		struct worker_stats w;

		worker_stats(shard_worker(e->shards[i]), &w);
		periods_add_stats(&e->totals, &w);
	}
}

/* ---- periods ---- */

/* To the auditor, who takes it over. */
static void
put_mark(struct engine *e, struct notice *n)
{
	if (n != NULL)
		take_notice(e, n);
}

/* From `start` to `end`; the workers tell what they know. */
static void
end_period(struct engine *e, bool goes_on, int64_t start, int64_t end)
{
	struct notice *n;

	sum_up_capture(e);
	n = periods_end(e->period++, goes_on, &(struct span){ start, end },
	    &e->totals, e->source);
	atomic_store(&e->passed, e->period);
	if (e->apart && e->notices == NULL) {
		shard_boundary(e->shards[0], n);
		return;
	}
	put_mark(e, n);
	if (e->lanes != NULL) {
		lanes_wake(e->lanes);
		return;
	}
	for (unsigned i = 0; i < e->shard_count; i++) {
		if (e->apart)
			shard_boundary(e->shards[i], NULL);
		else
			shard_pass(e->shards[i]);
	}
}

static void
rotate(struct engine *e)
{
	struct rotation *r = &e->o.rotation;

	end_period(e, false, r->before, r->start);
}

/* What somebody outside wants; and the clock goes on without packets. */
static void
look_at_clock(struct engine *e)
{
	struct rotation *r = &e->o.rotation;
	int64_t now = clock_now();
	bool live = e->o.source.file_count == 0;

	if (live && rotation_idle(r, now))
		rotate(e);
	if (atomic_exchange(&e->ask, false))
		end_period(e, true, r->start, now);
	if (atomic_exchange(&e->turn, false)) {
		rotation_begin(r, now);
		rotate(e);
	}
}

/* ---- the run ---- */

static void
count(struct engine *e, const struct packet *p)
{
	e->totals.packets++;
	e->totals.bytes += p->wire_len;
	/* A step is counted once: from there on time runs from there. */
	if (p->time < e->newest - NS_PER_S) {
		e->totals.clock_steps++;
		e->newest = p->time;
	} else if (p->time > e->newest) {
		e->newest = p->time;
	}
}

static void
give(struct engine *e, struct packet *p)
{
	if (!p->has_transport) {
		e->totals.no_transport++;
		return;
	}
	flow_tell_time(&e->clock, p);
	if (!e->apart) {
		worker_packet(shard_worker(e->shards[0]), p);
		return;
	}
	flow_note(p);
	shard_give(e->shards[(p->hash >> 32) % e->shard_count], p);
}

/* Datagrams in fragments whose rest did not come by now. */
static void
give_late(struct engine *e, int64_t now)
{
	struct packet p;

	while (decode_late(e->decoder, now, &p))
		give(e, &p);
}

static void
handle(struct engine *e, struct packet *p)
{
	if (rotation_packet(&e->o.rotation, p->time, p->wire_len))
		rotate(e);
	count(e, p);
	if (e->o.see != NULL)
		e->o.see(e->o.see_ctx, p);
	give_late(e, p->time);
	if (decode(e->decoder, p) == DECODE_OK)
		give(e, p);
}

static void
report_progress(struct engine *e, bool done,
    void (*tick)(void *, const struct engine_progress *), void *ctx)
{
	struct engine_progress p = { .done = done };

	if (tick == NULL)
		return;
	source_stats(e->source, &p.source);
	p.flows = atomic_load_explicit(&e->records, memory_order_relaxed);
	tick(ctx, &p);
}

static void
serve_view(struct engine *e)
{
	struct view_status v = { .phase = VIEW_READING };

	if (!e->apart)
		shard_show(e->shards[0]);
	source_stats(e->source, &v.source);
	for (unsigned i = 0; i < e->shard_count; i++) {
		struct worker_stats w;

		shard_stats(e->shards[i], &w);
		v.duplicates += w.duplicates;
		v.evicted += w.evicted;
		v.starved += w.starved;
		v.held += w.flows;
	}
	view_progress(e->o.view, &v);
}

/* Whoever looks at the run while it goes on. */
static void
serve(struct engine *e)
{
	look_at_clock(e);
	if (e->o.view != NULL)
		serve_view(e);
	if (!e->apart)
		look_around(e);
	else if (e->notices == NULL)
		shard_look(e->shards[0]);
	else if (ring_put(e->notices, &e->look))
		ring_nudge(e->notices);
}

static void
note_loss(void *ctx, const struct source_loss *loss)
{
	loss_add(ctx, loss);
}

/* Ten times a second: whatever is not done for each packet. */
static void
look_after(struct engine *e, int64_t now,
    void (*tick)(void *ctx, const struct engine_progress *), void *ctx)
{
	bool live = e->o.source.interface_count > 0;

	if (e->o.keylog != NULL && live)
		keylog_follow(e->o.keylog);
	if (live && now - e->looked >= NS_PER_S) {
		e->looked = now;
		source_look(e->source, note_loss, e->loss);
	}
	/* What came does not wait for more. */
	for (unsigned i = 0; e->apart && e->lanes == NULL && i < e->shard_count;
	     i++)
		shard_flush(e->shards[i]);
	report_progress(e, false, tick, ctx);
	serve(e);
}

/* The lanes read; periods end by what they have counted. */
static void
run_lanes(struct engine *e,
    void (*tick)(void *ctx, const struct engine_progress *), void *ctx)
{
	uint64_t seen = 0;

	while (lanes_run(e->lanes)) {
		struct capture_totals t = { .packets = 0 };
		int64_t newest = 0;

		(void)poll(NULL, 0, 100);
		lanes_totals(e->lanes, &t, &newest);
		if (t.bytes > seen &&
		    rotation_packet(&e->o.rotation, newest, t.bytes - seen))
			rotate(e);
		seen = t.bytes;
		look_after(e, clock_monotonic(), tick, ctx);
	}
}

/*
 * Handing packets over costs more than counting them, and less than looking
 * into them: the only worker has a thread of its own while there is something
 * to see in one packet of so many.
 */
static void
part_or_join(struct engine *e)
{
	struct shard *s = e->shards[0];
	struct worker_stats w;
	uint64_t packets, looked;

	if (!e->apart)
		shard_show(s);
	shard_stats(s, &w);
	packets = e->totals.packets - e->window.packets;
	looked = w.looked - e->window.looked;
	if (packets < TICK_PACKETS)
		return; /* a pipe had nothing to say: not a window yet */
	e->window.packets = e->totals.packets;
	e->window.looked = w.looked;
	if (e->apart ? looked >= packets / JOIN_BELOW
		     : looked < packets / PART_AT) {
		e->window.others = 0;
		return;
	}
	if (++e->window.others < (e->apart ? JOIN_AFTER : PART_AFTER))
		return;
	e->window.others = 0;
	if (e->apart)
		shard_join(s);
	e->apart = !e->apart && shard_part(s);
}

static void
run_reader(struct engine *e,
    void (*tick)(void *ctx, const struct engine_progress *), void *ctx)
{
	struct packet p;
	enum source_result r;
	int64_t told = clock_monotonic();
	unsigned often =
	    e->o.source.interface_count > 0 ? TICK_LIVE : TICK_PACKETS;
	unsigned until = often;

	while ((r = source_next(e->source, &p)) != SOURCE_END) {
		if (r == SOURCE_PACKET)
			handle(e, &p);
		if (r == SOURCE_PACKET && --until > 0)
			continue;
		until = often;
		if (e->may_part)
			part_or_join(e);
		int64_t now = clock_monotonic();

		if (now - told < NS_PER_S / 10)
			continue;
		told = now;
		look_after(e, now, tick, ctx);
	}
	give_late(e, INT64_MAX);
}

void
engine_run(struct engine *e,
    void (*tick)(void *ctx, const struct engine_progress *), void *ctx)
{
	if (e->lanes != NULL)
		run_lanes(e, tick, ctx);
	else
		run_reader(e, tick, ctx);
	source_look(e->source, note_loss, e->loss);
	serve(e);
	for (unsigned i = 0; e->lanes == NULL && i < e->shard_count; i++)
		shard_finish(e->shards[i]);
	stop_threads(e);
	sum_up(e);
	periods_finish(e->periods,
	    &(struct span){ e->o.rotation.start, e->newest }, &e->totals,
	    e->source);
	if (e->o.view != NULL)
		view_finished(e->o.view);
	report_progress(e, true, tick, ctx);
}

void
engine_stop(struct engine *e)
{
	source_stop(e->source);
}

void
engine_turn(struct engine *e)
{
	atomic_store(&e->turn, true);
}

void
engine_ask(struct engine *e)
{
	atomic_store(&e->ask, true);
}

void
engine_last(const struct engine *e, struct period *out)
{
	periods_last(e->periods, out);
}

const struct ledger *
engine_ledger(const struct engine *e)
{
	return periods_ledger(e->periods);
}

struct source *
engine_source(struct engine *e)
{
	return e->source;
}
