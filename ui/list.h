/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.h - a sorted and filtered index of rows that live elsewhere, with a
 * selected row and the part of it that is on the screen.
 *
 * Works in slices: a list of 200 000 rows is filtered anew while keys are
 * answered in between and the old one is shown. It is brought into order where
 * somebody looks. Rows that change are taken out and merged in again. Knows no
 * curses.
 */
#ifndef UI_LIST_H
#define UI_LIST_H

#include "core/base.h"

/* What the list asks of the rows. `words` keys are compared one after the
 * other, as numbers; equal rows keep the order of their numbers. */
struct list_rows {
	void *ctx;
	size_t (*count)(void *ctx);
	bool (*wanted)(void *ctx, uint32_t row);
	uint64_t (*key)(void *ctx, uint32_t row, unsigned word);
	unsigned words;
	bool falling;
	bool text; /* a word that ends with a zero octet is the last */
};

struct list;

struct list *list_new(void); /* NULL without memory */
void list_free(struct list *l);

/* Filter, order or the rows themselves are others now. */
void list_reset(struct list *l, const struct list_rows *rows);
/* What is shown is not there any more, either. */
void list_forget(struct list *l);
/* This row is new, changed, or passes the filter no more. */
void list_changed(struct list *l, uint32_t row);
/* Works until clock_monotonic() says `until`; true: nothing is left to do. */
bool list_step(struct list *l, int64_t until);
bool list_is_ready(const struct list *l);
unsigned list_per_cent(const struct list *l); /* of a reset */

size_t list_count(const struct list *l);
uint32_t list_at(struct list *l, size_t position);
/* All of them for i below the count, in no order. */
uint32_t list_any(const struct list *l, size_t i);
/* Where a row stands; false if it is not in the list. */
bool list_find(struct list *l, uint32_t row, size_t *position);

/* --- the selection --- */

bool list_selected(struct list *l, uint32_t *row);
size_t list_position(const struct list *l);
size_t list_top(const struct list *l); /* first position on the screen */
void list_select(struct list *l, size_t position);
void list_move(struct list *l, long by);
/* The selected one has this number after the next reset. */
void list_follow(struct list *l, uint32_t row);
/* Keeps the selection on a screen of so many lines. */
void list_fit(struct list *l, size_t lines);
void list_scroll(struct list *l, long by); /* the screen, not the selection */
/* Arrow, page and letter keys; false if it is none of these. */
bool list_key(struct list *l, int key);

#endif
