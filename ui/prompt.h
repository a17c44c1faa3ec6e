/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt.h - a one-line editor with a history. Knows no curses.
 */
#ifndef UI_PROMPT_H
#define UI_PROMPT_H

#include "core/base.h"

enum { PROMPT_LINE = 256, PROMPT_HISTORY = 16 };

struct prompt {
	char text[PROMPT_LINE]; /* UTF-8 */
	size_t at;              /* of the cursor, in octets */
	char history[PROMPT_HISTORY][PROMPT_LINE];
	unsigned remembered, recalled; /* 0: none recalled */
};

void prompt_begin(struct prompt *p, const char *text);
/* True: the text changed. Return and Escape are the caller's. */
bool prompt_key(struct prompt *p, int key);
void prompt_remember(struct prompt *p);

#endif
