/* SPDX-License-Identifier: Apache-2.0 */
/* All flows: filtered, sorted, searched, tagged. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "ui/columns.h"
#include "ui/keys.h"
#include "ui/page.h"

struct search {
	struct filter what;
	bool active, looking, back;
	size_t at, looked; /* position to look at, so many were */
	size_t from;       /* to go back to */
};

struct flows {
	struct page page;
	struct tui *t;     /* of the page */
	struct list *list; /* of the page */
	char text[FILTER_LINE];
	struct filter filter;
	uint8_t columns[COLUMNS_MOST];
	unsigned column_count;
	size_t sort;
	bool falling;
	struct search search;
	uint64_t kept; /* first packet of the selected flow */
};

static struct flows *
of(const struct tui *t)
{
	return t->state[SCREEN_FLOWS];
}

/* ---- rows for the list ---- */

static size_t
row_count(void *ctx)
{
	const struct flows *s = ctx;

	return store_count(s->t->store);
}

static bool
row_wanted(void *ctx, uint32_t row)
{
	const struct flows *s = ctx;
	const struct view_row *r = store_row(s->t->store, row);

	return r->src.addr.family != 0 &&
	    filter_match(&s->filter, r, store_is_tagged(s->t->store, row));
}

static uint64_t
row_key(void *ctx, uint32_t row, unsigned word)
{
	const struct flows *s = ctx;

	return column_at(s->sort)->key(store_row(s->t->store, row), word);
}

static void
anew(struct flows *s)
{
	list_reset(s->list,
	    &(struct list_rows){
		.ctx = s,
		.count = row_count,
		.wanted = row_wanted,
		.key = row_key,
		.words = column_at(s->sort)->words,
		.falling = s->falling,
		.text = column_is_text(s->sort),
	    });
}

static void
flows_leave(struct tui *t, void *state)
{
	struct flows *s = state;
	uint32_t row;

	s->kept = list_selected(s->list, &row)
	    ? store_row(t->store, row)->first_packet
	    : 0;
}

static void
flows_reset(struct tui *t, void *state)
{
	struct flows *s = state;
	uint32_t row;

	list_forget(s->list);
	if (s->kept != 0 && store_find(t->store, s->kept, &row))
		list_follow(s->list, row);
	anew(s);
}

static void
flows_row(struct tui *t, void *state, uint32_t slot)
{
	struct flows *s = state;

	(void)t;
	list_changed(s->list, slot);
}

/* ---- filter ---- */

const char *
flows_filter(const struct tui *t)
{
	return of(t)->text;
}

bool
flows_try_filter(struct tui *t, const char *text)
{
	struct flows *s = of(t);
	struct filter f;
	struct filter_fault fault;

	t->prompt_note[0] = '\0';
	t->prompt_wrong = false;
	if (!filter_parse(text, &f, &fault)) {
		(void)snprintf(t->prompt_note, sizeof(t->prompt_note), "%s",
		    fault.text);
		t->prompt_wrong = !fault.unfinished;
		return false;
	}
	s->filter = f;
	(void)snprintf(s->text, sizeof(s->text), "%s", text);
	anew(s);
	return true;
}

void
flows_set_filter(struct tui *t, const char *text)
{
	if (flows_try_filter(t, text))
		list_select(of(t)->list, 0);
}

/* ---- search ---- */

static void
look_from(struct flows *s, size_t at, bool back)
{
	s->search.looking = s->search.what.count > 0;
	s->search.at = at;
	s->search.back = back;
	s->search.looked = 0;
}

void
flows_begin_search(struct tui *t)
{
	struct flows *s = of(t);

	s->search.from = list_position(s->list);
	tui_prompt(t, PROMPT_SEARCH, "");
}

void
flows_try_search(struct tui *t, const char *text)
{
	struct flows *s = of(t);
	struct filter_fault fault;

	t->prompt_wrong = false;
	t->prompt_note[0] = '\0';
	if (!filter_parse(text, &s->search.what, &fault)) {
		(void)snprintf(t->prompt_note, sizeof(t->prompt_note), "%s",
		    fault.text);
		t->prompt_wrong = !fault.unfinished;
		s->search.what.count = 0;
	}
	look_from(s, s->search.from, false);
}

void
flows_end_search(struct tui *t, bool keep)
{
	struct flows *s = of(t);

	s->search.active = keep && s->search.what.count > 0;
	if (keep)
		return;
	s->search.looking = false;
	s->search.what.count = 0;
	list_select(s->list, s->search.from);
}

static void
not_found(struct tui *t)
{
	if (t->prompting == PROMPT_SEARCH) {
		(void)snprintf(t->prompt_note, sizeof(t->prompt_note),
		    "no flow has that");
		t->prompt_wrong = true;
		t->redraw = true;
	} else {
		tui_say(t, "no other flow has that");
	}
}

/* Some rows at a time. True: nothing to look for any more. */
static bool
look(struct tui *t, struct flows *s, int64_t until)
{
	struct search *x = &s->search;
	size_t n = list_count(s->list);

	if (!x->looking || !list_is_ready(s->list))
		return !x->looking;
	while (x->looked < n) {
		size_t at = x->at < n ? x->at : 0;
		uint32_t row = list_at(s->list, at);

		if (filter_match(&x->what, store_row(t->store, row),
			store_is_tagged(t->store, row))) {
			list_select(s->list, at);
			x->looking = false;
			t->redraw = true;
			return true;
		}
		x->at = x->back ? (at > 0 ? at - 1 : n - 1) : at + 1;
		if (++x->looked % 256 == 0 && clock_monotonic() >= until)
			return false;
	}
	x->looking = false;
	not_found(t);
	return true;
}

static void
look_on(struct tui *t, struct flows *s, bool back)
{
	size_t n = list_count(s->list), at = list_position(s->list);

	if (s->search.what.count == 0) {
		tui_say(t, "nothing to search for: / begins");
		return;
	}
	if (n > 0)
		look_from(s, back ? (at > 0 ? at - 1 : n - 1) : at + 1, back);
}

static bool
flows_work(struct tui *t, void *state, int64_t until)
{
	struct flows *s = state;
	bool ready = list_is_ready(s->list);

	if (!list_step(s->list, until))
		return false;
	if (!ready)
		t->redraw = true;
	return look(t, s, until);
}

/* ---- sort, columns ---- */

static void
remember_sort(struct flows *s)
{
	struct settings *set = &s->t->settings;

	(void)snprintf(set->sort, sizeof(set->sort), "%s",
	    column_at(s->sort)->name);
	set->rising = !s->falling;
	anew(s);
}

static void
pick_sort(struct tui *t, unsigned item)
{
	struct flows *s = of(t);

	if (s->sort == item) {
		s->falling = !s->falling;
	} else {
		s->sort = item;
		s->falling = column_at(item)->falling;
	}
	list_select(s->list, 0);
	remember_sort(s);
}

static void
ask_sort(struct tui *t, struct flows *s)
{
	struct menu *m = tui_menu(t, "Sort by", pick_sort);

	for (size_t i = 0; column_at(i) != NULL; i++) {
		menu_add(m, i == s->sort, "%-17s %s%s", column_at(i)->name,
		    i == s->sort
			? theme_glyph(s->falling ? GLYPH_FALLING : GLYPH_RISING)
			: "",
		    i == s->sort ? "" : column_at(i)->about);
		if (i == s->sort)
			m->at = (unsigned)i;
	}
}

static void
pick_column(struct tui *t, unsigned item)
{
	struct flows *s = of(t);
	uint8_t *at = memchr(s->columns, (int)item, s->column_count);

	if (at == NULL && s->column_count < COLUMNS_MOST) {
		s->columns[s->column_count++] = (uint8_t)item;
		t->menu.marked[item] = true;
	} else if (at != NULL && s->column_count > 1) {
		size_t behind = s->column_count - (size_t)(at - s->columns) - 1;

		memmove(at, at + 1, behind);
		s->column_count--;
		t->menu.marked[item] = false;
	}
	columns_text(s->columns, s->column_count, t->settings.columns,
	    sizeof(t->settings.columns));
}

static void
ask_columns(struct tui *t, struct flows *s)
{
	struct menu *m =
	    tui_menu(t, "Columns (Space; in the order of choice)", pick_column);

	m->stays = true;
	for (size_t i = 0; column_at(i) != NULL; i++)
		menu_add(m, memchr(s->columns, (int)i, s->column_count) != NULL,
		    "%-17s %s", column_at(i)->name, column_at(i)->about);
}

/* ---- drawing ---- */

static void
draw_head(const struct flows *s, const struct area *a, const int *widths)
{
	int x = a->x + 1;
	char title[64];

	canvas_fill(a->y, a->x, a->columns, PAINT_HEAD);
	for (unsigned i = 0; i < s->column_count; i++) {
		const struct flow_column *c = column_at(s->columns[i]);

		if (widths[i] == 0)
			continue;
		(void)snprintf(title, sizeof(title), "%s%s", c->title,
		    s->columns[i] == s->sort
			? theme_glyph(s->falling ? GLYPH_FALLING : GLYPH_RISING)
			: "");
		if (c->right)
			canvas_right(a->y, x, widths[i], PAINT_HEAD, title);
		else
			(void)canvas_put(a->y, x, widths[i], PAINT_HEAD, title);
		x += widths[i] + 1;
	}
}

static void
draw_row(const struct flows *s, int y, const struct area *a, const int *widths,
    size_t position)
{
	const struct tui *t = s->t;
	uint32_t slot = list_at(s->list, position);
	const struct view_row *r = store_row(t->store, slot);
	bool here = position == list_position(s->list);
	bool tagged = store_is_tagged(t->store, slot);
	int x = a->x + 1;

	if (here)
		canvas_fill(y, a->x, a->columns, PAINT_SELECT);
	if (tagged)
		(void)canvas_put(y, a->x, 1, here ? PAINT_SELECT : PAINT_TAGGED,
		    theme_glyph(GLYPH_TAG));
	for (unsigned i = 0; i < s->column_count; i++) {
		const struct flow_column *c = column_at(s->columns[i]);
		char text[COLUMN_TEXT] = "";

		if (widths[i] == 0)
			continue;
		enum paint p = c->cell(t, r, text, sizeof(text));

		p = here ? PAINT_SELECT : tagged ? PAINT_TAGGED : p;
		if (c->right)
			canvas_right(y, x, widths[i], p, text);
		else
			(void)canvas_put(y, x, widths[i], p, text);
		x += widths[i] + 1;
	}
}

static void
draw_nothing(const struct flows *s, const struct area *a)
{
	const char *why = "no flow yet: none has been judged so far";

	if (!list_is_ready(s->list))
		why = "looking ...";
	else if (s->filter.count > 0 && store_count(s->t->store) > 0)
		why = "no flow passes the filter: Esc takes it away, \\ "
		      "changes it";
	else if (s->t->status.phase == VIEW_DONE)
		why = "no flow: the capture holds neither TCP nor UDP";
	(void)canvas_put(a->y + 2, a->x + 2, a->columns - 4, PAINT_FAINT, why);
}

static void
flows_draw(struct tui *t, void *state, const struct area *a)
{
	struct flows *s = state;
	int widths[COLUMNS_MOST];
	size_t lines = (size_t)a->lines - 1;

	(void)t;
	columns_fit(s->columns, s->column_count, a->columns - 2, widths);
	draw_head(s, a, widths);
	list_fit(s->list, lines);
	if (list_count(s->list) == 0) {
		draw_nothing(s, a);
		return;
	}
	for (size_t i = 0; i < lines; i++) {
		size_t at = list_top(s->list) + i;

		if (at >= list_count(s->list))
			break;
		draw_row(s, a->y + 1 + (int)i, a, widths, at);
	}
}

static void
flows_status(struct tui *t, void *state, char *text, size_t room)
{
	const struct flows *s = state;
	size_t tags = store_tags(t->store), n = list_count(s->list);
	char shown[24], all[24], tagged[48] = "", gone[96] = "";
	int k = 0;

	if (tags > 0)
		(void)snprintf(tagged, sizeof(tagged), "%zu tagged  ", tags);
	if (t->status.let_go > 0)
		k = snprintf(gone, sizeof(gone), ", %s let go",
		    text_count(t->status.let_go, all));
	if (store_gone(t->store) > 0)
		(void)snprintf(gone + k, sizeof(gone) - (size_t)k,
		    ", %s no longer shown",
		    text_count(store_gone(t->store), all));
	(void)text_count(store_sums(t->store)->flows, all);
	if (!list_is_ready(s->list) && n == 0)
		(void)snprintf(text, room, "%s%u%%  %s", tagged,
		    list_per_cent(s->list), s->text);
	else if (s->filter.count > 0)
		(void)snprintf(text, room, "%s%s of %s%s  %s", tagged,
		    text_count(n, shown), all, gone, s->text);
	else
		(void)snprintf(text, room, "%s%zu of %s%s", tagged,
		    n > 0 ? list_position(s->list) + 1 : 0, all, gone);
}

/* The reason, for which a narrow screen has no column. */
static void
flows_hint(struct tui *t, void *state, char *text, size_t room)
{
	const struct flows *s = state;
	char packet[96], why[TUI_TEXT];
	uint32_t row;

	if (!list_selected(s->list, &row))
		return;
	const struct view_row *r = store_row(t->store, row);

	(void)snprintf(text, room, "%s%s%s",
	    tui_packet(t, r->proof, true, packet), r->proof != 0 ? ": " : "",
	    tui_sentence(t, r->why, why));
}

/* ---- keys ---- */

/* Who filters by tags sees other flows now. */
static void
tags_changed(struct flows *s)
{
	if (filter_asks(&s->filter, FILTER_IS))
		anew(s);
}

static void
tag(struct tui *t, struct flows *s)
{
	uint32_t row;

	if (!list_selected(s->list, &row))
		return;
	store_tag(t->store, row, !store_is_tagged(t->store, row));
	list_move(s->list, 1);
	tags_changed(s);
}

static void
tag_all(struct tui *t, struct flows *s)
{
	for (size_t i = 0; i < list_count(s->list); i++)
		store_tag(t->store, list_any(s->list, i), true);
	tags_changed(s);
}

static void
untag_all(struct tui *t, struct flows *s)
{
	store_untag(t->store);
	tags_changed(s);
}

static bool
flows_key(struct tui *t, void *state, int key)
{
	struct flows *s = state;
	uint32_t row;

	if (list_key(s->list, key))
		return true;
	switch (key) {
	case KEY_RETURN:
	case KEY_ARROW_RIGHT:
		if (list_selected(s->list, &row))
			tui_open_flow(t,
			    store_row(t->store, row)->first_packet);
		return true;
	case ' ':
		tag(t, s);
		return true;
	case '*':
		tag_all(t, s);
		return true;
	case 'u':
		untag_all(t, s);
		return true;
	case 's':
	case KEY_FN(6):
		ask_sort(t, s);
		return true;
	case 'S':
		s->falling = !s->falling;
		remember_sort(s);
		return true;
	case 'c':
		ask_columns(t, s);
		return true;
	case 'n':
	case 'N':
		look_on(t, s, key == 'N');
		return true;
	case KEY_ESC:
		if (t->depth > 1 || s->text[0] == '\0')
			return false;
		flows_set_filter(t, "");
		return true;
	default:
		return false;
	}
}

static void
flows_click(struct tui *t, void *state, int y, int x, bool twice)
{
	struct flows *s = state;

	if (y == 0) {
		int widths[COLUMNS_MOST], at = 1;

		columns_fit(s->columns, s->column_count, canvas_width() - 2,
		    widths);
		for (unsigned i = 0; i < s->column_count; i++) {
			at += widths[i] > 0 ? widths[i] + 1 : 0;
			if (x < at) {
				pick_sort(t, s->columns[i]);
				return;
			}
		}
		return;
	}
	list_select(s->list, list_top(s->list) + (size_t)y - 1);
	if (twice)
		(void)flows_key(t, s, KEY_RETURN);
}

size_t
flows_chosen(const struct tui *t, uint64_t **first_packets)
{
	const struct flows *s = of(t);
	bool tags = store_tags(t->store) > 0;
	size_t most = tags ? store_tags(t->store) : list_count(s->list), n = 0;
	uint64_t *out = malloc((most > 0 ? most : 1) * sizeof(*out));

	*first_packets = out;
	if (out == NULL)
		return 0;
	if (tags) {
		for (uint32_t i = 0; i < store_count(t->store); i++) {
			if (store_is_tagged(t->store, i) && n < most)
				out[n++] = store_row(t->store, i)->first_packet;
		}
		return n;
	}
	for (size_t i = 0; i < most; i++)
		out[n++] =
		    store_row(t->store, list_any(s->list, i))->first_packet;
	return n;
}

/* ---- life ---- */

static const struct page_kind kind = {
	.state_size = sizeof(struct flows),
	.words = 1,
	.count = row_count,
	.wanted = row_wanted,
	.key = row_key,
};

static void *
flows_begin(struct tui *t)
{
	struct flows *s = page_new(t, &kind);

	if (s == NULL)
		return NULL;
	s->t = t;
	s->list = s->page.list;
	s->column_count = columns_parse(t->settings.columns, s->columns);
	if (s->column_count == 0)
		s->column_count = columns_parse(columns_usual, s->columns);
	if (!column_find(t->settings.sort, &s->sort))
		s->sort = 0;
	else
		s->falling = !t->settings.rising;
	anew(s);
	return s;
}

static const struct key_about keys[] = {
	{ "Enter", "the flow with its reasons, findings, certificates" },
	{ "\\ F4", "filter, as it is typed; Tab completes" },
	{ "/ F3  n N", "search; the next, the one before" },
	{ "s F6  S", "sort by another column; turn the order" },
	{ "c", "choose the columns" },
	{ "Space  *  u", "tag the flow; all that are shown; none" },
	{ "e F8", "export what is tagged, else what is shown" },
	{ NULL, NULL },
};

const struct screen screen_flows = {
	.name = "Flows",
	.keys = keys,
	.begin = flows_begin,
	.end = page_end,
	.draw = flows_draw,
	.key = flows_key,
	.click = flows_click,
	.scroll = page_scroll,
	.leave = flows_leave,
	.reset = flows_reset,
	.row = flows_row,
	.work = flows_work,
	.hint = flows_hint,
	.status = flows_status,
};
