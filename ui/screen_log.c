/* SPDX-License-Identifier: Apache-2.0 */
/* The last lines of the log, which must not go to the terminal. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/log.h"
#include "ui/page.h"

struct log_line {
	enum log_level level;
	int64_t time;
	char text[LOG_LINE];
};

struct log_tail {
	pthread_mutex_t lock;
	struct log_line lines[LOG_LINES];
	size_t count; /* of all lines there ever were */
	size_t alerts;
};

/* Any thread; the log calls one at a time. */
static void
take_line(void *ctx, enum log_level level, const char *line)
{
	struct log_tail *l = ctx;

	pthread_mutex_lock(&l->lock);
	struct log_line *to = &l->lines[l->count++ % LOG_LINES];

	(void)snprintf(to->text, sizeof(to->text), "%s", line);
	to->level = level;
	to->time = clock_now();
	l->alerts += level <= LOG_WARN;
	pthread_mutex_unlock(&l->lock);
}

struct log_tail *
log_tail_new(void)
{
	struct log_tail *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	pthread_mutex_init(&l->lock, NULL);
	log_set_taker(take_line, l);
	return l;
}

void
log_tail_free(struct log_tail *l)
{
	if (l == NULL)
		return;
	log_set_taker(NULL, NULL);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

struct log_page {
	struct scroll scroll;
	bool older; /* scrolled back: new lines do not move the picture */
};

/* A copy, so that nothing is drawn under the lock. */
static bool
copy_line(struct log_tail *l, size_t i, struct log_line *line)
{
	bool there;

	pthread_mutex_lock(&l->lock);
	there = i < l->count && l->count - i <= LOG_LINES;
	if (there)
		*line = l->lines[i % LOG_LINES];
	pthread_mutex_unlock(&l->lock);
	return there;
}

static size_t
line_count(struct log_tail *l)
{
	pthread_mutex_lock(&l->lock);
	size_t n = l->count;

	pthread_mutex_unlock(&l->lock);
	return n;
}

size_t
log_tail_alerts(struct log_tail *l)
{
	pthread_mutex_lock(&l->lock);
	size_t n = l->alerts;

	pthread_mutex_unlock(&l->lock);
	return n;
}

/* What is drawn: lines of the log, each on as many as it needs. */
struct pen {
	struct tui *t;
	const struct scroll *scroll; /* NULL: they are counted */
	const struct area *a;
	unsigned line;
};

enum { TEXT_AT = 18 };

static void
draw_text(struct pen *p, const char *text)
{
	int width = p->a->columns - TEXT_AT - 1;
	char piece[TUI_TEXT];

	do {
		size_t n = canvas_wrap(text, width);
		int y =
		    p->scroll != NULL ? scroll_y(p->scroll, p->a, p->line) : -1;

		if (n >= sizeof(piece))
			n = sizeof(piece) - 1;
		memcpy(piece, text, n);
		piece[n] = '\0';
		if (y >= 0)
			(void)canvas_put(y, p->a->x + TEXT_AT, width + 1,
			    PAINT_TEXT, piece);
		p->line++;
		text += n;
	} while (*text != '\0');
}

static void
draw_head(const struct pen *p, const struct log_line *l)
{
	static const enum paint paints[] = {
		[LOG_ERROR] = PAINT_BAD,
		[LOG_WARN] = PAINT_DOUBT,
		[LOG_INFO] = PAINT_TEXT,
		[LOG_DEBUG] = PAINT_FAINT,
	};
	static const char *const words[] = {
		[LOG_ERROR] = "error",
		[LOG_WARN] = "warning",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug",
	};
	int y = p->scroll != NULL ? scroll_y(p->scroll, p->a, p->line) : -1;
	time_t seconds = (time_t)(l->time / NS_PER_S);
	char stamp[16] = "";
	struct tm tm;

	if (y < 0)
		return;
	if (localtime_r(&seconds, &tm) != NULL)
		(void)strftime(stamp, sizeof(stamp), "%H:%M:%S", &tm);
	(void)canvas_put(y, p->a->x + 1, 8, PAINT_FAINT, stamp);
	(void)canvas_put(y, p->a->x + 10, 7, paints[l->level], words[l->level]);
}

static void
draw_all(struct pen *p)
{
	struct log_tail *tail = p->t->o.log;
	size_t n = line_count(tail), held = n < LOG_LINES ? n : LOG_LINES;
	char hidden[TUI_TEXT];
	struct log_line line;

	p->line = 0;
	for (size_t i = n - held; i < n; i++) {
		struct buf safe;

		if (!copy_line(tail, i, &line))
			continue;
		draw_head(p, &line);
		buf_init(&safe);
		buf_safe(&safe, slice_text(line.text));
		draw_text(p,
		    tui_sentence(p->t, safe.n > 0 ? safe.p : "", hidden));
		buf_done(&safe);
	}
}

static void
log_draw(struct tui *t, void *state, const struct area *a)
{
	struct log_page *s = state;
	struct pen p = { .t = t, .a = a };

	t->alerts_seen = log_tail_alerts(t->o.log);
	draw_all(&p);
	s->scroll.page = (unsigned)a->lines;
	s->scroll.lines = p.line;
	if (!s->older)
		s->scroll.top = s->scroll.lines;
	scroll_fit(&s->scroll);
	p.scroll = &s->scroll;
	draw_all(&p);
	if (p.line == 0)
		(void)canvas_put(a->y + 1, a->x + 2, a->columns - 4,
		    PAINT_FAINT,
		    "nothing to tell: warnings and errors of the audit come "
		    "here");
}

static bool
log_key(struct tui *t, void *state, int key)
{
	struct log_page *s = state;
	bool mine = scroll_key(&s->scroll, key);

	(void)t;
	if (mine)
		s->older = s->scroll.top + s->scroll.page < s->scroll.lines;
	return mine;
}

static void
log_scroll(struct tui *t, void *state, int by)
{
	struct log_page *s = state;

	(void)t;
	scroll_by(&s->scroll, by);
	s->older = s->scroll.top + s->scroll.page < s->scroll.lines;
}

static void
log_status(struct tui *t, void *state, char *text, size_t room)
{
	size_t n = line_count(t->o.log);

	(void)state;
	(void)snprintf(text, room, "%zu line%s%s", n, n == 1 ? "" : "s",
	    n > LOG_LINES ? ", the last 500 are held" : "");
}

static void *
log_begin(struct tui *t)
{
	(void)t;
	return calloc(1, sizeof(struct log_page));
}

static const struct key_about keys[] = {
	{ "arrows, PgUp", "older lines" },
	{ "G", "the newest" },
	{ NULL, NULL },
};

const struct screen screen_log = {
	.name = "Log",
	.keys = keys,
	.begin = log_begin,
	.end = free,
	.draw = log_draw,
	.key = log_key,
	.scroll = log_scroll,
	.status = log_status,
};
