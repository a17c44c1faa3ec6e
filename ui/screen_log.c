/* SPDX-License-Identifier: Apache-2.0 */
/* The last lines of the log, which must not go to the terminal. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/log.h"
#include "ui/keys.h"
#include "ui/tui.h"

struct log_tail {
	pthread_mutex_t lock;
	char lines[LOG_LINES][LOG_LINE];
	enum log_level levels[LOG_LINES];
	size_t count; /* of all lines there ever were */
};

/* Any thread; the log calls one at a time. */
static void
take_line(void *ctx, enum log_level level, const char *line)
{
	struct log_tail *l = ctx;

	pthread_mutex_lock(&l->lock);
	size_t at = l->count++ % LOG_LINES;

	(void)snprintf(l->lines[at], LOG_LINE, "%s", line);
	l->levels[at] = level;
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
	size_t back; /* lines above the newest */
	size_t page, count;
};

/* A copy, so that nothing is drawn under the lock. */
static bool
copy_line(struct log_tail *l, size_t i, char line[LOG_LINE],
    enum log_level *level)
{
	bool there;

	pthread_mutex_lock(&l->lock);
	there = i < l->count && l->count - i <= LOG_LINES;
	if (there) {
		memcpy(line, l->lines[i % LOG_LINES], LOG_LINE);
		*level = l->levels[i % LOG_LINES];
	}
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

static void
draw_line(const struct tui *t, const char *text, enum log_level level, int y,
    const struct area *a)
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
	char hidden[TUI_TEXT];
	struct buf safe;

	buf_init(&safe);
	buf_safe(&safe, slice_text(text));
	(void)canvas_put(y, a->x + 1, 8, paints[level], words[level]);
	(void)canvas_put(y, a->x + 9, a->columns - 10, PAINT_TEXT,
	    tui_sentence(t, safe.n > 0 ? safe.p : "", hidden));
	buf_done(&safe);
}

static void
log_draw(struct tui *t, void *state, const struct area *a)
{
	struct log_page *s = state;
	size_t n = line_count(t->o.log);
	size_t held = n < LOG_LINES ? n : LOG_LINES;
	size_t most = held > (size_t)a->lines ? held - (size_t)a->lines : 0;
	char line[LOG_LINE];
	enum log_level level;

	s->page = (size_t)a->lines;
	s->count = n;
	if (s->back > most)
		s->back = most;
	if (n == 0) {
		(void)canvas_put(a->y + 1, a->x + 2, a->columns - 4,
		    PAINT_FAINT,
		    "nothing to tell: warnings and errors of the audit come "
		    "here");
		return;
	}
	size_t shown = held < s->page ? held : s->page;

	for (size_t i = 0; i < shown; i++) {
		if (copy_line(t->o.log, n - s->back - shown + i, line, &level))
			draw_line(t, line, level, a->y + (int)i, a);
	}
}

static void
go(struct log_page *s, long by)
{
	if (by > 0)
		s->back += (size_t)by;
	else
		s->back = s->back > (size_t)-by ? s->back - (size_t)-by : 0;
}

static bool
log_key(struct tui *t, void *state, int key)
{
	struct log_page *s = state;

	(void)t;
	switch (key) {
	case KEY_ARROW_UP:
	case 'k':
		go(s, 1);
		return true;
	case KEY_ARROW_DOWN:
	case 'j':
		go(s, -1);
		return true;
	case KEY_PAGE_UP:
		go(s, (long)s->page - 1);
		return true;
	case KEY_PAGE_DOWN:
		go(s, 1 - (long)s->page);
		return true;
	case KEY_FIRST:
	case 'g':
		s->back = LOG_LINES;
		return true;
	case KEY_LAST:
	case 'G':
		s->back = 0;
		return true;
	default:
		return false;
	}
}

static void
log_scroll(struct tui *t, void *state, int by)
{
	(void)t;
	go(state, -by);
}

static void
log_status(struct tui *t, void *state, char *text, size_t room)
{
	const struct log_page *s = state;

	(void)t;
	(void)snprintf(text, room, "%zu line%s%s", s->count,
	    s->count == 1 ? "" : "s",
	    s->count > LOG_LINES ? ", the last 500 are held" : "");
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
