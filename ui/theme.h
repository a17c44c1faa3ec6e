/* SPDX-License-Identifier: Apache-2.0 */
/*
 * theme.h - colour roles times schemes, and the few drawn characters with
 * their ASCII stand-ins. Colour is never the only sign of anything.
 */
#ifndef UI_THEME_H
#define UI_THEME_H

#include "audit/words.h"

enum paint {
	PAINT_TEXT,
	PAINT_FAINT,
	PAINT_STRONG,
	PAINT_TITLE,    /* the line of tabs */
	PAINT_TAB_HERE, /* the screen at hand */
	PAINT_CRUMBS,   /* the line below it */
	PAINT_HEAD,     /* titles of columns */
	PAINT_GOOD,
	PAINT_BAD,
	PAINT_DOUBT,
	PAINT_EXEMPT,
	PAINT_OUT,
	PAINT_SELECT,
	PAINT_TAGGED,
	PAINT_BADGE,
	PAINT_LINK,
	PAINT_KEY,      /* F1 */
	PAINT_KEY_TEXT, /* Help */
	PAINT_BOX,
	PAINT_BOX_SELECT,
	PAINT_ERROR,
	PAINTS
};

enum glyph {
	GLYPH_GOOD,
	GLYPH_BAD,
	GLYPH_DOUBT,
	GLYPH_EXEMPT,
	GLYPH_OUT,
	GLYPH_ARROW,
	GLYPH_CRUMB,
	GLYPH_RISING,
	GLYPH_FALLING,
	GLYPH_TAG,
	GLYPH_ELLIPSIS,
	GLYPH_PLAY,
	GLYPH_LIVE,
	GLYPH_PAUSE,
	GLYPH_BAR,
	GLYPH_BAR_EMPTY,
	GLYPH_LINE,
	GLYPH_SIDE,
	GLYPH_CORNER_TL,
	GLYPH_CORNER_TR,
	GLYPH_CORNER_BL,
	GLYPH_CORNER_BR,
	GLYPH_DOT,
	GLYPH_HIDDEN,
	GLYPH_SPARK, /* eight of them, rising */
	GLYPH_SPARK_LAST = GLYPH_SPARK + 7,
	GLYPHS
};

/* After curses has started. `scheme` NULL or unknown: what the terminal and
 * NO_COLOR suggest. Answers what was taken. */
const char *theme_start(const char *scheme, bool ascii);
const char *theme_scheme(size_t i); /* names; NULL after the last */
bool theme_is_ascii(void);

unsigned theme_attributes(enum paint p); /* for attrset() */
const char *theme_glyph(enum glyph g);

enum paint theme_of_verdict(enum verdict v);
enum glyph theme_sign(enum verdict v);
enum paint theme_of_severity(enum severity s);

#endif
