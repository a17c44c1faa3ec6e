/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ring.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct ring {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	pthread_cond_t drained;
	size_t slots;
	size_t first;
	size_t count;
	size_t patience;
	bool nudged;
	bool closed;
	void *items[];
};

struct ring *
ring_new(size_t slots)
{
	struct ring *r;

	if (slots == 0 || slots > (SIZE_MAX - sizeof(*r)) / sizeof(void *))
		return NULL;
	r = calloc(1, sizeof(*r) + slots * sizeof(void *));
	if (r == NULL)
		return NULL;
	r->slots = slots;
	r->patience = 1;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->filled, NULL);
	pthread_cond_init(&r->drained, NULL);
	return r;
}

void
ring_free(struct ring *r)
{
	if (r == NULL)
		return;
	pthread_cond_destroy(&r->drained);
	pthread_cond_destroy(&r->filled);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void
ring_patient(struct ring *r, size_t items)
{
	r->patience = items < r->slots ? items : r->slots;
}

void
ring_nudge(struct ring *r)
{
	pthread_mutex_lock(&r->lock);
	r->nudged = true;
	pthread_cond_signal(&r->filled);
	pthread_mutex_unlock(&r->lock);
}

bool
ring_put(struct ring *r, void *p)
{
	assert(p != NULL);
	pthread_mutex_lock(&r->lock);
	while (r->count == r->slots && !r->closed)
		pthread_cond_wait(&r->drained, &r->lock);
	bool open = !r->closed;

	if (open) {
		r->items[(r->first + r->count) % r->slots] = p;
		r->count++;
		if (r->count >= r->patience || r->nudged)
			pthread_cond_signal(&r->filled);
	}
	pthread_mutex_unlock(&r->lock);
	return open;
}

/* The lock is held. */
static void *
take_first(struct ring *r)
{
	if (r->count == 0)
		return NULL;
	void *p = r->items[r->first];

	r->first = (r->first + 1) % r->slots;
	r->count--;
	/* Writers that met a full ring have room for many when they wake. */
	if (r->count <= r->slots - r->patience)
		pthread_cond_broadcast(&r->drained);
	return p;
}

void *
ring_get(struct ring *r)
{
	pthread_mutex_lock(&r->lock);
	size_t enough = r->count > 0 ? 1 : r->patience;

	while (r->count < enough && !r->closed) {
		if (r->nudged)
			enough = 1;
		if (r->count < enough)
			pthread_cond_wait(&r->filled, &r->lock);
	}
	if (r->count > 0)
		r->nudged = false;
	void *p = take_first(r);

	pthread_mutex_unlock(&r->lock);
	return p;
}

void *
ring_try(struct ring *r)
{
	pthread_mutex_lock(&r->lock);
	void *p = take_first(r);

	pthread_mutex_unlock(&r->lock);
	return p;
}

void
ring_close(struct ring *r)
{
	pthread_mutex_lock(&r->lock);
	r->closed = true;
	pthread_cond_broadcast(&r->filled);
	pthread_cond_broadcast(&r->drained);
	pthread_mutex_unlock(&r->lock);
}
