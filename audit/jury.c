/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records are judged in hands. Whoever has time takes the next: jurors, each on
 * a thread, and the caller, who takes what is judged in the order of the
 * records and judges while the hand that comes next is not ready.
 */
#include "audit/jury.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/processors.h"

enum {
	HAND = 32,    /* records; a judgement has some ten kilobytes */
	SHEETS = 2,   /* each: one is written, one waits */
	JURORS = 7,   /* beside the caller: more would wait for it */
	LEAST = 4096, /* records that are worth a thread */
};

struct sheet {
	bool done; /* under the lock */
	struct judgement j[HAND];
};

struct jury {
	const struct record *records;
	size_t n, hands;
	pthread_mutex_t lock;
	pthread_cond_t judged; /* the hand that is taken next is done */
	pthread_cond_t taken;  /* there is room for another */
	size_t next;           /* hand that nobody judges yet */
	size_t first;          /* the one that is taken next */
	size_t room;           /* sheets */
	struct sheet *sheets;  /* by hand, round and round */
};

struct juror {
	struct jury *jury;
	struct bench bench;
	pthread_t thread;
	bool running;
};

static size_t
end_of(const struct jury *y, size_t hand)
{
	return hand * HAND + HAND < y->n ? hand * HAND + HAND : y->n;
}

static struct sheet *
sheet_of(const struct jury *y, size_t hand)
{
	return &y->sheets[hand % y->room];
}

static bool
may_judge(const struct jury *y)
{
	return y->next < y->hands && y->next - y->first < y->room;
}

/* The lock is held, but not while it judges. */
static void
judge_hand(struct jury *y, const struct bench *b, size_t hand)
{
	struct sheet *s = sheet_of(y, hand);
	struct unpacked room;

	pthread_mutex_unlock(&y->lock);
	for (size_t i = hand * HAND; i < end_of(y, hand); i++)
		verdict_judge(b, record_facts(&y->records[i], &room),
		    &s->j[i % HAND]);
	pthread_mutex_lock(&y->lock);
	s->done = true;
	if (hand == y->first)
		pthread_cond_signal(&y->judged);
}

static void *
juror_main(void *arg)
{
	struct juror *r = arg;
	struct jury *y = r->jury;

	pthread_mutex_lock(&y->lock);
	while (y->next < y->hands) {
		if (may_judge(y))
			judge_hand(y, &r->bench, y->next++);
		else
			pthread_cond_wait(&y->taken, &y->lock);
	}
	/* The others need not wait either. */
	pthread_cond_broadcast(&y->taken);
	pthread_mutex_unlock(&y->lock);
	return NULL;
}

/* Nobody else is at the hand: its facts are opened but once. */
static void
judge_and_take(const struct jury *y, const struct bench *b, jury_take *take,
    void *ctx)
{
	struct unpacked room;
	struct judgement j;

	for (size_t i = y->first * HAND; i < end_of(y, y->first); i++) {
		const struct notice *n = record_facts(&y->records[i], &room);

		verdict_judge(b, n, &j);
		take(ctx, i, n, &j);
	}
}

static void
take_hand(const struct jury *y, jury_take *take, void *ctx)
{
	const struct sheet *s = sheet_of(y, y->first);
	struct unpacked room;

	for (size_t i = y->first * HAND; i < end_of(y, y->first); i++)
		take(ctx, i, record_facts(&y->records[i], &room),
		    &s->j[i % HAND]);
}

/* The caller's part. */
static void
preside(struct jury *y, const struct bench *b, jury_take *take, void *ctx)
{
	pthread_mutex_lock(&y->lock);
	while (y->first < y->hands) {
		bool untouched = y->next == y->first;

		if (!untouched && !sheet_of(y, y->first)->done) {
			if (may_judge(y))
				judge_hand(y, b, y->next++);
			else
				pthread_cond_wait(&y->judged, &y->lock);
			continue;
		}
		y->next += untouched;
		pthread_mutex_unlock(&y->lock);
		if (untouched)
			judge_and_take(y, b, take, ctx);
		else
			take_hand(y, take, ctx);
		pthread_mutex_lock(&y->lock);
		if (!untouched)
			sheet_of(y, y->first)->done = false;
		y->first++;
		pthread_cond_signal(&y->taken);
	}
	pthread_mutex_unlock(&y->lock);
}

static bool
juror_start(struct juror *r, struct jury *y, const struct bench *b)
{
	r->jury = y;
	r->bench = *b;
	r->bench.certs = cert_store_like(b->certs);
	r->running = r->bench.certs != NULL &&
	    pthread_create(&r->thread, NULL, juror_main, r) == 0;
	if (!r->running)
		cert_store_free(r->bench.certs);
	return r->running;
}

static void
juror_done(struct juror *r)
{
	pthread_join(r->thread, NULL);
	cert_store_free(r->bench.certs);
}

/* How many are worth calling, beside the caller. */
static size_t
jurors_for(unsigned threads, size_t records)
{
	unsigned most = processors();

	if (records < LEAST || threads <= 1)
		return 0;
	most = threads < most ? threads : most;
	return most - 1 < JURORS ? most - 1 : JURORS;
}

void
jury_judge(const struct bench *b, unsigned threads,
    const struct jury_records *all, jury_take *take, void *ctx)
{
	size_t most = jurors_for(threads, all->n), count = 0;
	struct jury y = {
		.records = all->r,
		.n = all->n,
		.hands = (all->n + HAND - 1) / HAND,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.judged = PTHREAD_COND_INITIALIZER,
		.taken = PTHREAD_COND_INITIALIZER,
	};
	struct juror jurors[JURORS];
	struct bench brief = *b;

	brief.brief = true;
	y.room = SHEETS * (most + 1);
	y.sheets = calloc(y.room, sizeof(*y.sheets));
	while (y.sheets != NULL && count < most &&
	    juror_start(&jurors[count], &y, &brief))
		count++;
	if (y.sheets == NULL)
		y.room = 0;
	preside(&y, &brief, take, ctx);
	for (size_t i = 0; i < count; i++)
		juror_done(&jurors[i]);
	free(y.sheets);
}
