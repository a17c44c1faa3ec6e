/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cursor.h"

/* NULL + 0 is undefined, and an empty slice may be NULL. */
static const uint8_t *
after(const uint8_t *p, size_t n)
{
	return n > 0 ? p + n : p;
}

static bool
number(struct cursor *c, size_t n, uint64_t *v)
{
	struct slice s;
	uint64_t sum = 0;

	if (!cur_take(c, n, &s))
		return false;
	for (size_t i = 0; i < n; i++)
		sum = sum << 8 | s.p[i];
	*v = sum;
	return true;
}

static bool
number_le(struct cursor *c, size_t n, uint64_t *v)
{
	struct slice s;
	uint64_t sum = 0;

	if (!cur_take(c, n, &s))
		return false;
	for (size_t i = n; i > 0; i--)
		sum = sum << 8 | s.p[i - 1];
	*v = sum;
	return true;
}

struct cursor
cur_of(struct slice s)
{
	return (struct cursor){ s.p, after(s.p, s.n) };
}

size_t
cur_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

struct slice
cur_rest(const struct cursor *c)
{
	return slice_of(c->at, cur_left(c));
}

bool
cur_u8(struct cursor *c, uint8_t *v)
{
	uint64_t wide;

	if (!number(c, 1, &wide))
		return false;
	*v = (uint8_t)wide;
	return true;
}

bool
cur_u16(struct cursor *c, uint16_t *v)
{
	uint64_t wide;

	if (!number(c, 2, &wide))
		return false;
	*v = (uint16_t)wide;
	return true;
}

bool
cur_u24(struct cursor *c, uint32_t *v)
{
	uint64_t wide;

	if (!number(c, 3, &wide))
		return false;
	*v = (uint32_t)wide;
	return true;
}

bool
cur_u32(struct cursor *c, uint32_t *v)
{
	uint64_t wide;

	if (!number(c, 4, &wide))
		return false;
	*v = (uint32_t)wide;
	return true;
}

bool
cur_u48(struct cursor *c, uint64_t *v)
{
	return number(c, 6, v);
}

bool
cur_u64(struct cursor *c, uint64_t *v)
{
	return number(c, 8, v);
}

bool
cur_u16le(struct cursor *c, uint16_t *v)
{
	uint64_t wide;

	if (!number_le(c, 2, &wide))
		return false;
	*v = (uint16_t)wide;
	return true;
}

bool
cur_u32le(struct cursor *c, uint32_t *v)
{
	uint64_t wide;

	if (!number_le(c, 4, &wide))
		return false;
	*v = (uint32_t)wide;
	return true;
}

bool
cur_u64le(struct cursor *c, uint64_t *v)
{
	return number_le(c, 8, v);
}

bool
cur_skip(struct cursor *c, size_t n)
{
	struct slice s;

	return cur_take(c, n, &s);
}

bool
cur_take(struct cursor *c, size_t n, struct slice *out)
{
	if (n > cur_left(c))
		return false;
	*out = slice_of(c->at, n);
	c->at = after(c->at, n);
	return true;
}

bool
cur_sub(struct cursor *c, size_t n, struct cursor *block)
{
	struct slice s;

	if (!cur_take(c, n, &s))
		return false;
	*block = cur_of(s);
	return true;
}

bool
cur_copy(struct cursor *c, void *to, size_t n)
{
	struct slice s;

	if (!cur_take(c, n, &s))
		return false;
	if (n > 0)
		memcpy(to, s.p, n);
	return true;
}

static bool
vec(struct cursor *c, size_t prefix, struct cursor *block)
{
	struct cursor ahead = *c;
	uint64_t n;

	if (!number(&ahead, prefix, &n) || !cur_sub(&ahead, (size_t)n, block))
		return false;
	*c = ahead;
	return true;
}

bool
cur_vec8(struct cursor *c, struct cursor *block)
{
	return vec(c, 1, block);
}

bool
cur_vec16(struct cursor *c, struct cursor *block)
{
	return vec(c, 2, block);
}

bool
cur_vec24(struct cursor *c, struct cursor *block)
{
	return vec(c, 3, block);
}
