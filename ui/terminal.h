/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terminal.h - curses on and off, and off again whatever happens: a crash
 * leaves the terminal as it was.
 */
#ifndef UI_TERMINAL_H
#define UI_TERMINAL_H

#include "core/fault.h"

/* Both ends are a terminal that curses knows; false with a sentence. */
bool terminal_check(struct fault *f) MUST_CHECK;
bool terminal_start(struct fault *f) MUST_CHECK;
void terminal_stop(void);
/* The next key as of ui/keys.h; KEY_NOTHING: none waits. */
int terminal_key(void);

enum { MOUSE_EVENT = 0x210000, RESIZE_EVENT };
struct terminal_mouse {
	int y, x;
	int scroll; /* -1 up, 1 down */
	bool press;
};
/* After MOUSE_EVENT. */
bool terminal_mouse(struct terminal_mouse *m) MUST_CHECK;

#endif
