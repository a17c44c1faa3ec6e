/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - keys as the screens know them: a character, or one of these. Only
 * tui.c knows what curses calls them.
 */
#ifndef UI_KEYS_H
#define UI_KEYS_H

enum key {
	KEY_NOTHING = 0,
	KEY_TAB_ = '\t',
	KEY_RETURN = '\n',
	KEY_ESC = 27,
	KEY_SPECIAL = 0x200000, /* above all characters */
	KEY_ARROW_UP,
	KEY_ARROW_DOWN,
	KEY_ARROW_LEFT,
	KEY_ARROW_RIGHT,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_FIRST,
	KEY_LAST,
	KEY_ERASE,  /* backspace */
	KEY_REMOVE, /* delete */
	KEY_TAB_BACK,
	KEY_REDRAW,
	KEY_F_FIRST = KEY_SPECIAL + 0x100, /* F1 is one above */
};

#define KEY_FN(n)   (KEY_F_FIRST + (n))
#define KEY_CTRL(c) ((c)&0x1f)

#endif
