/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/follower.h"

#include <pthread.h>
#include <stdlib.h>

#include "audit/intake.h"
#include "core/log.h"

struct pace {
	pthread_mutex_t lock;
	pthread_cond_t moved;  /* the reader went on */
	pthread_cond_t passed; /* a follower passed a boundary */
	unsigned followers;
	unsigned behind;   /* have not passed the latest boundary */
	uint64_t packets;  /* of the reader */
	uint64_t boundary; /* the latest stands behind so many */
	uint32_t boundaries;
	bool over;
};

struct follower {
	struct follower_options o;
	struct intake intake;
	bool ended; /* the source has, early: somebody cut the file short */
	pthread_t thread;
};

/* ---- pace ---- */

struct pace *
pace_new(unsigned followers)
{
	struct pace *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->followers = followers;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->moved, NULL);
	pthread_cond_init(&p->passed, NULL);
	return p;
}

void
pace_free(struct pace *p)
{
	if (p == NULL)
		return;
	pthread_cond_destroy(&p->moved);
	pthread_cond_destroy(&p->passed);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static void
go_on(struct pace *p, uint64_t packets)
{
	p->packets = packets;
	pthread_cond_broadcast(&p->moved);
	pthread_mutex_unlock(&p->lock);
}

void
pace_set(struct pace *p, uint64_t packets)
{
	pthread_mutex_lock(&p->lock);
	go_on(p, packets);
}

void
pace_boundary(struct pace *p, uint64_t packets)
{
	pthread_mutex_lock(&p->lock);
	while (p->behind > 0)
		pthread_cond_wait(&p->passed, &p->lock);
	p->behind = p->followers;
	p->boundary = packets;
	p->boundaries++;
	go_on(p, packets);
}

void
pace_end(struct pace *p, uint64_t packets)
{
	pthread_mutex_lock(&p->lock);
	p->over = true;
	go_on(p, packets);
}

/* How many packets may be read by now, after so many that were: more, or the
 * same at a boundary or the end. */
static uint64_t
wait_for(struct pace *p, uint64_t packets, uint32_t boundaries, bool *boundary)
{
	uint64_t upto;

	pthread_mutex_lock(&p->lock);
	while (p->packets == packets && p->boundaries == boundaries && !p->over)
		pthread_cond_wait(&p->moved, &p->lock);
	*boundary = p->boundaries != boundaries;
	upto = *boundary ? p->boundary : p->packets;
	pthread_mutex_unlock(&p->lock);
	return upto;
}

static void
tell_passed(struct pace *p)
{
	pthread_mutex_lock(&p->lock);
	if (--p->behind == 0)
		pthread_cond_signal(&p->passed);
	pthread_mutex_unlock(&p->lock);
}

/* ---- a follower ---- */

static void
read_on(struct follower *f, uint64_t upto)
{
	const struct packet *p;

	while (f->intake.feed.totals.packets < upto && !f->ended) {
		if (intake_next(&f->intake, &p) == SOURCE_PACKET)
			intake_take(&f->intake);
		else
			f->ended = true;
	}
	intake_flush(&f->intake);
}

static void *
follower_main(void *arg)
{
	struct follower *f = arg;
	struct pace *pace = f->o.pace;
	uint64_t at = 0;
	bool boundary;

	for (;;) {
		uint64_t upto =
		    wait_for(pace, at, shard_period(f->o.shard), &boundary);

		if (upto == at && !boundary)
			break;
		read_on(f, upto);
		at = upto;
		if (boundary) {
			shard_pass(f->o.shard);
			tell_passed(pace);
		}
		shard_show(f->o.shard);
	}
	if (f->ended)
		log_warn("worker %u: a file was cut short while it was read; "
			 "flows may lack packets, audit it again",
		    f->o.self + 1);
	intake_end(&f->intake);
	worker_finish(shard_worker(f->o.shard));
	shard_show(f->o.shard);
	return NULL;
}

static void
drop(struct follower *f)
{
	intake_done(&f->intake);
	source_close(f->o.source);
	free(f);
}

struct follower *
follower_new(const struct follower_options *o)
{
	struct follower *f = calloc(1, sizeof(*f));

	if (f == NULL) {
		source_close(o->source);
		return NULL;
	}
	f->o = *o;
	f->intake.source = o->source;
	f->intake.worker = shard_worker(o->shard);
	f->intake.self = o->self;
	f->intake.count = o->count;
	f->intake.ahead = true;
	if (intake_init(&f->intake) &&
	    pthread_create(&f->thread, NULL, follower_main, f) == 0)
		return f;
	drop(f);
	return NULL;
}

void
follower_free(struct follower *f)
{
	if (f == NULL)
		return;
	pthread_join(f->thread, NULL);
	drop(f);
}
