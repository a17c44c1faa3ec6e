/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/longrun.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "report/flow_spool.h"
#include "report/journal.h"
#include "report/journal_json.h"
#include "ui/reports.h"

enum {
	STATS_S = 10, /* the journal tells what was captured so often */
	LEDGERS = 4,  /* the period at hand, and those that are written */
};

struct longrun {
	const struct options *o;
	longrun_write *write;
	void *ctx;
	struct journal *journal; /* NULL: none */
	struct flow_spools *spools;
	struct engine *engine;
	char *header; /* first line of a journal */
	char run[64]; /* names this run in it */
	atomic_bool turn;

	/* of the publisher, and after the run of the last thread */
	uint64_t tagged;       /* number of the period that was named last */
	char tag[PERIOD_TAG];  /* of it */
	char last[PERIOD_TAG]; /* the latest of all; they sort as text */
	unsigned again;        /* periods since that are not later */
	bool failing;
	uint64_t verdicts[VERDICTS];

	/* of the thread that runs the engine */
	struct source_stats told;
	int64_t told_at;
};

static bool
rotates(const struct longrun *r)
{
	return r->o->rotate_every > 0 || r->o->rotate_bytes > 0;
}

struct longrun *
longrun_new(const struct options *o, longrun_write *write, void *ctx,
    struct fault *f)
{
	struct longrun *r = calloc(1, sizeof(*r));
	char now[CLOCK_TEXT_MAX];

	if (r == NULL) {
		(void)fail(f, "out of memory");
		return NULL;
	}
	r->o = o;
	r->write = write;
	r->ctx = ctx;
	(void)snprintf(r->run, sizeof(r->run), "%s-%ld",
	    clock_text(clock_now(), now), (long)getpid());
	r->spools = flow_spools_new(rotates(r) ? LEDGERS : 1, f);
	if (r->spools != NULL)
		return r;
	longrun_free(r);
	return NULL;
}

/* By whom root became, who may have to open it anew. */
static bool
open_journal(void *ctx, struct fault *f)
{
	struct longrun *r = ctx;

	if (r->o->journal != NULL)
		r->journal = journal_open(r->o->journal, f);
	return r->o->journal == NULL || r->journal != NULL;
}

void
longrun_free(struct longrun *r)
{
	if (r == NULL)
		return;
	(void)journal_close(r->journal);
	flow_spools_free(r->spools);
	free(r->header);
	free(r);
}

/* ---- reports of periods ---- */

/* Periods that begin in the same second, or after the clock was set back, get
 * names of their own. */
static void
tag_of(struct longrun *r, const struct period *p)
{
	if (p->number == r->tagged)
		return;
	r->tagged = p->number;
	reports_tag(p->when.start, r->tag);
	if (strcmp(r->tag, r->last) <= 0) {
		r->again++;
		return;
	}
	r->again = 0;
	memcpy(r->last, r->tag, sizeof(r->last));
}

static bool
write_period(struct longrun *r, const struct period *p, struct fault *f)
{
	struct options named;

	if (!rotates(r) || p->when.start == 0)
		return r->write(r->ctx, r->o, p->goes_on ? p : NULL, f);
	tag_of(r, p);
	bool good = reports_name(r->o, r->tag, r->again, &named, f) &&
	    r->write(r->ctx, &named, p, f);

	reports_name_done(r->o, &named);
	return good;
}

static bool
publish(void *ctx, const struct period *p)
{
	struct longrun *r = ctx;
	struct fault f = { "" };
	bool good = write_period(r, p, &f);

	if (!good && !r->failing)
		log_error("reports: %s; the capture goes on, and it is tried "
			  "again",
		    f.text);
	else if (good && r->failing && p->lost > 0)
		log_warn("reports: written again; those of %" PRIu64
			 " periods are lost",
		    p->lost);
	else if (good && r->failing)
		log_warn("reports: written again, none was lost");
	r->failing = !good;
	return good;
}

/* ---- the journal ---- */

static void
tell(struct longrun *r, char *line)
{
	if (line != NULL)
		journal_line(r->journal, slice_text(line));
	else
		log_error("journal: a line is lost: no memory");
	free(line);
}

static void
judged(void *ctx, const struct ledger *l, const struct record *rec,
    const struct judgement *j, bool final)
{
	struct longrun *r = ctx;

	tell(r,
	    journal_flow(
		&(struct audited){
		    .ledger = l,
		    .source = engine_source(r->engine),
		    .by_packet = true,
		},
		rec, j, final));
}

static void
closed(void *ctx, const struct period *p)
{
	struct longrun *r = ctx;
	const struct summary *s = ledger_summary(p->ledger);

	for (int v = 0; v < VERDICTS; v++)
		r->verdicts[v] += s->by_verdict[v];
	if (r->journal == NULL)
		return;
	tell(r, journal_period(p));
	if (rotates(r) && atomic_exchange(&r->turn, false))
		journal_reopen(r->journal, slice_text(r->header));
}

static void
tell_stats(struct longrun *r, const struct engine_progress *now)
{
	int64_t t = clock_monotonic();

	if (t - r->told_at < STATS_S * NS_PER_S ||
	    now->source.packets == r->told.packets)
		return;
	r->told_at = t;
	r->told = now->source;
	tell(r, journal_stats(&now->source));
}

/* ---- the run ---- */

void
longrun_hook(struct longrun *r, struct engine_options *e)
{
	e->rotation.every = r->o->rotate_every;
	e->rotation.bytes = r->o->rotate_bytes;
	e->periods.memory =
	    r->o->memory > 0 ? r->o->memory : LIMIT_LEDGER_BYTES;
	flow_spools_hook(r->spools, &e->periods.spool);
	e->periods.ctx = r;
	e->periods.publish = publish;
	e->periods.closed = closed;
	if (r->o->journal != NULL)
		e->periods.judged = judged;
	e->ready = open_journal;
	e->ready_ctx = r;
}

void
longrun_begin(struct longrun *r, struct engine *e)
{
	r->engine = e;
	flow_spools_source(r->spools, engine_source(e));
	if (r->journal == NULL)
		return;
	r->header = journal_header(
	    &(struct audited){
		.ledger = engine_ledger(e),
		.source = engine_source(e),
		.tool_version = r->o->version,
	    },
	    r->run);
	if (r->header != NULL)
		journal_line(r->journal, slice_text(r->header));
}

void
longrun_tick(struct longrun *r, const struct engine_progress *now)
{
	if (r->journal == NULL)
		return;
	tell_stats(r, now);
	if (!rotates(r) && r->header != NULL &&
	    atomic_exchange(&r->turn, false))
		journal_reopen(r->journal, slice_text(r->header));
}

bool
longrun_last(struct longrun *r, struct fault *f)
{
	struct period p;

	engine_last(r->engine, &p);
	return write_period(r, &p, f);
}

void
longrun_ask(struct longrun *r)
{
	if (r->engine != NULL)
		engine_ask(r->engine);
}

void
longrun_turn(struct longrun *r)
{
	atomic_store(&r->turn, true);
	if (r->engine != NULL && rotates(r))
		engine_turn(r->engine);
}

const uint64_t *
longrun_verdicts(const struct longrun *r)
{
	return r->verdicts;
}
