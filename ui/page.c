/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/page.h"

#include <stdio.h>
#include <stdlib.h>

#include "ui/keys.h"

/* ---- the list ---- */

static bool
all_wanted(void *page, uint32_t row)
{
	(void)page;
	(void)row;
	return true;
}

void
page_sort(struct page *p)
{
	const struct page_kind *k = p->kind;

	list_reset(p->list,
	    &(struct list_rows){
		.ctx = p,
		.count = k->count,
		.wanted = k->wanted != NULL ? k->wanted : all_wanted,
		.key = k->key,
		.words = k->words,
		.falling = p->turned,
	    });
}

void
page_reset(struct tui *t, void *state)
{
	struct page *p = state;

	(void)t;
	list_forget(p->list);
	page_sort(p);
}

bool
page_work(struct tui *t, void *state, int64_t until)
{
	struct page *p = state;
	bool ready = list_is_ready(p->list), over = list_step(p->list, until);

	if (over && !ready && t->state[tui_here(t)] == state)
		t->redraw = true;
	return over;
}

void *
page_new(struct tui *t, const struct page_kind *kind)
{
	struct page *p = calloc(1, kind->state_size);

	if (p == NULL)
		return NULL;
	p->kind = kind;
	p->t = t;
	p->list = list_new();
	if (p->list == NULL) {
		free(p);
		return NULL;
	}
	page_sort(p);
	return p;
}

void
page_end(void *state)
{
	struct page *p = state;

	list_free(p->list);
	free(p);
}

/* ---- drawing ---- */

enum paint
page_paint(const struct page_line *l, enum paint p)
{
	return l->here ? PAINT_SELECT : p;
}

static const char *
direction(const struct page *p)
{
	bool rising = (p->kind->rising >> p->order & 1) != 0;

	return theme_glyph(rising != p->turned ? GLYPH_RISING : GLYPH_FALLING);
}

static void
draw_head(const struct page *p, const struct area *a)
{
	char title[48];

	canvas_fill(a->y, a->x, a->columns, PAINT_HEAD);
	for (const struct page_column *c = p->kind->columns; c->title != NULL;
	     c++) {
		int width = c->width > 0 ? c->width : a->columns - c->x - 1;

		if (a->columns < c->least)
			continue;
		(void)snprintf(title, sizeof(title), "%s%s", c->title,
		    c->order == (int)p->order ? direction(p) : "");
		if (c->right)
			canvas_right(a->y, a->x + c->x, width, PAINT_HEAD,
			    title);
		else
			(void)canvas_put(a->y, a->x + c->x, width, PAINT_HEAD,
			    title);
	}
}

void
page_draw(struct tui *t, void *state, const struct area *a)
{
	struct page *p = state;
	int upper = p->kind->lines(a);
	int n = list_count(p->list) < (size_t)a->lines
	    ? (int)list_count(p->list)
	    : a->lines;
	uint32_t row;

	(void)t;
	p->width = a->columns;
	draw_head(p, a);
	if (upper > n + 2)
		upper = n + 2;
	list_fit(p->list, (size_t)(upper > 2 ? upper - 1 : 1));
	if (n == 0)
		(void)canvas_put(a->y + 2, a->x + 2, a->columns - 4,
		    PAINT_FAINT, p->kind->none);
	for (int i = 0; i < upper - 1; i++) {
		size_t at = list_top(p->list) + (size_t)i;

		if (at >= list_count(p->list))
			break;
		struct page_line l = { a->y + 1 + i, a->x, a->columns,
			at == list_position(p->list) };

		if (l.here)
			canvas_fill(l.y, l.x, l.columns, PAINT_SELECT);
		p->kind->row(p, list_at(p->list, at), &l);
	}
	if (list_selected(p->list, &row))
		p->kind->below(p, row,
		    &(struct area){ a->y + upper, a->x, a->lines - upper,
			a->columns });
}

void
page_status(struct tui *t, void *state, char *text, size_t room)
{
	const struct page *p = state;

	(void)t;
	(void)snprintf(text, room, "%zu %s by %s%s", list_count(p->list),
	    p->kind->noun, p->kind->orders[p->order], direction(p));
}

/* ---- keys ---- */

static void
sort_by(struct page *p, unsigned order)
{
	if (p->order == order)
		p->turned = !p->turned;
	else
		p->turned = false;
	p->order = order;
	list_select(p->list, 0);
	page_sort(p);
}

static void
pick_order(struct tui *t, unsigned item)
{
	sort_by(t->state[tui_here(t)], item);
}

static void
ask_order(struct page *p)
{
	struct menu *m = tui_menu(p->t, p->kind->menu, pick_order);

	for (unsigned i = 0; i < p->kind->order_count; i++)
		menu_add(m, p->order == i, "%s %s", p->kind->orders[i],
		    p->order == i ? direction(p) : "");
	m->at = p->order;
}

bool
page_key(struct tui *t, void *state, int key)
{
	struct page *p = state;
	uint32_t row;

	(void)t;
	if (list_key(p->list, key))
		return true;
	switch (key) {
	case 's':
	case KEY_FN(6):
		ask_order(p);
		return true;
	case 'S':
		sort_by(p, p->order);
		return true;
	case KEY_RETURN:
	case KEY_ARROW_RIGHT:
		if (list_selected(p->list, &row))
			p->kind->enter(p, row);
		return true;
	default:
		return false;
	}
}

static void
click_head(struct page *p, int x)
{
	for (const struct page_column *c = p->kind->columns; c->title != NULL;
	     c++) {
		int end = c->width > 0 ? c->x + c->width : p->width;

		if (c->order >= 0 && p->width >= c->least && x >= c->x &&
		    x < end)
			sort_by(p, (unsigned)c->order);
	}
}

void
page_click(struct tui *t, void *state, int y, int x, bool twice)
{
	struct page *p = state;
	size_t at = list_top(p->list) + (size_t)y - 1;

	if (y == 0)
		click_head(p, x);
	if (y < 1 || at >= list_count(p->list))
		return;
	list_select(p->list, at);
	if (twice)
		(void)page_key(t, state, KEY_RETURN);
}

void
page_scroll(struct tui *t, void *state, int by)
{
	struct page *p = state;

	(void)t;
	list_scroll(p->list, by);
}

/* ---- a text to scroll ---- */

void
scroll_fit(struct scroll *s)
{
	unsigned most = s->lines > s->page ? s->lines - s->page : 0;

	if (s->top > most)
		s->top = most;
}

void
scroll_by(struct scroll *s, long by)
{
	long top = (long)s->top + by;

	s->top = top < 0 ? 0 : (unsigned)top;
}

bool
scroll_key(struct scroll *s, int key)
{
	long page = s->page > 1 ? (long)s->page - 1 : 1;

	switch (key) {
	case KEY_ARROW_DOWN:
	case 'j':
		scroll_by(s, 1);
		return true;
	case KEY_ARROW_UP:
	case 'k':
		scroll_by(s, -1);
		return true;
	case KEY_PAGE_DOWN:
	case ' ':
		scroll_by(s, page);
		return true;
	case KEY_PAGE_UP:
		scroll_by(s, -page);
		return true;
	case KEY_FIRST:
	case 'g':
		s->top = 0;
		return true;
	case KEY_LAST:
	case 'G':
		s->top = s->lines;
		return true;
	default:
		return false;
	}
}

int
scroll_y(const struct scroll *s, const struct area *a, unsigned line)
{
	if (line < s->top || line >= s->top + (unsigned)a->lines)
		return -1;
	return a->y + (int)(line - s->top);
}

void
scroll_status(const struct scroll *s, char *text, size_t room)
{
	unsigned end = s->top + s->page;

	if (s->lines > s->page)
		(void)snprintf(text, room, "lines %u-%u of %u", s->top + 1,
		    end < s->lines ? end : s->lines, s->lines);
}
