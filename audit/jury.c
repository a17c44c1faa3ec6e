/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records are dealt out in hands, round and round; the caller's thread judges
 * the last of each round itself and takes the others as they come.
 */
#include "audit/jury.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/processors.h"
#include "core/ring.h"

enum {
	HAND = 32,    /* records; a judgement has some ten kilobytes */
	SHEETS = 2,   /* per juror: one is written, one is read */
	JURORS = 7,   /* beside the caller: more would wait for it */
	LEAST = 4096, /* records that are worth a thread */
};

struct sheet {
	struct judgement j[HAND];
};

struct jury {
	const struct record *records;
	size_t n;
	size_t round; /* hands of a round: one per juror and the caller's */
};

struct juror {
	const struct jury *jury;
	struct bench bench;
	size_t first;       /* hand */
	struct ring *blank; /* sheets */
	struct ring *done;
	pthread_t thread;
	bool running;
};

static size_t
end_of(const struct jury *y, size_t hand)
{
	return hand * HAND + HAND < y->n ? hand * HAND + HAND : y->n;
}

static void *
juror_main(void *arg)
{
	struct juror *r = arg;
	const struct jury *y = r->jury;

	for (size_t hand = r->first; hand * HAND < y->n; hand += y->round) {
		struct sheet *s = ring_get(r->blank);
		struct unpacked room;

		if (s == NULL)
			break;
		for (size_t i = hand * HAND; i < end_of(y, hand); i++)
			verdict_judge(&r->bench,
			    record_facts(&y->records[i], &room),
			    &s->j[i % HAND]);
		if (!ring_put(r->done, s))
			free(s);
	}
	return NULL;
}

static void
drain(struct ring *r)
{
	void *s;

	if (r == NULL)
		return;
	while ((s = ring_try(r)) != NULL)
		free(s);
	ring_free(r);
}

static void
juror_done(struct juror *r)
{
	if (r->running)
		pthread_join(r->thread, NULL);
	drain(r->blank);
	drain(r->done);
	cert_store_free(r->bench.certs);
}

static bool
juror_start(struct juror *r, const struct bench *b)
{
	r->bench = *b;
	r->bench.certs = cert_store_like(b->certs);
	r->blank = ring_new(SHEETS);
	r->done = ring_new(SHEETS);
	if (r->bench.certs == NULL || r->blank == NULL || r->done == NULL)
		return false;
	for (int i = 0; i < SHEETS; i++) {
		struct sheet *s = malloc(sizeof(*s));

		if (s == NULL || !ring_put(r->blank, s)) {
			free(s);
			return false;
		}
	}
	return true;
}

/* How many jurors stand ready beside the caller. */
static size_t
call_jurors(struct juror *all, struct jury *y, const struct bench *b)
{
	size_t most = processors(), n = 0;

	if (y->n < LEAST)
		return 0;
	while (n < JURORS && n + 1 < most && juror_start(&all[n], b))
		n++;
	if (n < JURORS)
		juror_done(&all[n]); /* what it may have got */
	y->round = n + 1;
	for (size_t i = 0; i < n; i++) {
		all[i].jury = y;
		all[i].first = i;
	}
	return n;
}

static void
judge_hand(const struct jury *y, const struct bench *b, size_t hand,
    jury_take *take, void *ctx)
{
	struct unpacked room;
	struct judgement j;

	for (size_t i = hand * HAND; i < end_of(y, hand); i++) {
		const struct notice *n = record_facts(&y->records[i], &room);

		verdict_judge(b, n, &j);
		take(ctx, i, n, &j);
	}
}

static void
take_hand(const struct jury *y, struct juror *r, size_t hand, jury_take *take,
    void *ctx)
{
	struct sheet *s = ring_get(r->done);
	struct unpacked room;

	for (size_t i = hand * HAND; i < end_of(y, hand); i++)
		take(ctx, i, record_facts(&y->records[i], &room),
		    &s->j[i % HAND]);
	if (!ring_put(r->blank, s))
		free(s);
}

void
jury_judge(const struct bench *b, const struct record *records, size_t n,
    jury_take *take, void *ctx)
{
	struct jury y = { .records = records, .n = n, .round = 1 };
	struct juror all[JURORS] = { 0 };
	struct bench brief = *b;

	brief.brief = true;
	size_t jurors = call_jurors(all, &y, &brief);

	for (size_t i = 0; i < jurors; i++)
		all[i].running = pthread_create(&all[i].thread, NULL,
				     juror_main, &all[i]) == 0;
	for (size_t hand = 0; hand * HAND < n; hand++) {
		size_t who = hand % y.round;

		if (who < jurors && all[who].running)
			take_hand(&y, &all[who], hand, take, ctx);
		else
			judge_hand(&y, &brief, hand, take, ctx);
	}
	for (size_t i = 0; i < jurors; i++)
		juror_done(&all[i]);
}
