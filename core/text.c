/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool
is_blank(uint8_t c)
{
	return is_space(c) || c == '\r' || c == '\n';
}

static bool
same(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool
text_same(struct slice a, const char *b)
{
	return same(a, slice_text(b));
}

bool
text_begins(struct slice a, const char *prefix)
{
	struct slice b = slice_text(prefix);

	return same(slice_head(a, b.n), b);
}

bool
text_begins_exact(struct slice a, const char *prefix)
{
	struct slice b = slice_text(prefix);

	return slice_eq(slice_head(a, b.n), b);
}

bool
text_has(struct slice a, const char *part)
{
	struct slice b = slice_text(part);

	for (size_t i = 0; b.n <= a.n && i <= a.n - b.n; i++)
		if (same(slice_head(slice_from(a, i), b.n), b))
			return true;
	return false;
}

struct slice
text_trim(struct slice a)
{
	size_t from = 0;
	size_t to = a.n;

	while (from < to && is_blank(a.p[from]))
		from++;
	while (to > from && is_blank(a.p[to - 1]))
		to--;
	return slice_from(slice_head(a, to), from);
}

bool
text_line(struct slice *rest, struct slice *line)
{
	const uint8_t *lf = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;

	if (lf == NULL)
		return false;
	size_t n = (size_t)(lf - rest->p);

	*line = slice_head(*rest, n > 0 && lf[-1] == '\r' ? n - 1 : n);
	*rest = slice_from(*rest, n + 1);
	return true;
}

bool
text_split(struct slice *rest, char at, struct slice *head)
{
	size_t n = 0;

	if (rest->n == 0)
		return false;
	while (n < rest->n && rest->p[n] != (uint8_t)at)
		n++;
	*head = slice_head(*rest, n);
	*rest = slice_from(*rest, n + 1);
	return true;
}

bool
text_word(struct slice *rest, struct slice *word)
{
	size_t from = 0;

	while (from < rest->n && is_space(rest->p[from]))
		from++;
	size_t to = from;

	while (to < rest->n && !is_space(rest->p[to]))
		to++;
	*word = slice_from(slice_head(*rest, to), from);
	*rest = slice_from(*rest, to);
	return to > from;
}

/* Where the quoted string that opens at i is over; all of a if never. */
static size_t
quoted_end(struct slice a, size_t i)
{
	for (i++; i < a.n; i++) {
		if (a.p[i] == '"')
			return i + 1;
		if (a.p[i] == '\\')
			i++;
	}
	return a.n;
}

/* The first c outside quotes, or a.n. */
static size_t
find_bare(struct slice a, char c)
{
	size_t i = 0;

	while (i < a.n && a.p[i] != (uint8_t)c)
		i = a.p[i] == '"' ? quoted_end(a, i) : i + 1;
	return i;
}

static struct slice
unquote(struct slice a)
{
	if (a.n == 0 || a.p[0] != '"')
		return a;
	size_t end = quoted_end(a, 0);
	struct slice inside = slice_from(slice_head(a, end), 1);
	size_t i = 0;

	/* An open quote has no closing character to leave out. */
	while (i < inside.n && inside.p[i] != '"')
		i += inside.p[i] == '\\' ? 2 : 1;
	return slice_head(inside, i);
}

bool
text_param(struct slice *rest, char sep, struct slice *name,
    struct slice *value)
{
	while (rest->n > 0) {
		size_t n = find_bare(*rest, sep);
		struct slice item = text_trim(slice_head(*rest, n));

		*rest = slice_from(*rest, n + 1);
		if (item.n == 0)
			continue;
		size_t eq = find_bare(item, '=');

		*name = unquote(text_trim(slice_head(item, eq)));
		*value = unquote(text_trim(slice_from(item, eq + 1)));
		return true;
	}
	return false;
}

bool
text_u64(struct slice a, uint64_t *v)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < a.n; i++) {
		if (a.p[i] < '0' || a.p[i] > '9')
			return false;
		unsigned digit = (unsigned)(a.p[i] - '0');

		if (sum > (UINT64_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*v = sum;
	return a.n > 0;
}

static bool
hex_digit(uint8_t c, uint64_t *digit)
{
	c = lower(c);
	if (c >= '0' && c <= '9')
		*digit = (uint64_t)c - '0';
	else if (c >= 'a' && c <= 'f')
		*digit = (uint64_t)c - 'a' + 10;
	else
		return false;
	return true;
}

bool
text_hex64(struct slice a, uint64_t *v)
{
	uint64_t sum = 0;
	uint64_t digit;

	for (size_t i = 0; i < a.n; i++) {
		if (!hex_digit(a.p[i], &digit) || sum >> 60 != 0)
			return false;
		sum = sum << 4 | digit;
	}
	*v = sum;
	return a.n > 0;
}

static bool
base64_digit(uint8_t c, uint32_t *digit)
{
	if (c >= 'A' && c <= 'Z')
		*digit = (uint32_t)(c - 'A');
	else if (c >= 'a' && c <= 'z')
		*digit = (uint32_t)(c - 'a' + 26);
	else if (c >= '0' && c <= '9')
		*digit = (uint32_t)(c - '0' + 52);
	else if (c == '+')
		*digit = 62;
	else if (c == '/')
		*digit = 63;
	else
		return false;
	return true;
}

/* RFC 4648 section 4; padding may be left out. */
bool
text_base64(struct slice a, uint8_t *to, size_t most, size_t *n)
{
	size_t digits = a.n;
	size_t done = 0;
	uint32_t bits = 0;
	uint32_t digit;

	while (digits > 0 && a.n % 4 == 0 && a.n - digits < 2 &&
	    a.p[digits - 1] == '=')
		digits--;
	if (digits % 4 == 1)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (!base64_digit(a.p[i], &digit))
			return false;
		bits = bits << 6 | digit;
		/* The second to fourth digit of four end a byte each. */
		if (i % 4 != 0 && done < most)
			to[done++] = (uint8_t)(bits >> (6 - i % 4 * 2));
	}
	*n = done;
	return true;
}

/* RFC 3629 section 4: no overlong forms, no surrogates. */
size_t
text_utf8(struct slice a, uint32_t *codepoint)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n;

	if (a.n == 0)
		return 0;
	uint32_t c = a.p[0];

	if (c < 0x80)
		n = 1;
	else if (c >= 0xc0 && c < 0xe0)
		n = 2;
	else if (c >= 0xe0 && c < 0xf0)
		n = 3;
	else if (c >= 0xf0 && c < 0xf8)
		n = 4;
	else
		return 0;
	if (a.n < n)
		return 0;
	if (n > 1)
		c &= 0x7fU >> n;
	for (size_t i = 1; i < n; i++) {
		if ((a.p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (a.p[i] & 0x3fU);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	if (codepoint != NULL)
		*codepoint = c;
	return n;
}

void
text_put(char *to, size_t room, const char *from)
{
	size_t n = strnlen(from, room - 1);

	memcpy(to, from, n);
	to[n] = '\0';
}
