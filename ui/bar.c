/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/bar.h"

#include <stdio.h>

#include "ui/canvas.h"

static int
count_of(const struct bar_key *keys)
{
	int n = 0;

	while (keys[n].number != 0)
		n++;
	return n;
}

/* Where the i-th key of n begins. */
static int
column_of(int i, int n, int columns)
{
	return n > 0 ? i * columns / n : 0;
}

void
bar_draw(const struct bar_key *keys, int y, int columns)
{
	int n = count_of(keys);
	char name[8];

	for (int i = 0; i < n; i++) {
		int x = column_of(i, n, columns);
		int end = column_of(i + 1, n, columns);

		snprintf(name, sizeof(name), "F%d", keys[i].number);
		int used = canvas_put(y, x, end - x, PAINT_KEY, name);

		canvas_cell(y, x + used, end - x - used, PAINT_KEY_TEXT,
		    keys[i].label);
	}
}

int
bar_at(const struct bar_key *keys, int x, int columns)
{
	int n = count_of(keys);

	for (int i = 0; i < n; i++) {
		if (x < column_of(i + 1, n, columns))
			return keys[i].number;
	}
	return 0;
}
