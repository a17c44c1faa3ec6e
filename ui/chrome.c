/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/chrome.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"

const struct screen *const screens[SCREENS] = {
	[SCREEN_OVERVIEW] = &screen_overview,
	[SCREEN_FLOWS] = &screen_flows,
	[SCREEN_FINDINGS] = &screen_findings,
	[SCREEN_HOSTS] = &screen_hosts,
	[SCREEN_CERTS] = &screen_certs,
	[SCREEN_LOG] = &screen_log,
	[SCREEN_FLOW] = &screen_flow,
	[SCREEN_HELP] = &screen_help,
};

const struct bar_key chrome_keys[] = {
	{ 1, "Help" },
	{ 2, "Look" },
	{ 3, "Search" },
	{ 4, "Filter" },
	{ 5, "Freeze" },
	{ 6, "Sort" },
	{ 7, "Hide" },
	{ 8, "Export" },
	{ 9, "Stop" },
	{ 10, "Quit" },
	{ 0, NULL },
};

static const char program[] = " spanward ";
enum { TAB_TEXT = 24 };

/* The tab whose screen the user came from. */
static enum screen_id
tab_here(const struct tui *t)
{
	for (unsigned i = t->depth; i > 0; i--) {
		if (t->crumbs[i - 1].screen < SCREENS_TABS)
			return t->crumbs[i - 1].screen;
	}
	return SCREENS_TABS;
}

/* 45% 1:23 left; live 1234/s; done */
static void
state_text(const struct tui *t, char *text, size_t room)
{
	const struct source_stats *s = &t->status.source;
	char rate[24], left[24];

	if (t->status.phase == VIEW_DONE) {
		snprintf(text, room, "%s done", theme_glyph(GLYPH_GOOD));
		return;
	}
	if (t->status.phase == VIEW_JUDGING) {
		uint64_t all = t->status.to_judge > 0 ? t->status.to_judge : 1;

		snprintf(text, room, "%s judging %u%%", theme_glyph(GLYPH_PLAY),
		    (unsigned)(t->status.judged * 100 / all));
		return;
	}
	if (t->o.live || s->total_bytes == 0) {
		snprintf(text, room, "%s %s %s/s", theme_glyph(GLYPH_LIVE),
		    t->o.live ? "live" : "reading",
		    text_count((uint64_t)(t->rate + 0.5), rate));
		return;
	}
	double total = (double)s->total_bytes;
	double part =
	    s->read_bytes < s->total_bytes ? (double)s->read_bytes / total : 1;
	double took = (double)(clock_monotonic() - t->started);

	snprintf(text, room, "%s %u%% %s left", theme_glyph(GLYPH_PLAY),
	    (unsigned)(part * 100),
	    part > 0.005 ? text_time((int64_t)(took * (1 - part) / part), left)
			 : "?");
}

/* With a sign where there is something one has not seen. */
static void
tab_name(const struct tui *t, enum screen_id i, char text[TAB_TEXT])
{
	bool unseen = i == SCREEN_LOG && tui_here(t) != SCREEN_LOG &&
	    log_tail_alerts(t->o.log) > t->alerts_seen;

	(void)snprintf(text, TAB_TEXT, " %u %s%s ", (unsigned)i + 1,
	    screens[i]->name, unseen ? "!" : "");
}

static void
tabs(const struct tui *t)
{
	enum screen_id here = tab_here(t);
	char text[64], name[TAB_TEXT];
	int x;

	canvas_fill(0, 0, canvas_width(), PAINT_TITLE);
	x = canvas_put(0, 0, canvas_width(), PAINT_TITLE, program);
	for (enum screen_id i = 0; i < SCREENS_TABS; i++) {
		tab_name(t, i, name);
		x += canvas_put(0, x, canvas_width() - x,
		    here == i ? PAINT_TAB_HERE : PAINT_TITLE, name);
	}
	state_text(t, text, sizeof(text));
	int n = canvas_columns(text);

	if (canvas_width() - n - 1 > x)
		(void)canvas_put(0, canvas_width() - n - 1, n, PAINT_TITLE,
		    text);
}

bool
chrome_tab_at(const struct tui *t, int x, enum screen_id *screen)
{
	int at = (int)strlen(program);
	char name[TAB_TEXT];

	for (enum screen_id i = 0; i < SCREENS_TABS; i++) {
		tab_name(t, i, name);
		at += (int)strlen(name);
		if (x < at && x >= (int)strlen(program)) {
			*screen = i;
			return true;
		}
	}
	return false;
}

static int
badge(int x, const char *text)
{
	int n = canvas_columns(text) + 2;

	x -= n;
	(void)canvas_printf(1, x, n, PAINT_BADGE, " %s ", text);
	return x - 1;
}

static void
crumbs(const struct tui *t)
{
	char text[160] = "", note[160] = "", number[24];
	int x = 1, end = canvas_width() - 1;
	uint32_t slot;

	canvas_fill(1, 0, canvas_width(), PAINT_CRUMBS);
	if (t->settings.privacy)
		end = badge(end, "PRIVACY");
	if (t->frozen)
		end = badge(end, "FROZEN");
	if (t->exporting != NULL)
		end = badge(end, "EXPORTING");
	for (unsigned i = 0; i < t->depth; i++) {
		const struct crumb *c = &t->crumbs[i];

		if (c->screen == SCREEN_FLOW &&
		    store_find(t->store, c->flow, &slot))
			snprintf(text, sizeof(text), "%s #%s",
			    screens[c->screen]->name,
			    tui_number(store_row(t->store, slot)->number,
				number, sizeof(number)));
		else
			snprintf(text, sizeof(text), "%s",
			    screens[c->screen]->name);
		x += canvas_printf(1, x, end - x, PAINT_CRUMBS, "%s%s%s",
		    i > 0 ? theme_glyph(GLYPH_CRUMB) : "", i > 0 ? " " : "",
		    text);
		x += canvas_put(1, x, end - x, PAINT_CRUMBS, " ");
	}
	const struct screen *s = screens[tui_here(t)];

	if (s->status != NULL)
		s->status((struct tui *)(uintptr_t)t, t->state[tui_here(t)],
		    note, sizeof(note));
	int n = canvas_columns(note);

	if (n > end - x - 1)
		n = end - x - 1;
	(void)canvas_put(1, end - n, n, PAINT_CRUMBS, note);
}

static const char *const prompt_labels[PROMPT_USES] = {
	[PROMPT_FILTER] = "Filter: ",
	[PROMPT_SEARCH] = "Search: ",
	[PROMPT_PATH] = "Export to: ",
};

static void
prompt_line(const struct tui *t, int y)
{
	const struct prompt *p = &t->prompts[t->prompting];
	const char *label = prompt_labels[t->prompting];
	char head[PROMPT_LINE];
	int x;

	canvas_fill(y, 0, canvas_width(), PAINT_TEXT);
	x = canvas_put(y, 0, canvas_width(), PAINT_STRONG, label);
	memcpy(head, p->text, p->at);
	head[p->at] = '\0';
	int cursor = x + canvas_columns(head);
	int n = canvas_put(y, x, canvas_width() - x - 1, PAINT_TEXT, p->text);

	/* Beside what is typed if there is room, else above it. */
	int left = canvas_width() - x - n - 3;

	if (t->prompt_note[0] != '\0' &&
	    canvas_columns(t->prompt_note) + 2 > left) {
		canvas_fill(y - 1, 0, canvas_width(), PAINT_TEXT);
		n = -x - 1;
		left = canvas_width() - 2;
	}
	if (t->prompt_note[0] != '\0')
		(void)canvas_printf(n < 0 ? y - 1 : y, x + n + 2, left,
		    t->prompt_wrong ? PAINT_BAD : PAINT_FAINT, "%s%s",
		    t->prompt_wrong ? "! " : "", t->prompt_note);
	canvas_cursor(y, cursor);
}

static void
hint(struct tui *t)
{
	const struct screen *s = screens[tui_here(t)];
	char text[TUI_TEXT] = "";

	if (s->hint == NULL)
		return;
	s->hint(t, t->state[tui_here(t)], text, sizeof(text));
	(void)canvas_put(canvas_lines() - 2, 1, canvas_width() - 2, PAINT_FAINT,
	    text);
}

bool
chrome_draw(struct tui *t, struct area *body)
{
	canvas_begin();
	if (canvas_lines() < CHROME_LEAST_LINES ||
	    canvas_width() < CHROME_LEAST_COLUMNS) {
		(void)canvas_printf(0, 0, canvas_width(), PAINT_TEXT,
		    "spanward needs %d columns and %d lines",
		    CHROME_LEAST_COLUMNS, CHROME_LEAST_LINES);
		return false;
	}
	tabs(t);
	crumbs(t);
	bar_draw(chrome_keys, canvas_lines() - 1, canvas_width());
	if (t->prompting == PROMPT_NONE && t->message[0] != '\0')
		canvas_cell(canvas_lines() - 2, 0, canvas_width(),
		    t->message_bad ? PAINT_ERROR : PAINT_STRONG, t->message);
	else if (t->prompting == PROMPT_NONE)
		hint(t);
	*body = (struct area){ 2, 0, canvas_lines() - 4, canvas_width() };
	return true;
}

static void
place(const struct menu *m, struct area *a)
{
	int width = canvas_columns(m->title) + 6;

	for (unsigned i = 0; i < m->count; i++) {
		int n = canvas_columns(m->items[i]) + 8;

		width = n > width ? n : width;
	}
	a->columns = width < canvas_width() - 2 ? width : canvas_width() - 2;
	a->lines = (int)m->count + 2 < canvas_lines() - 4 ? (int)m->count + 2
							  : canvas_lines() - 4;
	a->y = (canvas_lines() - a->lines) / 2;
	a->x = (canvas_width() - a->columns) / 2;
}

static unsigned
first_shown(const struct menu *m, const struct area *a)
{
	unsigned lines = (unsigned)a->lines - 2;

	return m->at >= lines ? m->at - lines + 1 : 0;
}

bool
chrome_menu_at(const struct tui *t, int y, int x, unsigned *item)
{
	struct area a;

	place(&t->menu, &a);
	if (y <= a.y || y >= a.y + a.lines - 1 || x <= a.x ||
	    x >= a.x + a.columns - 1)
		return false;
	*item = first_shown(&t->menu, &a) + (unsigned)(y - a.y - 1);
	return *item < t->menu.count;
}

/* On the lower edge, where not all items fit. */
static void
tell_more(const struct menu *m, const struct area *a)
{
	unsigned end = first_shown(m, a) + (unsigned)a->lines - 2;

	if (end < m->count)
		(void)canvas_printf(a->y + a->lines - 1, a->x + 2,
		    a->columns - 4, PAINT_BOX, " %u more ", m->count - end);
}

void
chrome_menu(struct tui *t)
{
	const struct menu *m = &t->menu;
	struct area a;

	if (m->open) {
		place(m, &a);
		canvas_box(&a, m->title);
		for (int i = 0; i < a.lines - 2; i++) {
			unsigned at = first_shown(m, &a) + (unsigned)i;
			enum paint p =
			    at == m->at ? PAINT_BOX_SELECT : PAINT_BOX;

			if (at >= m->count)
				break;
			canvas_fill(a.y + 1 + i, a.x + 1, a.columns - 2, p);
			(void)canvas_printf(a.y + 1 + i, a.x + 2, a.columns - 4,
			    p, "%s %s",
			    m->marked[at] ? theme_glyph(GLYPH_GOOD) : " ",
			    m->items[at]);
		}
		tell_more(m, &a);
	}
	if (t->prompting != PROMPT_NONE)
		prompt_line(t, canvas_lines() - 2);
}
