/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices as they come: what is new of a flow goes to what is known of it, in
 * as few bytes as will do.
 */
#include "audit/ledger_private.h"
#include "core/room.h"

enum { COMMON_LEAST = 16 }; /* smaller ones are not worth an entry */

/* Of the one copy of these bytes; 0: there is no room for it. */
static uint32_t
number_of(struct ledger *l, struct slice bytes)
{
	uint64_t *at = map_put(l->shared, bytes);
	size_t number = l->copy_count + 1;

	if (at == NULL)
		return 0;
	if (*at != 0)
		return (uint32_t)*at;
	if (!room_zeroed((void **)&l->copies, number + 1, &l->copy_room,
		sizeof(*l->copies)))
		return 0;
	l->packer.copies = l->copies;
	if (!arena_copy(&l->common, bytes, &l->copies[number]))
		return 0;
	*at = l->copy_count = number;
	return (uint32_t)number;
}

/*
 * Certificates and the offers of one TLS stack are the same in thousands of
 * flows: they are kept once.
 */
uint32_t
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
		[FACT_SSH_VERSION] = true,
	};
	struct ledger *l = ctx;

	if (!common[f->fact] || f->bytes.n < COMMON_LEAST)
		return 0;
	uint32_t last = l->recent[f->fact];

	/* Flows of one kind come together. */
	if (last != 0 && slice_eq(l->copies[last], f->bytes))
		return last;
	last = number_of(l, f->bytes);
	if (last != 0)
		l->recent[f->fact] = last;
	return last;
}

/* For notice_share(). */
static const uint8_t *
share_common(void *ctx, const struct learnt *f)
{
	const struct ledger *l = ctx;
	uint32_t number = ledger_keep_common(ctx, f);

	return number != 0 ? l->copies[number].p : NULL;
}

size_t
ledger_size_of(const struct record *r)
{
	return RECORD_BYTES +
	    (r->packed ? parcel_size(r->parcel) : r->whole->size);
}

void
ledger_drop_facts(struct ledger *l, struct record *r)
{
	if (r->packed)
		parcel_free(&l->packer, r->parcel);
	else
		notice_free(r->whole);
	r->packed = false;
	r->whole = NULL;
}

/* Signalling points into what SDP said: that does not move. */
static bool
stays_whole(const struct notice *n)
{
	return n->news.count > PARCEL_FACTS ||
	    evidence_first(&n->news, FACT_SDP_MEDIA) != NULL ||
	    evidence_first(&n->news, FACT_SDP_CANDIDATE) != NULL;
}

/* Takes the notice over; the record has none. False: it is lent, and there is
 * no memory for a copy. */
static bool
give_facts(struct ledger *l, struct record *r, struct notice *n)
{
	struct parcel *p = stays_whole(n) ? NULL : parcel_new(&l->packer, n);

	r->packed = p != NULL;
	if (p != NULL) {
		r->parcel = p;
		notice_free(n);
		return true;
	}
	n = notice_own(n);
	if (n != NULL)
		r->whole = notice_share(n, share_common, l);
	return n != NULL;
}

void
ledger_give_telling(struct ledger *l, struct record *r)
{
	uint32_t at = l->telling_spare;

	if (!l->following || r->telling != 0)
		return;
	if (at != 0) {
		l->telling_spare = l->tellings[at].spare;
	} else {
		if (l->telling_count == 0)
			l->telling_count = 1;
		if (!room_for_one((void **)&l->tellings, l->telling_count,
			&l->telling_room, sizeof(*l->tellings)))
			return;
		at = (uint32_t)l->telling_count++;
	}
	l->tellings[at] = (struct telling){ .told = 0 };
	r->telling = at;
}

void
ledger_drop_telling(struct ledger *l, struct record *r)
{
	if (r->telling == 0)
		return;
	l->tellings[r->telling].spare = l->telling_spare;
	l->telling_spare = r->telling;
	r->telling = 0;
}

struct telling *
ledger_telling(const struct ledger *l, const struct record *r)
{
	return r->telling != 0 ? &l->tellings[r->telling] : NULL;
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
	if (r->packed) {
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
	(void)!give_facts(l, r, both);
	parcel_free(&l->packer, old);
	return true;
}

/* The same. */
static bool
add_to_whole(struct ledger *l, struct record *r, struct notice *n)
{
	struct notice *both;

	n = notice_own(n);
	if (n == NULL)
		return false;
	n = notice_share(n, share_common, l);
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
	} else if (!r->packed) {
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
	*r = (struct record){ .first_packet = n->flow.first_packet };
	if (!give_facts(l, r, n))
		return false;
	r->id = ++l->arrived;
	ledger_give_telling(l, r);
	l->bytes += ledger_size_of(r);
	ledger_index_add(l, l->count++);
	ledger_mark(l, l->count - 1);
	return true;
}

/* Parcels that grew or left have left holes. */
static void
tidy(struct ledger *l)
{
	slab_tidy(&l->packer.slab);
	for (size_t i = 0; i < l->count; i++) {
		struct record *r = &l->records[i];

		if (r->packed)
			r->parcel = parcel_move(&l->packer, r->parcel);
	}
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
	if (slab_is_sparse(&l->packer.slab))
		tidy(l);
}
