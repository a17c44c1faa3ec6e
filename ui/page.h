/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h - what screens have in common that are a list: its head, its rows,
 * below it what there is to say of the selected one; keys, mouse, order. And
 * what those have in common that are a text to scroll.
 */
#ifndef UI_PAGE_H
#define UI_PAGE_H

#include "ui/list.h"
#include "ui/tui.h"

/* A column of the head; a click on it sorts. */
struct page_column {
	const char *title;
	int x, width; /* width 0: the rest of the line */
	bool right;
	int order; /* of the orders; -1: none */
	int least; /* columns of the screen it needs */
};

struct page_line {
	int y, x, columns;
	bool here; /* selected */
};

struct page;

struct page_kind {
	const char *none; /* where the list is empty */
	const char *noun; /* hosts */
	const char *menu; /* title of the orders' menu */
	const char *const *orders;
	unsigned order_count;
	unsigned rising; /* orders that begin with the least, a bit each */
	const struct page_column *columns; /* ends with a title of NULL */
	size_t state_size; /* of the struct that begins with struct page */
	unsigned words;    /* of the list's key */
	size_t (*count)(void *page);
	bool (*wanted)(void *page, uint32_t row); /* NULL: all */
	uint64_t (*key)(void *page, uint32_t row, unsigned word);
	void (*row)(struct page *p, uint32_t row, const struct page_line *l);
	/* What there is to say of the selected row. */
	void (*below)(struct page *p, uint32_t row, const struct area *a);
	int (*lines)(const struct area *a); /* of the list and its head */
	void (*enter)(struct page *p, uint32_t row);
};

struct page {
	const struct page_kind *kind;
	struct tui *t;
	struct list *list;
	unsigned order;
	bool turned;
	int width; /* of the last picture */
};

/* For the kind's screen_*.begin; NULL without memory. */
void *page_new(struct tui *t, const struct page_kind *kind);
/* Order or filter are others; the rows are the same. */
void page_sort(struct page *p);
/* The paint of a cell: `p`, unless the line is selected. */
enum paint page_paint(const struct page_line *l, enum paint p);

/* --- members of struct screen, whose state begins with struct page --- */

void page_end(void *state);
void page_reset(struct tui *t, void *state);
bool page_work(struct tui *t, void *state, int64_t until);
void page_draw(struct tui *t, void *state, const struct area *a);
void page_status(struct tui *t, void *state, char *text, size_t room);
bool page_key(struct tui *t, void *state, int key);
void page_click(struct tui *t, void *state, int y, int x, bool twice);
void page_scroll(struct tui *t, void *state, int by);

/* --- a text to scroll --- */

struct scroll {
	unsigned top, lines, page; /* drawn lines, of them on the screen */
};

/* The end of the text stays at the end of the screen. */
void scroll_fit(struct scroll *s);
void scroll_by(struct scroll *s, long by);
bool scroll_key(struct scroll *s, int key);
/* The line of the area where this one is drawn, or -1. */
int scroll_y(const struct scroll *s, const struct area *a, unsigned line);
/* "lines 1-20 of 60"; empty if all are shown. */
void scroll_status(const struct scroll *s, char *text, size_t room);

#endif
