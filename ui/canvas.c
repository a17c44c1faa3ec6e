/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/canvas.h"

#include <curses.h>
#include <stdarg.h>
#include <wchar.h>

#include "core/text.h"

enum { CELLS = 512 };

int
canvas_lines(void)
{
	return LINES;
}

int
canvas_width(void)
{
	return COLS;
}

void
canvas_begin(void)
{
	attrset(0);
	(void)erase();
	(void)curs_set(0);
}

void
canvas_show(void)
{
	(void)refresh();
}

void
canvas_again(void)
{
	(void)clearok(curscr, TRUE);
}

void
canvas_cursor(int y, int x)
{
	(void)curs_set(1);
	(void)move(y, x < COLS ? x : COLS - 1);
}

/* The next character as the terminal may have it; its octets go off *s. Zero
 * columns: nothing to show. */
static wchar_t
next_character(struct slice *s, int *columns)
{
	uint32_t c = 0;
	size_t n = text_utf8(*s, &c);

	*columns = 1;
	*s = slice_from(*s, n > 0 ? n : 1);
	if (n == 0 || c < 0x20 || c == 0x7f || (c >= 0x80 && c < 0xa0))
		return L'?';
	if (c < 0x80)
		return (wchar_t)c;
	if (theme_is_ascii())
		return L'?';
	int w = wcwidth((wchar_t)c);

	if (w < 0)
		return L'?';
	*columns = w;
	return (wchar_t)c;
}

int
canvas_columns(const char *text)
{
	struct slice s = slice_text(text);
	int all = 0, w;

	while (s.n > 0) {
		(void)next_character(&s, &w);
		all += w;
	}
	return all;
}

size_t
canvas_wrap(const char *text, int width)
{
	struct slice s = slice_text(text);
	size_t all = s.n, blank = 0;
	int used = 0, w;

	while (s.n > 0) {
		size_t at = all - s.n;

		if (s.p[0] == ' ' && used > 0)
			blank = at + 1;
		(void)next_character(&s, &w);
		used += w;
		if (used > width)
			return blank > 0 ? blank : at > 0 ? at : all;
	}
	return all;
}

int
canvas_put(int y, int x, int width, enum paint p, const char *text)
{
	wchar_t cells[CELLS];
	struct slice s = slice_text(text);
	int used = 0, n = 0, w, last = 0;

	if (width > CELLS - 1)
		width = CELLS - 1;
	if (width <= 0 || y < 0 || y >= LINES || x >= COLS)
		return 0;
	while (s.n > 0 && n < CELLS - 1) {
		wchar_t c = next_character(&s, &w);

		if (w == 0)
			continue;
		if (used + w > width) {
			/* Room for the sign that there is more. */
			if (used == width && n > 0) {
				n--;
				used -= last;
			}
			struct slice more =
			    slice_text(theme_glyph(GLYPH_ELLIPSIS));

			cells[n++] = next_character(&more, &w);
			used += w;
			break;
		}
		cells[n++] = c;
		used += w;
		last = w;
	}
	attrset((int)theme_attributes(p));
	(void)mvaddnwstr(y, x, cells, n);
	return used;
}

void
canvas_fill(int y, int x, int width, enum paint p)
{
	if (width <= 0 || y < 0 || y >= LINES || x >= COLS)
		return;
	attrset((int)theme_attributes(p));
	(void)mvhline(y, x, (chtype)' ' | theme_attributes(p), width);
}

void
canvas_cell(int y, int x, int width, enum paint p, const char *text)
{
	int used = canvas_put(y, x, width, p, text);

	canvas_fill(y, x + used, width - used, p);
}

void
canvas_right(int y, int x, int width, enum paint p, const char *text)
{
	int blank = width - canvas_columns(text);

	if (blank > 0)
		canvas_fill(y, x, blank, p);
	else
		blank = 0;
	(void)canvas_put(y, x + blank, width - blank, p, text);
}

int
canvas_printf(int y, int x, int width, enum paint p, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return canvas_put(y, x, width, p, text);
}

static void
edge(int y, int x, int width, enum glyph left, enum glyph right)
{
	(void)canvas_put(y, x, 1, PAINT_BOX, theme_glyph(left));
	for (int i = 1; i < width - 1; i++)
		(void)canvas_put(y, x + i, 1, PAINT_BOX,
		    theme_glyph(GLYPH_LINE));
	(void)canvas_put(y, x + width - 1, 1, PAINT_BOX, theme_glyph(right));
}

void
canvas_box(const struct area *a, const char *title)
{
	edge(a->y, a->x, a->columns, GLYPH_CORNER_TL, GLYPH_CORNER_TR);
	for (int i = 1; i < a->lines - 1; i++) {
		canvas_fill(a->y + i, a->x, a->columns, PAINT_BOX);
		(void)canvas_put(a->y + i, a->x, 1, PAINT_BOX,
		    theme_glyph(GLYPH_SIDE));
		(void)canvas_put(a->y + i, a->x + a->columns - 1, 1, PAINT_BOX,
		    theme_glyph(GLYPH_SIDE));
	}
	edge(a->y + a->lines - 1, a->x, a->columns, GLYPH_CORNER_BL,
	    GLYPH_CORNER_BR);
	(void)canvas_printf(a->y, a->x + 2, a->columns - 4, PAINT_BOX, " %s ",
	    title);
}
