/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the screen one came from, those of all, the filter language. */
#include <stdio.h>
#include <stdlib.h>

#include "ui/chrome.h"
#include "ui/keys.h"
#include "ui/page.h"

static const struct key_about everywhere[] = {
	{ "1 to 6, Tab", "screens" },
	{ "Esc", "back; takes a filter away" },
	{ "arrows, j k g G", "move; PgUp PgDn by pages" },
	{ "Enter", "into what is selected" },
	{ "\\ F4", "filter the flows" },
	{ "/ F3  n N", "search the flows; next, previous" },
	{ "p F5 Ctrl-F", "freeze the view while the audit goes on" },
	{ "e F8", "export" },
	{ "x F7", "privacy: hide addresses and names" },
	{ "t F2", "colours" },
	{ "F9", "stop reading packets, keep the view" },
	{ "Ctrl-L", "draw again" },
	{ "q F10", "leave" },
	{ NULL, NULL },
};

struct help {
	struct scroll scroll;
};

struct pen {
	const struct area *a;
	const struct help *s;
	unsigned line;
};

static int
y_of(struct pen *p)
{
	return scroll_y(&p->s->scroll, p->a, p->line++);
}

static void
put(struct pen *p, int indent, enum paint paint, const char *text)
{
	int y = y_of(p);

	if (y >= 0)
		(void)canvas_put(y, p->a->x + indent,
		    p->a->columns - indent - 1, paint, text);
}

static void
put_pair(struct pen *p, const char *left, int width, const char *right)
{
	int y = y_of(p);

	if (y < 0)
		return;
	(void)canvas_put(y, p->a->x + 2, width, PAINT_STRONG, left);
	(void)canvas_put(y, p->a->x + 3 + width, p->a->columns - width - 4,
	    PAINT_TEXT, right);
}

static void
put_keys(struct pen *p, const char *title, const struct key_about *k)
{
	put(p, 1, PAINT_HEAD, title);
	for (; k->keys != NULL; k++)
		put_pair(p, k->keys, 16, k->about);
	p->line++;
}

static void
put_signs(struct pen *p)
{
	char text[64];

	put(p, 1, PAINT_HEAD, "Verdicts");
	for (int v = 0; v < VERDICTS; v++) {
		(void)snprintf(text, sizeof(text), "%s %s",
		    theme_glyph(theme_sign((enum verdict)v)),
		    verdict_words[v].word);
		put_pair(p, text, 16, verdict_words[v].meaning);
	}
	p->line++;
}

static void
put_filter(struct pen *p)
{
	const char *key, *about;
	char text[64];

	put(p, 1, PAINT_HEAD, "Filter and search");
	put(p, 2, PAINT_FAINT,
	    "all words must hold; a,b: either; !word: not; *: any text; "
	    "\"two words\"");
	for (size_t i = 1; (key = filter_key(i, &about)) != NULL; i++) {
		(void)snprintf(text, sizeof(text), "%s:", key);
		put_pair(p, text, 16, about);
	}
	put_pair(p, "text", 16,
	    "anywhere: names, reasons, addresses, words of the table");
	p->line++;
}

static void
help_draw(struct tui *t, void *state, const struct area *a)
{
	struct help *s = state;
	struct pen p = { .a = a, .s = s };
	enum screen_id from =
	    t->depth > 1 ? t->crumbs[t->depth - 2].screen : SCREEN_OVERVIEW;
	char title[64];

	s->scroll.page = (unsigned)a->lines;
	if (s->scroll.lines > 0)
		scroll_fit(&s->scroll);
	(void)snprintf(title, sizeof(title), "On the screen %s",
	    screens[from]->name);
	put_keys(&p, title, screens[from]->keys);
	put_keys(&p, "Everywhere", everywhere);
	put_signs(&p);
	put_filter(&p);
	s->scroll.lines = p.line;
}

static bool
help_key(struct tui *t, void *state, int key)
{
	struct help *s = state;

	if (key == 'q' || key == '?' || key == KEY_FN(1)) {
		s->scroll.top = 0;
		return tui_back(t);
	}
	return scroll_key(&s->scroll, key);
}

static void
help_scroll(struct tui *t, void *state, int by)
{
	struct help *s = state;

	(void)t;
	scroll_by(&s->scroll, by);
}

static void
help_status(struct tui *t, void *state, char *text, size_t room)
{
	const struct help *s = state;
	char lines[48] = "";

	scroll_status(&s->scroll, lines, sizeof(lines));
	(void)snprintf(text, room, "spanward %.40s%s%s", t->o.version,
	    lines[0] != '\0' ? "  " : "", lines);
}

static void *
help_begin(struct tui *t)
{
	(void)t;
	return calloc(1, sizeof(struct help));
}

static const struct key_about keys[] = {
	{ "? q Esc", "back" },
	{ NULL, NULL },
};

const struct screen screen_help = {
	.name = "Help",
	.keys = keys,
	.begin = help_begin,
	.end = free,
	.draw = help_draw,
	.key = help_key,
	.scroll = help_scroll,
	.status = help_status,
};
