/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/tui.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "ui/chrome.h"
#include "ui/keys.h"
#include "ui/terminal.h"

enum {
	SLICE_MS = 12,  /* of work between looks at the keyboard */
	FRAME_MS = 40,  /* pictures come no faster, but after a key */
	RATE_MS = 1000, /* as in ui/news.c */
	SAY_MS = 6000,
	TWICE_MS = 3000, /* a second q, a second click */
};

/* ---- messages, menus, prompts ---- */

static void
say(struct tui *t, bool bad, const char *fmt, va_list ap)
{
	(void)vsnprintf(t->message, sizeof(t->message), fmt, ap);
	t->message_bad = bad;
	t->message_until = clock_monotonic() + SAY_MS * NS_PER_MS;
	t->redraw = true;
}

void
tui_say(struct tui *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(t, false, fmt, ap);
	va_end(ap);
}

void
tui_complain(struct tui *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(t, true, fmt, ap);
	va_end(ap);
}

void
tui_again(struct tui *t, int64_t at)
{
	if (t->again_at == 0 || at < t->again_at)
		t->again_at = at;
}

void
tui_prompt(struct tui *t, enum prompt_use use, const char *text)
{
	t->prompting = use;
	t->prompt_note[0] = '\0';
	t->prompt_wrong = false;
	prompt_begin(&t->prompts[use], text);
	if (use == PROMPT_FILTER)
		(void)snprintf(t->prompt_note, sizeof(t->prompt_note),
		    "Tab completes, Return keeps, Esc undoes");
}

struct menu *
tui_menu(struct tui *t, const char *title,
    void (*pick)(struct tui *t, unsigned item))
{
	t->menu = (struct menu){ .open = true, .pick = pick };
	(void)snprintf(t->menu.title, sizeof(t->menu.title), "%s", title);
	return &t->menu;
}

void
menu_add(struct menu *m, bool marked, const char *fmt, ...)
{
	va_list ap;

	if (m->count == MENU_ITEMS)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(m->items[m->count], sizeof(m->items[0]), fmt, ap);
	va_end(ap);
	m->marked[m->count++] = marked;
}

/* ---- the stack of screens ---- */

enum screen_id
tui_here(const struct tui *t)
{
	return t->crumbs[t->depth - 1].screen;
}

void
tui_open(struct tui *t, enum screen_id screen)
{
	t->depth = 1;
	t->crumbs[0] = (struct crumb){ .screen = screen };
	t->redraw = true;
}

static struct crumb *
push(struct tui *t, enum screen_id screen)
{
	if (t->depth == CRUMBS) {
		memmove(&t->crumbs[1], &t->crumbs[2],
		    (CRUMBS - 2) * sizeof(t->crumbs[0]));
		t->depth--;
	}
	struct crumb *c = &t->crumbs[t->depth++];

	*c = (struct crumb){ .screen = screen };
	t->redraw = true;
	return c;
}

void
tui_open_flows(struct tui *t, const char *filter)
{
	struct crumb *c = push(t, SCREEN_FLOWS);

	(void)snprintf(c->filter, sizeof(c->filter), "%s", flows_filter(t));
	flows_set_filter(t, filter);
}

void
tui_open_flow(struct tui *t, uint64_t first_packet)
{
	push(t, SCREEN_FLOW)->flow = first_packet;
	flow_show(t, first_packet);
}

bool
tui_back(struct tui *t)
{
	if (t->depth == 1)
		return false;
	const struct crumb *c = &t->crumbs[--t->depth];

	/* Only those that were pushed keep a filter to go back to. */
	if (c->screen == SCREEN_FLOWS)
		flows_set_filter(t, c->filter);
	c = &t->crumbs[t->depth - 1];
	if (c->screen == SCREEN_FLOW)
		flow_show(t, c->flow);
	t->redraw = true;
	return true;
}

/* ---- work ---- */

static bool
work(struct tui *t, int64_t until)
{
	bool over = news_put(t, until);

	for (int i = 0; i < SCREENS; i++) {
		if (screens[i]->work != NULL)
			over &= screens[i]->work(t, t->state[i], until);
	}
	return over;
}

/* ---- keys ---- */

static void
pick_scheme(struct tui *t, unsigned item)
{
	size_t schemes = 0;

	while (theme_scheme(schemes) != NULL)
		schemes++;
	if (item < schemes)
		(void)snprintf(t->settings.scheme, sizeof(t->settings.scheme),
		    "%s", theme_scheme(item));
	else
		t->settings.ascii = !t->settings.ascii;
	t->scheme = theme_start(t->settings.scheme, t->settings.ascii);
}

static void
ask_look(struct tui *t)
{
	struct menu *m = tui_menu(t, "Look", pick_scheme);

	for (size_t i = 0; theme_scheme(i) != NULL; i++) {
		bool here = strcmp(theme_scheme(i), t->scheme) == 0;

		menu_add(m, here, "%s", theme_scheme(i));
		if (here)
			m->at = m->count - 1;
	}
	menu_add(m, t->settings.ascii, "plain ASCII characters");
}

static void
freeze(struct tui *t)
{
	t->frozen = !t->frozen;
	if (t->frozen)
		tui_say(t,
		    "the view stands still, the audit goes on; p lets it run");
	else
		news_take(t);
}

static void
stop_capture(struct tui *t)
{
	if (t->status.phase != VIEW_READING) {
		tui_say(t, "all packets are read already");
		return;
	}
	engine_stop(t->o.engine);
	tui_say(t, "reading was stopped; what is there gets its last verdict");
}

static void
ask_quit(struct tui *t)
{
	int64_t now = clock_monotonic();

	bool again = now - t->quit_asked <= TWICE_MS * NS_PER_MS;

	t->quit_asked = now;
	if (t->exporting != NULL && !again)
		tui_complain(t,
		    "an export is being written: q again leaves without it");
	else if (t->o.live && !t->o.saved && !t->saved &&
	    store_count(t->store) > 0 && !again)
		tui_complain(t,
		    "these results are saved nowhere: q again "
		    "leaves, e exports them");
	else
		t->quit = true;
}

static void
open_help(struct tui *t)
{
	if (tui_here(t) != SCREEN_HELP)
		(void)push(t, SCREEN_HELP);
}

/* Filter and search are of the flows, wherever they are typed. */
static void
go_to_flows(struct tui *t)
{
	if (tui_here(t) != SCREEN_FLOWS)
		tui_open(t, SCREEN_FLOWS);
}

static bool
global_key(struct tui *t, int key)
{
	enum screen_id here = tui_here(t);

	switch (key) {
	case 'q':
	case KEY_FN(10):
		ask_quit(t);
		return true;
	case KEY_ESC:
		(void)tui_back(t);
		return true;
	case '?':
	case KEY_FN(1):
		open_help(t);
		return true;
	case KEY_FN(2):
	case 't':
		ask_look(t);
		return true;
	case '/':
	case KEY_FN(3):
		go_to_flows(t);
		flows_begin_search(t);
		return true;
	case '\\':
	case KEY_FN(4):
		go_to_flows(t);
		tui_prompt(t, PROMPT_FILTER, flows_filter(t));
		return true;
	case 'p':
	case KEY_CTRL('f'):
	case KEY_FN(5):
		freeze(t);
		return true;
	case 'x':
	case KEY_FN(7):
		t->settings.privacy = !t->settings.privacy;
		return true;
	case 'e':
	case KEY_FN(8):
		export_ask(t);
		return true;
	case KEY_FN(9):
		stop_capture(t);
		return true;
	case KEY_TAB_:
		tui_open(t, (here + 1) % SCREENS_TABS);
		return true;
	case KEY_TAB_BACK:
		tui_open(t,
		    here < SCREENS_TABS && here > 0 ? here - 1
						    : SCREENS_TABS - 1);
		return true;
	case KEY_REDRAW:
		canvas_again();
		return true;
	default:
		break;
	}
	if (key >= '1' && key < '1' + SCREENS_TABS) {
		tui_open(t, (enum screen_id)(key - '1'));
		return true;
	}
	return false;
}

static void
prompt_done(struct tui *t, bool keep)
{
	enum prompt_use use = t->prompting;
	struct prompt *p = &t->prompts[use];

	if (keep && use == PROMPT_FILTER && t->prompt_wrong)
		return;
	t->prompting = PROMPT_NONE;
	if (keep)
		prompt_remember(p);
	switch (use) {
	case PROMPT_FILTER:
		/* Escape takes the filter away. */
		if (!keep)
			(void)flows_try_filter(t, "");
		return;
	case PROMPT_SEARCH:
		flows_end_search(t, keep);
		return;
	case PROMPT_PATH:
		if (keep)
			export_to(t, p->text);
		return;
	case PROMPT_NONE:
	case PROMPT_USES:
		return;
	}
}

static void
prompt_typed(struct tui *t, int key)
{
	struct prompt *p = &t->prompts[t->prompting];

	if (key == KEY_RETURN || key == KEY_ESC) {
		prompt_done(t, key == KEY_RETURN);
		return;
	}
	if (key == KEY_TAB_ && t->prompting == PROMPT_FILTER) {
		p->at = filter_complete(p->text, p->at, t->prompt_note,
		    sizeof(t->prompt_note));
		t->prompt_wrong = false;
		char hints[TUI_TEXT];

		memcpy(hints, t->prompt_note, sizeof(hints));
		(void)flows_try_filter(t, p->text);
		if (hints[0] != '\0') {
			memcpy(t->prompt_note, hints, sizeof(hints));
			t->prompt_wrong = false;
		}
		return;
	}
	if (!prompt_key(p, key))
		return;
	if (t->prompting == PROMPT_FILTER)
		(void)flows_try_filter(t, p->text);
	else if (t->prompting == PROMPT_SEARCH)
		flows_try_search(t, p->text);
}

static void
menu_picked(struct tui *t)
{
	unsigned at = t->menu.at;

	if (!t->menu.stays)
		t->menu.open = false;
	if (at < t->menu.count)
		t->menu.pick(t, at);
}

static void
menu_key(struct tui *t, int key)
{
	struct menu *m = &t->menu;

	switch (key) {
	case KEY_ARROW_UP:
	case 'k':
		m->at = m->at > 0 ? m->at - 1 : m->count - 1;
		return;
	case KEY_ARROW_DOWN:
	case 'j':
		m->at = m->at + 1 < m->count ? m->at + 1 : 0;
		return;
	case KEY_FIRST:
		m->at = 0;
		return;
	case KEY_LAST:
		m->at = m->count - 1;
		return;
	case ' ':
		menu_picked(t);
		return;
	case KEY_RETURN:
		if (m->stays)
			m->open = false;
		else
			menu_picked(t);
		return;
	case KEY_ESC:
	case 'q':
		m->open = false;
		return;
	default:
		break;
	}
	/* A letter goes to the next item that begins with it. */
	for (unsigned i = 1; key > ' ' && key < 0x7f && i <= m->count; i++) {
		unsigned at = (m->at + i) % m->count;

		if (m->items[at][0] == key) {
			m->at = at;
			return;
		}
	}
}

static void
typed(struct tui *t, int key)
{
	const struct screen *s = screens[tui_here(t)];

	t->redraw = true;
	t->message[0] = '\0';
	if (t->menu.open)
		menu_key(t, key);
	else if (t->prompting != PROMPT_NONE)
		prompt_typed(t, key);
	else if (!s->key(t, t->state[tui_here(t)], key))
		(void)global_key(t, key);
}

/* ---- the mouse ---- */

struct click {
	int y, x;
	int64_t at;
};

static void
clicked(struct tui *t, const struct terminal_mouse *m, struct click *last)
{
	const struct screen *s = screens[tui_here(t)];
	void *state = t->state[tui_here(t)];
	int64_t now = clock_monotonic();
	bool twice = last->y == m->y && now - last->at < 400 * NS_PER_MS;
	enum screen_id tab;

	*last = (struct click){ m->y, m->x, twice ? 0 : now };
	t->redraw = true;
	if (t->menu.open) {
		if (chrome_menu_at(t, m->y, m->x, &t->menu.at))
			menu_picked(t);
		else
			t->menu.open = false;
	} else if (m->y == 0) {
		if (chrome_tab_at(t, m->x, &tab))
			tui_open(t, tab);
	} else if (m->y == canvas_lines() - 1) {
		typed(t, KEY_FN(bar_at(chrome_keys, m->x, canvas_width())));
	} else if (m->y >= 2 && m->y < canvas_lines() - 2 && s->click != NULL) {
		s->click(t, state, m->y - 2, m->x, twice);
	}
}

static void
mouse(struct tui *t, struct click *last)
{
	const struct screen *s = screens[tui_here(t)];
	struct terminal_mouse m;

	if (!terminal_mouse(&m))
		return;
	if (m.scroll != 0 && s->scroll != NULL) {
		s->scroll(t, t->state[tui_here(t)], 3 * m.scroll);
		t->redraw = true;
	} else if (m.press) {
		clicked(t, &m, last);
	}
}

/* ---- the loop ---- */

static void
draw(struct tui *t)
{
	const struct screen *s = screens[tui_here(t)];
	struct area body;

	if (chrome_draw(t, &body)) {
		s->draw(t, t->state[tui_here(t)], &body);
		chrome_menu(t);
	}
	canvas_show();
	t->redraw = false;
}

/* How long nothing has to be done, in ms; negative: until somebody calls. */
static int
patience(const struct tui *t, bool idle, int64_t drawn)
{
	int64_t now = clock_monotonic(), next = INT64_MAX;

	if (!idle)
		return 0;
	if (t->redraw)
		next = drawn + FRAME_MS * NS_PER_MS;
	if (t->message[0] != '\0' && t->message_until < next)
		next = t->message_until;
	if (t->again_at != 0 && t->again_at < next)
		next = t->again_at;
	/* The rate has to fall when nothing comes any more. */
	if (t->status.phase == VIEW_READING && t->rate > 0 &&
	    t->rate_at + RATE_MS * NS_PER_MS < next)
		next = t->rate_at + RATE_MS * NS_PER_MS;
	if (next == INT64_MAX)
		return -1;
	return next > now ? (int)((next - now) / NS_PER_MS) + 1 : 0;
}

static bool
read_keys(struct tui *t, struct click *last)
{
	bool any = false;
	int key;

	while (!t->quit && (key = terminal_key()) != KEY_NOTHING) {
		any = true;
		if (key == MOUSE_EVENT)
			mouse(t, last);
		else if (key == RESIZE_EVENT)
			t->redraw = true;
		else
			typed(t, key);
		/* What the key changed is there before the next key, but for
		 * one that is typed on. */
		if (t->prompting == PROMPT_NONE)
			(void)work(t, clock_monotonic() + SLICE_MS * NS_PER_MS);
	}
	return any;
}

static void
timers(struct tui *t)
{
	int64_t now = clock_monotonic();

	if (t->message[0] != '\0' && now >= t->message_until) {
		t->message[0] = '\0';
		t->redraw = true;
	}
	if (t->again_at != 0 && now >= t->again_at) {
		t->again_at = 0;
		t->redraw = true;
	}
	if (t->status.phase == VIEW_READING)
		news_rate(t, now);
}

static void
loop(struct tui *t, volatile const int *stop)
{
	struct pollfd p[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = t->o.wake, .events = POLLIN } };
	struct click last = { -1, -1, 0 };
	int64_t drawn = 0;
	bool key = true;

	while (!t->quit && *stop == 0) {
		bool idle = work(t, clock_monotonic() + SLICE_MS * NS_PER_MS);
		int64_t now = clock_monotonic();

		timers(t);
		if (t->redraw && (key || now - drawn >= FRAME_MS * NS_PER_MS)) {
			draw(t);
			drawn = clock_monotonic();
		}
		p[0].revents = p[1].revents = 0;
		int n = poll(p, 2, patience(t, idle, drawn));

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0 && (p[1].revents & POLLIN) != 0) {
			uint64_t count;

			if (read(t->o.wake, &count, sizeof(count)) > 0)
				news_take(t);
		}
		/* The terminal has gone. */
		if (n > 0 && (p[0].revents & (POLLHUP | POLLERR)) != 0)
			return;
		key = read_keys(t, &last);
	}
}

static void
end(struct tui *t)
{
	export_end(t);
	for (int i = 0; i < SCREENS; i++) {
		if (t->state[i] != NULL)
			screens[i]->end(t->state[i]);
	}
	view_news_done(&t->news);
	store_free(t->next);
	store_free(t->store);
}

static bool
begin(struct tui *t)
{
	t->store = store_new(VIEW_ROWS);
	if (t->store == NULL)
		return false;
	for (int i = 0; i < SCREENS; i++) {
		t->state[i] = screens[i]->begin(t);
		if (t->state[i] == NULL)
			return false;
	}
	return true;
}

bool
tui_run(const struct tui_options *o, volatile const int *stop, struct fault *f)
{
	struct tui *t = calloc(1, sizeof(*t));
	struct fault ignored;
	bool good = false;

	if (t == NULL)
		return fail(f, "out of memory");
	t->o = *o;
	t->depth = 1;
	t->started = t->rate_at = clock_monotonic();
	settings_load(&t->settings);
	if (!begin(t)) {
		(void)fail(f, "out of memory");
	} else if (terminal_start(f)) {
		good = true;
		t->scheme = theme_start(t->settings.scheme, t->settings.ascii);
		news_take(t);
		loop(t, stop);
		terminal_stop();
		if (!settings_save(&t->settings, &ignored))
			log_info("%s", ignored.text);
	}
	end(t);
	free(t);
	return good;
}
