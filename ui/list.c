/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/list.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "ui/keys.h"

enum { SLICE = 1024, FEW = 48, DIGITS = 256 };

struct entry {
	uint64_t key; /* of word 0, turned over where the order falls */
	uint32_t row;
	bool same; /* as the one before, in all words so far; while sorting */
};

struct list {
	struct list_rows rows;
	struct entry *entries;
	size_t count, room;
	struct entry *spare; /* as large as entries */
	uint8_t *touched;    /* by row: waits in `changes` */
	size_t touched_room;
	uint32_t *changes;
	size_t change_count, change_room;
	size_t scan; /* rows looked at since the reset */
	bool sorted;
	/* the selection */
	size_t position, top, lines;
	uint32_t row; /* selected, if has_row */
	bool has_row;
};

struct list *
list_new(void)
{
	struct list *l = calloc(1, sizeof(*l));

	if (l != NULL)
		l->lines = 1;
	return l;
}

void
list_free(struct list *l)
{
	if (l == NULL)
		return;
	free(l->entries);
	free(l->spare);
	free(l->touched);
	free(l->changes);
	free(l);
}

static bool
room_for(struct list *l, size_t want)
{
	size_t more = l->room == 0 ? 256 : l->room;
	struct entry *p;

	if (want <= l->room)
		return true;
	while (more < want)
		more *= 2;
	p = realloc(l->entries, more * sizeof(*p));
	if (p == NULL)
		return false;
	l->entries = p;
	p = realloc(l->spare, more * sizeof(*p));
	if (p == NULL)
		return false;
	l->spare = p;
	l->room = more;
	return true;
}

void
list_reset(struct list *l, const struct list_rows *rows)
{
	l->rows = *rows;
	l->count = 0;
	l->scan = 0;
	l->sorted = false;
	if (l->touched_room > 0)
		memset(l->touched, 0, l->touched_room);
	l->change_count = 0;
}

void
list_changed(struct list *l, uint32_t row)
{
	size_t more = l->touched_room == 0 ? 1024 : l->touched_room;

	/* The scan comes to it, or it is in the queue. */
	if (row >= l->scan && !l->sorted)
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

static void
sort_few(struct entry *e, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct entry x = e[i];
		size_t at = i;

		for (; at > 0 && e[at - 1].key > x.key; at--)
			e[at] = e[at - 1];
		e[at] = x;
	}
}

/* By their keys, equal ones as they stood: least significant octet first. */
static void
sort_by_key(struct entry *e, struct entry *spare, size_t n)
{
	struct entry *from = e, *to = spare;

	if (n < FEW) {
		sort_few(e, n);
		return;
	}
	for (unsigned shift = 0; shift < 64; shift += 8) {
		size_t counts[DIGITS] = { 0 }, at = 0;

		for (size_t i = 0; i < n; i++)
			counts[from[i].key >> shift & 0xff]++;
		if (counts[from[0].key >> shift & 0xff] == n)
			continue;
		for (size_t d = 0; d < DIGITS; d++) {
			size_t c = counts[d];

			counts[d] = at;
			at += c;
		}
		for (size_t i = 0; i < n; i++)
			to[counts[from[i].key >> shift & 0xff]++] = from[i];
		struct entry *turn = from;

		from = to;
		to = turn;
	}
	if (from != e)
		memcpy(e, from, n * sizeof(*e));
}

/* The end of the run of entries that are the same so far. */
static size_t
run_end(const struct entry *e, size_t n, size_t from)
{
	size_t to = from + 1;

	while (to < n && e[to].same)
		to++;
	return to;
}

static void
sort_all(const struct list *l, struct entry *e, struct entry *spare, size_t n)
{
	for (size_t i = 0; i < n; i++)
		e[i].same = i > 0;
	for (unsigned w = 0; w < l->rows.words; w++) {
		size_t to;

		for (size_t from = 0; from < n; from = to) {
			to = run_end(e, n, from);
			if (to - from == 1)
				continue;
			for (size_t i = from; i < to; i++)
				e[i].key = key_of(l, e[i].row, w);
			sort_by_key(e + from, spare, to - from);
			for (size_t i = from; i < to; i++)
				e[i].same =
				    i > from && e[i].key == e[i - 1].key;
		}
	}
	if (l->rows.words > 1) {
		for (size_t i = 0; i < n; i++)
			e[i].key = key_of(l, e[i].row, 0);
	}
}

static bool
is_before(const struct list *l, const struct entry *a, const struct entry *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	for (unsigned w = 1; w < l->rows.words; w++) {
		uint64_t x = key_of(l, a->row, w), y = key_of(l, b->row, w);

		if (x != y)
			return x < y;
	}
	return a->row < b->row;
}

/* ---- work ---- */

bool
list_is_ready(const struct list *l)
{
	return l->sorted && l->change_count == 0;
}

unsigned
list_per_cent(const struct list *l)
{
	size_t all = l->rows.count != NULL ? l->rows.count(l->rows.ctx) : 0;

	return l->sorted || all == 0 ? 100 : (unsigned)(l->scan * 100 / all);
}

static bool
scan(struct list *l, int64_t until)
{
	size_t all = l->rows.count(l->rows.ctx);

	while (l->scan < all) {
		size_t end = l->scan + SLICE < all ? l->scan + SLICE : all;

		if (!room_for(l, l->count + SLICE))
			return false;
		for (; l->scan < end; l->scan++) {
			uint32_t row = (uint32_t)l->scan;

			if (l->rows.wanted(l->rows.ctx, row))
				l->entries[l->count++] =
				    (struct entry){ key_of(l, row, 0), row,
					    false };
		}
		if (l->scan < all && clock_monotonic() >= until)
			return false;
	}
	return true;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Takes the changed rows out, and those that are wanted in again. */
static void
merge(struct list *l)
{
	size_t kept = 0, n = 0, all = l->rows.count(l->rows.ctx);
	struct entry *fresh, *old;

	if (!room_for(l, l->count + l->change_count))
		return;
	for (size_t i = 0; i < l->count; i++) {
		uint32_t row = l->entries[i].row;

		if (row >= l->touched_room || l->touched[row] == 0)
			l->entries[kept++] = l->entries[i];
	}
	qsort(l->changes, l->change_count, sizeof(*l->changes), by_number);
	fresh = calloc(l->change_count * 2, sizeof(*fresh));
	for (size_t i = 0; i < l->change_count; i++) {
		uint32_t row = l->changes[i];

		l->touched[row] = 0;
		if (fresh != NULL && row < all &&
		    l->rows.wanted(l->rows.ctx, row))
			fresh[n++] =
			    (struct entry){ key_of(l, row, 0), row, false };
	}
	if (n > 0)
		sort_all(l, fresh, fresh + l->change_count, n);
	l->change_count = 0;
	l->count = kept + n;
	/* From behind, so that nothing is copied twice. */
	old = l->entries;
	for (size_t to = l->count; n > 0; to--) {
		if (kept > 0 && is_before(l, &fresh[n - 1], &old[kept - 1]))
			old[to - 1] = old[--kept];
		else
			old[to - 1] = fresh[--n];
	}
	free(fresh);
}

/* After the order changed: the same row stays selected; who stands on the
 * first row stays there. */
static void
select_again(struct list *l)
{
	size_t at;

	if (l->count == 0) {
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
	if (l->position >= l->count)
		l->position = l->count - 1;
	l->row = l->entries[l->position].row;
	l->has_row = true;
}

bool
list_step(struct list *l, int64_t until)
{
	if (l->rows.count == NULL)
		return true;
	if (!l->sorted) {
		if (!scan(l, until))
			return false;
		sort_all(l, l->entries, l->spare, l->count);
		l->sorted = true;
		if (l->change_count > 0)
			merge(l);
		select_again(l);
		return true;
	}
	if (l->change_count > 0) {
		merge(l);
		select_again(l);
	}
	return true;
}

/* ---- questions ---- */

size_t
list_count(const struct list *l)
{
	return l->sorted ? l->count : 0;
}

uint32_t
list_at(const struct list *l, size_t position)
{
	return l->entries[position].row;
}

bool
list_find(const struct list *l, uint32_t row, size_t *position)
{
	for (size_t i = 0; i < l->count; i++) {
		if (l->entries[i].row == row) {
			*position = i;
			return true;
		}
	}
	return false;
}

/* ---- the selection ---- */

bool
list_selected(const struct list *l, uint32_t *row)
{
	if (list_count(l) == 0 || l->position >= l->count)
		return false;
	*row = l->entries[l->position].row;
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
	l->position = position < l->count ? position : l->count - 1;
	l->row = l->entries[l->position].row;
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
