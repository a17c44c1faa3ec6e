/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/lanes.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "audit/batch.h"
#include "audit/feed.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/ring.h"

enum {
	SPARE = 4,         /* batches of a lane, besides one for each other */
	LANE_PACKETS = 64, /* look at the clock so often */
	TEND_MS = 50,
};

struct lane {
	struct lanes *all;
	unsigned self;
	struct worker *worker;
	struct batch **open; /* to each other lane; NULL: none */
	struct ring *inbox;  /* holds all batches there are: never full */
	struct ring *spare;  /* its own batches that are done */
	pthread_t thread;
	bool running;
	struct feed feed;
	int64_t tended;
	uint64_t handed;       /* packets that belong to other lanes */
	pthread_mutex_t guard; /* of what is shown */
	struct capture_totals shown;
	int64_t shown_newest;
	_Alignas(64) atomic_uint mail; /* batches in the inbox */
};

struct lanes {
	struct lanes_options o;
	struct spread keys;
	unsigned count;
	struct lane *lane;
	atomic_uint reading;
};

/* --- to and from other lanes -------------------------------------------- */

static void
take_batch(struct lane *w, struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++)
		worker_packet(w->worker, &b->p[i]);
	if (!ring_put(b->home, b))
		free(b);
}

static void
take_mail(struct lane *w)
{
	struct batch *b;

	if (atomic_load_explicit(&w->mail, memory_order_acquire) == 0)
		return;
	while ((b = ring_try(w->inbox)) != NULL) {
		atomic_fetch_sub(&w->mail, 1);
		take_batch(w, b);
	}
}

static void
send(struct lane *w, unsigned to)
{
	struct lane *other = &w->all->lane[to];
	struct batch *b = w->open[to];

	w->open[to] = NULL;
	if (b == NULL)
		return;
	if (!ring_put(other->inbox, b)) {
		free(b);
		return;
	}
	/* It may be waiting for packets of its own. */
	if (atomic_fetch_add(&other->mail, 1) == 0)
		source_wake(w->all->o.source, to);
}

static void
send_all(struct lane *w)
{
	for (unsigned i = 0; i < w->all->count; i++)
		send(w, i);
}

/* Whoever waits takes what others send, so that no two wait for each other. */
static struct batch *
batch_for(struct lane *w, unsigned to)
{
	while (w->open[to] == NULL) {
		struct batch *b = ring_try(w->spare);

		if (b != NULL) {
			batch_clear(b);
			w->open[to] = b;
			break;
		}
		send_all(w);
		take_mail(w);
		sched_yield();
	}
	return w->open[to];
}

static void
hand_over(struct lane *w, unsigned to, const struct packet *p)
{
	if (batch_add(batch_for(w, to), p))
		return;
	send(w, to);
	/* An empty one has room for any packet. */
	(void)!batch_add(batch_for(w, to), p);
}

/* --- a lane ------------------------------------------------------------- */

static void
give(void *ctx, struct packet *p)
{
	struct lane *w = ctx;
	unsigned to = spread(&w->all->keys, &p->tuple) % w->all->count;

	if (to == w->self) {
		worker_packet(w->worker, p);
		return;
	}
	w->handed++;
	hand_over(w, to, p);
}

static void
show(struct lane *w)
{
	feed_decoded(&w->feed);
	pthread_mutex_lock(&w->guard);
	w->shown = w->feed.totals;
	w->shown_newest = w->feed.newest;
	pthread_mutex_unlock(&w->guard);
}

static void
tend(struct lane *w, int64_t now)
{
	w->tended = now;
	send_all(w);
	show(w);
	w->all->o.tend(w->all->o.ctx, w->self);
}

static void
read_all(struct lane *w)
{
	struct source *s = w->all->o.source;
	unsigned until = LANE_PACKETS;
	enum source_result r;
	struct packet p;

	while ((r = source_lane_next(s, w->self, &p)) != SOURCE_END) {
		if (r == SOURCE_PACKET)
			feed_packet(&w->feed, &p);
		if (r == SOURCE_PACKET && --until > 0)
			continue;
		until = LANE_PACKETS;
		take_mail(w);
		int64_t now = clock_monotonic();

		if (r == SOURCE_WAIT || now - w->tended > TEND_MS * NS_PER_MS)
			tend(w, now);
	}
}

static void *
lane_main(void *arg)
{
	struct lane *w = arg;
	struct lanes *l = w->all;
	struct batch *b;

	read_all(w);
	feed_end(&w->feed);
	send_all(w);
	/* The last one to read has sent all; then the inboxes can close. */
	if (atomic_fetch_sub(&l->reading, 1) == 1) {
		for (unsigned i = 0; i < l->count; i++)
			ring_close(l->lane[i].inbox);
	}
	while ((b = ring_get(w->inbox)) != NULL)
		take_batch(w, b);
	tend(w, clock_monotonic());
	worker_finish(w->worker);
	return NULL;
}

/* --- life --------------------------------------------------------------- */

static bool
lane_init(struct lanes *l, unsigned i)
{
	struct lane *w = &l->lane[i];
	unsigned batches = l->count + SPARE;

	*w = (struct lane){
		.all = l,
		.self = i,
		.worker = l->o.workers[i],
		.feed = { .give = give, .ctx = w },
		.open = calloc(l->count, sizeof(struct batch *)),
		.inbox = ring_new((size_t)l->count * batches),
		.spare = ring_new(batches),
	};
	pthread_mutex_init(&w->guard, NULL);
	return feed_init(&w->feed) && w->open != NULL && w->inbox != NULL &&
	    w->spare != NULL && batches_make(w->spare, batches, w->spare);
}

static bool
start(struct lanes *l)
{
	/* Each may end before the next has begun. */
	atomic_store(&l->reading, l->count);
	for (unsigned i = 0; i < l->count; i++) {
		struct lane *w = &l->lane[i];

		w->running =
		    pthread_create(&w->thread, NULL, lane_main, w) == 0;
		if (w->running)
			continue;
		/* Those that run must not wait for those that do not. */
		if (atomic_fetch_sub(&l->reading, l->count - i) ==
		    l->count - i) {
			for (unsigned k = 0; k < l->count; k++)
				ring_close(l->lane[k].inbox);
		}
		source_stop(l->o.source);
		return false;
	}
	return true;
}

struct lanes *
lanes_new(const struct lanes_options *o, struct fault *f)
{
	struct lanes *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		(void)fail(f, "cannot start the readers: no memory");
		return NULL;
	}
	l->o = *o;
	l->count = source_lanes(o->source);
	spread_init(&l->keys);
	l->lane =
	    aligned_alloc(_Alignof(struct lane), l->count * sizeof(*l->lane));
	if (l->lane == NULL) {
		l->count = 0;
		(void)fail(f, "cannot start the readers: no memory");
		lanes_free(l);
		return NULL;
	}
	memset(l->lane, 0, l->count * sizeof(*l->lane));
	for (unsigned i = 0; i < l->count; i++) {
		if (!lane_init(l, i)) {
			(void)fail(f, "cannot start the readers: no memory");
			lanes_free(l);
			return NULL;
		}
	}
	if (!start(l)) {
		(void)fail(f, "cannot start the readers: no more threads");
		lanes_free(l);
		return NULL;
	}
	return l;
}

bool
lanes_run(const struct lanes *l)
{
	return atomic_load(&l->reading) > 0;
}

void
lanes_finish(struct lanes *l)
{
	bool waited = l->count > 0 && l->lane[0].running;
	uint64_t handed = 0, packets = 0;

	for (unsigned i = 0; i < l->count; i++) {
		struct lane *w = &l->lane[i];

		if (w->running)
			pthread_join(w->thread, NULL);
		w->running = false;
		handed += w->handed;
		packets += w->feed.totals.packets;
	}
	if (waited)
		log_info("lanes: %" PRIu64 " of %" PRIu64
			 " packets were handed to another lane",
		    handed, packets);
}

void
lanes_free(struct lanes *l)
{
	if (l == NULL)
		return;
	lanes_finish(l);
	for (unsigned i = 0; i < l->count; i++) {
		struct lane *w = &l->lane[i];

		for (unsigned k = 0; w->open != NULL && k < l->count; k++)
			free(w->open[k]);
		free(w->open);
		batches_free(w->inbox);
		feed_done(&w->feed);
	}
	/* What was in an inbox did not go home. */
	for (unsigned i = 0; i < l->count; i++) {
		batches_free(l->lane[i].spare);
		pthread_mutex_destroy(&l->lane[i].guard);
	}
	free(l->lane);
	free(l);
}

void
lanes_wake(struct lanes *l)
{
	for (unsigned i = 0; i < l->count; i++)
		source_wake(l->o.source, i);
}

static void
add_decoded(struct decode_stats *to, const struct decode_stats *from)
{
	for (int i = 0; i < DECODE_RESULTS; i++)
		to->results[i] += from->results[i];
	to->cut += from->cut;
	to->fragments += from->fragments;
	to->reassembled += from->reassembled;
	to->fragments_lost += from->fragments_lost;
	to->tunnels += from->tunnels;
}

void
lanes_totals(struct lanes *l, struct capture_totals *t, int64_t *newest)
{
	for (unsigned i = 0; i < l->count; i++) {
		struct lane *w = &l->lane[i];

		pthread_mutex_lock(&w->guard);
		t->packets += w->shown.packets;
		t->bytes += w->shown.bytes;
		t->no_transport += w->shown.no_transport;
		t->clock_steps += w->shown.clock_steps;
		add_decoded(&t->decode, &w->shown.decode);
		if (w->shown_newest > *newest)
			*newest = w->shown_newest;
		pthread_mutex_unlock(&w->guard);
	}
}
