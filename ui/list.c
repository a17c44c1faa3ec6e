/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/list.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "ui/keys.h"

enum {
	SLICE = 1024,
	RANGES = 256,      /* parts not yet in order */
	RANGE_SMALL = 256, /* one of these is sorted at once */
	WORDS_MOST = 16,
};

struct entry {
	uint64_t key; /* of word 0, turned over where the order falls */
	uint32_t row;
};

/* Positions [lo, hi) hold the entries that belong there, in no order. */
struct range {
	size_t lo, hi;
};

struct order {
	struct entry *e;
	size_t count, room;
	struct range ranges[RANGES]; /* rising */
	unsigned range_count;
};

struct list {
	struct list_rows rows;
	struct order *shown;
	struct order *next; /* being made; they change places */
	struct order orders[2];
	bool making, gathered;
	size_t scan; /* rows looked at since the reset */
	uint64_t dice;
	uint8_t *touched; /* by row: waits in `changes` */
	size_t touched_room;
	uint32_t *changes;
	size_t change_count, change_room;
	/* the selection */
	size_t position, top, lines;
	uint32_t row; /* selected, if has_row */
	bool has_row;
};

struct list *
list_new(void)
{
	struct list *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->lines = 1;
	l->shown = &l->orders[0];
	l->next = &l->orders[1];
	return l;
}

void
list_free(struct list *l)
{
	if (l == NULL)
		return;
	free(l->orders[0].e);
	free(l->orders[1].e);
	free(l->touched);
	free(l->changes);
	free(l);
}

static bool
room_for(struct order *o, size_t want)
{
	size_t more = o->room == 0 ? 256 : o->room;

	if (want <= o->room)
		return true;
	while (more < want)
		more *= 2;
	struct entry *p = realloc(o->e, more * sizeof(*p));

	if (p == NULL)
		return false;
	o->e = p;
	o->room = more;
	return true;
}

void
list_reset(struct list *l, const struct list_rows *rows)
{
	l->rows = *rows;
	if (l->rows.words > WORDS_MOST)
		l->rows.words = WORDS_MOST;
	l->next->count = 0;
	l->next->range_count = 0;
	l->scan = 0;
	l->making = true;
	l->gathered = false;
	if (l->touched_room > 0)
		memset(l->touched, 0, l->touched_room);
	l->change_count = 0;
}

void
list_forget(struct list *l)
{
	l->shown->count = 0;
	l->shown->range_count = 0;
}

void
list_changed(struct list *l, uint32_t row)
{
	size_t more = l->touched_room == 0 ? 1024 : l->touched_room;

	/* The scan comes to it, or it is in the queue. */
	if (row >= l->scan && l->making && !l->gathered)
		return;
	if (row < l->touched_room && l->touched[row] != 0)
		return;
	if (row >= l->touched_room) {
		while (more <= row)
			more *= 2;
		uint8_t *p = realloc(l->touched, more);

		if (p == NULL)
			return;
		memset(p + l->touched_room, 0, more - l->touched_room);
		l->touched = p;
		l->touched_room = more;
	}
	if (l->change_count == l->change_room) {
		more = l->change_room == 0 ? 256 : l->change_room * 2;
		uint32_t *p = realloc(l->changes, more * sizeof(*p));

		if (p == NULL)
			return;
		l->changes = p;
		l->change_room = more;
	}
	l->touched[row] = 1;
	l->changes[l->change_count++] = row;
}

/* ---- order ---- */

static uint64_t
key_of(const struct list *l, uint32_t row, unsigned word)
{
	uint64_t k = l->rows.key(l->rows.ctx, row, word);

	return l->rows.falling ? ~k : k;
}

/* Of words that are equal: are those behind them, too? */
static bool
is_last(const struct list *l, uint64_t k)
{
	return l->rows.text && ((l->rows.falling ? ~k : k) & 0xff) == 0;
}

static int
compare(const void *a, const void *b, void *ctx)
{
	const struct list *l = ctx;
	const struct entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	uint64_t k = x->key;

	for (unsigned w = 1; w < l->rows.words && !is_last(l, k); w++) {
		uint64_t m = key_of(l, y->row, w);

		k = key_of(l, x->row, w);
		if (k != m)
			return k < m ? -1 : 1;
	}
	return x->row < y->row ? -1 : x->row > y->row;
}

static bool
is_before(struct list *l, const struct entry *a, const struct entry *b)
{
	return compare(a, b, l) < 0;
}

static void
swap(struct entry *a, struct entry *b)
{
	struct entry x = *a;

	*a = *b;
	*b = x;
}

/* The median of three, which nobody who sends packets can foresee. */
static size_t
choose_pivot(struct list *l, const struct order *o, struct range r)
{
	size_t at[3];

	for (int i = 0; i < 3; i++) {
		l->dice = l->dice * UINT64_C(6364136223846793005) +
		    UINT64_C(1442695040888963407);
		at[i] = r.lo + (size_t)(l->dice >> 33) % (r.hi - r.lo);
	}
	const struct entry *e = o->e;
	bool ab = is_before(l, &e[at[0]], &e[at[1]]);
	bool bc = is_before(l, &e[at[1]], &e[at[2]]);

	if (ab == bc)
		return at[1];
	return is_before(l, &e[at[0]], &e[at[2]]) == ab ? at[2] : at[0];
}

/* What the pivot is compared by, so that its row is not asked each time. */
static bool
is_before_pivot(const struct list *l, const struct entry *e,
    const struct entry *pivot, const uint64_t *words)
{
	if (e->key != pivot->key)
		return e->key < pivot->key;
	uint64_t k = e->key;

	for (unsigned w = 1; w < l->rows.words && !is_last(l, k); w++) {
		k = key_of(l, e->row, w);
		if (k != words[w])
			return k < words[w];
	}
	return e->row < pivot->row;
}

/* Where the pivot went: smaller ones stand before it, larger ones behind. */
static size_t
part(struct list *l, struct order *o, struct range r)
{
	struct entry *e = o->e;
	size_t last = r.hi - 1, to = r.lo;
	uint64_t words[WORDS_MOST];

	swap(&e[choose_pivot(l, o, r)], &e[last]);
	for (unsigned w = 1; w < l->rows.words; w++)
		words[w] = key_of(l, e[last].row, w);
	for (size_t i = r.lo; i < last; i++) {
		if (is_before_pivot(l, &e[i], &e[last], words))
			swap(&e[i], &e[to++]);
	}
	swap(&e[to], &e[last]);
	return to;
}

static void
replace(struct order *o, unsigned i, const struct range *by, unsigned n)
{
	memmove(&o->ranges[i + n], &o->ranges[i + 1],
	    (o->range_count - i - 1) * sizeof(o->ranges[0]));
	memcpy(&o->ranges[i], by, n * sizeof(*by));
	o->range_count += n - 1;
}

/* Brings some order into a range. */
static void
sort_range(struct list *l, struct order *o, unsigned i)
{
	struct range r = o->ranges[i], by[2];
	unsigned n = 0;

	if (r.hi - r.lo <= RANGE_SMALL || o->range_count == RANGES) {
		qsort_r(o->e + r.lo, r.hi - r.lo, sizeof(*o->e), compare, l);
		replace(o, i, by, 0);
		return;
	}
	size_t at = part(l, o, r);

	if (at > r.lo + 1)
		by[n++] = (struct range){ r.lo, at };
	if (at + 2 < r.hi)
		by[n++] = (struct range){ at + 1, r.hi };
	replace(o, i, by, n);
}

/* From here on positions [from, to) stay as they are; false: time is over. */
static bool
ensure_until(struct list *l, struct order *o, struct range want, int64_t until)
{
	unsigned i = 0;

	for (;;) {
		while (i < o->range_count && o->ranges[i].hi <= want.lo)
			i++;
		if (i == o->range_count || o->ranges[i].lo >= want.hi)
			return true;
		sort_range(l, o, i);
		if (until != INT64_MAX && clock_monotonic() >= until)
			return false;
	}
}

static void
ensure(struct list *l, size_t from, size_t to)
{
	(void)ensure_until(l, l->shown, (struct range){ from, to }, INT64_MAX);
}

/* ---- work ---- */

bool
list_is_ready(const struct list *l)
{
	return !l->making && l->change_count == 0;
}

unsigned
list_per_cent(const struct list *l)
{
	size_t all = l->rows.count != NULL ? l->rows.count(l->rows.ctx) : 0;

	return !l->making || all == 0 ? 100 : (unsigned)(l->scan * 100 / all);
}

/* `next` is shown from now on. */
static void
turn_over(struct list *l)
{
	struct order *o = l->shown;

	l->shown = l->next;
	l->next = o;
}

static bool
gather(struct list *l, int64_t until)
{
	size_t all = l->rows.count(l->rows.ctx);
	struct order *o = l->next;

	while (l->scan < all) {
		size_t end = l->scan + SLICE < all ? l->scan + SLICE : all;

		if (!room_for(o, o->count + SLICE))
			return false;
		for (; l->scan < end; l->scan++) {
			uint32_t row = (uint32_t)l->scan;

			if (l->rows.wanted(l->rows.ctx, row))
				o->e[o->count++] =
				    (struct entry){ key_of(l, row, 0), row };
		}
		if (l->scan < all && clock_monotonic() >= until)
			return false;
	}
	l->gathered = true;
	if (o->count > 1)
		o->ranges[o->range_count++] = (struct range){ 0, o->count };
	return true;
}

/* Until then the old list is shown. */
static bool
make(struct list *l, int64_t until)
{
	struct range first = { 0, l->lines };

	if (!l->gathered && !gather(l, until))
		return false;
	if (l->position == 0 && !ensure_until(l, l->next, first, until))
		return false;
	l->making = false;
	turn_over(l);
	return true;
}

/* The changed rows that are wanted, in order; answers how many. */
static size_t
gather_changes(struct list *l, struct entry *fresh)
{
	size_t n = 0, all = l->rows.count(l->rows.ctx);

	for (size_t i = 0; i < l->change_count; i++) {
		uint32_t row = l->changes[i];

		if (row < all && l->rows.wanted(l->rows.ctx, row))
			fresh[n++] = (struct entry){ key_of(l, row, 0), row };
	}
	qsort_r(fresh, n, sizeof(*fresh), compare, l);
	return n;
}

/* Takes the changed rows out, and those that are wanted in again. */
static void
merge(struct list *l)
{
	const struct order *from = l->shown;
	struct order *o = l->next;
	struct entry *fresh = calloc(l->change_count, sizeof(*fresh));
	size_t at = 0;

	if (fresh == NULL || !room_for(o, from->count + l->change_count)) {
		free(fresh);
		return;
	}
	size_t n = gather_changes(l, fresh);

	o->count = 0;
	o->range_count = 0;
	for (size_t i = 0; i < from->count; i++) {
		const struct entry *e = &from->e[i];

		if (e->row < l->touched_room && l->touched[e->row] != 0)
			continue;
		while (at < n && is_before(l, &fresh[at], e))
			o->e[o->count++] = fresh[at++];
		o->e[o->count++] = *e;
	}
	while (at < n)
		o->e[o->count++] = fresh[at++];
	free(fresh);
	for (size_t i = 0; i < l->change_count; i++)
		l->touched[l->changes[i]] = 0;
	l->change_count = 0;
	turn_over(l);
}

/* After the order changed: the same row stays selected; who stands on the
 * first row stays there. */
static void
select_again(struct list *l)
{
	size_t at;

	if (l->shown->count == 0) {
		l->position = 0;
		return;
	}
	if (l->has_row && l->position > 0 && list_find(l, l->row, &at)) {
		if (l->position >= l->top && at != l->position) {
			size_t line = l->position - l->top;

			l->top = at > line ? at - line : 0;
		}
		l->position = at;
	}
	if (l->position >= l->shown->count)
		l->position = l->shown->count - 1;
	l->row = list_at(l, l->position);
	l->has_row = true;
}

bool
list_step(struct list *l, int64_t until)
{
	if (l->rows.count == NULL)
		return true;
	if (l->making) {
		if (!make(l, until))
			return false;
		select_again(l);
	}
	if (l->change_count == 0)
		return true;
	if (!ensure_until(l, l->shown, (struct range){ 0, SIZE_MAX }, until) &&
	    l->shown->range_count > 0)
		return false;
	merge(l);
	select_again(l);
	return true;
}

/* ---- questions ---- */

size_t
list_count(const struct list *l)
{
	return l->shown->count;
}

uint32_t
list_at(struct list *l, size_t position)
{
	if (l->shown->range_count > 0)
		ensure(l, position, position + 1);
	return l->shown->e[position].row;
}

uint32_t
list_any(const struct list *l, size_t i)
{
	return l->shown->e[i].row;
}

/* Of an entry inside a range: how many there come before it. */
static size_t
rank(struct list *l, size_t i)
{
	const struct order *o = l->shown;
	unsigned r = 0;

	while (r < o->range_count && o->ranges[r].hi <= i)
		r++;
	if (r == o->range_count || o->ranges[r].lo > i)
		return i;
	size_t at = o->ranges[r].lo;

	for (size_t k = o->ranges[r].lo; k < o->ranges[r].hi; k++)
		at += is_before(l, &o->e[k], &o->e[i]);
	return at;
}

bool
list_find(struct list *l, uint32_t row, size_t *position)
{
	for (size_t i = 0; i < l->shown->count; i++) {
		if (l->shown->e[i].row == row) {
			*position = rank(l, i);
			return true;
		}
	}
	return false;
}

/* ---- the selection ---- */

bool
list_selected(struct list *l, uint32_t *row)
{
	if (list_count(l) == 0 || l->position >= l->shown->count)
		return false;
	*row = list_at(l, l->position);
	return true;
}

size_t
list_position(const struct list *l)
{
	return l->position;
}

size_t
list_top(const struct list *l)
{
	return l->top;
}

void
list_select(struct list *l, size_t position)
{
	if (list_count(l) == 0) {
		l->position = 0;
		l->has_row = false;
		return;
	}
	l->position =
	    position < l->shown->count ? position : l->shown->count - 1;
	l->row = list_at(l, l->position);
	l->has_row = true;
}

void
list_follow(struct list *l, uint32_t row)
{
	l->row = row;
	l->has_row = true;
}

void
list_move(struct list *l, long by)
{
	size_t back = by < 0 ? (size_t)-by : 0;

	if (by < 0)
		list_select(l, l->position > back ? l->position - back : 0);
	else
		list_select(l, l->position + (size_t)by);
}

void
list_fit(struct list *l, size_t lines)
{
	size_t n = list_count(l);

	l->lines = lines > 0 ? lines : 1;
	if (l->top + l->lines > n)
		l->top = n > l->lines ? n - l->lines : 0;
	if (l->position < l->top)
		l->top = l->position;
	if (l->position >= l->top + l->lines)
		l->top = l->position - l->lines + 1;
	ensure(l, l->top, l->top + l->lines);
}

void
list_scroll(struct list *l, long by)
{
	size_t n = list_count(l);
	size_t most = n > l->lines ? n - l->lines : 0;
	size_t back = by < 0 ? (size_t)-by : 0;

	if (by < 0)
		l->top = l->top > back ? l->top - back : 0;
	else
		l->top += (size_t)by;
	if (l->top > most)
		l->top = most;
	if (l->position < l->top)
		list_select(l, l->top);
	else if (l->position >= l->top + l->lines)
		list_select(l, l->top + l->lines - 1);
}

bool
list_key(struct list *l, int key)
{
	long page = l->lines > 1 ? (long)l->lines - 1 : 1;

	switch (key) {
	case KEY_ARROW_UP:
	case 'k':
		list_move(l, -1);
		return true;
	case KEY_ARROW_DOWN:
	case 'j':
		list_move(l, 1);
		return true;
	case KEY_PAGE_UP:
	case KEY_CTRL('b'):
		list_move(l, -page);
		return true;
	case KEY_PAGE_DOWN:
		list_move(l, page);
		return true;
	case KEY_CTRL('u'):
		list_move(l, -page / 2);
		return true;
	case KEY_CTRL('d'):
		list_move(l, page / 2);
		return true;
	case KEY_FIRST:
	case 'g':
		list_select(l, 0);
		return true;
	case KEY_LAST:
	case 'G':
		list_select(l, list_count(l));
		return true;
	default:
		return false;
	}
}
