/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canvas.h - text onto the screen, by columns: cut where it does not fit,
 * characters of two columns counted as two, what the terminal cannot show or
 * must not get replaced. The only way text reaches curses.
 */
#ifndef UI_CANVAS_H
#define UI_CANVAS_H

#include "ui/theme.h"

/* A part of the screen. */
struct area {
	int y, x, lines, columns;
};

int canvas_lines(void); /* of the terminal */
int canvas_width(void);
void canvas_begin(void); /* an empty picture, no cursor */
void canvas_show(void);
void canvas_again(void); /* the next one from scratch */
void canvas_cursor(int y, int x);

/* At most `width` columns; answers how many were used. */
int canvas_put(int y, int x, int width, enum paint p, const char *text);
/* The same, and the rest of the width is filled. */
void canvas_cell(int y, int x, int width, enum paint p, const char *text);
void canvas_right(int y, int x, int width, enum paint p, const char *text);
int canvas_printf(int y, int x, int width, enum paint p, const char *fmt, ...)
    PRINTF(5, 6);
void canvas_fill(int y, int x, int width, enum paint p);
/* A frame around `a`, filled, with a title. */
void canvas_box(const struct area *a, const char *title);
int canvas_columns(const char *text);
/* How many octets of the text fit the width, at a blank where possible; the
 * next line goes on there. */
size_t canvas_wrap(const char *text, int width);

#endif
