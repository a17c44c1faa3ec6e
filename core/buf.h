/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - a growing output buffer. Failure (no memory) sticks: later appends
 * do nothing and buf_ok() is false, so that only the end is asked.
 */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include "core/slice.h"

struct buf {
	char *p; /* NUL-terminated once anything was appended */
	size_t n;
	size_t room;
	bool bad;
};

void buf_init(struct buf *b);
void buf_done(struct buf *b);
void buf_clear(struct buf *b); /* empty and good again, memory kept */
bool buf_ok(const struct buf *b);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_text(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_decimal(struct buf *b, uint64_t v); /* quicker than buf_printf() */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_hex(struct buf *b, struct slice s); /* lower case, no separator */
/*
 * Text from the wire made harmless for a terminal: invalid UTF-8, control
 * characters, bidirectional and other format characters as \xNN or \u{NNNN}.
 */
void buf_safe(struct buf *b, struct slice s);
struct slice buf_slice(const struct buf *b);

#endif
