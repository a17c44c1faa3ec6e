/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices as they come: what is new of a flow goes to what is known of it, in
 * as few bytes as will do.
 */
#include "audit/ledger_private.h"
#include "core/room.h"

enum { COMMON_LEAST = 16 }; /* smaller ones are not worth an entry */

/*
 * Certificates and the offers of one TLS stack are the same in thousands of
 * flows: they are kept once.
 */
const uint8_t *
ledger_keep_common(void *ctx, const struct learnt *f)
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
		r->whole = notice_share(n, ledger_keep_common, l);
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

	n = notice_share(n, ledger_keep_common, l);
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
