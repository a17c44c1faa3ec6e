/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bar.h - the bar of function keys at the bottom, drawn from its table.
 */
#ifndef UI_BAR_H
#define UI_BAR_H

struct bar_key {
	int number; /* F1 is 1 */
	const char *label;
};

/* Ends with number 0. */
void bar_draw(const struct bar_key *keys, int y, int columns);
/* The function key at this column; 0: none. */
int bar_at(const struct bar_key *keys, int x, int columns);

#endif
