/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader -> workers -> auditor. With one worker all three are the calling
 * thread and nothing is copied. With more, the reader copies packets into
 * batches, one worker per flow by its hash; notices come back through one
 * ring. The report does not depend on their order (audit/ledger.c).
 */
#include "audit/engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "audit/worker.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/ring.h"

enum {
	BATCH_PACKETS = 256,
	BATCH_BYTES = 512 * 1024, /* packets of ordinary size fill the count */
	BATCHES = 6,              /* per worker, in either direction */
	NOTICES = 4096,           /* on their way to the auditor */
	TICK_PACKETS = 4096,      /* look at the clock so often */
	TICK_LIVE = 4,            /* the same where packets may be rare */
};

struct batch {
	unsigned n;
	size_t used;
	struct packet p[BATCH_PACKETS];
	uint8_t bytes[BATCH_BYTES];
};

struct shard {
	struct engine *engine;
	struct worker *worker;
	struct ring *work;  /* batches to do; closed at the end */
	struct ring *spare; /* batches done */
	struct batch *open; /* the reader fills it */
	pthread_t thread;
	bool running;
	_Atomic uint64_t duplicates, evicted, starved, held; /* for the view */
};

struct engine {
	struct engine_options o;
	struct source *source;
	struct decoder *decoder;
	struct ledger *ledger;
	struct shard *shards;
	unsigned shard_count;
	struct ring *notices;
	pthread_t auditor;
	bool auditing;
	_Atomic uint64_t records;
	struct capture_totals totals;
	int64_t newest;     /* packet time, to see the clock step back */
	struct notice look; /* among the notices: time to serve the view */
};

static void
take_notice(void *ctx, struct notice *n)
{
	struct engine *e = ctx;

	if (n->last)
		atomic_fetch_add_explicit(&e->records, 1, memory_order_relaxed);
	if (e->notices == NULL)
		ledger_take(e->ledger, n);
	else if (!ring_put(e->notices, n))
		notice_free(n);
}

/* What the view shows of a worker; on the worker's thread. */
static void
show_stats(struct shard *s)
{
	struct worker_stats w;

	if (s->engine->o.view == NULL)
		return;
	worker_stats(s->worker, &w);
	atomic_store_explicit(&s->duplicates, w.duplicates,
	    memory_order_relaxed);
	atomic_store_explicit(&s->evicted, w.evicted, memory_order_relaxed);
	atomic_store_explicit(&s->starved, w.starved, memory_order_relaxed);
	atomic_store_explicit(&s->held, w.flows, memory_order_relaxed);
}

/* ---- threads ---- */

static void *
shard_main(void *arg)
{
	struct shard *s = arg;
	struct batch *b;

	while ((b = ring_get(s->work)) != NULL) {
		for (unsigned i = 0; i < b->n; i++)
			worker_packet(s->worker, &b->p[i]);
		show_stats(s);
		if (!ring_put(s->spare, b))
			free(b);
	}
	worker_finish(s->worker);
	return NULL;
}

static void *
auditor_main(void *arg)
{
	struct engine *e = arg;
	struct notice *n;

	while ((n = ring_get(e->notices)) != NULL) {
		if (n == &e->look)
			view_refresh(e->o.view);
		else
			ledger_take(e->ledger, n);
	}
	return NULL;
}

static void
send_batch(struct shard *s)
{
	if (s->open == NULL || s->open->n == 0)
		return;
	if (!ring_put(s->work, s->open))
		free(s->open);
	s->open = NULL;
}

static struct batch *
open_batch(struct shard *s)
{
	if (s->open == NULL) {
		s->open = ring_get(s->spare);
		if (s->open != NULL)
			s->open->n = 0, s->open->used = 0;
	}
	return s->open;
}

/* Copies what a worker needs: from the innermost IP header to the end. */
static void
give(struct shard *s, const struct packet *p)
{
	struct slice keep = p->network;

	if (p->payload.n > 0 &&
	    (keep.p == NULL || p->payload.p < keep.p ||
		p->payload.p + p->payload.n > keep.p + keep.n))
		keep = p->payload;
	struct batch *b = open_batch(s);

	if (b != NULL && b->used + keep.n > BATCH_BYTES) {
		send_batch(s);
		b = open_batch(s);
	}
	if (b == NULL)
		return;
	struct packet *to = &b->p[b->n++];
	uint8_t *at = b->bytes + b->used;

	*to = *p;
	to->frame = (struct slice){ NULL, 0 };
	if (keep.n > 0)
		memcpy(at, keep.p, keep.n);
	to->network = p->network.n > 0 && keep.p == p->network.p
	    ? slice_of(at, keep.n)
	    : (struct slice){ NULL, 0 };
	to->payload = p->payload.n > 0
	    ? slice_of(at + (p->payload.p - keep.p), p->payload.n)
	    : (struct slice){ NULL, 0 };
	b->used += keep.n;
	if (b->n == BATCH_PACKETS)
		send_batch(s);
}

/* ---- life ---- */

static bool
start_shard(struct engine *e, struct shard *s)
{
	s->engine = e;
	s->worker = worker_new(&(struct worker_options){
	    .keylog = e->o.keylog,
	    .most_flows = LIMIT_FLOWS / e->shard_count,
	    .most_sessions = LIMIT_SESSIONS / e->shard_count,
	    .live = e->o.view != NULL,
	    .eager = e->o.source.interface != NULL,
	    .tell = take_notice,
	    .ctx = e,
	});
	if (s->worker == NULL)
		return false;
	if (e->shard_count == 1)
		return true;
	s->work = ring_new(BATCHES);
	s->spare = ring_new(BATCHES);
	if (s->work == NULL || s->spare == NULL)
		return false;
	for (int i = 0; i < BATCHES; i++) {
		struct batch *b = malloc(sizeof(*b));

		if (b == NULL || !ring_put(s->spare, b)) {
			free(b);
			return false;
		}
	}
	s->running = pthread_create(&s->thread, NULL, shard_main, s) == 0;
	return s->running;
}

static bool
start(struct engine *e, struct fault *f)
{
	if (e->shard_count > 1) {
		e->notices = ring_new(NOTICES);
		e->auditing = e->notices != NULL &&
		    pthread_create(&e->auditor, NULL, auditor_main, e) == 0;
		if (!e->auditing)
			return fail(f, "cannot start the auditor: no memory");
	}
	for (unsigned i = 0; i < e->shard_count; i++) {
		if (!start_shard(e, &e->shards[i]))
			return fail(f, "cannot start worker %u: no memory", i);
	}
	return true;
}

static void
add_secrets(void *ctx, struct slice text)
{
	keylog_add(ctx, text);
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
	if (e->shards == NULL || e->decoder == NULL) {
		(void)fail(f, "no memory");
		goto bad;
	}
	e->source = source_open(&o->source, f);
	if (e->source == NULL)
		goto bad;
	if (o->keylog != NULL &&
	    !source_secrets(e->source, add_secrets, o->keylog))
		log_warn("keys: secrets inside the capture could not be read");
	/* Without any secret workers need not ask for one. */
	if (o->keylog != NULL && keylog_count(o->keylog) == 0 &&
	    o->source.interface == NULL)
		e->o.keylog = NULL;
	e->ledger = ledger_new(o->policy, f);
	if (e->ledger == NULL)
		goto bad;
	if (o->view != NULL)
		view_attach(o->view, e->ledger, o->source.interface != NULL);
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
	for (unsigned i = 0; i < e->shard_count; i++) {
		struct shard *s = &e->shards[i];

		if (!s->running)
			continue;
		send_batch(s);
		ring_close(s->work);
		pthread_join(s->thread, NULL);
		s->running = false;
	}
	if (e->auditing) {
		ring_close(e->notices);
		pthread_join(e->auditor, NULL);
		e->auditing = false;
	}
}

static void
free_ring_of_batches(struct ring *r)
{
	void *b;

	if (r == NULL)
		return;
	while ((b = ring_try(r)) != NULL)
		free(b);
	ring_free(r);
}

void
engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	if (e->shards != NULL)
		stop_threads(e);
	for (unsigned i = 0; e->shards != NULL && i < e->shard_count; i++) {
		struct shard *s = &e->shards[i];

		worker_free(s->worker);
		free(s->open);
		free_ring_of_batches(s->work);
		free_ring_of_batches(s->spare);
	}
	free(e->shards);
	if (e->notices != NULL)
		ring_free(e->notices);
	ledger_free(e->ledger);
	decoder_free(e->decoder);
	if (e->source != NULL)
		source_close(e->source);
	free(e);
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
handle(struct engine *e, struct packet *p)
{
	count(e, p);
	if (e->o.see != NULL)
		e->o.see(e->o.see_ctx, p);
	if (decode(e->decoder, p) != DECODE_OK)
		return;
	if (!p->has_transport) {
		e->totals.no_transport++;
		return;
	}
	if (e->shard_count == 1) {
		worker_packet(e->shards[0].worker, p);
		return;
	}
	give(&e->shards[flow_hash(&p->tuple) % e->shard_count], p);
}

static void
sum_up(struct engine *e)
{
	struct capture_totals *t = &e->totals;
	struct source_stats s;

	source_stats(e->source, &s);
	decode_stats(e->decoder, &t->decode);
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
	for (unsigned i = 0; i < e->shard_count; i++) {
		struct worker_stats w;

		worker_stats(e->shards[i].worker, &w);
		t->duplicates += w.duplicates;
		t->evicted += w.evicted + w.early;
		t->starved += w.starved;
	}
	for (size_t i = 0; i < source_inputs(e->source); i++)
		t->has_secrets |= source_input(e->source, i)->has_secrets;
	if (e->o.keylog != NULL)
		t->secrets = keylog_count(e->o.keylog);
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

	if (e->o.view == NULL)
		return;
	if (e->shard_count == 1)
		show_stats(&e->shards[0]);
	source_stats(e->source, &v.source);
	for (unsigned i = 0; i < e->shard_count; i++) {
		struct shard *s = &e->shards[i];

		v.duplicates += atomic_load(&s->duplicates);
		v.evicted += atomic_load(&s->evicted);
		v.starved += atomic_load(&s->starved);
		v.held += atomic_load(&s->held);
	}
	view_progress(e->o.view, &v);
	if (e->notices == NULL)
		view_refresh(e->o.view);
	else if (!ring_put(e->notices, &e->look))
		return;
}

void
engine_run(struct engine *e,
    void (*tick)(void *ctx, const struct engine_progress *), void *ctx)
{
	struct packet p;
	enum source_result r;
	int64_t told = clock_monotonic();
	unsigned often =
	    e->o.source.interface != NULL ? TICK_LIVE : TICK_PACKETS;
	unsigned until = often;

	while ((r = source_next(e->source, &p)) != SOURCE_END) {
		if (r == SOURCE_PACKET)
			handle(e, &p);
		if (r == SOURCE_PACKET && --until > 0)
			continue;
		until = often;
		int64_t now = clock_monotonic();

		if (now - told < NS_PER_S / 10)
			continue;
		told = now;
		if (e->o.keylog != NULL && e->o.source.interface != NULL)
			keylog_follow(e->o.keylog);
		report_progress(e, false, tick, ctx);
		serve_view(e);
	}
	serve_view(e);
	if (e->shard_count == 1)
		worker_finish(e->shards[0].worker);
	stop_threads(e);
	sum_up(e);
	ledger_finish(e->ledger, &e->totals);
	if (e->o.view != NULL)
		view_finished(e->o.view);
	report_progress(e, true, tick, ctx);
}

void
engine_stop(struct engine *e)
{
	source_stop(e->source);
}

const struct ledger *
engine_ledger(const struct engine *e)
{
	return e->ledger;
}

struct source *
engine_source(struct engine *e)
{
	return e->source;
}
