/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice.h - borrowed bytes. A slice never owns; whoever made it says how long
 * the bytes live. Not NUL-terminated. An empty slice may have p == NULL.
 */
#ifndef CORE_SLICE_H
#define CORE_SLICE_H

#include <string.h>

#include "core/base.h"

struct slice {
	const uint8_t *p;
	size_t n;
};

static inline struct slice
slice_of(const void *p, size_t n)
{
	return (struct slice){ p, n };
}

static inline struct slice
slice_text(const char *s)
{
	return (struct slice){ (const uint8_t *)s, strlen(s) };
}

static inline bool
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
slice_is(struct slice a, const char *s)
{
	/* Most differ in the first byte. */
	if (a.n > 0 && a.p[0] != (uint8_t)s[0])
		return false;
	return slice_eq(a, slice_text(s));
}

/* The first n bytes, or all there are. */
static inline struct slice
slice_head(struct slice a, size_t n)
{
	return (struct slice){ a.p, n < a.n ? n : a.n };
}

/* What follows the first n bytes; empty if there are not that many. */
static inline struct slice
slice_from(struct slice a, size_t n)
{
	if (n >= a.n)
		return (struct slice){ NULL, 0 };
	return (struct slice){ a.p + n, a.n - n };
}

#endif
