/* SPDX-License-Identifier: Apache-2.0 */
#include "core/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "core/text.h"

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

struct addr
addr_v4(const uint8_t b[4])
{
	struct addr a = { .family = 4 };

	memcpy(a.b, b, 4);
	return a;
}

struct addr
addr_v6(const uint8_t b[16])
{
	struct addr a = { .family = 6 };

	if (memcmp(b, mapped, sizeof(mapped)) == 0)
		return addr_v4(b + sizeof(mapped));
	memcpy(a.b, b, 16);
	return a;
}

bool
addr_parse(struct slice text, struct addr *a)
{
	char copy[ADDR_TEXT_MAX];
	uint8_t b[16];

	if (text.n == 0 || text.n >= sizeof(copy) ||
	    memchr(text.p, '\0', text.n) != NULL)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (inet_pton(AF_INET, copy, b) == 1)
		*a = addr_v4(b);
	else if (inet_pton(AF_INET6, copy, b) == 1)
		*a = addr_v6(b);
	else
		return false;
	return true;
}

static unsigned
group(const struct addr *a, size_t i)
{
	return (unsigned)a->b[2 * i] << 8 | a->b[2 * i + 1];
}

/* RFC 5952 section 4.2: the first of the longest runs of two or more. */
static size_t
longest_zeros(const struct addr *a, size_t *length)
{
	size_t best = 8;
	size_t run = 0;

	*length = 1;
	for (size_t i = 0; i < 8; i++) {
		run = group(a, i) == 0 ? run + 1 : 0;
		if (run > *length) {
			*length = run;
			best = i + 1 - run;
		}
	}
	return best;
}

static const char *
text_v6(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	size_t length;
	size_t zeros = longest_zeros(a, &length);
	size_t n = 0;

	for (size_t i = 0; i < 8; i++) {
		if (i == zeros) {
			n += (size_t)snprintf(buf + n, ADDR_TEXT_MAX - n, "::");
			i += length - 1;
			continue;
		}
		bool bare = i == 0 || i == zeros + length;

		n += (size_t)snprintf(buf + n, ADDR_TEXT_MAX - n,
		    bare ? "%x" : ":%x", group(a, i));
	}
	return buf;
}

static const char *
text_v4(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	char *at = buf;

	for (int i = 0; i < 4; i++) {
		unsigned v = a->b[i];

		if (i > 0)
			*at++ = '.';
		if (v >= 100)
			*at++ = (char)('0' + v / 100);
		if (v >= 10)
			*at++ = (char)('0' + v / 10 % 10);
		*at++ = (char)('0' + v % 10);
	}
	*at = '\0';
	return buf;
}

const char *
addr_text(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	if (a->family == 6)
		return text_v6(a, buf);
	if (a->family == 4)
		return text_v4(a, buf);
	return memcpy(buf, "-", 2);
}

const char *
endpoint_text(const struct endpoint *e, char buf[ADDR_TEXT_MAX])
{
	char addr[ADDR_TEXT_MAX];

	addr_text(&e->addr, addr);
	/* 39 characters are the longest address. */
	snprintf(buf, ADDR_TEXT_MAX,
	    e->addr.family == 6 ? "[%.39s]:%u" : "%.39s:%u", addr, e->port);
	return buf;
}

int
addr_compare(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->b, b->b, sizeof(a->b));
}

bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return addr_compare(a, b) == 0;
}

bool
endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && addr_eq(&a->addr, &b->addr);
}

/* The last address of the block that a begins, or its first (low). */
static void
mask(struct addr *a, size_t bits, bool low)
{
	size_t size = a->family == 4 ? 4 : 16;

	for (size_t i = 0; i < size; i++) {
		size_t keep = bits < 8 ? bits : 8;
		uint8_t host = (uint8_t)(0xff >> keep);

		a->b[i] = low ? a->b[i] & (uint8_t)~host : a->b[i] | host;
		bits -= keep;
	}
}

static struct addr_range
prefix_range(const struct addr *a, size_t bits)
{
	struct addr_range r = { *a, *a };

	mask(&r.lo, bits, true);
	mask(&r.hi, bits, false);
	return r;
}

struct prefix {
	struct addr addr;
	uint8_t bits;
};

static bool
in_any(const struct addr *a, const struct prefix *table, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct addr_range r =
		    prefix_range(&table[i].addr, table[i].bits);

		if (range_has(&r, a))
			return true;
	}
	return false;
}

bool
addr_is_loopback(const struct addr *a)
{
	static const struct prefix table[] = {
		{ { { 127 }, 4 }, 8 },
		{ { { [15] = 1 }, 6 }, 128 },
	};

	return in_any(a, table, COUNT(table));
}

bool
addr_is_multicast(const struct addr *a)
{
	static const struct prefix table[] = {
		{ { { 224 }, 4 }, 4 },
		{ { { 255, 255, 255, 255 }, 4 }, 32 },
		{ { { 0xff }, 6 }, 8 },
	};

	return in_any(a, table, COUNT(table));
}

bool
addr_is_private(const struct addr *a)
{
	static const struct prefix table[] = {
		{ { { 10 }, 4 }, 8 }, /* RFC 1918 */
		{ { { 172, 16 }, 4 }, 12 }, { { { 192, 168 }, 4 }, 16 },
		{ { { 169, 254 }, 4 }, 16 },   /* RFC 3927 */
		{ { { 0xfc }, 6 }, 7 },        /* RFC 4193 */
		{ { { 0xfe, 0x80 }, 6 }, 10 }, /* RFC 4291 section 2.5.6 */
	};

	return in_any(a, table, COUNT(table));
}

static bool
parse_prefix(struct slice head, struct slice length, struct addr_range *r)
{
	struct addr a;
	uint64_t bits;

	if (!addr_parse(head, &a) || !text_u64(length, &bits))
		return false;
	/* ::ffff:10.0.0.0/104 is 10.0.0.0/8. */
	if (a.family == 4 && text_has(head, ":")) {
		if (bits < 96)
			return false;
		bits -= 96;
	}
	if (bits > (a.family == 4 ? 32 : 128))
		return false;
	*r = prefix_range(&a, (size_t)bits);
	return true;
}

bool
range_parse(struct slice text, struct addr_range *r)
{
	struct slice rest = text_trim(text);
	struct addr_range found;
	struct slice head;

	if (text_has(rest, "/"))
		return text_split(&rest, '/', &head) &&
		    parse_prefix(head, rest, r);
	if (!text_split(&rest, '-', &head) ||
	    !addr_parse(text_trim(head), &found.lo))
		return false;
	found.hi = found.lo;
	if (text_has(text, "-") && !addr_parse(text_trim(rest), &found.hi))
		return false;
	if (found.lo.family != found.hi.family ||
	    addr_compare(&found.lo, &found.hi) > 0)
		return false;
	*r = found;
	return true;
}

bool
range_has(const struct addr_range *r, const struct addr *a)
{
	return a->family == r->lo.family && addr_compare(a, &r->lo) >= 0 &&
	    addr_compare(a, &r->hi) <= 0;
}
