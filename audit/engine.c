/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader -> workers -> auditor. One worker is its own reader and auditor. Of
 * several the reader is the first, and the others follow it: each reads the
 * files for itself (audit/follower.h). What can be read but once, a pipe or a
 * wire, the reader copies to them in batches (audit/shard.h); where the kernel
 * spreads a live capture each reads for itself again (audit/lanes.h), and the
 * calling thread only looks after them. A flow's worker is known by its hash.
 * Who takes what they tell is in audit/auditor.h; the report does not depend on
 * its order (audit/ledger.c).
 */
#include "audit/engine.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit/auditor.h"
#include "audit/follower.h"
#include "audit/intake.h"
#include "audit/lanes.h"
#include "audit/loss.h"
#include "audit/shard.h"
#include "core/clock.h"
#include "core/log.h"

enum {
	TICK_PACKETS = 4096, /* look at the clock so often */
	TICK_LIVE = 64,      /* the same where packets may be rare */
};

struct engine {
	struct engine_options o;
	struct source *source;
	struct intake in; /* of the first worker */
	struct periods *periods;
	struct loss *loss; /* of a live source, or NULL */
	struct shard **shards;
	unsigned shard_count;
	bool apart;                  /* workers have threads, and get copies */
	struct pace *pace;           /* of followers; NULL: there are none */
	struct follower **followers; /* none of the first worker */
	struct lanes *lanes;         /* NULL: one reader */
	_Atomic uint32_t passed;     /* periods that lanes have to pass */
	int64_t looked;              /* at what was lost; monotonic */
	struct auditor *auditor;
	struct capture_totals totals;
	uint32_t period;       /* as notices count them */
	atomic_bool turn, ask; /* engine_turn(), engine_ask() */
};

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

/* ---- life ---- */

static bool
start_shard(struct engine *e, unsigned i)
{
	void *line = auditor_line(e->auditor, i);

	e->shards[i] = shard_new(&(struct shard_options){
	    .worker = {
		.keylog = e->o.keylog,
		.most_flows = LIMIT_FLOWS / e->shard_count,
		.most_sessions = LIMIT_SESSIONS / e->shard_count,
		.live = e->o.view != NULL || e->o.periods.judged != NULL,
		.eager = e->o.source.interface_count > 0,
		.lend = auditor_borrows(e->auditor),
		.tell = auditor_tell,
		.ctx = line,
	    },
	    .patient = e->o.source.file_count > 0,
	    .mark = auditor_tell,
	    .ctx = line,
	});
	if (e->shards[i] == NULL)
		return false;
	return !e->apart || shard_part(e->shards[i]);
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

static bool
start_follower(struct engine *e, unsigned i, struct fault *f)
{
	struct source *again = source_again(e->source, &e->o.source, f);

	if (again == NULL)
		return false;
	e->followers[i] = follower_new(&(struct follower_options){
	    .source = again,
	    .pace = e->pace,
	    .shard = e->shards[i],
	    .self = i,
	    .count = e->shard_count,
	});
	return e->followers[i] != NULL ||
	    fail(f, "cannot start worker %u: no memory", i);
}

static bool
start_followers(struct engine *e, struct fault *f)
{
	e->pace = pace_new(e->shard_count - 1);
	e->followers = calloc(e->shard_count, sizeof(struct follower *));
	if (e->pace == NULL || e->followers == NULL)
		return fail(f, "cannot start the workers: no memory");
	for (unsigned i = 1; i < e->shard_count; i++) {
		if (!start_follower(e, i, f))
			return false;
	}
	return true;
}

static bool
start_auditor(struct engine *e, enum auditor_way way)
{
	e->auditor = auditor_new(&(struct auditor_options){
	    .way = way,
	    .workers = e->shard_count,
	    .patient = e->o.source.file_count > 0,
	    .periods = e->periods,
	    .look = look_around,
	    .ctx = e,
	});
	return e->auditor != NULL;
}

/* To a worker that is apart. */
static void
deal(void *ctx, struct packet *p)
{
	struct engine *e = ctx;

	unsigned of = flow_worker(&e->in.lately, p, e->shard_count);

	flow_note(p);
	shard_give(e->shards[of], p);
}

static void
begin_intake(struct engine *e)
{
	e->in.source = e->source;
	e->in.worker = shard_worker(e->shards[0]);
	e->in.count = e->shard_count;
	e->in.ahead = e->o.source.file_count > 0;
	e->in.deal = e->apart ? deal : NULL;
	e->in.ctx = e;
}

static bool
start(struct engine *e, struct fault *f)
{
	bool several = e->shard_count > 1;
	bool spread = source_lanes(e->source) > 1;
	bool follow = several && source_can_again(e->source);

	e->apart = several && !spread && !follow;
	if (!start_auditor(e,
		!several     ? AUDITOR_ALONE
		    : follow ? AUDITOR_IN_TURN
			     : AUDITOR_APART))
		return fail(f, "cannot start the auditor: no memory");
	for (unsigned i = 0; i < e->shard_count; i++) {
		if (!start_shard(e, i))
			return fail(f, "cannot start worker %u: no memory", i);
	}
	begin_intake(e);
	if (spread)
		return start_lanes(e, f);
	return !follow || start_followers(e, f);
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
	if (o->source.interface_count > 0)
		e->loss = loss_new();
	if (e->shards == NULL || !intake_init(&e->in) ||
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
	if (e->pace != NULL)
		pace_end(e->pace, e->in.feed.totals.packets);
	for (unsigned i = 1; e->followers != NULL && i < e->shard_count; i++) {
		follower_free(e->followers[i]);
		e->followers[i] = NULL;
	}
	for (unsigned i = 0; i < e->shard_count; i++) {
		if (e->shards[i] != NULL)
			shard_join(e->shards[i]);
	}
	if (e->auditor != NULL)
		auditor_end(e->auditor);
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
	auditor_free(e->auditor);
	periods_free(e->periods);
	loss_free(e->loss);
	free(e->followers);
	pace_free(e->pace);
	intake_done(&e->in);
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
	feed_decoded(&e->in.feed);
	*t = e->in.feed.totals;
	if (e->lanes != NULL)
		lanes_totals(e->lanes, t, &e->in.feed.newest);
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

/* From `start` to `end`; the workers tell what they know. */
static void
end_period(struct engine *e, bool goes_on, int64_t start, int64_t end)
{
	struct notice *n;

	intake_flush(&e->in);
	sum_up_capture(e);
	n = periods_end(e->period++, goes_on, &(struct span){ start, end },
	    &e->totals, e->source);
	atomic_store(&e->passed, e->period);
	if (n != NULL)
		auditor_tell(auditor_line(e->auditor, 0), n);
	if (e->lanes != NULL) {
		lanes_wake(e->lanes);
		return;
	}
	if (e->pace != NULL)
		pace_boundary(e->pace, e->in.feed.totals.packets);
	for (unsigned i = 0; i < e->shard_count; i++) {
		if (e->apart)
			shard_boundary(e->shards[i]);
		else if (i == 0)
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
handle(struct engine *e, const struct packet *p)
{
	if (rotation_packet(&e->o.rotation, p->time, p->wire_len))
		rotate(e);
	if (e->o.see != NULL)
		e->o.see(e->o.see_ctx, p);
	intake_take(&e->in);
}

static void
report_progress(struct engine *e, bool done,
    void (*tick)(void *, const struct engine_progress *), void *ctx)
{
	struct engine_progress p = { .done = done };

	if (tick == NULL)
		return;
	source_stats(e->source, &p.source);
	p.flows = auditor_records(e->auditor);
	tick(ctx, &p);
}

static void
serve_view(struct engine *e)
{
	struct view_status v = { .phase = VIEW_READING };

	if (!e->apart && e->lanes == NULL)
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
	auditor_look(e->auditor);
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
	for (unsigned i = 0; e->apart && i < e->shard_count; i++)
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

static void
run_reader(struct engine *e,
    void (*tick)(void *ctx, const struct engine_progress *), void *ctx)
{
	const struct packet *p;
	enum source_result r;
	int64_t told = clock_monotonic();
	unsigned often =
	    e->o.source.interface_count > 0 ? TICK_LIVE : TICK_PACKETS;
	unsigned until = often;

	while ((r = intake_next(&e->in, &p)) != SOURCE_END) {
		if (r == SOURCE_PACKET)
			handle(e, p);
		if (r == SOURCE_PACKET && --until > 0)
			continue;
		until = often;
		intake_flush(&e->in);
		if (e->pace != NULL)
			pace_set(e->pace, e->in.feed.totals.packets);
		int64_t now = clock_monotonic();

		if (now - told < NS_PER_S / 10)
			continue;
		told = now;
		look_after(e, now, tick, ctx);
	}
	intake_end(&e->in);
}

/* Those of lanes and followers are finished by their threads. */
static void
finish_workers(struct engine *e)
{
	if (e->pace != NULL)
		pace_end(e->pace, e->in.feed.totals.packets);
	for (unsigned i = 0; e->lanes == NULL && i < e->shard_count; i++) {
		if (e->pace == NULL || i == 0)
			shard_finish(e->shards[i]);
	}
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
	finish_workers(e);
	stop_threads(e);
	sum_up(e);
	periods_finish(e->periods,
	    &(struct span){ e->o.rotation.start, e->in.feed.newest },
	    &e->totals, e->source);
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
