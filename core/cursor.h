/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cursor.h - the only way to read a number out of bytes from outside.
 *
 * Every read either succeeds and moves, or fails and leaves the cursor where
 * it was. Numbers are big endian unless the name ends in le. A length-prefixed
 * block comes out as a cursor of its own, so inner code cannot see past it.
 * A cursor borrows; it is a value and may be copied to look ahead.
 */
#ifndef CORE_CURSOR_H
#define CORE_CURSOR_H

#include "core/slice.h"

struct cursor {
	const uint8_t *at;
	const uint8_t *end;
};

struct cursor cur_of(struct slice s);
size_t cur_left(const struct cursor *c);
struct slice cur_rest(const struct cursor *c); /* what is left, unmoved */

bool cur_u8(struct cursor *c, uint8_t *v) MUST_CHECK;
bool cur_u16(struct cursor *c, uint16_t *v) MUST_CHECK;
bool cur_u24(struct cursor *c, uint32_t *v) MUST_CHECK;
bool cur_u32(struct cursor *c, uint32_t *v) MUST_CHECK;
bool cur_u48(struct cursor *c, uint64_t *v) MUST_CHECK;
bool cur_u64(struct cursor *c, uint64_t *v) MUST_CHECK;
bool cur_u16le(struct cursor *c, uint16_t *v) MUST_CHECK;
bool cur_u32le(struct cursor *c, uint32_t *v) MUST_CHECK;
bool cur_u64le(struct cursor *c, uint64_t *v) MUST_CHECK;

bool cur_skip(struct cursor *c, size_t n) MUST_CHECK;
bool cur_take(struct cursor *c, size_t n, struct slice *out) MUST_CHECK;
bool cur_sub(struct cursor *c, size_t n, struct cursor *block) MUST_CHECK;
bool cur_copy(struct cursor *c, void *to, size_t n) MUST_CHECK;

/* Block with a length prefix of 1, 2 or 3 bytes. */
bool cur_vec8(struct cursor *c, struct cursor *block) MUST_CHECK;
bool cur_vec16(struct cursor *c, struct cursor *block) MUST_CHECK;
bool cur_vec24(struct cursor *c, struct cursor *block) MUST_CHECK;

#endif
