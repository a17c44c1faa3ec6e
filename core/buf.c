/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"

enum { ROOM_FIRST = 64 };

void
buf_init(struct buf *b)
{
	*b = (struct buf){ 0 };
}

void
buf_done(struct buf *b)
{
	free(b->p);
	buf_init(b);
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	b->bad = false;
	if (b->p != NULL)
		b->p[0] = '\0';
}

bool
buf_ok(const struct buf *b)
{
	return !b->bad;
}

/* Room for n more bytes and the NUL. */
static bool
reserve(struct buf *b, size_t n)
{
	size_t room = b->room > 0 ? b->room : ROOM_FIRST;

	if (b->bad)
		return false;
	if (n < b->room - b->n)
		return true;
	if (n >= SIZE_MAX / 2 - b->n)
		goto bad;
	while (room <= b->n + n)
		room *= 2;
	char *p = realloc(b->p, room);

	if (p == NULL)
		goto bad;
	b->p = p;
	b->room = room;
	return true;
bad:
	b->bad = true;
	return false;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (!reserve(b, n))
		return;
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void
buf_text(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_decimal(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	buf_add(b, digits + at, sizeof(digits) - at);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	va_list again;

	if (!reserve(b, ROOM_FIRST))
		return;
	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(b->p + b->n, b->room - b->n, fmt, args);

	if (n < 0)
		b->bad = true;
	else if (reserve(b, (size_t)n))
		vsnprintf(b->p + b->n, b->room - b->n, fmt, again);
	va_end(again);
	va_end(args);
	if (b->bad)
		b->p[b->n] = '\0';
	else
		b->n += (size_t)n;
}

void
buf_hex(struct buf *b, struct slice s)
{
	static const char digits[] = "0123456789abcdef";

	if (s.n > SIZE_MAX / 4) {
		b->bad = true;
		return;
	}
	if (!reserve(b, s.n * 2))
		return;
	for (size_t i = 0; i < s.n; i++) {
		b->p[b->n++] = digits[s.p[i] >> 4];
		b->p[b->n++] = digits[s.p[i] & 0x0f];
	}
	b->p[b->n] = '\0';
}

/*
 * What moves, hides or reorders its neighbours: C1 controls, format characters
 * (Unicode category Cf, but for the visible ones), line separators.
 */
static const struct {
	uint32_t from;
	uint32_t to;
} unsafe[] = {
	{ 0x80, 0x9f },
	{ 0xad, 0xad },
	{ 0x61c, 0x61c },
	{ 0x180e, 0x180e },
	{ 0x200b, 0x200f },
	{ 0x2028, 0x202e },
	{ 0x2060, 0x206f },
	{ 0xfeff, 0xfeff },
	{ 0xfff9, 0xfffb },
	{ 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe007f },
};

static bool
is_unsafe(uint32_t c)
{
	for (size_t i = 0; i < COUNT(unsafe); i++)
		if (c >= unsafe[i].from && c <= unsafe[i].to)
			return true;
	return false;
}

void
buf_safe(struct buf *b, struct slice s)
{
	while (s.n > 0) {
		uint32_t c = 0;
		size_t n = text_utf8(s, &c);

		if (n == 0 || c < 0x20 || c == 0x7f) {
			n = 1;
			buf_printf(b, "\\x%02x", s.p[0]);
		} else if (is_unsafe(c)) {
			buf_printf(b, "\\u{%04x}", (unsigned)c);
		} else {
			buf_add(b, s.p, n);
		}
		s = slice_from(s, n);
	}
}

struct slice
buf_slice(const struct buf *b)
{
	return slice_of(b->p, b->n);
}
