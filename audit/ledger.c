/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/ledger_private.h"

#include <stdlib.h>

#include "audit/jury.h"
#include "audit/verdict.h"

enum {
	/* Names of hosts are short; far more than any site has. */
	TEXTS_MOST = 64 * 1024 * 1024,
	/* What flows have in common; beyond it they keep their own. */
	COMMON_MOST = 256 * 1024 * 1024,
	COMMON_COUNT = 200000,
};

static bool
add_trust(struct ledger *l, struct fault *f)
{
	const struct policy *p = l->policy;

	for (size_t i = 0; i < p->ca_count; i++) {
		if (!cert_trust_ca(l->certs, p->ca[i], f))
			return false;
	}
	for (size_t i = 0; i < p->crl_count; i++) {
		if (!cert_trust_crl(l->certs, p->crl[i], f))
			return false;
	}
	return true;
}

struct ledger *
ledger_empty(const struct policy *p, struct cert_store *certs)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		cert_store_free(certs);
		return NULL;
	}
	arena_init(&l->texts, TEXTS_MOST);
	arena_init(&l->common, COMMON_MOST);
	l->shared = map_new(COMMON_COUNT);
	l->packer = (struct packer){ .keep = ledger_keep_common, .ctx = l };
	l->policy = p;
	l->certs = certs;
	l->by_addr = map_new(LIMIT_HOSTS);
	l->roles = roles_new(p);
	l->signals = signals_new();
	if (l->certs == NULL || l->by_addr == NULL || l->shared == NULL ||
	    l->roles == NULL || l->signals == NULL) {
		ledger_free(l);
		return NULL;
	}
	return l;
}

struct ledger *
ledger_new(const struct policy *p, struct fault *f)
{
	struct ledger *l = ledger_empty(p, cert_store_new());

	if (l == NULL) {
		(void)fail(f, "no memory");
		return NULL;
	}
	if (!add_trust(l, f)) {
		ledger_free(l);
		return NULL;
	}
	return l;
}

static void
free_retired(struct ledger *l)
{
	for (size_t i = 0; i < l->retired_count; i++)
		notice_free(l->retired[i]);
	l->retired_count = 0;
}

void
ledger_free(struct ledger *l)
{
	if (l == NULL)
		return;
	free_retired(l);
	free(l->retired);
	free(l->changes);
	for (size_t i = 0; i < l->count; i++) {
		if (!l->records[i].packed)
			notice_free(l->records[i].whole);
	}
	free(l->records);
	free(l->tellings);
	free(l->copies);
	free(l->index);
	packer_done(&l->packer);
	free(l->hosts);
	free(l->shown);
	map_free(l->by_addr);
	free(l->shown_at);
	roles_free(l->roles);
	roles_free(l->before);
	ledger_spool_done(l);
	signals_free(l->signals);
	cert_store_free(l->certs);
	map_free(l->shared);
	arena_done(&l->common);
	arena_done(&l->texts);
	free(l);
}

/* ---- while the audit runs ---- */

/* ---- while somebody follows ---- */

void
ledger_follow(struct ledger *l, ledger_judged *judged, void *ctx)
{
	l->following = true;
	l->stale = true;
	l->judged = judged;
	l->judged_ctx = ctx;
	for (size_t i = 0; i < l->count; i++)
		ledger_give_telling(l, &l->records[i]);
}

bool
ledger_is_followed(const struct ledger *l)
{
	return l->following;
}

void
ledger_tell(struct ledger *l, ledger_told *told, void *ctx)
{
	l->told = told;
	l->told_ctx = ctx;
}

size_t
ledger_changes(const struct ledger *l)
{
	return l->change_count;
}

bool
ledger_changed(struct ledger *l, size_t *i)
{
	struct unpacked room;

	if (l->change_count == 0)
		return false;
	*i = l->changes[--l->change_count];
	l->records[*i].dirty = false;
	if (!roles_add(l->roles, record_facts(&l->records[*i], &room)))
		l->starved++;
	return true;
}

bool
ledger_is_stale(const struct ledger *l)
{
	return l->stale;
}

bool
ledger_prepare(struct ledger *l)
{
	struct signals *s = signals_new();
	struct unpacked room;

	if (s == NULL)
		return false;
	for (size_t i = 0; i < l->count; i++) {
		const struct record *r = &l->records[i];

		if (!signals_add(s, r, record_facts(r, &room)))
			break;
	}
	signals_settle(s);
	signals_free(l->signals);
	l->signals = s;
	free_retired(l);
	l->stale = false;
	return true;
}

void
ledger_judged_now(struct ledger *l, size_t i, const struct judgement *j)
{
	ledger_keep_judgement(&l->records[i], j);
	if (l->told != NULL)
		l->told(l->told_ctx, l, &l->records[i], j, false);
}

/* Roles and signalling as if nobody had looked before the end. */
void
ledger_begin_anew(struct ledger *l)
{
	struct roles *roles = roles_new(l->policy);
	struct signals *signals = signals_new();

	if (roles == NULL || signals == NULL ||
	    (l->before != NULL && !roles_join(roles, l->before))) {
		roles_free(roles);
		signals_free(signals);
		l->starved++;
		return;
	}
	roles_free(l->roles);
	signals_free(l->signals);
	l->roles = roles;
	l->signals = signals;
	free_retired(l);
}

/* ---- at the end ---- */

/* Those that are not reported go to the end. */
static int
by_first_packet(const void *a, const void *b)
{
	const struct record *ra = a, *rb = b;
	uint64_t x = ra->first_packet, y = rb->first_packet;

	if (ra->behind != rb->behind)
		return ra->behind - rb->behind;
	return x < y ? -1 : x > y;
}

static void
number_flows(struct ledger *l)
{
	if (l->count > 0)
		qsort(l->records, l->count, sizeof(*l->records),
		    by_first_packet);
	for (size_t i = 0; i < l->count; i++) {
		struct record *r = &l->records[i];
		bool gone;

		r->id = r->behind ? 0 : i + 1;
		if (l->spooled != NULL && !r->behind)
			r->id +=
			    l->spool.before(l->spooled, r->first_packet, &gone);
		l->behind += r->behind;
	}
	ledger_index_anew(l);
}

void
ledger_tie_together(struct ledger *l)
{
	struct unpacked room;

	for (size_t i = 0; i < l->count; i++) {
		const struct record *r = &l->records[i];
		const struct notice *n = record_facts(r, &room);
		bool roles = roles_add(l->roles, n);
		bool signals = signals_add(l->signals, r, n);

		l->starved += !roles || !signals;
	}
	signals_settle(l->signals);
}

static struct bench
bench_of(const struct ledger *l)
{
	return (struct bench){
		.policy = l->policy,
		.roles = l->roles,
		.signals = l->signals,
		.certs = l->certs,
		.loss = l->loss,
	};
}

bool
ledger_judge_flow(struct ledger *l, struct record *r, struct judgement *j)
{
	struct unpacked room;
	struct bench b = bench_of(l);
	const struct notice *n = record_facts(r, &room);

	verdict_judge(&b, n, j);
	ledger_sum(l, r, n, j);
	if (l->told != NULL)
		l->told(l->told_ctx, l, r, j, l->finished);
	return l->judged == NULL || l->judged(l->judged_ctx, r, j);
}

static void
take_judgement(void *ctx, size_t i, const struct notice *facts,
    const struct judgement *j)
{
	struct ledger *l = ctx;

	ledger_sum(l, &l->records[i], facts, j);
}

/* Who follows wants words, and may want no more of them. */
static void
judge_all(struct ledger *l)
{
	struct bench b = bench_of(l);
	struct judgement j;

	if (l->told == NULL && l->judged == NULL) {
		jury_judge(&b, l->threads,
		    &(struct jury_records){ l->records, ledger_count(l) },
		    take_judgement, l);
		return;
	}
	for (size_t i = 0; i < ledger_count(l); i++) {
		if (!ledger_judge_flow(l, &l->records[i], &j))
			return;
	}
}

void
ledger_finish(struct ledger *l, const struct capture_totals *t)
{
	if (l->finished)
		return;
	struct capture_totals early = l->totals;

	ledger_seal(l);
	l->finished = true;
	l->totals = *t;
	ledger_add_early(l, &early);
	if (l->following || l->spooled != NULL)
		ledger_begin_anew(l);
	number_flows(l);
	ledger_tie_together(l);
	ledger_name_roles(l);
	judge_all(l);
	l->totals.starved += l->starved;
	ledger_sort_sums(l);
}

void
ledger_reopen(struct ledger *l)
{
	l->finished = false;
	l->behind = 0;
	ledger_restore(l);
	ledger_begin_anew(l);
	l->stale = true;
	l->change_count = 0;
	for (size_t i = 0; i < l->count; i++) {
		l->records[i].dirty = false;
		ledger_mark(l, i);
	}
}

/* ---- questions ---- */

void
ledger_judge(const struct ledger *l, const struct record *r,
    struct judgement *out)
{
	struct bench b = bench_of(l);
	struct unpacked room;

	verdict_judge(&b, record_facts(r, &room), out);
}

const char *
ledger_how(const struct ledger *l, const struct addr *a)
{
	return role_of(l->roles, a).how;
}

size_t
ledger_count(const struct ledger *l)
{
	return l->count - l->behind;
}

uint64_t
ledger_arrived(const struct ledger *l)
{
	return l->arrived;
}

const struct record *
ledger_record(const struct ledger *l, size_t i)
{
	return i < l->count ? &l->records[i] : NULL;
}

const struct record *
ledger_find(const struct ledger *l, uint64_t first_packet)
{
	const struct record *r = ledger_at(l, first_packet);

	return r != NULL && !r->behind ? r : NULL;
}

uint64_t
ledger_id_of(const struct ledger *l, uint64_t first_packet)
{
	const struct record *r = ledger_at(l, first_packet);

	if (r != NULL && (l->spooled == NULL || !r->behind))
		return r->id;
	return l->spooled != NULL ? ledger_spooled_id(l, first_packet) : 0;
}

const struct policy *
ledger_policy(const struct ledger *l)
{
	return l->policy;
}

const struct summary *
ledger_summary(const struct ledger *l)
{
	return &l->summary;
}

const struct capture_totals *
ledger_totals(const struct ledger *l)
{
	return &l->totals;
}

size_t
ledger_hosts(const struct ledger *l)
{
	return l->host_count;
}

const struct host *
ledger_host(const struct ledger *l, size_t i)
{
	return i < l->host_count ? &l->hosts[i] : NULL;
}

size_t
ledger_certs(const struct ledger *l)
{
	return l->shown_count;
}

const struct shown_cert *
ledger_cert(const struct ledger *l, size_t i)
{
	return i < l->shown_count ? &l->shown[i] : NULL;
}

void
ledger_threads(struct ledger *l, unsigned threads)
{
	l->threads = threads;
}

void
ledger_watch_loss(struct ledger *l, const struct loss *loss)
{
	l->loss = loss;
}

const struct loss *
ledger_loss(const struct ledger *l)
{
	return l->loss;
}

struct cert_store *
ledger_store(const struct ledger *l)
{
	return l->certs;
}
