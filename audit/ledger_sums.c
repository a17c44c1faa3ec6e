/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What judged flows add up to: sums by class and verdict, hosts, certificates.
 */
#include <stdio.h>
#include <stdlib.h>

#include "audit/ledger_private.h"
#include "core/buf.h"
#include "core/room.h"

void
ledger_keep_judgement(struct record *r, const struct judgement *j)
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
	if (name.n == 0)
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

/* By which name the bytes of this side call the other; empty if none. */
static struct slice
name_of(const struct notice *n, enum side by)
{
	const struct learnt *sni = evidence_first(&n->news, FACT_TLS_SNI);

	return sni != NULL && sni->side == by ? sni->bytes : slice_of(NULL, 0);
}

static void
add_host(struct ledger *l, const struct addr *a, struct slice name,
    const struct flow_view *f, const struct judgement *j)
{
	struct host *h = host_of(l, a);

	if (h == NULL)
		return;
	name_host(l, h, name);
	h->flows++;
	h->bytes += f->bytes[0] + f->bytes[1];
	h->by_verdict[j->verdict]++;
	for (unsigned i = 0; i < j->findings.count; i++)
		h->findings |= UINT64_C(1) << j->findings.f[i].id;
}

static void
add_shown_host(struct shown_cert *s, const struct addr *a)
{
	unsigned at = 0, end = s->host_count;

	while (at < end) {
		unsigned middle = (at + end) / 2;
		int order = addr_compare(&s->hosts[middle], a);

		if (order == 0)
			return;
		if (order < 0)
			at = middle + 1;
		else
			end = middle;
	}
	if (s->host_count == LIMIT_SHOWN_HOSTS)
		return;
	memmove(&s->hosts[at + 1], &s->hosts[at],
	    (s->host_count - at) * sizeof(*a));
	s->hosts[at] = *a;
	s->host_count++;
}

uint32_t *
ledger_shown_at(struct ledger *l, const struct cert *c)
{
	if (!room_zeroed((void **)&l->shown_at, c->order + 1, &l->shown_at_room,
		sizeof(*l->shown_at)))
		return NULL;
	return &l->shown_at[c->order];
}

static struct shown_cert *
shown_of(struct ledger *l, const struct cert *c)
{
	uint32_t *at = ledger_shown_at(l, c);

	if (at == NULL)
		return NULL;
	if (*at != 0)
		return &l->shown[*at - 1];
	if (!room_for_one((void **)&l->shown, l->shown_count, &l->shown_room,
		sizeof(*l->shown)))
		return NULL;
	struct shown_cert *s = &l->shown[l->shown_count++];

	*s = (struct shown_cert){ .cert = c };
	*at = (uint32_t)l->shown_count;
	return s;
}

static void
show_chain(struct ledger *l, const struct five_tuple *t,
    const struct learnt *chain, const struct judgement *j)
{
	bool client = chain->fact == FACT_TLS_CLIENT_CHAIN;
	const struct addr *host =
	    chain->side == TO_SERVER ? &t->src.addr : &t->dst.addr;
	const struct cert *certs[LIMIT_CHAIN];
	size_t n = cert_list_chain(l->certs, chain->bytes, certs);

	for (size_t i = 0; i < n; i++) {
		struct shown_cert *s = shown_of(l, certs[i]);

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

void
ledger_sum(struct ledger *l, struct record *r, const struct notice *n,
    const struct judgement *j)
{
	const struct learnt *chain = NULL;
	const struct evidence *e = &n->news;
	const struct five_tuple *t = &n->flow.tuple;

	ledger_keep_judgement(r, j);
	r->dirty = false;
	sum_flow(l, n, j);
	add_host(l, &t->src.addr, name_of(n, TO_CLIENT), &n->flow, j);
	add_host(l, &t->dst.addr, name_of(n, TO_SERVER), &n->flow, j);
	while ((chain = evidence_next(e, FACT_TLS_SERVER_CHAIN, chain)) != NULL)
		show_chain(l, t, chain, j);
	chain = NULL;
	while ((chain = evidence_next(e, FACT_TLS_CLIENT_CHAIN, chain)) != NULL)
		show_chain(l, t, chain, j);
}

/* Hosts of flows that are gone: by now more may be known of them. */
void
ledger_name_roles(struct ledger *l)
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
ledger_sort_sums(struct ledger *l)
{
	if (l->host_count > 0)
		qsort(l->hosts, l->host_count, sizeof(*l->hosts), by_address);
	map_clear(l->by_addr); /* the order is another now */
	if (l->spooled != NULL && l->shown_count > 0)
		qsort(l->shown, l->shown_count, sizeof(*l->shown),
		    by_first_shown);
}
