/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From one period of a run to the next: which flows are taken along.
 */
#include <stdlib.h>

#include "audit/ledger_private.h"
#include "core/clock.h"
#include "core/limits.h"

bool
ledger_is_referred_to(const struct notice *n)
{
	static const enum fact facts[] = { FACT_SDP_MEDIA, FACT_TURN_RELAYED,
		FACT_TLS_SERVER_HELLO, FACT_MEDIA_STREAM };

	for (size_t i = 0; i < COUNT(facts); i++) {
		if (evidence_first(&n->news, facts[i]) != NULL)
			return true;
	}
	return false;
}

static int
newest_first(const void *a, const void *b)
{
	const struct ledger_choice *x = a, *y = b;

	return x->last > y->last ? -1 : x->last < y->last;
}

/* The records that live, or those that ended and are referred to. */
static size_t
choose(const struct ledger *l, bool living, struct ledger_choice *list)
{
	struct unpacked room;
	size_t n = 0;

	for (size_t i = 0; i < l->count; i++) {
		const struct notice *facts =
		    record_facts(&l->records[i], &room);

		if (facts->last != living &&
		    (living || ledger_is_referred_to(facts)))
			list[n++] = (struct ledger_choice){ (uint32_t)i,
				facts->flow.last_packet };
	}
	if (n > 1)
		qsort(list, n, sizeof(*list), newest_first);
	return n;
}

/*
 * A trunk that lives for weeks carries calls without end. Media that still runs
 * was promised when it began: longer ago than most calls last nothing is kept
 * of them, but the first of each kind of media, which tells what the trunk is
 * for.
 */
enum { CALLS_KEPT_S = 4 * 3600, CALLS_LEAST = 256 };

struct calls {
	int64_t since;
	unsigned kinds; /* of media, that were seen */
};

static bool
is_past_call(void *ctx, const struct learnt *l)
{
	struct calls *c = ctx;
	struct sdp_media m;

	if (l->time >= c->since)
		return false;
	if (l->fact != FACT_SDP_MEDIA || l->bytes.n != sizeof(m))
		return l->fact == FACT_SDP_CANDIDATE || l->fact == FACT_SIP_BYE;
	memcpy(&m, l->bytes.p, sizeof(m));
	unsigned kind = 1u << m.kind % 32u;
	bool known = (c->kinds & kind) != 0;

	c->kinds |= kind;
	return known;
}

static struct notice *
copy_to_carry(const struct notice *n)
{
	struct calls c = { n->flow.end - CALLS_KEPT_S * NS_PER_S, 0 };

	if (n->news.count < CALLS_LEAST)
		return notice_copy(n);
	return notice_copy_without(n, is_past_call, &c);
}

static bool
carry(struct ledger *to, const struct record *r)
{
	struct unpacked room;
	struct notice *n = copy_to_carry(record_facts(r, &room));
	size_t at = to->count;

	if (n == NULL)
		return false;
	ledger_take(to, n);
	if (to->count == at)
		return false;
	to->records[at].carried = true;
	to->records[at].behind = true;
	return true;
}

/* Newest first, as long as there is room. */
static void
carry_all(struct ledger *to, const struct ledger *from,
    const struct ledger_choice *list, size_t n, size_t most)
{
	size_t i = 0;

	for (size_t used = 0; i < n; i++) {
		const struct record *r = &from->records[list[i].at];

		used += ledger_size_of(r);
		if (used > most || !carry(to, r))
			break;
	}
	to->left_behind += n - i;
}

/* All signs of roles that were seen in the run. */
static struct roles *
roles_of_run(const struct ledger *l)
{
	struct roles *r = roles_new(l->policy);
	struct unpacked room;

	if (r == NULL)
		return NULL;
	if (l->before != NULL)
		(void)roles_join(r, l->before);
	/* Of flows that are gone, too. */
	(void)roles_join(r, l->roles);
	/* Beyond the ceiling of hosts the first ones stay. */
	for (size_t i = 0; i < l->count; i++)
		(void)roles_add(r, record_facts(&l->records[i], &room));
	return r;
}

struct ledger *
ledger_next(const struct ledger *l)
{
	struct ledger_choice *list =
	    malloc((l->count > 0 ? l->count : 1) * sizeof(*list));
	struct cert_store *certs =
	    list != NULL ? cert_store_like(l->certs) : NULL;
	struct ledger *to =
	    certs != NULL ? ledger_empty(l->policy, certs) : NULL;

	if (to != NULL && l->most > 0)
		ledger_bound(to, l->most, &l->spool);
	if (to != NULL) {
		to->before = roles_of_run(l);
		to->loss = l->loss;
		to->threads = l->threads;
	}
	if (to == NULL || to->before == NULL ||
	    !roles_join(to->roles, to->before)) {
		ledger_free(to);
		free(list);
		return NULL;
	}
	carry_all(to, l, list, choose(l, true, list), LIMIT_CARRIED_BYTES);
	carry_all(to, l, list, choose(l, false, list), LIMIT_REFERRED_BYTES);
	free(list);
	return to;
}

uint64_t
ledger_left_behind(const struct ledger *l)
{
	return l->left_behind;
}
