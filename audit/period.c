/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/period.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"

enum {
	JOBS_MOST = 2,     /* ledgers that wait for the publisher */
	RETRY_MOST_S = 60, /* between two tries to hand a period out */
	JUDGE_MS = 40,     /* of each tick, ten of which are a second */
	SPACING = 20,      /* signalling is gathered anew after so many times
			    * what that took */
	TOLD_AGAIN_S = 60, /* counters of flows that live on */
};

/* Among the notices: a boundary of the run. */
struct mark {
	struct notice n;
	bool is_end; /* else a worker has passed it */
	bool goes_on;
	struct span when;
	struct capture_totals totals; /* of the end */
	struct source_input *inputs;
	size_t input_count;
	struct worker_stats stats; /* of a worker */
};

struct job {
	struct ledger *ledger;
	struct capture_totals totals;
	struct period period;
	struct source_input *inputs;
	struct job *next;
};

struct periods {
	struct periods_options o;

	/* the auditor's alone */
	struct ledger *ledger; /* NULL while lent */
	uint32_t period;       /* as notices count them */
	struct notice *held;   /* of later ones, in order of arrival */
	struct notice **held_end;
	struct mark *end; /* that not all workers have passed */
	unsigned passed;
	uint64_t number;            /* as reports count them */
	int64_t begun;              /* of one that should have ended; 0: none */
	struct capture_totals base; /* at the end of the period before */
	int64_t prepare_at;
	bool changed; /* since signalling was gathered */
	struct period last;
	struct source_input *last_inputs;

	pthread_t publisher;
	bool publishing;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t work, done;
	struct job *jobs; /* the first is being published */
	size_t job_count;
	struct ledger *returned; /* that was lent */
	uint64_t lost;
	bool over;
};

/* ---- totals ---- */

void
periods_add_stats(struct capture_totals *t, const struct worker_stats *w)
{
	t->duplicates += w->duplicates;
	t->evicted += w->evicted + w->early;
	t->starved += w->starved;
}

/* What was counted since `base`. What is no count stays. */
static struct capture_totals
since(const struct capture_totals *run, const struct capture_totals *base)
{
	static const size_t counts[] = {
		offsetof(struct capture_totals, packets),
		offsetof(struct capture_totals, bytes),
		offsetof(struct capture_totals, kernel_drops),
		offsetof(struct capture_totals, interface_drops),
		offsetof(struct capture_totals, duplicates),
		offsetof(struct capture_totals, cut),
		offsetof(struct capture_totals, undecodable),
		offsetof(struct capture_totals, not_ip),
		offsetof(struct capture_totals, no_transport),
		offsetof(struct capture_totals, fragments),
		offsetof(struct capture_totals, fragments_lost),
		offsetof(struct capture_totals, evicted),
		offsetof(struct capture_totals, starved),
		offsetof(struct capture_totals, clock_steps),
	};
	struct capture_totals t = *run;

	for (size_t i = 0; i < COUNT(counts); i++) {
		uint64_t now, before;

		memcpy(&now, (const char *)run + counts[i], sizeof(now));
		memcpy(&before, (const char *)base + counts[i], sizeof(before));
		now -= now < before ? now : before;
		memcpy((char *)&t + counts[i], &now, sizeof(now));
	}
	return t;
}

/* ---- marks ---- */

static struct source_input *
copy_inputs(const struct source *s, size_t *n)
{
	struct source_input *list;

	*n = 0;
	if (s == NULL || source_inputs(s) == 0)
		return NULL;
	list = calloc(source_inputs(s), sizeof(*list));
	for (; list != NULL && *n < source_inputs(s); ++*n)
		list[*n] = *source_input(s, *n);
	return list;
}

static struct mark *
mark_new(uint32_t period)
{
	struct mark *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->n.mark = true;
	m->n.period = period;
	return m;
}

struct notice *
periods_end(uint32_t period, bool goes_on, const struct span *when,
    const struct capture_totals *run, const struct source *s)
{
	struct mark *m = mark_new(period);

	if (m == NULL)
		return NULL;
	m->is_end = true;
	m->goes_on = goes_on;
	m->when = *when;
	m->totals = *run;
	m->inputs = copy_inputs(s, &m->input_count);
	return &m->n;
}

struct notice *
periods_passed(uint32_t period, const struct worker_stats *w)
{
	struct mark *m = mark_new(period);

	if (m == NULL)
		return NULL;
	m->stats = *w;
	return &m->n;
}

static void
drop_notice(struct notice *n)
{
	if (n->mark)
		free(((struct mark *)(void *)n)->inputs);
	notice_free(n);
}

/* ---- what is told of judgements ---- */

static uint32_t
mix(uint32_t h, uint64_t v)
{
	uint64_t x = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(x >> 32 ^ x);
}

/* Of all that makes a line of its own worth while. */
static uint32_t
words_of(const struct notice *n, const struct judgement *j)
{
	const struct flow_view *f = &n->flow;
	const char *why = j->reason_count > 0 ? j->reasons[0].text : "";
	uint64_t findings = 0;
	uint32_t h = 1;

	for (unsigned i = 0; i < j->findings.count; i++)
		findings |= UINT64_C(1) << j->findings.f[i].id;
	h = mix(h, findings);
	h = mix(h, (uint64_t)j->verdict << 32 | j->class);
	h = mix(h, (uint64_t)j->observed << 32 | j->required);
	h = mix(h, (uint64_t)j->src_role << 32 | j->dest_role);
	h = mix(h, (uint64_t)j->certainty << 32 | j->client_certificate);
	h = mix(h, f->ended || n->last ? f->last_packet : 0);
	for (; *why != '\0'; why++)
		h = mix(h, (unsigned char)*why);
	return h | 1;
}

static void
take_judgement(void *ctx, const struct ledger *l, struct record *r,
    const struct judgement *j, bool final)
{
	struct periods *p = ctx;
	struct unpacked room;
	const struct notice *n = record_head(r, &room);
	uint32_t words = words_of(n, j);
	int64_t end = n->flow.end;

	struct telling *t = ledger_telling(l, r);

	if (t != NULL) {
		if (words == t->told &&
		    end - t->told_end < TOLD_AGAIN_S * NS_PER_S)
			return;
		t->told = words;
		t->told_end = end;
	}
	p->o.judged(p->o.ctx, l, r, j, final);
}

static void
follow(struct periods *p, struct ledger *l)
{
	if (p->o.judged == NULL)
		return;
	if (!ledger_is_followed(l))
		ledger_follow(l, NULL, NULL);
	ledger_tell(l, take_judgement, p);
}

/* ---- the publisher ---- */

static void
free_job(struct job *j)
{
	ledger_free(j->ledger);
	free(j->inputs);
	free(j);
}

/* The lock is held. Until somebody needs the publisher, or so long. */
static void
wait_to_retry(struct periods *p, unsigned seconds)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	while (!p->over && p->job_count < 2) {
		if (pthread_cond_timedwait(&p->work, &p->lock, &until) ==
		    ETIMEDOUT)
			return;
	}
}

static bool
hand_out(struct periods *p, struct job *j)
{
	bool pressed = j->period.goes_on;

	for (unsigned seconds = 1;; seconds *= 2) {
		if (p->o.publish(p->o.ctx, &j->period))
			return true;
		if (pressed)
			return false;
		pthread_mutex_lock(&p->lock);
		wait_to_retry(p,
		    seconds < RETRY_MOST_S ? seconds : RETRY_MOST_S);
		/* Once more for the last time. */
		pressed = p->over || p->job_count >= 2;
		pthread_mutex_unlock(&p->lock);
	}
}

static void
publish(struct periods *p, struct job *j)
{
	bool final = !j->period.goes_on;

	if (!final)
		ledger_tell(j->ledger, NULL, NULL);
	ledger_finish(j->ledger, &j->totals);
	pthread_mutex_lock(&p->lock);
	j->period.lost = p->lost;
	pthread_mutex_unlock(&p->lock);
	if (final && p->o.closed != NULL)
		p->o.closed(p->o.ctx, &j->period);
	bool good = hand_out(p, j);

	if (!final) {
		ledger_reopen(j->ledger);
		follow(p, j->ledger);
	}
	pthread_mutex_lock(&p->lock);
	if (!good && final)
		p->lost++;
	else if (final)
		p->lost = 0;
	if (!final) {
		p->returned = j->ledger;
		j->ledger = NULL;
	}
	p->jobs = j->next;
	p->job_count--;
	pthread_cond_broadcast(&p->done);
	pthread_mutex_unlock(&p->lock);
	free_job(j);
}

static void *
publisher_main(void *arg)
{
	struct periods *p = arg;
	struct job *j;

	for (;;) {
		pthread_mutex_lock(&p->lock);
		while (p->jobs == NULL && !p->over)
			pthread_cond_wait(&p->work, &p->lock);
		j = p->jobs;
		pthread_mutex_unlock(&p->lock);
		if (j == NULL)
			return NULL;
		publish(p, j);
	}
}

/* False: too much waits for it already. */
static bool
has_room(struct periods *p)
{
	pthread_mutex_lock(&p->lock);
	while (p->o.patient && p->job_count >= JOBS_MOST)
		pthread_cond_wait(&p->done, &p->lock);
	bool room = p->job_count < JOBS_MOST;

	pthread_mutex_unlock(&p->lock);
	return room;
}

static void
add_job(struct periods *p, struct job *j)
{
	pthread_mutex_lock(&p->lock);
	struct job **at = &p->jobs;

	while (*at != NULL)
		at = &(*at)->next;
	*at = j;
	p->job_count++;
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
}

/* ---- life ---- */

static bool
start_publisher(struct periods *p)
{
	pthread_condattr_t a;

	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&p->work, &a);
	pthread_cond_init(&p->done, NULL);
	pthread_condattr_destroy(&a);
	if (p->o.publish == NULL)
		return true;
	p->publishing =
	    pthread_create(&p->publisher, NULL, publisher_main, p) == 0;
	return p->publishing;
}

struct periods *
periods_new(const struct periods_options *o, struct fault *f)
{
	struct periods *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		(void)fail(f, "no memory");
		return NULL;
	}
	p->o = *o;
	p->held_end = &p->held;
	p->number = 1;
	if (!start_publisher(p)) {
		(void)fail(f, "cannot start the publisher: no memory");
		periods_free(p);
		return NULL;
	}
	p->ledger = ledger_new(o->policy, f);
	if (p->ledger == NULL) {
		periods_free(p);
		return NULL;
	}
	ledger_threads(p->ledger, o->workers);
	if (o->memory > 0)
		ledger_bound(p->ledger, o->memory, &o->spool);
	follow(p, p->ledger);
	return p;
}

static void
stop_publisher(struct periods *p)
{
	pthread_mutex_lock(&p->lock);
	p->over = true;
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
	if (p->publishing)
		pthread_join(p->publisher, NULL);
	p->publishing = false;
}

void
periods_free(struct periods *p)
{
	if (p == NULL)
		return;
	stop_publisher(p);
	while (p->held != NULL) {
		struct notice *next = p->held->next;

		drop_notice(p->held);
		p->held = next;
	}
	if (p->end != NULL)
		drop_notice(&p->end->n);
	ledger_free(p->returned);
	ledger_free(p->ledger);
	free(p->last_inputs);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->done);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* ---- boundaries ---- */

static void
hold(struct periods *p, struct notice *n)
{
	n = notice_own(n);
	if (n == NULL) {
		log_warn("audit: no memory for what is told between periods");
		return;
	}
	n->next = NULL;
	*p->held_end = n;
	p->held_end = &n->next;
}

/* What was held may have its turn now. */
static void
take_held(struct periods *p)
{
	struct notice *n = p->held;

	p->held = NULL;
	p->held_end = &p->held;
	while (n != NULL) {
		struct notice *next = n->next;

		periods_take(p, n);
		n = next;
	}
}

/* A period that went on over a boundary began before that one. */
static struct span
span_of(const struct periods *p, const struct span *when)
{
	struct span s = *when;

	if (p->begun != 0)
		s.start = p->begun;
	return s;
}

static struct job *
job_of(struct periods *p, struct mark *m)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	*j = (struct job){
		.ledger = p->ledger,
		.totals = since(&m->totals, &p->base),
		.inputs = m->inputs,
		.period = {
			.ledger = p->ledger,
			.inputs = m->inputs,
			.input_count = m->input_count,
			.number = p->number,
			.when = span_of(p, &m->when),
			.goes_on = m->goes_on,
		},
	};
	m->inputs = NULL;
	return j;
}

/* The ledger of the period goes to the publisher. */
static bool
close_period(struct periods *p, struct mark *m)
{
	struct ledger *next = m->goes_on ? NULL : ledger_next(p->ledger);
	struct job *j = next != NULL || m->goes_on ? job_of(p, m) : NULL;

	if (j == NULL) {
		ledger_free(next);
		return false;
	}
	p->ledger = next;
	if (!m->goes_on) {
		follow(p, next);
		p->base = m->totals;
		p->number++;
		p->begun = 0;
	}
	add_job(p, j);
	return true;
}

static void
all_passed(struct periods *p)
{
	struct mark *m = p->end;

	p->end = NULL;
	p->passed = 0;
	p->period++;
	if (p->o.publish == NULL || !has_room(p) || !close_period(p, m)) {
		log_warn("audit: the reports before are still being written: "
			 "this period goes on");
		if (!m->goes_on && p->begun == 0)
			p->begun = m->when.start;
	}
	drop_notice(&m->n);
	take_held(p);
}

static void
take_mark(struct periods *p, struct mark *m)
{
	if (m->is_end) {
		p->end = m;
		return;
	}
	if (p->end != NULL)
		periods_add_stats(&p->end->totals, &m->stats);
	notice_free(&m->n);
	if (++p->passed == p->o.workers && p->end != NULL)
		all_passed(p);
}

/* A ledger that was lent comes back. */
static void
welcome_back(struct periods *p)
{
	pthread_mutex_lock(&p->lock);
	p->ledger = p->returned;
	p->returned = NULL;
	pthread_mutex_unlock(&p->lock);
	if (p->ledger != NULL)
		take_held(p);
}

void
periods_take(struct periods *p, struct notice *n)
{
	if (p->ledger == NULL || n->period != p->period) {
		hold(p, n);
		return;
	}
	if (n->mark)
		take_mark(p, (struct mark *)(void *)n);
	else
		ledger_take(p->ledger, n);
}

struct ledger *
periods_ledger(struct periods *p)
{
	return p->ledger;
}

/* ---- judging while it runs ---- */

static void
prepare(struct periods *p, int64_t now)
{
	if (!ledger_is_stale(p->ledger) && (!p->changed || now < p->prepare_at))
		return;
	if (!ledger_prepare(p->ledger))
		return;
	p->prepare_at = now + (clock_monotonic() - now) * SPACING + NS_PER_S;
	p->changed = false;
}

void
periods_tick(struct periods *p)
{
	int64_t now = clock_monotonic();
	struct judgement j;
	size_t i;

	if (p->ledger == NULL)
		welcome_back(p);
	if (p->o.judged == NULL || p->ledger == NULL ||
	    ledger_changes(p->ledger) == 0)
		return;
	p->changed = true;
	prepare(p, now);
	for (unsigned n = 1; ledger_changed(p->ledger, &i); n++) {
		const struct record *r = ledger_record(p->ledger, i);

		if (r->behind || r->spilled)
			continue;
		ledger_judge(p->ledger, r, &j);
		ledger_judged_now(p->ledger, i, &j);
		if (n % 16 == 0 &&
		    clock_monotonic() - now >= JUDGE_MS * NS_PER_MS)
			break;
	}
}

/* ---- the end ---- */

/* Of what was held while it was lent some may lend it again; and all of it
 * needs the publisher. */
static void
get_ledger(struct periods *p)
{
	while (p->ledger == NULL) {
		pthread_mutex_lock(&p->lock);
		while (p->returned == NULL)
			pthread_cond_wait(&p->done, &p->lock);
		pthread_mutex_unlock(&p->lock);
		welcome_back(p);
	}
}

void
periods_finish(struct periods *p, const struct span *when,
    const struct capture_totals *run, const struct source *s)
{
	struct capture_totals t;

	get_ledger(p);
	t = since(run, &p->base);
	stop_publisher(p);
	ledger_finish(p->ledger, &t);
	free(p->last_inputs);
	p->last = (struct period){
		.ledger = p->ledger,
		.number = p->number,
		.when = span_of(p, when),
		.lost = p->lost,
	};
	p->last_inputs = copy_inputs(s, &p->last.input_count);
	p->last.inputs = p->last_inputs;
	if (p->o.closed != NULL)
		p->o.closed(p->o.ctx, &p->last);
}

void
periods_last(const struct periods *p, struct period *out)
{
	*out = p->last;
}
