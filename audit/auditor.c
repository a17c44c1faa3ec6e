/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/auditor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/ring.h"

enum {
	NOTICES = 4096,        /* on their way to its thread */
	PATIENT_NOTICES = 256, /* of a file, where more come at once */
	MOST_NOTICES = 1024,   /* of a worker that has no turn */
};

struct line {
	_Alignas(64) struct auditor *auditor;
	_Atomic uint64_t records;
	struct notice *first, **end; /* in turn: not taken yet */
	unsigned count;
};

struct auditor {
	struct auditor_options o;
	struct line *lines;
	pthread_mutex_t turn;
	struct ring *notices; /* apart */
	struct notice look;   /* among them: time to look around */
	pthread_t thread;
	bool running;
};

static void *
auditor_main(void *arg)
{
	struct auditor *a = arg;
	struct notice *n;

	while ((n = ring_get(a->notices)) != NULL) {
		if (n == &a->look)
			a->o.look(a->o.ctx);
		else
			periods_take(a->o.periods, n);
	}
	return NULL;
}

/* ---- life ---- */

static bool
start(struct auditor *a)
{
	if (a->o.way != AUDITOR_APART)
		return true;
	a->notices = ring_new(NOTICES);
	if (a->notices == NULL)
		return false;
	if (a->o.patient)
		ring_patient(a->notices, PATIENT_NOTICES);
	a->running = pthread_create(&a->thread, NULL, auditor_main, a) == 0;
	return a->running;
}

struct auditor *
auditor_new(const struct auditor_options *o)
{
	struct auditor *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->o = *o;
	pthread_mutex_init(&a->turn, NULL);
	a->lines = aligned_alloc(_Alignof(struct line),
	    o->workers * sizeof(*a->lines));
	for (unsigned i = 0; a->lines != NULL && i < o->workers; i++) {
		a->lines[i] = (struct line){ .auditor = a };
		a->lines[i].end = &a->lines[i].first;
	}
	if (a->lines != NULL && start(a))
		return a;
	auditor_free(a);
	return NULL;
}

void
auditor_free(struct auditor *a)
{
	if (a == NULL)
		return;
	if (a->lines != NULL)
		auditor_end(a);
	if (a->notices != NULL)
		ring_free(a->notices);
	pthread_mutex_destroy(&a->turn);
	free(a->lines);
	free(a);
}

/* ---- notices ---- */

void *
auditor_line(struct auditor *a, unsigned worker)
{
	return &a->lines[worker];
}

/* It is the worker's turn. */
static void
take_line(struct line *l)
{
	struct notice *n = l->first;

	l->first = NULL;
	l->end = &l->first;
	l->count = 0;
	while (n != NULL) {
		struct notice *next = n->next;

		periods_take(l->auditor->o.periods, n);
		n = next;
	}
}

/* It is not the worker's turn. False: there is no room for another. */
static bool
wait_in_line(struct line *l, struct notice *n)
{
	if (l->count >= MOST_NOTICES || n->mark)
		return false;
	n = notice_own(n);
	if (n == NULL)
		return false;
	n->next = NULL;
	*l->end = n;
	l->end = &n->next;
	l->count++;
	return true;
}

static void
take_in_turn(struct line *l, struct notice *n)
{
	pthread_mutex_t *turn = &l->auditor->turn;

	if (pthread_mutex_trylock(turn) != 0) {
		if (wait_in_line(l, n))
			return;
		pthread_mutex_lock(turn);
	}
	take_line(l);
	periods_take(l->auditor->o.periods, n);
	pthread_mutex_unlock(turn);
}

bool
auditor_borrows(const struct auditor *a)
{
	return a->o.way != AUDITOR_APART;
}

void
auditor_tell(void *line, struct notice *n)
{
	struct line *l = line;
	struct auditor *a = l->auditor;

	if (n->last)
		atomic_store_explicit(&l->records,
		    atomic_load_explicit(&l->records, memory_order_relaxed) + 1,
		    memory_order_relaxed);
	if (a->o.way == AUDITOR_ALONE)
		periods_take(a->o.periods, n);
	else if (a->o.way == AUDITOR_IN_TURN)
		take_in_turn(l, n);
	else if (!ring_put(a->notices, n))
		notice_free(n);
}

void
auditor_look(struct auditor *a)
{
	if (a->o.way == AUDITOR_APART) {
		if (ring_put(a->notices, &a->look))
			ring_nudge(a->notices);
		return;
	}
	pthread_mutex_lock(&a->turn);
	a->o.look(a->o.ctx);
	pthread_mutex_unlock(&a->turn);
}

uint64_t
auditor_records(const struct auditor *a)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < a->o.workers; i++)
		sum += atomic_load_explicit(&a->lines[i].records,
		    memory_order_relaxed);
	return sum;
}

void
auditor_end(struct auditor *a)
{
	if (a->running) {
		ring_close(a->notices);
		pthread_join(a->thread, NULL);
		a->running = false;
	}
	for (unsigned i = 0; i < a->o.workers; i++)
		take_line(&a->lines[i]);
}
