/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows that leave memory. In turns: the oldest that ended are chosen, what
 * flows tell of each other is gathered, and then each notice that comes sends
 * a few of them away, so that nobody waits for many; at the end of the turn
 * their memory is free. What others may refer to stays, up to a ceiling.
 */
#include <stdlib.h>

#include "audit/ledger_private.h"
#include "core/limits.h"
#include "core/log.h"

enum {
	TURN_SHARE = 8,  /* of the memory goes in one turn */
	PAUSE_SHARE = 8, /* of the records: so many notices between turns */
	AT_ONCE = 4,     /* flows for each notice that comes */
	KEPT_SHARE = 4,  /* of the memory at most for what is referred to */
};

void
ledger_bound(struct ledger *l, size_t bytes, const struct ledger_spool *s)
{
	l->most = bytes;
	l->spool = *s;
}

void *
ledger_spool_of(const struct ledger *l)
{
	return l->spooled;
}

size_t
ledger_spooled(const struct ledger *l)
{
	return l->spooled != NULL ? l->spool.count(l->spooled) : 0;
}

/* ---- a spool that keeps nothing ---- */

static void *
nothing_open(void *ctx)
{
	(void)ctx;
	return malloc(1);
}

static bool
nothing_put(void *spool, const struct ledger *l, const struct record *r,
    const struct judgement *j)
{
	(void)spool;
	(void)l;
	(void)r;
	(void)j;
	return false;
}

static void
nothing_done(void *spool)
{
	(void)spool;
}

static size_t
nothing_count(void *spool)
{
	(void)spool;
	return 0;
}

static size_t
nothing_before(void *spool, uint64_t first_packet, bool *is_one)
{
	(void)spool;
	(void)first_packet;
	*is_one = false;
	return 0;
}

void
ledger_spool_nothing(struct ledger_spool *out)
{
	*out = (struct ledger_spool){
		.open = nothing_open,
		.put = nothing_put,
		.batch = nothing_done,
		.seal = nothing_done,
		.count = nothing_count,
		.before = nothing_before,
		.close = free,
	};
}

/* ---- a turn ---- */

static int
oldest_first(const void *a, const void *b)
{
	const struct ledger_choice *x = a, *y = b;

	return x->last < y->last ? -1 : x->last > y->last;
}

static int
in_order(const void *a, const void *b, void *records)
{
	const struct record *list = records;
	uint64_t x = list[((const struct ledger_choice *)a)->at].first_packet;
	uint64_t y = list[((const struct ledger_choice *)b)->at].first_packet;

	return x < y ? -1 : x > y;
}

/* Those that have ended, the oldest first. */
static size_t
list_ended(const struct ledger *l, struct ledger_choice *list)
{
	struct unpacked room;
	size_t count = 0;

	for (size_t i = 0; i < l->count; i++) {
		const struct record *r = &l->records[i];
		const struct notice *n = record_head(r, &room);

		if (n->last && !r->behind)
			list[count++] = (struct ledger_choice){ (uint32_t)i,
				n->flow.last_packet };
	}
	if (count > 0)
		qsort(list, count, sizeof(*list), oldest_first);
	return count;
}

static bool
choose(struct ledger *l)
{
	/* All that is too much, and some more for the flows that come. */
	size_t excess = l->bytes > l->most ? l->bytes - l->most : 0;
	size_t bytes = 0, chosen = 0;
	struct ledger_choice *list = malloc(l->count * sizeof(*list));

	if (list == NULL)
		return false;
	size_t n = list_ended(l, list);

	while (chosen < n && bytes < excess + l->most / TURN_SHARE)
		bytes += ledger_size_of(&l->records[list[chosen++].at]);
	if (chosen > 0)
		qsort_r(list, chosen, sizeof(*list), in_order, l->records);
	free(l->victims);
	l->victims = list;
	l->victim_count = chosen;
	l->victim_at = 0;
	return chosen > 0;
}

/* All that is known of hosts so far; it outlives the flows. */
static bool
gather_roles(struct ledger *l)
{
	struct unpacked room;

	for (size_t i = 0; i < l->count; i++) {
		if (!roles_add(l->roles, record_facts(&l->records[i], &room)))
			break; /* too many hosts */
	}
	if (l->before == NULL)
		l->before = roles_new(l->policy);
	if (l->before != NULL)
		(void)roles_join(l->before, l->roles);
	return l->before != NULL;
}

static void
begin_turn(struct ledger *l)
{
	if (l->spooled == NULL)
		l->spooled = l->spool.open(l->spool.ctx);
	if (l->spooled == NULL) {
		l->hopeless = true;
		log_warn("audit: flows cannot leave memory: there is no "
			 "temporary file for them");
		return;
	}
	if (!choose(l) || !gather_roles(l) || !ledger_prepare(l))
		l->victim_count = 0;
	/* All records were looked at: not again for a while. */
	l->pause = l->count / PAUSE_SHARE;
}

static void
spill(struct ledger *l, struct record *r)
{
	struct judgement j;

	r->spilled = true;
	(void)ledger_judge_flow(l, r, &j);
	l->totals.judged_early++;
	if (!l->spool.put(l->spooled, l, r, &j))
		l->totals.left_out++;
}

/* ---- its end ---- */

static int
newest_first(const void *a, const void *b)
{
	return oldest_first(b, a);
}

static void
let_go(struct ledger *l, struct record *r)
{
	l->bytes -= ledger_size_of(r);
	ledger_drop_facts(l, r);
	ledger_drop_telling(l, r);
}

/* Of flows that are in no report of this ledger any more, the newest that are
 * referred to stay. */
static void
forget(struct ledger *l)
{
	size_t most = l->most / KEPT_SHARE, used = 0, n = 0;
	struct ledger_choice *list = malloc(l->count * sizeof(*list));
	struct unpacked room;

	if (most > LIMIT_REFERRED_BYTES)
		most = LIMIT_REFERRED_BYTES;
	for (size_t i = 0; i < l->count; i++) {
		struct record *r = &l->records[i];

		if (!r->spilled && !(r->behind && record_head(r, &room)->last))
			continue;
		const struct notice *facts = record_facts(r, &room);

		if (list != NULL && ledger_is_referred_to(facts))
			list[n++] = (struct ledger_choice){ (uint32_t)i,
				facts->flow.last_packet };
		else
			let_go(l, r);
	}
	if (n > 1)
		qsort(list, n, sizeof(*list), newest_first);
	for (size_t i = 0; i < n; i++) {
		struct record *r = &l->records[list[i].at];

		used += ledger_size_of(r);
		r->behind = true;
		if (used > most)
			let_go(l, r);
	}
	free(list);
}

static void
close_ranks(struct ledger *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->count; i++) {
		struct record *r = &l->records[i];

		if (r->packed || r->whole != NULL)
			l->records[n++] = *r;
	}
	l->count = n;
	ledger_index_anew(l);
	l->change_count = 0;
	for (size_t i = 0; i < n; i++) {
		if (!l->records[i].dirty)
			continue;
		l->records[i].dirty = false;
		ledger_mark(l, i);
	}
}

void
ledger_settle_victims(struct ledger *l)
{
	struct unpacked room;

	if (l->victim_count == 0)
		return;
	l->victim_count = 0;
	l->spool.batch(l->spooled);
	forget(l);
	close_ranks(l);
	/* Signalling points to what is gone. */
	ledger_begin_anew(l);
	/* What was learnt since the turn began, for those who ask now. */
	for (size_t i = 0; l->following && i < l->count; i++) {
		if (!roles_add(l->roles, record_facts(&l->records[i], &room)))
			break;
	}
	l->stale = true;
}

void
ledger_relieve(struct ledger *l)
{
	if (l->most == 0 || l->hopeless || l->finished)
		return;
	if (l->victim_count == 0) {
		if (l->pause > 0)
			l->pause--;
		else if (l->bytes > l->most)
			begin_turn(l);
		return;
	}
	if (l->stale && !ledger_prepare(l))
		return;
	for (int i = 0; i < AT_ONCE && l->victim_at < l->victim_count; i++)
		spill(l, &l->records[l->victims[l->victim_at++].at]);
	if (l->victim_at == l->victim_count)
		ledger_settle_victims(l);
}

/* ---- around the end of a ledger ---- */

static void
free_sums(struct sums *s)
{
	if (s == NULL)
		return;
	free(s->hosts);
	free(s->shown);
	free(s);
}

static void *
copy_of(const void *from, size_t n)
{
	void *to = malloc(n > 0 ? n : 1);

	if (to != NULL && n > 0)
		memcpy(to, from, n);
	return to;
}

/* The sums as they are now, for ledger_restore(). */
static void
keep_sums(struct ledger *l)
{
	struct sums *s = calloc(1, sizeof(*s));

	free_sums(l->early);
	l->early = s;
	if (s == NULL)
		return;
	s->summary = l->summary;
	s->totals = l->totals;
	s->hosts = copy_of(l->hosts, l->host_count * sizeof(*l->hosts));
	s->shown = copy_of(l->shown, l->shown_count * sizeof(*l->shown));
	s->host_count = s->hosts != NULL ? l->host_count : 0;
	s->shown_count = s->shown != NULL ? l->shown_count : 0;
}

void
ledger_seal(struct ledger *l)
{
	ledger_settle_victims(l);
	if (l->spooled == NULL)
		return;
	l->spool.seal(l->spooled);
	keep_sums(l);
}

/* What was counted of flows that are gone. */
void
ledger_add_early(struct ledger *l, const struct capture_totals *early)
{
	struct capture_totals *t = &l->totals;

	t->lost_bytes += early->lost_bytes;
	t->conflicts += early->conflicts;
	t->one_way += early->one_way;
	t->mid_stream += early->mid_stream;
	t->whole += early->whole;
	t->starved += early->starved;
	t->judged_early += early->judged_early;
	t->left_out += early->left_out;
}

void
ledger_restore(struct ledger *l)
{
	static const struct sums none;
	const struct sums *s = l->early != NULL ? l->early : &none;

	l->summary = s->summary;
	l->totals = s->totals;
	l->host_count = s->host_count;
	l->shown_count = s->shown_count;
	map_clear(l->by_addr);
	if (l->shown_at_room > 0)
		memset(l->shown_at, 0, l->shown_at_room * sizeof(*l->shown_at));
	if (l->early == NULL)
		arena_done(&l->texts);
	for (size_t i = 0; i < s->host_count; i++) {
		struct host *h = &l->hosts[i];

		*h = s->hosts[i];
		uint64_t *at =
		    map_put(l->by_addr, slice_of(&h->addr, sizeof(h->addr)));

		if (at != NULL)
			*at = i + 1;
	}
	for (size_t i = 0; i < s->shown_count; i++) {
		struct shown_cert *c = &l->shown[i];

		*c = s->shown[i];
		uint32_t *at = ledger_shown_at(l, c->cert);

		if (at != NULL)
			*at = (uint32_t)i + 1;
	}
}

void
ledger_spool_done(struct ledger *l)
{
	free(l->victims);
	free_sums(l->early);
	if (l->spooled != NULL)
		l->spool.close(l->spooled);
}

/* Flows in memory that begin before this packet; they are sorted. */
static size_t
in_memory_before(const struct ledger *l, uint64_t first_packet)
{
	size_t low = 0, high = l->count - l->behind;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->records[mid].first_packet < first_packet)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint64_t
ledger_spooled_id(const struct ledger *l, uint64_t first_packet)
{
	bool is_one = false;

	if (!l->finished)
		return 0;
	size_t gone = l->spool.before(l->spooled, first_packet, &is_one);

	return is_one ? gone + in_memory_before(l, first_packet) + 1 : 0;
}
