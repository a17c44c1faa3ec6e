/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/shard.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "audit/batch.h"
#include "audit/notice.h"
#include "audit/period.h"
#include "core/ring.h"

enum {
	BATCHES = 8,  /* in either direction */
	PATIENCE = 3, /* batches; less than half of them */
};

struct shard {
	struct shard_options o;
	struct worker *worker;
	struct ring *work;  /* batches to do; closed at the end */
	struct ring *spare; /* batches done */
	struct batch *open; /* the reader fills it */
	pthread_t thread;
	bool running;
	bool finish;     /* before it ends, the thread lets all flows go */
	uint32_t period; /* as the worker counts them */
	struct {
		_Atomic uint64_t duplicates, evicted, starved, held;
	} shown;
};

struct shard *
shard_new(const struct shard_options *o)
{
	struct shard *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->o = *o;
	s->worker = worker_new(&o->worker);
	if (s->worker == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

static void
drop_rings(struct shard *s)
{
	free(s->open);
	batches_free(s->work);
	batches_free(s->spare);
	s->open = NULL;
	s->work = s->spare = NULL;
}

void
shard_free(struct shard *s)
{
	if (s == NULL)
		return;
	shard_join(s);
	worker_free(s->worker);
	free(s);
}

struct worker *
shard_worker(struct shard *s)
{
	return s->worker;
}

/* ---- the worker's thread ---- */

void
shard_show(struct shard *s)
{
	struct worker_stats w;

	worker_stats(s->worker, &w);
	atomic_store_explicit(&s->shown.duplicates, w.duplicates,
	    memory_order_relaxed);
	atomic_store_explicit(&s->shown.evicted, w.evicted,
	    memory_order_relaxed);
	atomic_store_explicit(&s->shown.starved, w.starved,
	    memory_order_relaxed);
	atomic_store_explicit(&s->shown.held, w.flows, memory_order_relaxed);
}

void
shard_stats(struct shard *s, struct worker_stats *out)
{
	*out = (struct worker_stats){
		.duplicates = atomic_load(&s->shown.duplicates),
		.evicted = atomic_load(&s->shown.evicted),
		.starved = atomic_load(&s->shown.starved),
		.flows = atomic_load(&s->shown.held),
	};
}

void
shard_pass(struct shard *s)
{
	struct worker_stats w;
	struct notice *n;

	worker_stats(s->worker, &w);
	worker_pass(s->worker, s->period + 1);
	n = periods_passed(s->period++, &w);
	if (n != NULL)
		s->o.mark(s->o.ctx, n);
}

uint32_t
shard_period(const struct shard *s)
{
	return s->period;
}

static void *
shard_main(void *arg)
{
	struct shard *s = arg;
	struct batch *b;

	while ((b = ring_get(s->work)) != NULL) {
		worker_packets(s->worker, b->p, b->n);
		if (b->boundary)
			shard_pass(s);
		shard_show(s);
		if (!ring_put(s->spare, b))
			free(b);
	}
	if (s->finish)
		worker_finish(s->worker);
	return NULL;
}

/* ---- the reader's ---- */

bool
shard_part(struct shard *s)
{
	s->work = ring_new(BATCHES);
	s->spare = ring_new(BATCHES);
	if (s->work != NULL && s->spare != NULL &&
	    batches_make(s->spare, BATCHES, NULL)) {
		if (s->o.patient) {
			ring_patient(s->work, PATIENCE);
			ring_patient(s->spare, PATIENCE);
		}
		s->running =
		    pthread_create(&s->thread, NULL, shard_main, s) == 0;
	}
	if (!s->running)
		drop_rings(s);
	return s->running;
}

static void
send(struct shard *s)
{
	if (!ring_put(s->work, s->open))
		free(s->open);
	s->open = NULL;
}

void
shard_join(struct shard *s)
{
	if (!s->running)
		return;
	if (s->open != NULL)
		send(s);
	ring_close(s->work);
	pthread_join(s->thread, NULL);
	s->running = false;
	drop_rings(s);
}

void
shard_finish(struct shard *s)
{
	if (!s->running) {
		worker_finish(s->worker);
		return;
	}
	if (s->open != NULL)
		send(s);
	s->finish = true;
	ring_close(s->work);
}

static struct batch *
open_batch(struct shard *s)
{
	if (s->open == NULL) {
		s->open = ring_get(s->spare);
		if (s->open != NULL)
			batch_clear(s->open);
	}
	return s->open;
}

void
shard_give(struct shard *s, const struct packet *p)
{
	struct batch *b = open_batch(s);

	if (b == NULL)
		return;
	if (!batch_add(b, p)) {
		send(s);
		b = open_batch(s);
		if (b == NULL || !batch_add(b, p))
			return;
	}
	if (b->n == BATCH_PACKETS)
		send(s);
}

void
shard_flush(struct shard *s)
{
	if (s->open != NULL && s->open->n > 0)
		send(s);
	ring_nudge(s->work);
}

void
shard_boundary(struct shard *s)
{
	struct batch *b = open_batch(s);

	if (b == NULL)
		return;
	b->boundary = true;
	send(s);
	ring_nudge(s->work);
}
