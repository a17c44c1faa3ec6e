/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/prompt.h"

#include <stdio.h>
#include <string.h>

#include "ui/keys.h"

static void
set(struct prompt *p, const char *text)
{
	(void)snprintf(p->text, sizeof(p->text), "%s", text);
	p->at = strlen(p->text);
}

void
prompt_begin(struct prompt *p, const char *text)
{
	set(p, text);
	p->recalled = 0;
}

static bool
is_inside(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t
before(const struct prompt *p, size_t at)
{
	while (at > 0 && is_inside(p->text[--at]))
		;
	return at;
}

static size_t
after(const struct prompt *p, size_t at)
{
	if (p->text[at] != '\0')
		at++;
	while (is_inside(p->text[at]))
		at++;
	return at;
}

static bool
cut(struct prompt *p, size_t from, size_t to)
{
	if (from == to)
		return false;
	memmove(p->text + from, p->text + to, strlen(p->text + to) + 1);
	p->at = from;
	return true;
}

static bool
insert(struct prompt *p, int c)
{
	char octets[4];
	size_t n = 0, length = strlen(p->text);

	if (c < 0x80) {
		octets[n++] = (char)c;
	} else if (c < 0x800) {
		octets[n++] = (char)(0xc0 | c >> 6);
		octets[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		octets[n++] = (char)(0xe0 | c >> 12);
		octets[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		octets[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		octets[n++] = (char)(0xf0 | c >> 18);
		octets[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		octets[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		octets[n++] = (char)(0x80 | (c & 0x3f));
	}
	if (length + n + 1 > sizeof(p->text))
		return false;
	memmove(p->text + p->at + n, p->text + p->at, length - p->at + 1);
	memcpy(p->text + p->at, octets, n);
	p->at += n;
	return true;
}

static bool
recall(struct prompt *p, bool older)
{
	if (older ? p->recalled == p->remembered : p->recalled == 0)
		return false;
	p->recalled += older ? 1u : (unsigned)-1;
	set(p, p->recalled > 0 ? p->history[p->remembered - p->recalled] : "");
	return true;
}

static size_t
word_begin(const struct prompt *p)
{
	size_t at = p->at;

	while (at > 0 && p->text[at - 1] == ' ')
		at--;
	while (at > 0 && p->text[at - 1] != ' ')
		at--;
	return at;
}

bool
prompt_key(struct prompt *p, int key)
{
	switch (key) {
	case KEY_ARROW_LEFT:
	case KEY_CTRL('b'):
		p->at = before(p, p->at);
		return false;
	case KEY_ARROW_RIGHT:
		p->at = after(p, p->at);
		return false;
	case KEY_FIRST:
	case KEY_CTRL('a'):
		p->at = 0;
		return false;
	case KEY_LAST:
	case KEY_CTRL('e'):
		p->at = strlen(p->text);
		return false;
	case KEY_ERASE:
	case 0x7f:
	case 8:
		return cut(p, before(p, p->at), p->at);
	case KEY_REMOVE:
	case KEY_CTRL('d'):
		return cut(p, p->at, after(p, p->at));
	case KEY_CTRL('u'):
		return cut(p, 0, p->at);
	case KEY_CTRL('k'):
		return cut(p, p->at, strlen(p->text));
	case KEY_CTRL('w'):
		return cut(p, word_begin(p), p->at);
	case KEY_ARROW_UP:
		return recall(p, true);
	case KEY_ARROW_DOWN:
		return recall(p, false);
	default:
		return key >= ' ' && key < KEY_SPECIAL && insert(p, key);
	}
}

void
prompt_remember(struct prompt *p)
{
	if (p->text[0] == '\0' ||
	    (p->remembered > 0 &&
		strcmp(p->history[p->remembered - 1], p->text) == 0))
		return;
	if (p->remembered == PROMPT_HISTORY) {
		memmove(p->history[0], p->history[1],
		    (PROMPT_HISTORY - 1) * sizeof(p->history[0]));
		p->remembered--;
	}
	memcpy(p->history[p->remembered++], p->text, sizeof(p->text));
}
