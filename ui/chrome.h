/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chrome.h - what stands around every screen: tabs, breadcrumbs, message or
 * prompt, function keys, menus.
 */
#ifndef UI_CHROME_H
#define UI_CHROME_H

#include "ui/bar.h"
#include "ui/tui.h"

enum { CHROME_LEAST_LINES = 12, CHROME_LEAST_COLUMNS = 50 };

extern const struct screen *const screens[SCREENS];
extern const struct bar_key chrome_keys[];

/* All of it; the area for the screen goes to *body. False: too small. */
bool chrome_draw(struct tui *t, struct area *body);
/* On top of the screen, after it. */
void chrome_menu(struct tui *t);
/* The tab at this column of the first line; false: none. */
bool chrome_tab_at(const struct tui *t, int x, enum screen_id *screen);
/* The item of the open menu at this place; false: outside. */
bool chrome_menu_at(const struct tui *t, int y, int x, unsigned *item);

#endif
