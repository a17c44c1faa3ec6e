/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/ledger_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "audit/jury.h"
#include "audit/mutual.h"
#include "audit/verdict.h"
#include "core/buf.h"
#include "core/room.h"

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
	l->packer = (struct packer){ .keep = keep_common, .ctx = l };
	l->policy = p;
	l->certs = certs;
	l->by_addr = map_new(LIMIT_HOSTS);
	l->by_cert = map_new(0);
	l->roles = roles_new(p);
	l->signals = signals_new();
	if (l->certs == NULL || l->by_addr == NULL || l->by_cert == NULL ||
	    l->shared == NULL || l->roles == NULL || l->signals == NULL) {
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
		notice_free(l->records[i].whole);
		parcel_free(l->records[i].parcel);
	}
	free(l->records);
	free(l->index);
	packer_done(&l->packer);
	free(l->hosts);
	free(l->shown);
	map_free(l->by_addr);
	map_free(l->by_cert);
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

size_t
ledger_size_of(const struct record *r)
{
	return RECORD_BYTES +
	    (r->whole != NULL ? r->whole->size : parcel_size(r->parcel));
}

/* Signalling points into what SDP said: that does not move. */
static bool
stays_whole(const struct notice *n)
{
	return n->news.count > PARCEL_FACTS ||
	    evidence_first(&n->news, FACT_SDP_MEDIA) != NULL ||
	    evidence_first(&n->news, FACT_SDP_CANDIDATE) != NULL;
}

/* Takes the notice over; the record has none. */
static void
give_facts(struct ledger *l, struct record *r, struct notice *n)
{
	if (!stays_whole(n))
		r->parcel = parcel_new(&l->packer, n);
	if (r->parcel != NULL)
		notice_free(n);
	else
		r->whole = notice_share(n, keep_common, l);
}

void
ledger_mark(struct ledger *l, size_t i)
{
	struct record *r = &l->records[i];

	if (r->dirty || !l->following)
		return;
	if (!room_for_one((void **)&l->changes, l->change_count,
		&l->change_room, sizeof(*l->changes)))
		return;
	l->changes[l->change_count++] = (uint32_t)i;
	r->dirty = true;
}

/* Only the counters moved: the end of a settled flow, and most notices of a
 * long call. */
static bool
count_on(struct ledger *l, struct record *r, const struct notice *n)
{
	if (r->whole == NULL) {
		struct parcel *p = parcel_update(&l->packer, r->parcel, n);

		if (p != NULL)
			r->parcel = p;
		return p != NULL;
	}
	r->whole->flow = n->flow;
	r->whole->last = n->last;
	if (n->guess[0] != '\0')
		memcpy(r->whole->guess, n->guess, sizeof(n->guess));
	return true;
}

/* Takes the notice over. */
static bool
add_to_parcel(struct ledger *l, struct record *r, struct notice *n)
{
	struct unpacked room;
	struct parcel *old = r->parcel;
	struct notice *both = notice_extend(parcel_open(old, &room), n);

	if (both == NULL)
		return false;
	r->parcel = NULL;
	give_facts(l, r, both);
	parcel_free(old);
	return true;
}

/* The same. */
static bool
add_to_whole(struct ledger *l, struct record *r, struct notice *n)
{
	struct notice *both;

	n = notice_share(n, keep_common, l);
	if (!l->following && l->victim_count == 0) {
		both = notice_join(r->whole, n);
		if (both != NULL)
			r->whole = both;
		return both != NULL;
	}
	/* Signalling may point into the old facts until it is gathered anew. */
	if (!room_for_one((void **)&l->retired, l->retired_count,
		&l->retired_room, sizeof(struct notice *))) {
		notice_free(n);
		return false;
	}
	both = notice_grow(r->whole, n);
	if (both == NULL)
		return false;
	if (both != r->whole)
		l->retired[l->retired_count++] = r->whole;
	r->whole = both;
	return true;
}

/* A flow of an earlier period goes on in this one. */
static void
wake(struct record *r, const struct notice *n)
{
	struct unpacked room;

	if (!r->behind)
		return;
	if (n->flow.last_packet != record_head(r, &room)->flow.last_packet ||
	    n->news.count > 0)
		r->behind = false;
}

/* A second notice of a flow that is known. */
static void
add_to(struct ledger *l, struct record *r, struct notice *n)
{
	size_t before = ledger_size_of(r);
	bool good;

	wake(r, n);
	if (n->news.count == 0) {
		good = count_on(l, r, n);
		notice_free(n);
	} else if (r->whole != NULL) {
		good = add_to_whole(l, r, n);
	} else {
		good = add_to_parcel(l, r, n);
	}
	l->starved += !good;
	l->bytes += ledger_size_of(r) - before;
	ledger_mark(l, (size_t)(r - l->records));
}

static bool
add_record(struct ledger *l, struct notice *n)
{
	bool moves = l->count == l->room;

	if (!ledger_index_room(l) ||
	    !room_for_one((void **)&l->records, l->count, &l->room,
		sizeof(*l->records)))
		return false;
	struct record *r = &l->records[l->count];

	l->stale |= moves;
	*r = (struct record){
		.first_packet = n->flow.first_packet,
		.id = ++l->arrived,
	};
	give_facts(l, r, n);
	l->bytes += ledger_size_of(r);
	ledger_index_add(l, l->count++);
	ledger_mark(l, l->count - 1);
	return true;
}

void
ledger_take(struct ledger *l, struct notice *n)
{
	struct record *r = ledger_at(l, n->flow.first_packet);

	if (r != NULL) {
		add_to(l, r, n);
	} else if (!add_record(l, n)) {
		l->starved++;
		notice_free(n);
		return;
	}
	ledger_relieve(l);
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
	keep_judgement(&l->records[i], j);
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
	if (!room_for_one((void **)&l->hosts, l->host_count, &l->host_room,
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
add_host(struct ledger *l, const struct addr *a, const struct flow_view *f,
    const struct judgement *j)
{
	struct host *h = host_of(l, a);

	if (h == NULL)
		return;
	h->flows++;
	h->bytes += f->bytes[0] + f->bytes[1];
	h->by_verdict[j->verdict]++;
	for (unsigned i = 0; i < j->findings.count; i++)
		h->findings |= UINT64_C(1) << j->findings.f[i].id;
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
	if (!room_for_one((void **)&l->shown, l->shown_count, &l->shown_room,
		sizeof(*l->shown)))
		return NULL;
	struct shown_cert *s = &l->shown[l->shown_count++];

	*s = (struct shown_cert){ .cert = c };
	*at = l->shown_count;
	return s;
}

static void
show_chain(struct ledger *l, const struct five_tuple *t,
    const struct learnt *chain, const struct judgement *j)
{
	bool client = chain->fact == FACT_TLS_CLIENT_CHAIN;
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
add_names(struct ledger *l, const struct notice *n)
{
	const struct five_tuple *t = &n->flow.tuple;
	const struct learnt *sni = evidence_first(&n->news, FACT_TLS_SNI);

	if (sni != NULL)
		name_host(l,
		    host_of(l,
			sni->side == TO_SERVER ? &t->dst.addr : &t->src.addr),
		    sni->bytes);
}

static void
sum_flow(struct ledger *l, const struct notice *n, const struct judgement *j)
{
	struct summary *s = &l->summary;
	const struct flow_view *f = &n->flow;
	char doubt[LOSS_TEXT];
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
	l->totals.whole += !loss_doubts(l->loss, f, doubt);
	l->totals.starved += n->news.starved;
}

static void
enter(struct ledger *l, struct record *r, const struct notice *n,
    const struct judgement *j)
{
	const struct learnt *chain = NULL;
	const struct evidence *e = &n->news;
	const struct five_tuple *t = &n->flow.tuple;

	keep_judgement(r, j);
	r->dirty = false;
	sum_flow(l, n, j);
	add_host(l, &t->src.addr, &n->flow, j);
	add_host(l, &t->dst.addr, &n->flow, j);
	add_names(l, n);
	while ((chain = evidence_next(e, FACT_TLS_SERVER_CHAIN, chain)) != NULL)
		show_chain(l, t, chain, j);
	chain = NULL;
	while ((chain = evidence_next(e, FACT_TLS_CLIENT_CHAIN, chain)) != NULL)
		show_chain(l, t, chain, j);
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
	enter(l, r, n, j);
	if (l->told != NULL)
		l->told(l->told_ctx, l, r, j, l->finished);
	return l->judged == NULL || l->judged(l->judged_ctx, r, j);
}

static void
take_judgement(void *ctx, size_t i, const struct judgement *j)
{
	struct ledger *l = ctx;
	struct record *r = &l->records[i];
	struct unpacked room;

	enter(l, r, record_facts(r, &room), j);
}

/* Who follows wants words, and may want no more of them. */
static void
judge_all(struct ledger *l)
{
	struct bench b = bench_of(l);
	struct judgement j;

	if (l->told == NULL && l->judged == NULL) {
		jury_judge(&b, l->records, ledger_count(l), take_judgement, l);
		return;
	}
	for (size_t i = 0; i < ledger_count(l); i++) {
		if (!ledger_judge_flow(l, &l->records[i], &j))
			return;
	}
}

/* Hosts of flows that are gone: by now more may be known of them. */
static void
name_roles(struct ledger *l)
{
	for (size_t i = 0; i < l->host_count; i++) {
		struct host *h = &l->hosts[i];
		struct role_known k = role_of(l->roles, &h->addr);

		h->role = k.role;
		(void)snprintf(h->how, sizeof(h->how), "%s", k.how);
	}
}

static int
by_address(const void *a, const void *b)
{
	return addr_compare(&((const struct host *)a)->addr,
	    &((const struct host *)b)->addr);
}

/* Flows that are gone came first, whenever they began. */
static int
by_first_shown(const void *a, const void *b)
{
	uint64_t x = ((const struct shown_cert *)a)->first_packet;
	uint64_t y = ((const struct shown_cert *)b)->first_packet;

	return x < y ? -1 : x > y;
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
	name_roles(l);
	judge_all(l);
	l->totals.starved += l->starved;
	if (l->host_count > 0)
		qsort(l->hosts, l->host_count, sizeof(*l->hosts), by_address);
	map_clear(l->by_addr); /* the order is another now */
	if (l->spooled != NULL && l->shown_count > 0)
		qsort(l->shown, l->shown_count, sizeof(*l->shown),
		    by_first_shown);
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
