/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.h - the table of columns of the flows screen: title, width, text,
 * order. A new column is one line of it.
 */
#ifndef UI_COLUMNS_H
#define UI_COLUMNS_H

#include "ui/tui.h"

struct flow_column {
	const char *name; /* in the settings */
	const char *title;
	const char *about;
	int least, wide;     /* columns; wide 0: all that is left */
	bool right, falling; /* aligned; sorted at first */
	unsigned words;      /* of the key */
	uint64_t (*key)(const struct view_row *r, unsigned word);
	enum paint (*cell)(const struct tui *t, const struct view_row *r,
	    char *text, size_t room);
};

enum { COLUMN_TEXT = 160, COLUMNS_MOST = 24 };

const struct flow_column *column_at(size_t i); /* NULL after the last */
bool column_is_text(size_t i);                 /* its key */
bool column_find(const char *name, size_t *i) MUST_CHECK;
/* Names separated by commas or blanks; unknown ones are left out. Answers how
 * many. */
unsigned columns_parse(const char *names, uint8_t out[COLUMNS_MOST]);
void columns_text(const uint8_t *columns, unsigned n, char *out, size_t room);
extern const char columns_usual[];

/* Widths for so many columns of the screen; those that do not fit get 0. */
void columns_fit(const uint8_t *columns, unsigned n, int width,
    int widths[COLUMNS_MOST]);

#endif
