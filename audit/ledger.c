/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/ledger.h"

#include <stdio.h>
#include <stdlib.h>

#include "audit/mutual.h"
#include "audit/role.h"
#include "audit/signal.h"
#include "audit/verdict.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"

struct ledger {
	const struct policy *policy;
	struct cert_store *certs;
	struct record *records; /* of arrival; sorted by ledger_finish() */
	size_t count, room;
	struct map *by_flow; /* first packet -> index + 1 */
	struct roles *roles;
	struct signals *signals;
	struct summary summary;
	struct capture_totals totals;
	struct host *hosts;
	size_t host_count, host_room;
	struct map *by_addr; /* address -> index + 1 in hosts */
	struct shown_cert *shown;
	size_t shown_count, shown_room;
	struct map *by_cert; /* SHA-256 -> index + 1 in shown */
	struct arena texts;  /* names of hosts */
	struct map *shared;  /* bytes that many flows have in common */
	struct arena common; /* their copies */
	struct slice recent[FACT_COUNT]; /* the last of each kind */
	uint64_t starved;                /* notices there was no memory for */
	bool finished;
	/* while somebody follows */
	bool following, stale;
	ledger_judged *judged;
	void *judged_ctx;
	uint32_t *changes; /* records that are dirty */
	size_t change_count, change_room;
	struct notice **retired; /* signalling may point into them */
	size_t retired_count, retired_room;
};

/* Names of hosts are short; far more than any site has. */
enum {
	TEXTS_MOST = 64 * 1024 * 1024,
	/* What flows have in common; beyond it they keep their own. */
	COMMON_MOST = 256 * 1024 * 1024,
	COMMON_COUNT = 200000,
	COMMON_LEAST = 16, /* smaller ones are not worth an entry */
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
ledger_new(const struct policy *p, struct fault *f)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		(void)fail(f, "no memory");
		return NULL;
	}
	arena_init(&l->texts, TEXTS_MOST);
	arena_init(&l->common, COMMON_MOST);
	l->shared = map_new(COMMON_COUNT);
	l->policy = p;
	l->certs = cert_store_new();
	l->by_flow = map_new(0);
	l->by_addr = map_new(0);
	l->by_cert = map_new(0);
	l->roles = roles_new(p);
	l->signals = signals_new();
	if (l->certs == NULL || l->by_flow == NULL || l->by_addr == NULL ||
	    l->by_cert == NULL || l->shared == NULL || l->roles == NULL ||
	    l->signals == NULL) {
		(void)fail(f, "no memory");
		ledger_free(l);
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
	for (size_t i = 0; i < l->count; i++)
		notice_free(l->records[i].facts);
	free(l->records);
	free(l->hosts);
	free(l->shown);
	map_free(l->by_flow);
	map_free(l->by_addr);
	map_free(l->by_cert);
	roles_free(l->roles);
	signals_free(l->signals);
	cert_store_free(l->certs);
	map_free(l->shared);
	arena_done(&l->common);
	arena_done(&l->texts);
	free(l);
}

/* ---- while the audit runs ---- */

static bool
grow(void **p, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return true;
	size_t more = *room == 0 ? 256 : *room * 2;
	void *q = realloc(*p, more * size);

	if (q == NULL)
		return false;
	*p = q;
	*room = more;
	return true;
}

/*
 * Certificates and the offers of one TLS stack are the same in thousands of
 * flows: they are kept once.
 */
static const uint8_t *
keep_common(void *ctx, const struct learnt *f)
{
	static const bool common[FACT_COUNT] = {
		[FACT_TLS_SERVER_CHAIN] = true,
		[FACT_TLS_CLIENT_CHAIN] = true,
		[FACT_TLS_OFFERED_SUITES] = true,
		[FACT_TLS_OFFERED_GROUPS] = true,
		[FACT_TLS_OFFERED_SCHEMES] = true,
		[FACT_TLS_OFFERED_EXTENSIONS] = true,
		[FACT_TLS_SNI] = true,
		[FACT_TLS_OFFERED_FORM] = true,
		[FACT_SIP_USER_AGENT] = true,
		[FACT_HTTP_USER_AGENT] = true,
		[FACT_HTTP_EXCHANGE] = true,
	};
	struct ledger *l = ctx;
	struct slice copy;

	if (!common[f->fact] || f->bytes.n < COMMON_LEAST)
		return NULL;
	struct slice *last = &l->recent[f->fact];

	/* Flows of one kind come together. */
	if (slice_eq(*last, f->bytes))
		return last->p;
	uint64_t *at = map_put(l->shared, f->bytes);

	if (at == NULL)
		return NULL;
	if (*at == 0) {
		if (!arena_copy(&l->common, f->bytes, &copy))
			return NULL;
		*at = (uint64_t)(uintptr_t)copy.p;
	}
	*last = slice_of((const uint8_t *)(uintptr_t)*at, f->bytes.n);
	return last->p;
}

static struct notice *
share(struct ledger *l, struct notice *n)
{
	return notice_share(n, keep_common, l);
}

static void
mark(struct ledger *l, size_t i)
{
	struct record *r = &l->records[i];

	if (r->dirty || !l->following)
		return;
	if (!grow((void **)&l->changes, l->change_count, &l->change_room,
		sizeof(*l->changes)))
		return;
	l->changes[l->change_count++] = (uint32_t)i;
	r->dirty = true;
}

/* A second notice of a flow that is known. */
static void
add_to(struct ledger *l, struct record *r, struct notice *n)
{
	struct notice *both;

	/* Only the counters moved: the end of a settled flow, and most notices
	 * of a long call. */
	if (n->news.count == 0) {
		r->facts->flow = n->flow;
		r->facts->last = n->last;
		if (n->guess[0] != '\0')
			memcpy(r->facts->guess, n->guess, sizeof(n->guess));
		notice_free(n);
		return;
	}
	if (!l->following) {
		both = notice_join(r->facts, n);
		if (both != NULL)
			r->facts = both;
		else
			l->starved++;
		return;
	}
	/* Signalling may point into the old facts until it is gathered anew. */
	if (!grow((void **)&l->retired, l->retired_count, &l->retired_room,
		sizeof(struct notice *))) {
		l->starved++;
		notice_free(n);
		return;
	}
	both = notice_extend(r->facts, n);
	if (both == NULL) {
		l->starved++;
		return;
	}
	l->retired[l->retired_count++] = r->facts;
	r->facts = both;
}

void
ledger_take(struct ledger *l, struct notice *n)
{
	uint64_t first = n->flow.first_packet;
	uint64_t *at = map_put(l->by_flow, slice_of(&first, sizeof(first)));

	if (at == NULL) {
		l->starved++;
		notice_free(n);
		return;
	}
	if (*at != 0) {
		add_to(l, &l->records[*at - 1], share(l, n));
		mark(l, *at - 1);
		return;
	}
	l->stale |= l->count == l->room;
	if (!grow((void **)&l->records, l->count, &l->room,
		sizeof(*l->records))) {
		l->starved++;
		notice_free(n);
		return;
	}
	l->records[l->count++] = (struct record){ .facts = share(l, n) };
	*at = l->count;
	mark(l, l->count - 1);
}

/* ---- while somebody follows ---- */

void
ledger_follow(struct ledger *l, ledger_judged *judged, void *ctx)
{
	l->following = true;
	l->stale = true;
	l->judged = judged;
	l->judged_ctx = ctx;
}

size_t
ledger_changes(const struct ledger *l)
{
	return l->change_count;
}

bool
ledger_changed(struct ledger *l, size_t *i)
{
	if (l->change_count == 0)
		return false;
	*i = l->changes[--l->change_count];
	l->records[*i].dirty = false;
	if (!roles_add(l->roles, &l->records[*i]))
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

	if (s == NULL)
		return false;
	for (size_t i = 0; i < l->count; i++) {
		if (!signals_add(s, &l->records[i]))
			break;
	}
	signals_settle(s);
	signals_free(l->signals);
	l->signals = s;
	free_retired(l);
	l->stale = false;
	return true;
}

static void
keep_judgement(struct record *r, const struct judgement *j)
{
	r->class = (uint8_t)j->class;
	r->verdict = (uint8_t)j->verdict;
	r->observed = (uint8_t)j->observed;
	r->required = (uint8_t)j->required;
	r->certainty = (uint8_t)j->certainty;
	r->src_role = (uint8_t)j->src_role;
	r->dest_role = (uint8_t)j->dest_role;
	r->judged = true;
}

void
ledger_judged_now(struct ledger *l, size_t i, const struct judgement *j)
{
	l->records[i].id = i + 1; /* until the flows are numbered */
	keep_judgement(&l->records[i], j);
}

/* Roles and signalling as if nobody had looked before the end. */
static void
begin_anew(struct ledger *l)
{
	struct roles *roles = roles_new(l->policy);
	struct signals *signals = signals_new();

	if (roles == NULL || signals == NULL) {
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

static int
by_first_packet(const void *a, const void *b)
{
	uint64_t x = ((const struct record *)a)->facts->flow.first_packet;
	uint64_t y = ((const struct record *)b)->facts->flow.first_packet;

	return x < y ? -1 : x > y;
}

static void
number_flows(struct ledger *l)
{
	if (l->count > 0)
		qsort(l->records, l->count, sizeof(*l->records),
		    by_first_packet);
	for (size_t i = 0; i < l->count; i++) {
		uint64_t first = l->records[i].facts->flow.first_packet;
		uint64_t *at =
		    map_get(l->by_flow, slice_of(&first, sizeof(first)));

		l->records[i].id = i + 1;
		if (at != NULL)
			*at = i + 1;
	}
}

static void
tie_together(struct ledger *l)
{
	for (size_t i = 0; i < l->count; i++) {
		if (!roles_add(l->roles, &l->records[i]) ||
		    !signals_add(l->signals, &l->records[i]))
			l->starved++;
	}
	signals_settle(l->signals);
}

static const char *
keep_text(struct ledger *l, struct slice text)
{
	struct buf b;
	struct slice kept;
	const char *out = NULL;

	buf_init(&b);
	buf_safe(&b, text);
	buf_char(&b, '\0');
	if (buf_ok(&b) && arena_copy(&l->texts, buf_slice(&b), &kept))
		out = (const char *)kept.p;
	buf_done(&b);
	return out;
}

static void
name_host(struct ledger *l, struct host *h, struct slice name)
{
	if (h == NULL || name.n == 0)
		return;
	for (unsigned i = 0; i < h->name_count; i++) {
		if (slice_is(name, h->names[i]))
			return;
	}
	if (h->name_count == LIMIT_HOST_NAMES)
		return;
	const char *kept = keep_text(l, name);

	if (kept != NULL)
		h->names[h->name_count++] = kept;
}

static struct host *
host_of(struct ledger *l, const struct addr *a)
{
	uint64_t *at = map_put(l->by_addr, slice_of(a, sizeof(*a)));

	if (at == NULL)
		return NULL;
	if (*at != 0)
		return &l->hosts[*at - 1];
	if (!grow((void **)&l->hosts, l->host_count, &l->host_room,
		sizeof(*l->hosts)))
		return NULL;
	struct host *h = &l->hosts[l->host_count++];
	struct role_known k = role_of(l->roles, a);
	const char *const *names;
	size_t n = policy_names(l->policy, a, &names);

	*h = (struct host){ .addr = *a,
		.role = k.role,
		.from_policy = k.from_policy };
	(void)snprintf(h->how, sizeof(h->how), "%s", k.how);
	for (size_t i = 0; i < n; i++)
		name_host(l, h, slice_text(names[i]));
	*at = l->host_count;
	return h;
}

static void
add_host(struct ledger *l, const struct addr *a, enum verdict v)
{
	struct host *h = host_of(l, a);

	if (h == NULL)
		return;
	h->flows++;
	h->by_verdict[v]++;
}

static void
add_shown_host(struct shown_cert *s, const struct addr *a)
{
	unsigned at = s->host_count;

	for (unsigned i = 0; i < s->host_count; i++) {
		if (addr_eq(&s->hosts[i], a))
			return;
	}
	if (s->host_count == LIMIT_SHOWN_HOSTS)
		return;
	while (at > 0 && addr_compare(&s->hosts[at - 1], a) > 0) {
		s->hosts[at] = s->hosts[at - 1];
		at--;
	}
	s->hosts[at] = *a;
	s->host_count++;
}

static struct shown_cert *
shown_of(struct ledger *l, const struct cert *c)
{
	uint64_t *at =
	    map_put(l->by_cert, slice_of(c->sha256, sizeof(c->sha256)));

	if (at == NULL)
		return NULL;
	if (*at != 0)
		return &l->shown[*at - 1];
	if (!grow((void **)&l->shown, l->shown_count, &l->shown_room,
		sizeof(*l->shown)))
		return NULL;
	struct shown_cert *s = &l->shown[l->shown_count++];

	*s = (struct shown_cert){ .cert = c };
	*at = l->shown_count;
	return s;
}

static void
show_chain(struct ledger *l, const struct record *r, const struct learnt *chain,
    const struct judgement *j)
{
	bool client = chain->fact == FACT_TLS_CLIENT_CHAIN;
	const struct five_tuple *t = &r->facts->flow.tuple;
	const struct addr *host =
	    chain->side == TO_SERVER ? &t->src.addr : &t->dst.addr;
	const struct cert *c;

	for (size_t i = 0;
	     (c = cert_in_chain(l->certs, chain->bytes, i)) != NULL; i++) {
		struct shown_cert *s = shown_of(l, c);

		if (s == NULL)
			return;
		s->as_issuer |= i > 0;
		s->as_client |= i == 0 && client;
		s->as_server |= i == 0 && !client;
		add_shown_host(s, host);
		if (s->flows++ == 0) {
			s->first = chain->time;
			s->first_packet = chain->packet;
		}
		s->last = chain->time;
		for (unsigned k = 0; i == 0 && k < j->findings.count; k++) {
			const struct finding *f = &j->findings.f[k];
			bool about_cert =
			    f->id <= FINDING_CERT_UNSUPPORTED_ALGORITHM;

			if (about_cert &&
			    f->side == (client ? SIDE_CLIENT : SIDE_SERVER))
				(void)findings_add(&s->findings, f->id, f->side,
				    f->text);
		}
	}
}

static void
add_names(struct ledger *l, const struct record *r)
{
	const struct five_tuple *t = &r->facts->flow.tuple;
	const struct learnt *sni =
	    evidence_first(&r->facts->news, FACT_TLS_SNI);

	if (sni != NULL)
		name_host(l,
		    host_of(l,
			sni->side == TO_SERVER ? &t->dst.addr : &t->src.addr),
		    sni->bytes);
}

static void
sum_flow(struct ledger *l, struct record *r, const struct judgement *j)
{
	struct summary *s = &l->summary;
	const struct flow_view *f = &r->facts->flow;
	bool judged = j->verdict == VERDICT_COMPLIANT ||
	    j->verdict == VERDICT_VIOLATION || j->verdict == VERDICT_EXEMPT;

	s->flows++;
	s->by_class[j->class][j->verdict]++;
	s->bytes_by_class[j->class] += f->bytes[0] + f->bytes[1];
	s->by_verdict[j->verdict]++;
	s->inferred += judged && j->certainty == CERTAINTY_INFERRED;
	for (unsigned i = 0; i < j->findings.count; i++)
		s->findings[j->findings.f[i].id]++;
	if (s->first == 0 || f->start < s->first)
		s->first = f->start;
	if (f->end > s->last)
		s->last = f->end;
	l->totals.lost_bytes += f->lost[0] + f->lost[1];
	l->totals.conflicts += f->conflicts;
	l->totals.one_way += f->packets[0] == 0 || f->packets[1] == 0;
	l->totals.mid_stream += f->mid_stream;
	l->totals.starved += r->facts->news.starved;
}

static void
judge(const struct ledger *l, const struct record *r, bool brief,
    struct judgement *out)
{
	verdict_judge(
	    &(struct bench){
		.policy = l->policy,
		.roles = l->roles,
		.signals = l->signals,
		.certs = l->certs,
		.brief = brief,
	    },
	    r, out);
}

/* False: whoever follows wants no more. */
static bool
judge_flow(struct ledger *l, struct record *r)
{
	struct judgement j;
	const struct learnt *chain = NULL;
	const struct evidence *e = &r->facts->news;
	const struct five_tuple *t = &r->facts->flow.tuple;

	judge(l, r, l->judged == NULL, &j);
	keep_judgement(r, &j);
	r->dirty = false;
	sum_flow(l, r, &j);
	add_host(l, &t->src.addr, j.verdict);
	add_host(l, &t->dst.addr, j.verdict);
	add_names(l, r);
	while ((chain = evidence_next(e, FACT_TLS_SERVER_CHAIN, chain)) != NULL)
		show_chain(l, r, chain, &j);
	chain = NULL;
	while ((chain = evidence_next(e, FACT_TLS_CLIENT_CHAIN, chain)) != NULL)
		show_chain(l, r, chain, &j);
	return l->judged == NULL || l->judged(l->judged_ctx, r, &j);
}

static int
by_address(const void *a, const void *b)
{
	return addr_compare(&((const struct host *)a)->addr,
	    &((const struct host *)b)->addr);
}

void
ledger_finish(struct ledger *l, const struct capture_totals *t)
{
	if (l->finished)
		return;
	l->finished = true;
	l->totals = *t;
	if (l->following)
		begin_anew(l);
	number_flows(l);
	tie_together(l);
	for (size_t i = 0; i < l->count; i++) {
		if (!judge_flow(l, &l->records[i]))
			break;
	}
	l->totals.starved += l->starved;
	if (l->host_count > 0)
		qsort(l->hosts, l->host_count, sizeof(*l->hosts), by_address);
	map_clear(l->by_addr); /* the order is another now */
}

/* ---- questions ---- */

void
ledger_judge(const struct ledger *l, const struct record *r,
    struct judgement *out)
{
	judge(l, r, false, out);
}

const char *
ledger_how(const struct ledger *l, const struct addr *a)
{
	return role_of(l->roles, a).how;
}

size_t
ledger_count(const struct ledger *l)
{
	return l->count;
}

const struct record *
ledger_record(const struct ledger *l, size_t i)
{
	return i < l->count ? &l->records[i] : NULL;
}

uint64_t
ledger_id_of(const struct ledger *l, uint64_t first_packet)
{
	const uint64_t *at =
	    map_get(l->by_flow, slice_of(&first_packet, sizeof(first_packet)));

	return at != NULL ? *at : 0;
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

struct cert_store *
ledger_store(const struct ledger *l)
{
	return l->certs;
}
